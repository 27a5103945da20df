// seccomp: filters, their verdicts, strict mode.
#include "report.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define ON(call, verdict) \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), \
        BPF_STMT(BPF_RET | BPF_K, verdict)

static long install(struct sock_filter *f, int n, unsigned flags)
{
    struct sock_fprog p = {n, f};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}

static void in_child(const char *label, void (*body)(void))
{
    pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) SAY("%s: signal %d", label, WTERMSIG(status));
    else SAY("%s: exit %d", label, WEXITSTATUS(status));
}

static void *thread_calls(void *arg)
{
    SHOW("thread getppid", syscall(SYS_getppid));
    return NULL;
}

static void verdicts(void)
{
    struct sock_filter f[] = {
        ON(SYS_getppid, SECCOMP_RET_ERRNO | 77), ON(SYS_getpgrp, SECCOMP_RET_ERRNO | 5000),
        ON(SYS_gettid, SECCOMP_RET_TRACE | 1), ON(SYS_getsid, SECCOMP_RET_LOG),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    SHOW("install", install(f, sizeof f / sizeof *f, 0));
    SHOW("mode", prctl(PR_GET_SECCOMP));
    SHOW("errno", syscall(SYS_getppid));
    SAY("value %d", errno);
    SHOW("largest errno", syscall(SYS_getpgrp));
    SAY("value %d", errno);
    SHOW("trace without tracer", syscall(SYS_gettid));
    SHOW("logged", getsid(0) > 0 ? 1 : 0);
    struct sock_filter second[] = {ON(SYS_getppid, SECCOMP_RET_ERRNO | 5), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    install(second, 4, 0);
    syscall(SYS_getppid);
    SAY("latest of equals %d", errno);
    if (fork() == 0) {
        SHOW("inherited", syscall(SYS_getppid));
        execl("/bin/true", "true", NULL);
        _exit(1);
    }
    int status;
    wait(&status);
    SAY("exec under a filter %x", status);
    pthread_t t;
    pthread_create(&t, NULL, thread_calls, NULL);
    pthread_join(t, NULL);
}

static void arguments(void)
{
    struct sock_filter f[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpriority, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 12345, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]) + 4),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 99), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    install(f, sizeof f / sizeof *f, 0);
    SHOW("argument matches", syscall(SYS_getpriority, 0, 12345));
    SHOW("argument differs", syscall(SYS_getpriority, 0, 0) > 0 ? 1 : 0);
}

static void on_trap(int n, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    SAY("trap signal %d code %d errno %d call %d arch %x rax %lld", n, info->si_code, info->si_errno, info->si_syscall,
        info->si_arch, u->uc_mcontext.gregs[REG_RAX]);
    u->uc_mcontext.gregs[REG_RAX] = 4242;
}

static void trap(void)
{
    struct sock_filter f[] = {ON(SYS_getppid, SECCOMP_RET_TRAP | 7), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sigaction a = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &a, NULL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    install(f, 4, 0);
    SHOW("answered by the handler", syscall(SYS_getppid));
}

static void kill_process(void)
{
    struct sock_filter f[] = {ON(SYS_getppid, SECCOMP_RET_KILL_PROCESS), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    install(f, 4, 0);
    syscall(SYS_getppid);
}

static void *dies(void *arg)
{
    syscall(SYS_getppid);
    return NULL;
}

static void kill_thread(void)
{
    struct sock_filter f[] = {ON(SYS_getppid, SECCOMP_RET_KILL_THREAD), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    install(f, 4, 0);
    pthread_t t;
    pthread_create(&t, NULL, dies, NULL);
    pthread_join(t, NULL);
    SAY("the others live");
    _exit(3);
}

static void strict(void)
{
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    write(1, "strict\n", 7);
    syscall(SYS_exit, 5);
}

static void strict_broken(void)
{
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    syscall(SYS_getpid);
}

static volatile int go;
static void *synchronized(void *arg)
{
    while (!go) usleep(1000);
    SHOW("other thread", syscall(SYS_getppid));
    return NULL;
}

static void tsync(void)
{
    struct sock_filter f[] = {ON(SYS_getppid, SECCOMP_RET_ERRNO | 11), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    pthread_t t;
    pthread_create(&t, NULL, synchronized, NULL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    SHOW("tsync", install(f, 4, SECCOMP_FILTER_FLAG_TSYNC));
    go = 1;
    pthread_join(t, NULL);
}

static void refused(void)
{
    struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_filter jump[] = {BPF_JUMP(BPF_JMP | BPF_JA, 5, 0, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_filter load[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_filter odd[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_filter byte[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_filter open_end[] = {BPF_STMT(BPF_LD | BPF_IMM, 0)};
    struct sock_filter zero[] = {BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    setuid(65534);
    SHOW("without no_new_privs", install(allow, 1, 0));
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    SHOW("empty", install(allow, 0, 0));
    SHOW("bad jump", install(jump, 2, 0));
    SHOW("beyond the data", install(load, 2, 0));
    SHOW("unaligned", install(odd, 2, 0));
    SHOW("byte", install(byte, 2, 0));
    SHOW("no return", install(open_end, 1, 0));
    SHOW("division", install(zero, 2, 0));
    SHOW("bad flags", install(allow, 1, 1 << 30));
    SHOW("bad address", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 8));
    SHOW("bad operation", syscall(SYS_seccomp, 99, 0, 0));
    unsigned action = SECCOMP_RET_TRAP;
    SHOW("available", syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
    action = 0x12340000;
    SHOW("not available", syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
    SHOW("allow", install(allow, 1, 0));
    SHOW("strict after a filter", prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
}

int main(void)
{
    in_child("verdicts", verdicts);
    in_child("arguments", arguments);
    in_child("trap", trap);
    in_child("kill process", kill_process);
    in_child("kill thread", kill_thread);
    in_child("strict", strict);
    in_child("strict broken", strict_broken);
    in_child("tsync", tsync);
    in_child("refused", refused);
    return 0;
}

// Handlers, masks, frames, alternate stacks, restarts, queues.
#include "check.h"

static volatile int count;
static volatile siginfo_t last;
static void handler(int s) { (void)s; count++; }
static void detailed(int s, siginfo_t *i, void *c) { (void)s; (void)c; last = *i; count++; }

static void install(int s, void (*h)(int), int flags) {
    struct sigaction a = {.sa_handler = h, .sa_flags = flags};
    sigaction(s, &a, NULL);
}
static void install3(int s, void (*h)(int, siginfo_t *, void *), int flags) {
    struct sigaction a = {.sa_sigaction = h, .sa_flags = flags | SA_SIGINFO};
    sigaction(s, &a, NULL);
}

static sigjmp_buf jump;
static void leap(int s, siginfo_t *i, void *c) {
    (void)c;
    printf("fault signal %d code %d address %p\n", s, i->si_code, i->si_addr);
    siglongjmp(jump, 1);
}
static void skip(int s, siginfo_t *i, void *c) {
    (void)s; (void)i;
    ucontext_t *u = c;
    u->uc_mcontext.gregs[REG_RIP] += 2; // ud2
    u->uc_mcontext.gregs[REG_RAX] = 1234;
    count++;
}
static char stack[65536];
static void where(int s) {
    (void)s;
    char here;
    printf("on alternate stack: %d\n", &here >= stack && &here < stack + sizeof stack);
    stack_t now;
    sigaltstack(NULL, &now);
    printf("flags %d\n", now.ss_flags);
}
static void clobber(int s) {
    (void)s;
    double zero[4] = {9, 9, 9, 9};
    __asm__ volatile("movups %0, %%xmm0; movups %0, %%xmm5" :: "m"(zero) : "xmm0", "xmm5");
    count++;
}

int main(void) {
    install3(SIGUSR1, detailed, 0);
    kill(getpid(), SIGUSR1);
    printf("count %d code %d pid ok %d uid %d\n", count, last.si_code, last.si_pid == getpid(), last.si_uid);
    raise(SIGUSR1);
    printf("count %d code %d\n", count, last.si_code);

    // Blocked: standard ones coalesce, real-time ones queue in order.
    sigset_t set, old, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, &old);
    count = 0;
    install3(SIGRTMIN + 1, detailed, 0);
    for (int i = 0; i < 3; i++) { kill(getpid(), SIGUSR1); union sigval v = {.sival_int = i}; sigqueue(getpid(), SIGRTMIN + 1, v); }
    sigpending(&pending);
    printf("pending %d %d %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGRTMIN + 1), sigismember(&pending, SIGUSR2));
    struct timespec soon = {0, 1000000};
    siginfo_t info;
    sigset_t rt;
    sigemptyset(&rt);
    sigaddset(&rt, SIGRTMIN + 1);
    printf("sigtimedwait %d value %d code %d\n", sigtimedwait(&rt, &info, &soon) == SIGRTMIN + 1, info.si_value.sival_int, info.si_code);
    sigprocmask(SIG_SETMASK, &old, NULL);
    printf("delivered %d\n", count);
    SHOW(sigtimedwait(&rt, &info, &soon));

    // Faults.
    install3(SIGSEGV, leap, SA_NODEFER);
    install3(SIGILL, skip, 0);
    install3(SIGFPE, leap, SA_NODEFER);
    if (!sigsetjmp(jump, 1)) *(volatile int *)0x10 = 1;
    if (!sigsetjmp(jump, 1)) { volatile int z = 0; z = 1 / z; }
    void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!sigsetjmp(jump, 1)) { install3(SIGSEGV, leap, SA_NODEFER); if (page == MAP_FAILED) return 1; }
    struct sigaction old_segv;
    sigaction(SIGSEGV, NULL, &old_segv);
    count = 0;
    long rax;
    __asm__ volatile("xor %%eax, %%eax; ud2" : "=a"(rax) :: "memory");
    printf("skipped %d rax %ld\n", count, rax);

    // Floating point state survives a handler.
    install(SIGUSR2, clobber, 0);
    double in[2] = {1.5, 2.5}, out[2];
    pid_t self = getpid();
    __asm__ volatile("movups %1, %%xmm5; syscall; movups %%xmm5, %0"
                     : "=m"(out) : "m"(in), "a"((long)SYS_kill), "D"((long)self), "S"((long)SIGUSR2) : "rcx", "r11", "memory", "xmm5");
    printf("xmm5 %g %g\n", out[0], out[1]);

    // Alternate stack.
    stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack};
    SHOW(sigaltstack(&alt, NULL));
    install(SIGUSR1, where, SA_ONSTACK);
    raise(SIGUSR1);
    alt.ss_size = 100;
    SHOW(sigaltstack(&alt, NULL));

    // Restart: read of a pipe.
    int ends[2];
    pipe(ends);
    install(SIGALRM, handler, SA_RESTART);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        usleep(30000); kill(parent, SIGALRM);
        usleep(30000); write(ends[1], "x", 1);
        _exit(0);
    }
    char c;
    count = 0;
    SHOW(read(ends[0], &c, 1));
    printf("handled %d\n", count);
    waitpid(pid, NULL, 0);
    install(SIGALRM, handler, 0);
    pid = fork();
    if (pid == 0) { usleep(30000); kill(parent, SIGALRM); _exit(0); }
    SHOW(read(ends[0], &c, 1));
    waitpid(pid, NULL, 0);
    // An ignored signal does not interrupt.
    signal(SIGALRM, SIG_IGN);
    pid = fork();
    if (pid == 0) { usleep(20000); kill(parent, SIGALRM); usleep(20000); write(ends[1], "x", 1); _exit(0); }
    SHOW(read(ends[0], &c, 1));
    waitpid(pid, NULL, 0);

    // sigsuspend.
    install(SIGUSR1, handler, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    kill(getpid(), SIGUSR1);
    count = 0;
    sigset_t none;
    sigemptyset(&none);
    SHOW(sigsuspend(&none));
    sigprocmask(SIG_BLOCK, NULL, &set);
    printf("handled %d blocked again %d\n", count, sigismember(&set, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, NULL);

    // nanosleep tells what is left.
    install(SIGALRM, handler, 0);
    struct itimerval timer = {.it_value = {0, 20000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    struct timespec want = {5, 0}, left = {0, 0};
    SHOW(nanosleep(&want, &left));
    printf("left %d\n", left.tv_sec == 4);

    SHOW(kill(getpid(), 65));
    SHOW(kill(999999, 0));
    SHOW(sigaction(SIGKILL, &(struct sigaction){.sa_handler = SIG_IGN}, NULL));
    SHOW(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
    SHOW(syscall(SYS_tgkill, getpid(), 999999, 0));
    SHOW(syscall(SYS_tgkill, -1, 1, 0));
    return 0;
}

// ptrace(2): stops, events, registers, memory, signals and ends of tracers and tracees.
#include "check.h"
#include <elf.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#define T(request, pid, address, data) syscall(SYS_ptrace, (long)(request), (long)(pid), (long)(address), (long)(data))

static pid_t child;

/// Prints the next stop or end of `pid`.
static int next(const char *what, pid_t pid) {
    int status = 0;
    pid_t got = waitpid(pid, &status, __WALL);
    if (got < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else if (WIFSTOPPED(status)) printf("%s: stop %#x event %d\n", what, WSTOPSIG(status), status >> 16);
    else show_status(what, status);
    fflush(stdout);
    return status;
}

/// Makes a child that runs `body`, traced by TRACEME and standing in its SIGSTOP.
static void traced(void (*body)(void)) {
    child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        body();
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
}

/// Makes a child that runs `body`, seized, and lets it run.
static void seized(void (*body)(void), long options) {
    int go[2];
    pipe(go);
    child = fork();
    if (child == 0) {
        char c;
        close(go[1]);
        read(go[0], &c, 1);
        close(go[0]);
        body();
        _exit(0);
    }
    SHOW(T(PTRACE_SEIZE, child, 0, options));
    close(go[0]);
    close(go[1]);
}

/// Ends what a test has left.
static void end(void) {
    int status;
    kill(child, SIGKILL);
    while (waitpid(child, &status, __WALL) == child && WIFSTOPPED(status)) {}
}

static void pause_for_ever(void) { for (;;) pause(); }

// MARK: what is refused

static void refusals(void) {
    SHOW(T(PTRACE_ATTACH, getpid(), 0, 0));
    SHOW(T(PTRACE_ATTACH, 999999, 0, 0));
    SHOW(T(PTRACE_CONT, 999999, 0, 0));
    traced(pause_for_ever);
    SHOW(T(PTRACE_CONT, child, 0, 100));
    SHOW(T(PTRACE_SETOPTIONS, child, 0, 1 << 12));
    SHOW(T(PTRACE_ATTACH, child, 0, 0));
    SHOW(T(PTRACE_SEIZE, child, 0, 0));
    SHOW(T(PTRACE_LISTEN, child, 0, 0));
    SHOW(T(PTRACE_INTERRUPT, child, 0, 0));
    SHOW(T(0x7777, child, 0, 0));
    long word;
    SHOW(T(PTRACE_PEEKDATA, child, 8, &word));
    SHOW(T(PTRACE_POKEDATA, child, 8, 1));
    SHOW(T(PTRACE_PEEKUSER, child, 3, &word));
    SHOW(T(PTRACE_PEEKUSER, child, 5000, &word));
    SHOW(T(PTRACE_DETACH, child, 0, 100));
    SHOW(T(PTRACE_GETSIGMASK, child, 4, &word));
    struct iovec v = { &word, 7 };
    SHOW(T(PTRACE_GETREGSET, child, NT_PRSTATUS, &v));
    SHOW(T(PTRACE_GETREGSET, child, 0x9999, &v));
    SHOW(T(PTRACE_GETREGS, child, 0, 8));
    SHOW(T(PTRACE_CONT, child, 0, 0));
    SHOW(T(PTRACE_CONT, child, 0, 0));
    SHOW(T(PTRACE_GETREGS, child, 0, &word));
    // Somebody else's tracee.
    pid_t other = fork();
    if (other == 0) {
        SHOW(T(PTRACE_ATTACH, child, 0, 0));
        SHOW(T(PTRACE_CONT, child, 0, 0));
        _exit(0);
    }
    waitpid(other, 0, 0);
    end();
    // Who may not.
    child = fork();
    if (child == 0) pause_for_ever();
    other = fork();
    if (other == 0) {
        setresgid(1, 1, 1);
        setresuid(1, 1, 1);
        SHOW(T(PTRACE_ATTACH, child, 0, 0));
        pid_t own = fork();
        if (own == 0) pause_for_ever();
        SHOW(T(PTRACE_ATTACH, own, 0, 0) == 0 || errno == EPERM);
        kill(own, SIGKILL);
        while (waitpid(own, 0, __WALL) == own) {}
        _exit(0);
    }
    waitpid(other, 0, 0);
    end();
}

// MARK: calls

static void some_calls(void) {
    syscall(SYS_getppid);
    long r = syscall(777, 1, 2, 3);
    _exit(r == 4242 ? 7 : r == -1 ? 8 : 9);
}

static void calls(void) {
    traced(some_calls);
    SHOW(T(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD));
    for (int i = 0; i < 40; i++) {
        if (T(PTRACE_SYSCALL, child, 0, 0)) break;
        int status = 0;
        waitpid(child, &status, 0);
        if (WIFEXITED(status)) { show_status("calls", status); break; }
        struct __ptrace_syscall_info info;
        memset(&info, 0, sizeof info);
        long size = T(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
        unsigned long message;
        T(PTRACE_GETEVENTMSG, child, 0, &message);
        siginfo_t s;
        T(PTRACE_GETSIGINFO, child, 0, &s);
        printf("stop %#x size %ld op %d message %lu code %d arch %x", WSTOPSIG(status), size, info.op, message, s.si_code, info.arch);
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
            printf(" number %lld", (long long)info.entry.nr);
            if (info.entry.nr == 777) printf(" arguments %lld %lld %lld", info.entry.args[0], info.entry.args[1], info.entry.args[2]);
        }
        if (info.op == PTRACE_SYSCALL_INFO_EXIT) printf(" error %d", info.exit.is_error);
        struct user_regs_struct r;
        T(PTRACE_GETREGS, child, 0, &r);
        printf(" orig_rax %lld", r.orig_rax);
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY) printf(" rax %lld", r.rax);
        if (info.op == PTRACE_SYSCALL_INFO_EXIT && r.orig_rax == 777) {
            r.rax = 4242;
            T(PTRACE_SETREGS, child, 0, &r);
        }
        printf("\n");
    }
    // The tracer makes another call of it, and takes one away.
    traced(some_calls);
    for (int i = 0; i < 40; i++) {
        T(PTRACE_SYSCALL, child, 0, 0);
        int status;
        waitpid(child, &status, 0);
        if (WIFEXITED(status)) { show_status("changed calls", status); break; }
        long number = ptrace(PTRACE_PEEKUSER, child, offsetof(struct user, regs.orig_rax), 0);
        long result = ptrace(PTRACE_PEEKUSER, child, offsetof(struct user, regs.rax), 0);
        if (number == SYS_getppid && result == -ENOSYS) SHOW(T(PTRACE_POKEUSER, child, offsetof(struct user, regs.orig_rax), SYS_getpid));
        if (number == SYS_getpid) TRUE(result == child || result == -ENOSYS);
        if (number == 777 && result == -ENOSYS) {
            SHOW(T(PTRACE_POKEUSER, child, offsetof(struct user, regs.orig_rax), -1));
            SHOW(T(PTRACE_POKEUSER, child, offsetof(struct user, regs.rax), 4242));
        }
    }
    // SYSEMU.
    traced(some_calls);
    SHOW(T(PTRACE_SYSEMU, child, 0, 0));
    next("emulated", child);
    struct user_regs_struct r;
    while (T(PTRACE_GETREGS, child, 0, &r) == 0 && r.orig_rax != SYS_getppid) {
        T(PTRACE_SYSEMU, child, 0, 0);
        int status;
        waitpid(child, &status, 0);
    }
    SHOW(r.orig_rax);
    SHOW((long)r.rax);
    T(PTRACE_SYSEMU, child, 0, 0);
    next("emulated", child);
    T(PTRACE_GETREGS, child, 0, &r);
    SHOW(r.orig_rax);
    SHOW(T(PTRACE_CONT, child, 0, 0));
    next("end", child);
}

// MARK: signals

static volatile int handled[65];
static void handler(int signal) { handled[signal]++; }

static void raise_some(void) {
    signal(SIGUSR1, handler);
    signal(SIGUSR2, handler);
    raise(SIGUSR1);
    raise(SIGUSR1);
    raise(SIGUSR1);
    raise(SIGWINCH);   // ignored: the tracer sees it all the same
    _exit(handled[SIGUSR1] * 10 + handled[SIGUSR2]);
}

static void signals(void) {
    traced(raise_some);
    siginfo_t info;
    SHOW(T(PTRACE_GETSIGINFO, child, 0, &info));
    printf("%d %d\n", info.si_signo, info.si_code);
    T(PTRACE_CONT, child, 0, 0);
    next("one", child);
    T(PTRACE_CONT, child, 0, 0);                // taken away
    next("two", child);
    T(PTRACE_CONT, child, 0, SIGUSR2);          // another
    next("three", child);
    T(PTRACE_GETSIGINFO, child, 0, &info);
    printf("%d %d\n", info.si_signo, info.si_code);
    T(PTRACE_CONT, child, 0, SIGUSR1);          // as it is
    next("four", child);
    T(PTRACE_CONT, child, 0, 0);
    next("end", child);
    // Fatal ones, and one that is made up.
    traced(pause_for_ever);
    T(PTRACE_CONT, child, 0, SIGTERM);
    next("injected", child);
    traced(pause_for_ever);
    T(PTRACE_CONT, child, 0, 0);
    kill(child, SIGTERM);
    next("terminating", child);
    T(PTRACE_CONT, child, 0, 0);
    kill(child, SIGKILL);
    next("killed", child);
    // What waits.
    traced(pause_for_ever);
    uint64_t mask = 1 << (SIGUSR1 - 1) | 1 << (SIGKILL - 1);
    SHOW(T(PTRACE_SETSIGMASK, child, 8, &mask));
    mask = 0;
    SHOW(T(PTRACE_GETSIGMASK, child, 8, &mask));
    printf("%lx\n", (unsigned long)mask);
    union sigval value = { .sival_int = 77 };
    sigqueue(child, SIGUSR1, value);
    struct __ptrace_peeksiginfo_args args = { 0, PTRACE_PEEKSIGINFO_SHARED, 4 };
    siginfo_t infos[4];
    SHOW(T(PTRACE_PEEKSIGINFO, child, &args, infos));
    printf("%d %d\n", infos[0].si_signo, infos[0].si_value.sival_int);
    args.off = 1;
    SHOW(T(PTRACE_PEEKSIGINFO, child, &args, infos));
    args.flags = 8;
    SHOW(T(PTRACE_PEEKSIGINFO, child, &args, infos));
    end();
}

// MARK: events

static void *a_thread(void *unused) { return unused; }

static void breed(void) {
    int status;
    pid_t pid = fork();
    if (pid == 0) _exit(3);
    waitpid(pid, &status, 0);
    pid = vfork();
    if (pid == 0) _exit(4);
    waitpid(pid, &status, 0);
    pthread_t thread;
    pthread_create(&thread, 0, a_thread, 0);
    pthread_join(thread, 0);
    execl("/bin/true", "true", (char *)0);
    _exit(5);
}

/// Lets all go on and prints each one's life by itself: only the order within one task is certain.
static void follow(pid_t first) {
    static struct { pid_t pid; char text[600]; } tasks[10];
    memset(tasks, 0, sizeof tasks);
    int count = 0;
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0) break;
        int i = 0;
        while (i < count && tasks[i].pid != pid) i++;
        if (i == count) tasks[count++].pid = pid;
        char *text = tasks[i].text + strlen(tasks[i].text);
        if (WIFEXITED(status)) { sprintf(text, " exit %d", WEXITSTATUS(status)); continue; }
        if (WIFSIGNALED(status)) { sprintf(text, " signal %d", WTERMSIG(status)); continue; }
        unsigned long message = 0;
        T(PTRACE_GETEVENTMSG, pid, 0, &message);
        int event = status >> 16, signal = WSTOPSIG(status);
        sprintf(text, " %d/%d", signal, event);
        if (event == PTRACE_EVENT_EXIT) sprintf(text + strlen(text), "(%lx)", message);
        if (event == PTRACE_EVENT_EXEC) sprintf(text + strlen(text), "(%s)", (pid_t)message == pid ? "same" : "another");
        int inject = event == 0 && signal != SIGTRAP && signal != SIGSTOP ? signal : 0;
        T(PTRACE_CONT, pid, 0, inject);
    }
    // Those of equal lives in an order of their own.
    for (int i = 0; i < count; i++) {
        int first_ = i;
        for (int j = 0; j < count; j++)
            if (tasks[j].pid && (!tasks[first_].pid || strcmp(tasks[j].text, tasks[first_].text) < 0)) first_ = j;
        printf("%s:%s\n", tasks[first_].pid == first ? "first" : "other", tasks[first_].text);
        tasks[first_].pid = 0;
    }
    fflush(stdout);
}

#define ALL (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT)

// The first thread is through with the stop of its clone: else exec may end it there.
static volatile int has_cloned;

static void *exec_thread(void *unused) {
    while (!has_cloned) sched_yield();
    execl("/bin/true", "true", (char *)0);
    return unused;
}

static void exec_by_thread(void) {
    pthread_t thread;
    pthread_create(&thread, 0, exec_thread, 0);
    has_cloned = 1;
    for (;;) pause();
}

static void exec_now(void) { execl("/bin/true", "true", (char *)0); }

static void events(void) {
    printf("traced\n");
    traced(breed);
    SHOW(T(PTRACE_SETOPTIONS, child, 0, ALL));
    T(PTRACE_CONT, child, 0, 0);
    follow(child);
    printf("seized\n");
    seized(breed, ALL);
    follow(child);
    printf("exec by a thread\n");
    seized(exec_by_thread, ALL);
    follow(child);
    printf("exec without events\n");
    traced(exec_now);
    T(PTRACE_CONT, child, 0, 0);
    follow(child);
    printf("killed with an exit event\n");
    seized(pause_for_ever, PTRACE_O_TRACEEXIT);
    kill(child, SIGTERM);
    follow(child);
}

// MARK: stops of the process

static void group_stops(void) {
    siginfo_t info;
    int status;
    traced(pause_for_ever);
    T(PTRACE_CONT, child, 0, 0);
    kill(child, SIGSTOP);
    next("the signal", child);
    SHOW(T(PTRACE_GETSIGINFO, child, 0, &info));
    T(PTRACE_CONT, child, 0, SIGSTOP);
    next("the stop", child);
    SHOW(T(PTRACE_GETSIGINFO, child, 0, &info));
    T(PTRACE_CONT, child, 0, 0);
    kill(child, SIGCONT);
    next("continued", child);
    T(PTRACE_CONT, child, 0, SIGCONT);
    end();

    seized(pause_for_ever, 0);
    kill(child, SIGSTOP);
    next("seized: the signal", child);
    T(PTRACE_CONT, child, 0, SIGSTOP);
    next("seized: the stop", child);
    SHOW(T(PTRACE_GETSIGINFO, child, 0, &info));
    printf("%x\n", info.si_code);
    SHOW(T(PTRACE_LISTEN, child, 0, 0));
    SHOW(T(PTRACE_GETSIGINFO, child, 0, &info));
    SHOW(waitpid(child, &status, WNOHANG | __WALL));
    kill(child, SIGCONT);
    next("seized: after listening", child);
    T(PTRACE_CONT, child, 0, 0);
    next("seized: the continuing signal", child);
    T(PTRACE_CONT, child, 0, SIGCONT);
    SHOW(T(PTRACE_INTERRUPT, child, 0, 0));
    next("interrupted", child);
    T(PTRACE_CONT, child, 0, 0);
    end();

    // Attaching to one that stands still already.
    child = fork();
    if (child == 0) pause_for_ever();
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    SHOW(T(PTRACE_SEIZE, child, 0, 0));
    SHOW(T(PTRACE_INTERRUPT, child, 0, 0));
    next("seized while stopped", child);
    SHOW(T(PTRACE_DETACH, child, 0, 0));
    usleep(20000);
    SHOW(waitpid(child, &status, WNOHANG | WCONTINUED));
    kill(child, SIGCONT);
    TRUE(waitpid(child, &status, WCONTINUED) == child);
    end();
}

// MARK: registers and memory

static int function_called;
static __attribute__((noinline, used)) void called(void) { function_called = 1; _exit(33); }
static const char constant[8] = "constant";
__attribute__((noinline, used)) static int broken(int x) { __asm__ volatile("nop; nop"); return x + 1; }

static void run_broken(void) { _exit(broken(10)); }

static void vectors(void) {
    // A value in xmm7 that the tracer changes.
    uint64_t in[2] = { 0x1111222233334444, 0x5555666677778888 }, out[2];
    __asm__ volatile("movdqu %1, %%xmm7; mov $39, %%eax; syscall; movdqu %%xmm7, %0" : "=m"(out) : "m"(in) : "rax", "rcx", "r11", "xmm7");
    _exit(out[0] == 0xabcdef && out[1] == in[1] ? 44 : 45);
}

static void registers(void) {
    struct user_regs_struct r;
    struct iovec v = { &r, sizeof r };
    traced(pause_for_ever);
    SHOW(T(PTRACE_GETREGSET, child, NT_PRSTATUS, &v));
    SHOW(v.iov_len == sizeof r);
    SHOW(r.cs);
    SHOW(r.ss);
    TRUE(r.fs_base != 0);
    unsigned long old = r.cs;
    r.cs = 0x10;
    SHOW(T(PTRACE_SETREGS, child, 0, &r));
    r.cs = old;
    r.fs_base += 1ul << 60;
    SHOW(T(PTRACE_SETREGS, child, 0, &r));
    r.fs_base -= 1ul << 60;
    r.eflags |= 0x3000 | 0x8d5;
    SHOW(T(PTRACE_SETREGS, child, 0, &r));
    T(PTRACE_GETREGS, child, 0, &r);
    printf("%llx\n", r.eflags);
    SHOW(T(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg[7]), 0));
    // A call of a function.
    r.rip = (unsigned long)called;
    r.rsp = (r.rsp - 256) & ~15ul;
    r.rsp -= 8;
    r.orig_rax = -1;
    SHOW(T(PTRACE_SETREGS, child, 0, &r));
    T(PTRACE_CONT, child, 0, 0);
    next("a function", child);

    // Memory: what cannot be written is written, for this process alone.
    traced(run_broken);
    long word = 0;
    SHOW(T(PTRACE_PEEKDATA, child, constant, &word));
    TRUE(memcmp(&word, constant, 8) == 0);
    SHOW(T(PTRACE_POKEDATA, child, constant, 0x41414141));
    SHOW(T(PTRACE_PEEKDATA, child, constant, &word));
    printf("%lx\n", word);
    TRUE(*(volatile char *)constant == 'c');
    SHOW(T(PTRACE_PEEKTEXT, child, broken, &word));
    SHOW(T(PTRACE_POKETEXT, child, broken, (word & ~0xfful) | 0xcc));
    T(PTRACE_CONT, child, 0, 0);
    next("breakpoint", child);
    siginfo_t info;
    T(PTRACE_GETSIGINFO, child, 0, &info);
    SHOW(info.si_code);
    T(PTRACE_GETREGS, child, 0, &r);
    SHOW(r.rip - (unsigned long)broken);
    SHOW((long)r.orig_rax);
    SHOW(r.rdi);
    r.rip--;
    r.rdi = 20;
    T(PTRACE_SETREGS, child, 0, &r);
    T(PTRACE_POKETEXT, child, broken, word);
    T(PTRACE_CONT, child, 0, 0);
    next("with another argument", child);

    // By /proc/PID/mem.
    traced(run_broken);
    char path[64];
    sprintf(path, "/proc/%d/mem", child);
    int fd = open(path, O_RDWR);
    char byte = 0;
    SHOW(pread(fd, &byte, 1, (long)constant));
    SHOW(byte);
    SHOW(pwrite(fd, "X", 1, (long)constant));
    SHOW(T(PTRACE_PEEKDATA, child, constant, &word));
    SHOW(word & 0xff);
    SHOW(pread(fd, &byte, 1, 8));
    SHOW(lseek(fd, (long)constant, SEEK_SET) == (long)constant);
    SHOW(read(fd, &byte, 1));
    SHOW(byte);
    close(fd);
    sprintf(path, "/proc/%d/status", child);
    FILE *f = fopen(path, "r");
    char line[200];
    int tracer = 0;
    while (fgets(line, sizeof line, f)) {
        if (!strncmp(line, "State:", 6)) fputs(line, stdout);
        sscanf(line, "TracerPid: %d", &tracer);
    }
    fclose(f);
    TRUE(tracer == getpid());
    end();

    // The vector state.
    traced(vectors);
    for (int i = 0; i < 100; i++) {
        T(PTRACE_SYSCALL, child, 0, 0);
        int status;
        waitpid(child, &status, 0);
        if (!WIFSTOPPED(status)) { show_status("vectors", status); break; }
        struct user_fpregs_struct fp;
        T(PTRACE_GETREGS, child, 0, &r);
        if (r.orig_rax != 39 || (long)r.rax != -ENOSYS) continue;
        SHOW(T(PTRACE_GETFPREGS, child, 0, &fp));
        uint64_t xmm7[2];
        memcpy(xmm7, (char *)fp.xmm_space + 7 * 16, 16);
        printf("%lx %lx\n", xmm7[0], xmm7[1]);
        static char state[16384];
        struct iovec x = { state, sizeof state };
        SHOW(T(PTRACE_GETREGSET, child, NT_X86_XSTATE, &x));
        TRUE(x.iov_len >= 576);
        TRUE((*(uint64_t *)(state + 464) & 3) == 3);
        TRUE(memcmp(state + 160 + 7 * 16, xmm7, 16) == 0);
        xmm7[0] = 0xabcdef;
        memcpy(state + 160 + 7 * 16, xmm7, 16);
        SHOW(T(PTRACE_SETREGSET, child, NT_X86_XSTATE, &x));
    }
}

// MARK: single steps

static void steps_body(void) {
    __asm__ volatile(
        "mov $1, %%rbx\n"
        "nop\n"
        "mov $39, %%eax\n"
        "syscall\n"
        "nop\n"
        "mov $2, %%rbx\n" ::: "rax", "rbx", "rcx", "r11");
    raise(SIGUSR1);
    _exit(0);
}

static void steps(void) {
    signal(SIGUSR1, handler);
    traced(steps_body);
    signal(SIGUSR1, SIG_DFL);
    struct user_regs_struct r, before;
    // Up to the first instruction.
    int count = 0, status;
    do {
        T(PTRACE_GETREGS, child, 0, &before);
        T(PTRACE_SINGLESTEP, child, 0, 0);
        waitpid(child, &status, 0);
        T(PTRACE_GETREGS, child, 0, &r);
    } while (WIFSTOPPED(status) && ++count < 100000 && !(r.rbx == 1 && before.rbx != 1 && r.rip - before.rip == 7));
    TRUE(count < 100000);
    for (int i = 0; i < 5; i++) {
        siginfo_t info;
        before = r;
        T(PTRACE_SINGLESTEP, child, 0, 0);
        waitpid(child, &status, 0);
        T(PTRACE_GETREGS, child, 0, &r);
        T(PTRACE_GETSIGINFO, child, 0, &info);
        printf("step %lld signal %d code %d addr %ld flag %d\n", r.rip - before.rip, WSTOPSIG(status), info.si_code,
               (long)info.si_addr - (long)r.rip, !!(r.eflags & 0x100));
        if (i == 2) TRUE((long)r.rax == child);
    }
    // Into a handler.
    T(PTRACE_CONT, child, 0, 0);
    next("the signal", child);
    T(PTRACE_SINGLESTEP, child, 0, SIGUSR1);
    next("the handler", child);
    T(PTRACE_GETREGS, child, 0, &r);
    TRUE(r.rip == (unsigned long)handler);
    siginfo_t info;
    T(PTRACE_GETSIGINFO, child, 0, &info);
    SHOW(info.si_code);
    T(PTRACE_SINGLESTEP, child, 0, 0);
    next("in the handler", child);
    T(PTRACE_CONT, child, 0, 0);
    next("end", child);
}

// MARK: waiting calls

static int pipes[2];
static void read_pipe(void) {
    char c = 0;
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
    sigaction(SIGUSR1, &action, 0);
    long n = read(pipes[0], &c, 1);
    _exit(n == 1 ? c : 99);
}

static void waiting(void) {
    pipe(pipes);
    child = fork();
    if (child == 0) read_pipe();
    usleep(200000);
    SHOW(T(PTRACE_ATTACH, child, 0, 0));
    next("attached", child);
    struct user_regs_struct r;
    T(PTRACE_GETREGS, child, 0, &r);
    SHOW(r.orig_rax);
    SHOW((long)r.rax);
    T(PTRACE_SYSCALL, child, 0, 0);
    next("again", child);
    T(PTRACE_GETREGS, child, 0, &r);
    SHOW(r.orig_rax);
    SHOW((long)r.rax);
    T(PTRACE_SYSCALL, child, 0, 0);
    usleep(200000);
    kill(child, SIGUSR1);
    next("interrupted", child);
    T(PTRACE_GETREGS, child, 0, &r);
    SHOW(r.orig_rax);
    SHOW((long)r.rax);
    T(PTRACE_SYSCALL, child, 0, 0);
    next("the signal", child);
    T(PTRACE_DETACH, child, 0, SIGUSR1);
    usleep(200000);
    write(pipes[1], "\x21", 1);
    next("read on", child);
    // Seized and interrupted: nothing shows.
    child = fork();
    if (child == 0) read_pipe();
    usleep(200000);
    SHOW(T(PTRACE_SEIZE, child, 0, 0));
    SHOW(T(PTRACE_INTERRUPT, child, 0, 0));
    next("seized", child);
    T(PTRACE_CONT, child, 0, 0);
    write(pipes[1], "\x22", 1);
    next("read on", child);
}

// MARK: seccomp

static void filtered(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | 0x123),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getuid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 55),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof code / sizeof *code, code };
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) _exit(98);
    long a = syscall(SYS_getppid);
    long b = syscall(SYS_getppid);
    int e = errno;
    long c = syscall(SYS_getppid);
    _exit(a == 1234 && b == -1 && e == 55 && c == getpid() ? 11 : 12);
}

static void seccomp_events(void) {
    traced(filtered);
    SHOW(T(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESECCOMP));
    for (int i = 0; i < 3; i++) {
        T(PTRACE_CONT, child, 0, 0);
        next("filtered", child);
        unsigned long message;
        T(PTRACE_GETEVENTMSG, child, 0, &message);
        printf("%lx\n", message);
        struct __ptrace_syscall_info info;
        memset(&info, 0, sizeof info);
        SHOW(T(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info));
        printf("op %d number %lld data %x\n", info.op, (long long)info.seccomp.nr, info.seccomp.ret_data);
        struct user_regs_struct r;
        T(PTRACE_GETREGS, child, 0, &r);
        if (i == 0) { r.orig_rax = -1; r.rax = 1234; }
        if (i == 1) r.orig_rax = SYS_getuid;
        if (i == 2) r.orig_rax = SYS_getpid;
        SHOW(T(PTRACE_SETREGS, child, 0, &r));
    }
    T(PTRACE_CONT, child, 0, 0);
    next("end", child);
    // Nobody asked.
    traced(filtered);
    T(PTRACE_CONT, child, 0, 0);
    next("without the option", child);
}

// MARK: ends

static void ends(void) {
    int status, go[2];
    // A tracer dies: its tracee goes on, or dies with it.
    for (int kills = 0; kills < 2; kills++) {
        pipe(go);
        child = fork();
        if (child == 0) { char c; close(go[1]); read(go[0], &c, 1); _exit(21); }
        close(go[0]);
        pid_t tracer = fork();
        if (tracer == 0) {
            close(go[1]);
            T(PTRACE_SEIZE, child, 0, kills ? PTRACE_O_EXITKILL : 0);
            T(PTRACE_INTERRUPT, child, 0, 0);
            waitpid(child, &status, __WALL);
            _exit(0);
        }
        waitpid(tracer, &status, 0);
        close(go[1]);
        next(kills ? "with its tracer" : "without its tracer", child);
    }
    // The end of a tracee is its tracer's to see first.
    pipe(go);
    child = fork();
    if (child == 0) { char c; close(go[1]); read(go[0], &c, 1); _exit(22); }
    int seen[2];
    pipe(seen);
    pid_t tracer = fork();
    if (tracer == 0) {
        close(go[0]);
        T(PTRACE_SEIZE, child, 0, 0);
        close(go[1]);
        siginfo_t info;
        memset(&info, 0, sizeof info);
        waitid(P_PID, child, &info, WEXITED | WNOWAIT | __WALL);
        printf("the tracer: %d %d\n", info.si_code, info.si_status);
        fflush(stdout);
        write(seen[1], "x", 1);
        usleep(50000);
        SHOW(waitpid(child, &status, __WALL) == child);
        _exit(0);
    }
    close(go[0]);
    close(go[1]);
    char c;
    read(seen[0], &c, 1);
    SHOW(waitpid(child, &status, WNOHANG));
    waitpid(tracer, 0, 0);
    next("the parent", child);

    // wait's ways.
    traced(pause_for_ever);
    T(PTRACE_CONT, child, 0, 0);
    kill(child, SIGUSR1);
    siginfo_t info;
    memset(&info, 0, sizeof info);
    SHOW(waitid(P_PID, child, &info, WSTOPPED | WNOWAIT));
    printf("%d %d %d\n", info.si_signo, info.si_code, info.si_status);
    SHOW(waitpid(child, &status, WNOHANG) == child);
    SHOW(waitpid(child, &status, WNOHANG));
    // Standing, killed.
    kill(child, SIGKILL);
    next("killed in a stop", child);
    SHOW(waitpid(child, &status, __WALL));
    // PTRACE_KILL.
    traced(pause_for_ever);
    SHOW(T(PTRACE_KILL, child, 0, 0));
    next("killed by its tracer", child);
}

int main(void) {
    alarm(50);
    printf("refusals\n"); fflush(stdout); refusals();
    printf("calls\n"); fflush(stdout); calls();
    printf("signals\n"); fflush(stdout); signals();
    printf("events\n"); fflush(stdout); events();
    printf("group stops\n"); fflush(stdout); group_stops();
    printf("registers\n"); fflush(stdout); registers();
    printf("steps\n"); fflush(stdout); steps();
    printf("waiting\n"); fflush(stdout); waiting();
    printf("seccomp\n"); fflush(stdout); seccomp_events();
    printf("ends\n"); fflush(stdout); ends();
    return 0;
}

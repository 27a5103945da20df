// What a process is told of itself, after everything that changes it. Each question is asked often: whoever answers it
// elsewhere than in the kernel has to notice the change.
#include "check.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ptrace.h>

static long ask(long number, long argument) {
    long first = syscall(number, argument);
    for (int i = 0; i < 40; i++) {
        long again = syscall(number, argument);
        if (again != first) { printf("call %ld: %ld, then %ld\n", number, first, again); return again; }
    }
    return first;
}

#define PID ask(SYS_getpid, 0)
#define TID ask(SYS_gettid, 0)
#define PARENT ask(SYS_getppid, 0)
#define USER ask(SYS_getuid, 0)
#define EFFECTIVE ask(SYS_geteuid, 0)
#define GROUP ask(SYS_getgid, 0)
#define JOB ask(SYS_getpgid, 0)
#define SESSION ask(SYS_getsid, 0)

static void finish(pid_t child, const char *what) {
    int status = 0;
    if (waitpid(child, &status, 0) != child) puts("no child");
    show_status(what, status);
}

static void forked(void) {
    pid_t parent = PID;
    TRUE(PID == TID);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        TRUE(PARENT == parent);
        TRUE(PID == TID && PID != parent);
        TRUE(getpid() == PID);
        exit(0);
    }
    finish(child, "forked");
    TRUE(PID == parent);
}

/// A grandchild whose parent ends, below a subreaper.
static void orphaned(void) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t self = PID;
    int lines[2], gone[2];
    pipe(lines), pipe(gone);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pid_t middle = PID;
        if (fork() == 0) {
            int before = PARENT == middle;
            write(lines[1], "x", 1);
            char byte;
            close(gone[1]);
            read(gone[0], &byte, 1);
            int after = PARENT == self;
            printf("parent before %d, after %d\n", before, after);
            exit(0);
        }
        char byte;
        read(lines[0], &byte, 1);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    close(gone[0]), close(gone[1]);
    int status;
    TRUE(waitpid(-1, &status, 0) > 0);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static pthread_barrier_t barrier;

static void *other(void *unused) {
    printf("thread before: %ld %ld %ld\n", USER, EFFECTIVE, GROUP);
    TRUE(PID != TID && PID == getpid());
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    printf("thread after: %ld %ld %ld\n", USER, EFFECTIVE, GROUP);
    return NULL;
}

/// By raw system calls ids change for one thread alone.
static void users(void) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_barrier_init(&barrier, NULL, 2);
        pthread_create(&thread, NULL, other, NULL);
        pthread_barrier_wait(&barrier);
        SHOW(syscall(SYS_setresgid, 7, 8, 9));
        printf("group %ld %ld\n", GROUP, ask(SYS_getegid, 0));
        SHOW(syscall(SYS_setresuid, 0, 5, 0));
        printf("effective %ld %ld\n", USER, EFFECTIVE);
        SHOW(syscall(SYS_setreuid, -1, 0));
        printf("back %ld %ld\n", USER, EFFECTIVE);
        SHOW(syscall(SYS_setuid, 6));
        printf("self: %ld %ld\n", USER, EFFECTIVE);
        pthread_barrier_wait(&barrier);
        pthread_join(thread, NULL);
        exit(0);
    }
    finish(child, "users");
    printf("unchanged: %ld %ld\n", USER, EFFECTIVE);
}

static void jobs(void) {
    fflush(stdout);
    int line[2], back[2];
    pipe(line), pipe(back);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        int inherited = JOB == getpgid(getppid());
        write(back[1], "x", 1);
        read(line[0], &byte, 1);
        printf("inherited %d, moved by the parent %d\n", inherited, JOB == PID && ask(SYS_getpgrp, 0) == PID);
        TRUE(setpgid(0, getpgid(getppid())) == 0 && JOB == getpgid(getppid()));
        TRUE(SESSION == getsid(getppid()));
        TRUE(setsid() == PID && SESSION == PID && JOB == PID);
        exit(0);
    }
    char byte;
    long own = JOB;
    read(back[0], &byte, 1);
    TRUE(setpgid(child, child) == 0);
    TRUE(JOB == own);
    write(line[1], "x", 1);
    finish(child, "jobs");
}

static int cloned(void *parent) {
    printf("cloned: parent %d, own pid %d, thread %d\n", PARENT == (long)parent, PID != (long)parent, PID == TID);
    fflush(stdout);
    return 0;
}

static void shared(void) {
    static char stack[65536] __attribute__((aligned(16)));
    pid_t self = PID;
    fflush(stdout);
    pid_t child = clone(cloned, stack + sizeof stack, CLONE_VM | SIGCHLD, (void *)(long)self);
    finish(child, "shared memory");
    child = clone(cloned, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)(long)self);
    finish(child, "vfork");
    TRUE(PID == self && TID == self);
}

static void *leave_by_exec(void *path) {
    char number[32];
    snprintf(number, sizeof number, "%ld", PID);
    execl(path, path, "again", number, NULL);
    perror("exec");
    _exit(1);
}

/// exec by a thread that is not the leader: it becomes the leader.
static void replaced(char *path) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, leave_by_exec, path);
        for (;;) pause();
    }
    finish(child, "exec by a thread");
}

/// A filter of one's own sees calls that would be answered elsewhere.
static void filtered(void) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        TRUE(PID > 0 && PARENT > 0);
        struct sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpid, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_yield, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ERANGE),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = {sizeof code / sizeof *code, code};
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
        struct timespec now;
        for (int i = 0; i < 3; i++) {
            SHOW(syscall(SYS_getpid));
            SHOW(syscall(SYS_sched_yield));
            SHOW(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now));
        }
        TRUE(PARENT == getppid());
        fflush(stdout);
        _exit(0);
    }
    finish(child, "filtered");
}

static void clocks(void) {
    struct timespec a, b;
    struct timeval day;
    int bad = 0;
    for (int id = 0; id < 12; id++) {
        long first = syscall(SYS_clock_gettime, id, &a);
        if (id == 8 || id == 9) continue;
        for (int i = 0; i < 40; i++) {
            if (syscall(SYS_clock_gettime, id, &b) != first) bad++;
            if (first == 0 && (b.tv_sec < a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec < a.tv_nsec) || b.tv_nsec >= 1000000000)) bad++;
            a = b;
        }
        printf("clock %d: %ld\n", id, first);
    }
    printf("steps back: %d\n", bad);
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &a);
    syscall(SYS_gettimeofday, &day, NULL);
    TRUE(labs(day.tv_sec - a.tv_sec) <= 1 && day.tv_usec < 1000000);
    TRUE(labs(syscall(SYS_time, NULL) - a.tv_sec) <= 1);
    clock_gettime(CLOCK_MONOTONIC, &a);
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &b);
    TRUE(b.tv_sec - a.tv_sec <= 1);
    SHOW(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 8));
    SHOW(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, NULL));
    SHOW(syscall(SYS_gettimeofday, 8, NULL));
    SHOW(syscall(SYS_gettimeofday, NULL, NULL));
    SHOW(syscall(SYS_time, 8));
    SHOW(syscall(SYS_clock_getres, CLOCK_MONOTONIC, &a));
    printf("resolution %ld\n", a.tv_nsec);
    SHOW(syscall(SYS_clock_getres, 99, &a));
    SHOW(syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL));
    SHOW(syscall(SYS_clock_gettime, 99, &a));
    SHOW(syscall(SYS_clock_gettime, -1, 8));
    SHOW(syscall(SYS_sched_yield));
    unsigned cpu, node;
    SHOW(syscall(SYS_getcpu, &cpu, &node, NULL));
    SHOW(syscall(SYS_getcpu, NULL, NULL, NULL));
    SHOW(syscall(SYS_getcpu, 8, NULL, NULL));
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    SHOW(sched_setaffinity(0, sizeof one, &one));
    syscall(SYS_getcpu, &cpu, &node, NULL);
    printf("cpu %u\n", cpu);
}

/// A parent that traces sees every call.
static void traced(void) {
    fflush(stdout);
    int line[2];
    pipe(line);
    pid_t child = fork();
    if (child == 0) {
        TRUE(PID > 0);
        fflush(stdout);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        for (int i = 0; i < 5; i++) syscall(SYS_getpid), syscall(SYS_getuid), syscall(SYS_sched_yield);
        _exit(3);
    }
    int status, seen[3] = {0}, inside = 0;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) { puts("no stop"); kill(child, SIGKILL); waitpid(child, &status, 0); return; }
    ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD);
    while (ptrace(PTRACE_SYSCALL, child, 0, 0) == 0 && waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
        if (WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
        inside = !inside;
        if (!inside) continue;
        long number = ptrace(PTRACE_PEEKUSER, child, 8 * 15 /* ORIG_RAX */, 0);
        if (number == SYS_getpid) seen[0]++;
        if (number == SYS_getuid) seen[1]++;
        if (number == SYS_sched_yield) seen[2]++;
    }
    show_status("traced", status);
    printf("seen %d %d %d\n", seen[0], seen[1], seen[2]);
}

static char watched_name[16] = "/nothing/at/all";
static uint64_t watched_time[2];

/// A tracer changes what a call is given as it begins, and what it has given as it ends.
static void rewritten(void) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        long found = syscall(SYS_access, watched_name, F_OK);
        syscall(SYS_clock_gettime, CLOCK_REALTIME, watched_time);
        _exit(found == 0 && watched_time[0] == 77 ? 5 : 6);
    }
    int status, inside = 0, isLate = 0;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) { puts("no stop"); return; }
    ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD);
    while (ptrace(PTRACE_SYSCALL, child, 0, 0) == 0 && waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
        if (WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
        inside = !inside;
        long number = ptrace(PTRACE_PEEKUSER, child, 8 * 15 /* ORIG_RAX */, 0);
        if (number == SYS_access && inside) {
            uint64_t words[2] = {0};
            memcpy(words, "/proc", 6);
            ptrace(PTRACE_POKEDATA, child, watched_name, words[0]);
            ptrace(PTRACE_POKEDATA, child, watched_name + 8, words[1]);
        }
        if (number == SYS_clock_gettime && !inside) {
            isLate = ptrace(PTRACE_PEEKDATA, child, watched_time, 0) > 1000000000;
            ptrace(PTRACE_POKEDATA, child, watched_time, 77);
        }
    }
    show_status("rewritten", status);
    printf("seen at its end %d\n", isLate);
}

int main(int count, char **arguments) {
    if (count == 3 && !strcmp(arguments[1], "again")) {
        printf("same process %d, leader %d\n", PID == atol(arguments[2]), PID == TID);
        return 0;
    }
    forked();
    orphaned();
    users();
    jobs();
    shared();
    replaced("/proc/self/exe");
    filtered();
    clocks();
    traced();
    rewritten();
    return 0;
}

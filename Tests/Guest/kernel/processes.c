// fork, vfork, clone, wait, exit statuses, orphans.
#include "check.h"

static int run_child(int (*body)(void)) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) _exit(body());
    int status = -1;
    TRUE(waitpid(pid, &status, 0) == pid);
    show_status("child", status);
    return status;
}

static int returns_seven(void) { return 7; }
static int kills_itself(void) { kill(getpid(), SIGTERM); return 1; }
static int aborts(void) { struct rlimit none = {0, 0}; setrlimit(RLIMIT_CORE, &none); abort(); }
static int segfaults(void) { struct rlimit none = {0, 0}; setrlimit(RLIMIT_CORE, &none); *(volatile int *)0 = 1; return 1; }
static int divides(void) { struct rlimit none = {0, 0}; setrlimit(RLIMIT_CORE, &none); volatile int z = 0; return 1 / z; }

static void *thread_exit_group(void *unused) { syscall(SYS_exit_group, 9); return unused; }
static int thread_ends_group(void) {
    pthread_t t;
    pthread_create(&t, NULL, thread_exit_group, NULL);
    for (;;) pause();
}

static void *outlives_leader(void *unused) { usleep(20000); syscall(SYS_exit_group, 5); return unused; }
static int leader_exits_first(void) {
    pthread_t t;
    pthread_create(&t, NULL, outlives_leader, NULL);
    syscall(SYS_exit, 3);
    return 1;
}

int main(void) {
    run_child(returns_seven);
    run_child(kills_itself);
    run_child(aborts);
    run_child(segfaults);
    run_child(divides);
    run_child(thread_ends_group);
    run_child(leader_exits_first);
    SHOW(waitpid(-1, NULL, 0));
    SHOW(waitpid(-1, NULL, WNOHANG));
    SHOW(waitpid(999999, NULL, 0));
    SHOW(syscall(SYS_wait4, 0, NULL, 0x40, NULL));

    // vfork: the child runs in our memory, and we wait.
    volatile int shared = 0;
    pid_t pid = vfork();
    if (pid == 0) { shared = 42; _exit(0); }
    printf("vfork child wrote %d\n", shared);
    waitpid(pid, NULL, 0);

    // An orphan gets a new parent.
    int ends[2];
    pipe(ends);
    pid = fork();
    if (pid == 0) {
        pid_t self = getpid();
        if (fork() == 0) {
            while (getppid() == self) usleep(1000);
            write(ends[1], "x", 1);
            _exit(0);
        }
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    char c;
    TRUE(read(ends[0], &c, 1) == 1);

    // A subreaper adopts.
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid = fork();
    if (pid == 0) {
        if (fork() == 0) { usleep(10000); _exit(77); }
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    int status;
    // As process 1 we have got the orphan above, too.
    do if (waitpid(-1, &status, 0) < 0) break; while (WEXITSTATUS(status) == 0);
    show_status("adopted", status);

    // waitid leaves with WNOWAIT.
    pid = fork();
    if (pid == 0) _exit(33);
    siginfo_t info = {0};
    SHOW(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
    printf("code %d status %d signo %d pid ok %d\n", info.si_code, info.si_status, info.si_signo, info.si_pid == pid);
    SHOW(waitid(P_PID, pid, &info, WEXITED));
    SHOW(waitid(P_PID, pid, &info, WEXITED));

    // Errors of clone.
    SHOW(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0));
    SHOW(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0));
    SHOW(syscall(SYS_clone, CLONE_FS | CLONE_NEWNS, 0, 0, 0, 0));

    // SIGCHLD ignored: children vanish.
    signal(SIGCHLD, SIG_IGN);
    pid = fork();
    if (pid == 0) _exit(0);
    SHOW(waitpid(pid, NULL, 0));
    return 0;
}

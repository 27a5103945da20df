// Signal masks that change often, which a stub may see to by itself: what was sent comes exactly where it may, and nothing
// is lost between a change and a signal.
#include "check.h"
#include <sys/ptrace.h>

static volatile int inside, arrived, misplaced;
static void note(int s) { (void)s; arrived++; if (inside) misplaced++; }

static long mask(int how, const void *set, void *old, long size) {
    return syscall(SYS_rt_sigprocmask, how, set, old, size);
}

static uint64_t bit(int signal) { return 1ul << (signal - 1); }
static uint64_t now(void) { uint64_t old = 0; mask(0, NULL, &old, 8); return old; }
static uint64_t set_to(uint64_t set) { uint64_t old = ~0ul; mask(SIG_SETMASK, &set, &old, 8); return old; }

static void refused(void) {
    uint64_t set = bit(SIGUSR1), old = 0;
    void *bad = (void *)(1ul << 62);
    SHOW(mask(SIG_BLOCK, &set, &old, 4));
    SHOW(mask(7, &set, &old, 8));
    SHOW(mask(7, NULL, &old, 8));
    SHOW(mask(SIG_BLOCK, bad, &old, 8));
    SHOW(mask(SIG_BLOCK, &set, bad, 8));
    printf("after a bad place: %lx\n", now());
    SHOW(mask(SIG_BLOCK, NULL, NULL, 8));
    printf("from all: %lx\n", (set_to(~0ul), set_to(0)));
    for (int i = 0; i < 100; i++) {
        uint64_t wanted = (uint64_t)(i * 0x12345) << 20;
        set_to(wanted);
        if (now() != wanted) puts("not as it was set");
        mask(SIG_BLOCK, &set, &old, 8);
        if (old != wanted || now() != (wanted | set)) puts("not blocked");
        mask(SIG_UNBLOCK, &set, &old, 8);
        if (old != (wanted | set) || now() != (wanted & ~set)) puts("not unblocked");
    }
    set_to(0);
    SHOW(syscall(SYS_set_robust_list, &set, 16));
    SHOW(syscall(SYS_set_robust_list, &set, 24));
    void *head = NULL;
    size_t length = 0;
    SHOW(syscall(SYS_get_robust_list, 0, &head, &length));
    TRUE(head == &set && length == 24);
    syscall(SYS_set_robust_list, NULL, 24);
}

/// Those that come meanwhile wait, and come at the first change that lets them.
static void waiting(void) {
    uint64_t usr1 = bit(SIGUSR1), old;
    for (int i = 0; i < 50; i++) {
        arrived = 0;
        set_to(usr1);
        kill(getpid(), SIGUSR1);
        if (arrived) puts("came while blocked");
        set_to(usr1 | bit(SIGUSR2));
        if (arrived) puts("came while still blocked");
        if (i % 2) set_to(0); else mask(SIG_UNBLOCK, &usr1, &old, 8);
        if (arrived != 1) puts("did not come");
        set_to(0);
    }
    puts("waiting ones came");
}

/// A process's signal goes to the thread that lets it through, whoever did so.
static pthread_barrier_t barrier;
static volatile pid_t receiver;
static void whose(int s) { (void)s; receiver = gettid(); }
static void *other(void *mine) {
    *(pid_t *)mine = gettid();
    set_to(0);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    set_to(~0ul);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return (void *)now();
}

static void chosen(void) {
    signal(SIGUSR2, whose);
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < 30; i++) {
        pid_t second = 0;
        pthread_t thread;
        void *left;
        receiver = 0;
        set_to(~0ul);
        pthread_create(&thread, NULL, other, &second);
        pthread_barrier_wait(&barrier);
        kill(getpid(), SIGUSR2);
        while (!receiver) sched_yield();
        if (receiver != second) puts("came to the one that blocks it");
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        receiver = 0;
        kill(getpid(), SIGUSR2);
        set_to(0);
        if (receiver != getpid()) puts("did not come to the one that lets it");
        pthread_barrier_wait(&barrier);
        pthread_join(thread, &left);
        if ((uint64_t)left != ~(bit(SIGKILL) | bit(SIGSTOP))) puts("the other's mask has changed");
    }
    puts("chosen");
}

/// One thread changes its mask all the time while another sends real-time signals, of which none may be lost.
enum { SENT = 3000 };
static volatile int is_over;
static void *sender(void *target) {
    union sigval value = {0};
    for (int i = 0; i < SENT; i++) {
        int failed = i % 2 ? pthread_sigqueue(*(pthread_t *)target, SIGRTMIN + 3, value) : sigqueue(getpid(), SIGRTMIN + 3, value);
        if (failed) { sched_yield(); i--; }
        if (i % 8 == 0) sched_yield();
    }
    is_over = 1;
    return NULL;
}

static void raced(void) {
    uint64_t set = bit(SIGRTMIN + 3), all = ~0ul, none = 0;
    pthread_t self = pthread_self(), thread;
    signal(SIGRTMIN + 3, note);
    arrived = misplaced = 0;
    mask(SIG_SETMASK, &all, NULL, 8);
    pthread_create(&thread, NULL, sender, &self);
    while (!is_over) {
        mask(SIG_BLOCK, &set, NULL, 8);
        inside = 1;
        for (volatile int i = 0; i < 20; i++);
        inside = 0;
        mask(SIG_SETMASK, &none, NULL, 8);
        for (volatile int i = 0; i < 20; i++);
    }
    mask(SIG_SETMASK, &none, NULL, 8);
    pthread_join(thread, NULL);
    printf("arrived %d, misplaced %d\n", arrived, misplaced);
}

/// Masks go to children and through exec; what waits does not go to a child.
static void inherited(char *path) {
    set_to(bit(SIGUSR1) | bit(SIGHUP));
    kill(getpid(), SIGUSR1);
    fflush(stdout);
    int status;
    pid_t child = fork();
    if (child == 0) {
        sigset_t waiting;
        sigpending(&waiting);
        printf("child: mask %lx, waits %d\n", now(), sigismember(&waiting, SIGUSR1));
        set_to(bit(SIGHUP) | bit(SIGTERM));
        raise(SIGTERM);
        fflush(stdout);
        execl(path, path, "again", NULL);
        _exit(1);
    }
    waitpid(child, &status, 0);
    show_status("child", status);
    child = vfork();
    if (child == 0) {
        set_to(bit(SIGWINCH));
        _exit(now() == bit(SIGWINCH) ? 3 : 4);
    }
    waitpid(child, &status, 0);
    show_status("vfork", status);
    arrived = 0;
    printf("parent: %lx\n", set_to(0));
    printf("arrived %d\n", arrived);
}

/// A tracer sees and changes the mask of a tracee that has changed it by itself.
static void traced(void) {
    fflush(stdout);
    pid_t child = fork();
    int status;
    if (child == 0) {
        for (int i = 0; i < 40; i++) set_to(i);
        set_to(bit(SIGUSR2));
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        _exit(now() == (bit(SIGHUP) | bit(SIGUSR1)) ? 0 : 1);
    }
    waitpid(child, &status, 0);
    show_status("tracee", status);
    uint64_t seen = 0, wanted = bit(SIGHUP) | bit(SIGUSR1);
    ptrace(0x420a /* GETSIGMASK */, child, 8, &seen);
    printf("seen %lx\n", seen);
    ptrace(0x420b /* SETSIGMASK */, child, 8, &wanted);
    ptrace(PTRACE_DETACH, child, 0, 0);
    waitpid(child, &status, 0);
    show_status("tracee", status);
}

/// A call that swaps the mask for its own time finds and leaves the one that was set before.
static void swapped(void) {
    uint64_t usr1 = bit(SIGUSR1), none = 0;
    for (int i = 0; i < 30; i++) {
        arrived = 0;
        set_to(usr1);
        kill(getpid(), SIGUSR1);
        long result = syscall(SYS_rt_sigsuspend, &none, 8);
        if (result != -1 || arrived != 1 || now() != usr1) puts("suspended otherwise");
        set_to(0);
    }
    puts("swapped");
}

int main(int count, char **arguments) {
    if (count > 1) {
        sigset_t waiting;
        sigpending(&waiting);
        printf("after exec: mask %lx, waits %d\n", now(), sigismember(&waiting, SIGTERM));
        fflush(stdout);
        set_to(0);
        return 1;
    }
    // Often enough that the call's instruction has been rewritten.
    for (int i = 0; i < 100; i++) set_to(0);
    signal(SIGUSR1, note);
    for (int again = 0; again < 2; again++) {
        is_over = 0;
        refused();
        waiting();
        chosen();
        raced();
        inherited("/proc/self/exe");
        traced();
        swapped();
    }
    return 0;
}

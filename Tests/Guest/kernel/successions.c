// Threads and processes one after another: what a new one inherits, and what it must not find of the ones before.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static __thread int local;
static int wrong;

static uint32_t controls(void) {
    uint32_t mxcsr;
    uint16_t x87;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(x87));
    return (mxcsr & 0xffc0) | (uint32_t)x87 << 16;
}

/// As fesetround(3).
static void set_rounding(uint32_t mode) {
    uint32_t mxcsr;
    uint16_t x87;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(x87));
    mxcsr = (mxcsr & ~0x6000u) | mode << 13;
    x87 = (uint16_t)((x87 & ~0xc00u) | mode << 10);
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    __asm__ volatile("fldcw %0" : : "m"(x87));
}

static void *inherit(void *expected) {
    if (controls() != (uint32_t)(uintptr_t)expected) wrong++;
    if (local != 0) wrong++;
    local = 1;
    // Something of its own that the next one must not get.
    set_rounding(2);
    __asm__ volatile("fld1\n\tfld1\n\tfldpi");
    sigset_t set;
    sigfillset(&set);
    pthread_sigmask(SIG_BLOCK, &set, 0);
    return 0;
}

static void *mask(void *unused) {
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, 0, &set);
    return (void *)(long)sigismember(&set, SIGUSR1);
}

static void *x87_stack(void *unused) {
    uint32_t environment[7];
    __asm__ volatile("fnstenv %0\n\tfldenv %0" : "=m"(environment));
    return (void *)(long)((environment[2] & 0xffff) == 0xffff);
}

static volatile int go;
static void *wait_and_count(void *count) {
    while (!go) usleep(100);
    __atomic_add_fetch((int *)count, 1, __ATOMIC_RELAXED);
    return 0;
}

static void show(const char *what, int status) {
    if (WIFEXITED(status)) printf("%s: exited %d\n", what, WEXITSTATUS(status));
    else printf("%s: killed by %d\n", what, WTERMSIG(status));
}

static void *fork_here(void *unused) {
    pid_t child = fork();
    if (child == 0) {
        // A sibling ended in the parent; the child has this thread alone.
        pthread_t t;
        pthread_create(&t, 0, mask, 0);
        pthread_join(t, 0);
        _exit(11);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return (void *)(long)status;
}

static void *sleep_on(void *word) {
    syscall(SYS_futex, word, 0, 0, 0, 0, 0);
    return 0;
}

int main(void) {
    for (int mode = 0; mode < 2; mode++) {
        set_rounding(mode ? 3 : 0);
        for (int i = 0; i < 50; i++) {
            pthread_t t;
            pthread_create(&t, 0, inherit, (void *)(uintptr_t)controls());
            pthread_join(t, 0);
        }
    }
    set_rounding(0);
    printf("controls: wrong %d\n", wrong);
    pthread_t t;
    void *result;
    pthread_create(&t, 0, mask, 0);
    pthread_join(t, &result);
    printf("blocked %ld\n", (long)result);
    pthread_create(&t, 0, x87_stack, 0);
    pthread_join(t, &result);
    printf("stack empty %ld\n", (long)result);

    // Many at once, then many again.
    for (int round = 0; round < 3; round++) {
        pthread_t all[40];
        int count = 0;
        go = 0;
        for (int i = 0; i < 40; i++) pthread_create(&all[i], 0, wait_and_count, &count);
        go = 1;
        for (int i = 0; i < 40; i++) pthread_join(all[i], 0);
        printf("round %d: %d\n", round, count);
    }

    // The word of a thread's id is cleared when it is gone.
    for (int i = 0; i < 20; i++) {
        pthread_create(&t, 0, inherit, (void *)(uintptr_t)controls());
        pthread_detach(t);
    }
    usleep(20000);

    for (int i = 0; i < 10; i++) {
        pthread_create(&t, 0, fork_here, 0);
        pthread_join(t, &result);
        if (i == 0 || (long)result != 11 << 8) show("fork in a thread", (int)(long)result);
    }

    // A process with threads that have ended and threads that wait is killed, and one ends by itself.
    for (int kill_it = 0; kill_it < 2; kill_it++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            static uint32_t words[8];
            for (int i = 0; i < 8; i++) {
                pthread_create(&t, 0, mask, 0);
                pthread_join(t, 0);
                pthread_create(&t, 0, sleep_on, &words[i]);
            }
            if (kill_it) for (;;) pause();
            usleep(10000);
            exit(7);
        }
        usleep(50000);
        if (kill_it) kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        show(kill_it ? "killed" : "ended", status);
    }

    // vfork and thread after thread share what is kept.
    for (int i = 0; i < 20; i++) {
        pid_t child = vfork();
        if (child == 0) _exit(3);
        int status;
        waitpid(child, &status, 0);
        if (status != 3 << 8) show("vfork", status);
        pthread_create(&t, 0, inherit, (void *)(uintptr_t)controls());
        pthread_join(t, 0);
    }
    printf("after vforks: wrong %d\n", wrong);

    // The break goes with fork, and each has its own afterwards.
    char *start = sbrk(0);
    sbrk(100000);
    memset(start, 1, 100000);
    pid_t child = fork();
    if (child == 0) {
        int ok = sbrk(0) == start + 100000 && start[99999] == 1 && sbrk(1 << 20) == start + 100000;
        ok = ok && (start[150000] = 2) == 2 && sbrk(-(1 << 20)) == start + 100000 + (1 << 20);
        _exit(ok ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    show("break in the child", status);
    printf("break %d, %d\n", sbrk(0) == start + 100000, start[99999]);
    sbrk(-100000);
    printf("back %d\n", sbrk(0) == start);
    return 0;
}

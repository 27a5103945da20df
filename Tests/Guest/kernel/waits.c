// Futex waits with and without an end while signals come, with and without SA_RESTART, while the process is stopped and
// continued, and while it is traced: what they return, and that none ends before its time.
#include "check.h"
#include <linux/futex.h>
#include <sys/ptrace.h>

enum { RELATIVE, ABSOLUTE, REALTIME, MANY, ENDLESS, KINDS };
static const char *const kinds[] = {"relative", "absolute", "realtime", "many", "endless"};
/// Long, where a signal is to end it, however late that comes.
static long duration;

static uint32_t word, other_word;
static volatile int handled, finished;
static void handler(int s) { (void)s; handled++; }

static long since(int clock, struct timespec *from) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (now.tv_sec - from->tv_sec) * 1000000000 + now.tv_nsec - from->tv_nsec;
}

/// struct futex_waitv.
struct waiter { uint64_t value, address; uint32_t flags, reserved; };

/// Waits once. Says whether it has ended too early for what it returned.
static int wait_once(int kind, const char **early) {
    int clock = kind == REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    struct timespec begin, end;
    clock_gettime(clock, &begin);
    end = begin;
    end.tv_sec += duration / 1000000000, end.tv_nsec += duration % 1000000000;
    if (end.tv_nsec >= 1000000000) end.tv_nsec -= 1000000000, end.tv_sec++;
    struct timespec length = {duration / 1000000000, duration % 1000000000};
    struct waiter list[2] = {{0, (uint64_t)&word, 2 | 128, 0}, {0, (uint64_t)&other_word, 2 | 128, 0}};
    long result = 0;
    switch (kind) {
    case RELATIVE: result = syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &length, 0, 0); break;
    case ABSOLUTE: result = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &end, 0, ~0u); break;
    case REALTIME: result = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &end, 0, ~0u); break;
    case MANY: result = syscall(449, list, 2, 0, &end, CLOCK_MONOTONIC); break;
    case ENDLESS: result = syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0); break;
    }
    int error = result < 0 ? errno : 0;
    *early = error == ETIMEDOUT && since(clock, &begin) < duration ? ", too early" : "";
    return error;
}

static void *waker(void *unused) {
    while (handled < 3) usleep(1000);
    word = 1;
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 10, 0, 0, 0);
    return unused;
}

static void *sender(void *to) {
    while (!finished) {
        usleep(5000);
        pthread_kill(*(pthread_t *)to, SIGUSR1);
    }
    return to;
}

static const char *name(int error) { return error ? strerrorname_np(error) : "0"; }

int main(void) {
    // Signals with a handler.
    for (int restart = 0; restart < 2; restart++)
        for (int kind = 0; kind < KINDS; kind++) {
            struct sigaction a = {.sa_handler = handler, .sa_flags = restart ? SA_RESTART : 0};
            sigaction(SIGUSR1, &a, 0);
            pthread_t self = pthread_self(), other, third;
            word = handled = finished = 0;
            pthread_create(&other, 0, sender, &self);
            int is_woken = kind == ENDLESS && restart;
            if (is_woken) pthread_create(&third, 0, waker, 0);
            duration = kind == MANY && restart ? 60000000 : 20000000000;
            const char *early;
            int error = wait_once(kind, &early);
            finished = 1;
            // One that goes on by itself ends when it is woken, or, if that was while it began again, by its value.
            if (is_woken && error == EAGAIN) error = 0;
            printf("%s, restart %d: %s%s\n", kinds[kind], restart, name(error), early);
            pthread_join(other, 0);
            if (is_woken) pthread_join(third, 0);
        }
    // Signals that are ignored or blocked do not end a wait.
    for (int blocked = 0; blocked < 2; blocked++)
        for (int kind = 0; kind < ENDLESS; kind++) {
            signal(SIGUSR1, blocked ? handler : SIG_IGN);
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGUSR1);
            pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &set, 0);
            pthread_t self = pthread_self(), other;
            word = finished = 0;
            pthread_create(&other, 0, sender, &self);
            duration = 60000000;
            const char *early;
            int error = wait_once(kind, &early);
            finished = 1;
            printf("%s, %s: %s%s\n", kinds[kind], blocked ? "blocked" : "ignored", name(error), early);
            pthread_join(other, 0);
            signal(SIGUSR1, SIG_IGN);
            pthread_sigmask(SIG_UNBLOCK, &set, 0);
        }
    // Stops, and a tracer that comes and goes, do not end one either.
    for (int traced = 0; traced < 2; traced++)
        for (int kind = 0; kind < ENDLESS; kind++) {
            fflush(stdout);
            int lines[2];
            pipe(lines);
            pid_t child = fork();
            if (child == 0) {
                const char *early;
                word = 0;
                write(lines[1], "x", 1);
                int error = wait_once(kind, &early);
                printf("%s, %s: %s%s\n", kinds[kind], traced ? "traced" : "stopped", name(error), early);
                fflush(stdout);
                _exit(0);
            }
            char c;
            read(lines[0], &c, 1);
            for (int i = 0; i < 3; i++) {
                int status;
                usleep(5000);
                if (traced) {
                    if (ptrace(PTRACE_SEIZE, child, 0, 0)) break;
                    ptrace(PTRACE_INTERRUPT, child, 0, 0);
                    waitpid(child, &status, 0);
                    if (!WIFSTOPPED(status)) { child = 0; break; }
                    ptrace(PTRACE_DETACH, child, 0, 0);
                } else {
                    kill(child, SIGSTOP);
                    usleep(5000);
                    kill(child, SIGCONT);
                }
            }
            if (child) waitpid(child, 0, 0);
            close(lines[0]), close(lines[1]);
        }
    return 0;
}

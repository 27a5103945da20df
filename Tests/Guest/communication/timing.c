// Clocks, sleeps, interval timers, POSIX timers, futexes.
#include "report.h"
#include <dirent.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile int handled, code, timer_value;
static void handler(int n, siginfo_t *info, void *context)
{
    handled++;
    code = info->si_code;
    timer_value = info->si_value.sival_int;
}

static void catch (int signal, int flags)
{
    struct sigaction a = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    sigaction(signal, &a, NULL);
    handled = 0;
}

static long elapsed(struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000;
}

static void clocks(void)
{
    struct timespec t, u;
    for (int i = -1; i < 13; i++) {
        char label[30];
        sprintf(label, "clock %d", i);
        SHOW(label, syscall(SYS_clock_gettime, i, &t));
        SHOW("  resolution", syscall(SYS_clock_getres, i, &u));
    }
    SHOW("bad address", syscall(SYS_clock_gettime, 0, (void *)8));
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &t);
    clock_gettime(CLOCK_REALTIME, &u);
    SAY("vdso agrees %d", u.tv_sec - t.tv_sec <= 1);
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    clock_gettime(CLOCK_MONOTONIC, &u);
    SAY("vdso agrees %d", u.tv_sec - t.tv_sec <= 1 && u.tv_sec >= t.tv_sec);
    struct timeval v;
    SHOW("gettimeofday", syscall(SYS_gettimeofday, &v, NULL));
    SAY("time %d", labs(time(NULL) - v.tv_sec) <= 1);
    setuid(65534);
    SHOW("settime", clock_settime(CLOCK_REALTIME, &t));
    struct tms tms;
    SAY("times %d", times(&tms) > 0);
}

static void sleeps(void)
{
    struct timespec t = {0, 30000000}, left = {9, 9}, from;
    clock_gettime(CLOCK_MONOTONIC, &from);
    SHOW("nanosleep", nanosleep(&t, &left));
    SAY("slept %d left %ld", elapsed(&from) >= 30, left.tv_sec);
    t.tv_nsec = 1000000000;
    SHOW("bad", nanosleep(&t, NULL));
    SHOW("bad address", syscall(SYS_nanosleep, 8, NULL));
    catch (SIGALRM, SA_RESTART);
    struct itimerval alarm = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &alarm, NULL);
    t = (struct timespec){5, 0};
    SHOW("interrupted", nanosleep(&t, &left));
    SAY("handled %d left %ld", handled, left.tv_sec);
    signal(SIGALRM, SIG_IGN);
    setitimer(ITIMER_REAL, &alarm, NULL);
    t = (struct timespec){0, 50000000};
    clock_gettime(CLOCK_MONOTONIC, &from);
    SHOW("ignored signal", nanosleep(&t, &left));
    SAY("slept %d", elapsed(&from) >= 50);
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec -= 1;
    SHOW("past", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL));
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += 1;
    SHOW("absolute", syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL));
    SHOW("thread clock", syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL));
    SHOW("bad clock", syscall(SYS_clock_nanosleep, 55, 0, &t, NULL));
    // A stopped and continued sleeper sleeps on.
    pid_t child = fork();
    if (child == 0) {
        t = (struct timespec){0, 100000000};
        clock_gettime(CLOCK_MONOTONIC, &from);
        int r = nanosleep(&t, NULL);
        _exit(r == 0 && elapsed(&from) >= 100 ? 0 : 1);
    }
    usleep(20000);
    kill(child, SIGSTOP);
    usleep(20000);
    kill(child, SIGCONT);
    int status;
    waitpid(child, &status, 0);
    SAY("slept through a stop: %d", WEXITSTATUS(status));
}

static void intervals(void)
{
    struct itimerval s = {{0, 10000}, {0, 10000}}, old;
    catch (SIGALRM, 0);
    SHOW("bad which", setitimer(5, &s, NULL));
    SHOW("set", setitimer(ITIMER_REAL, &s, &old));
    SAY("old %ld", old.it_value.tv_usec);
    while (handled < 3) pause();
    SAY("ticks %d code %x", handled >= 3, code);
    getitimer(ITIMER_REAL, &old);
    SAY("interval %ld", old.it_interval.tv_usec);
    memset(&s, 0, sizeof s);
    setitimer(ITIMER_REAL, &s, NULL);
    s.it_value.tv_usec = 1000000;
    SHOW("bad time", setitimer(ITIMER_REAL, &s, NULL));
    SHOW("alarm", alarm(100));
    SHOW("alarm left", alarm(0));
    SHOW("alarm off", alarm(0));
    catch (SIGVTALRM, 0);
    s.it_value.tv_usec = 20000;
    setitimer(ITIMER_VIRTUAL, &s, NULL);
    for (volatile long i = 0; !handled && i < 4000000000; i++) {}
    SAY("virtual %d", handled);
    catch (SIGPROF, 0);
    setitimer(ITIMER_PROF, &s, NULL);
    for (volatile long i = 0; !handled && i < 4000000000; i++) {}
    SAY("profiling %d", handled);
}

static void posix_timers(void)
{
    timer_t id = 0;
    struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 77};
    catch (SIGRTMIN, 0);
    SHOW("bad clock", timer_create(99, &e, &id));
    e.sigev_signo = 99;
    SHOW("bad signal", timer_create(CLOCK_MONOTONIC, &e, &id));
    e.sigev_signo = SIGRTMIN;
    SHOW("create", timer_create(CLOCK_MONOTONIC, &e, &id));
    struct itimerspec s = {{0, 5000000}, {0, 5000000}}, old;
    SHOW("set", timer_settime(id, 0, &s, &old));
    while (handled < 2) pause();
    SAY("code %d value %d", code, timer_value);
    sigset_t block;
    sigemptyset(&block);
    sigaddset(&block, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &block, NULL);
    // Long enough that no second signal comes before the count is looked at.
    s = (struct itimerspec){{0, 50000000}, {0, 50000000}};
    SHOW("slower", timer_settime(id, 0, &s, NULL));
    usleep(600000);
    handled = 0;
    sigprocmask(SIG_UNBLOCK, &block, NULL);
    SAY("one signal for many %d overrun %d", handled, timer_getoverrun(id) >= 5);
    timer_gettime(id, &s);
    SAY("interval %ld", s.it_interval.tv_nsec);
    SHOW("delete", timer_delete(id));
    SHOW("again", timer_delete(id));
    SHOW("settime", timer_settime(id, 0, &s, NULL));
    e.sigev_notify = SIGEV_NONE;
    timer_create(CLOCK_REALTIME, &e, &id);
    s = (struct itimerspec){{0, 0}, {100, 0}};
    timer_settime(id, 0, &s, NULL);
    timer_gettime(id, &s);
    SAY("left %d", s.it_value.tv_sec >= 99);
    SHOW("overrun", timer_getoverrun(id));
    timer_delete(id);
}

static int *word;
static long futex(int *w, int op, int val, void *timeout, int *w2, int val3)
{
    return syscall(SYS_futex, w, op, val, timeout, w2, val3);
}

// Waits until `count` threads of a process sleep, for as long as a busy machine may need.
static void until_asleep(pid_t process, int count)
{
    char path[300], line[512];
    for (int tries = 0; tries < 500; tries++, usleep(10000)) {
        int asleep = 0;
        snprintf(path, sizeof path, "/proc/%d/task", process);
        DIR *tasks = opendir(path);
        for (struct dirent *e; tasks && (e = readdir(tasks));) {
            snprintf(path, sizeof path, "/proc/%d/task/%s/stat", process, e->d_name);
            FILE *stat = fopen(path, "r");
            if (!stat) continue;
            if (fgets(line, sizeof line, stat) && strrchr(line, ')') && strncmp(strrchr(line, ')'), ") S", 3) == 0) asleep++;
            fclose(stat);
        }
        if (tasks) closedir(tasks);
        if (asleep == count) return;
    }
}

static void *waiter(void *arg) { return (void *)futex(word, (long)arg, 0, NULL, NULL, -1); }

static void futexes(void)
{
    struct timespec t = {0, 20000000}, from;
    int local = 0, other = 5;
    word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    SHOW("changed", futex(&local, FUTEX_WAIT, 1, NULL, NULL, 0));
    clock_gettime(CLOCK_MONOTONIC, &from);
    SHOW("timeout", futex(&local, FUTEX_WAIT, 0, &t, NULL, 0));
    SAY("waited %d", elapsed(&from) >= 20);
    SHOW("wake none", futex(&local, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW("unaligned", futex((int *)((char *)&local + 1), FUTEX_WAIT, 0, &t, NULL, 0));
    SHOW("nowhere", futex((int *)4096, FUTEX_WAIT, 0, &t, NULL, 0));
    SHOW("bits 0", futex(&local, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
    SHOW("bad op", futex(&local, 99, 0, NULL, NULL, 0));
    SHOW("fd op", futex(&local, 2, 0, NULL, NULL, 0));
    t.tv_nsec = -1;
    SHOW("bad time", futex(&local, FUTEX_WAIT, 0, &t, NULL, 0));
    catch (SIGALRM, 0);
    struct itimerval alarm = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &alarm, NULL);
    SHOW("interrupted", futex(&local, FUTEX_WAIT, 0, NULL, NULL, 0));
    SAY("handled %d", handled);
    catch (SIGALRM, SA_RESTART);
    setitimer(ITIMER_REAL, &alarm, NULL);
    t = (struct timespec){0, 60000000};
    SHOW("interrupted with a timeout", futex(&local, FUTEX_WAIT, 0, &t, NULL, 0));
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, waiter, (void *)FUTEX_WAIT);
    until_asleep(getpid(), 4);
    SHOW("wake two", futex(word, FUTEX_WAKE, 2, NULL, NULL, 0));
    SHOW("requeue", futex(word, FUTEX_CMP_REQUEUE, 0, (void *)10, &local, 0));
    SHOW("none there", futex(word, FUTEX_WAKE, 10, NULL, NULL, 0));
    SHOW("moved", futex(&local, FUTEX_WAKE, 10, NULL, NULL, 0));
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    // ADD 3 to `other`, wake there if its old value equals 5.
    SHOW("wake op", futex(&local, FUTEX_WAKE_OP, 1, (void *)1, &other, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)));
    SAY("other %d", other);
    SHOW("wake op or", futex(&local, FUTEX_WAKE_OP, 1, (void *)1, &other, FUTEX_OP(FUTEX_OP_OR | 8, 4, FUTEX_OP_CMP_GT, 5)));
    SAY("other %d", other);
    pid_t child = fork();
    if (child == 0) _exit(futex(word, FUTEX_WAIT, 0, NULL, NULL, 0) == 0 ? 3 : 4);
    until_asleep(child, 1);
    SHOW("shared wake", futex(word, FUTEX_WAKE, 1, NULL, NULL, 0));
    int status;
    waitpid(child, &status, 0);
    SAY("child %d", WEXITSTATUS(status));
}

static pthread_mutex_t *robust;
static void *dies_locked(void *arg)
{
    pthread_mutex_lock(robust);
    return NULL;
}

static void mutexes(void)
{
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    robust = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutex_init(robust, &a);
    pthread_t t;
    pthread_create(&t, NULL, dies_locked, NULL);
    pthread_join(t, NULL);
    SAY("owner died %d", pthread_mutex_lock(robust) == EOWNERDEAD);
    pthread_mutex_consistent(robust);
    pthread_mutex_unlock(robust);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(robust);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    SAY("process died %d", pthread_mutex_lock(robust) == EOWNERDEAD);
    pthread_mutex_consistent(robust);
    pthread_mutex_unlock(robust);
}

static pthread_mutex_t pi;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn;
static void *pi_worker(void *arg)
{
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&pi);
        turn++;
        pthread_mutex_unlock(&pi);
    }
    return NULL;
}

static void inheritance(void)
{
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    SAY("protocol %d", pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT));
    SAY("init %d", pthread_mutex_init(&pi, &a));
    pthread_mutex_lock(&pi);
    SAY("trylock %d", pthread_mutex_trylock(&pi) == EBUSY);
    pthread_t t[4];
    for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, pi_worker, NULL);
    usleep(30000);
    pthread_mutex_unlock(&pi);
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    SAY("turns %d", turn);
    struct timespec until;
    pthread_mutex_lock(&pi);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    SAY("condition times out %d", pthread_cond_timedwait(&condition, &pi, &until) == ETIMEDOUT);
    pthread_mutex_unlock(&pi);
    int w = 0;
    SHOW("unlock not owned", futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    SHOW("lock", futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SAY("own %d", w == (int)syscall(SYS_gettid));
    SHOW("again", futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW("try", futex(&w, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
    SHOW("unlock", futex(&w, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    SAY("word %x", w);
    w = 0x3fffffff;
    SHOW("owner unknown", futex(&w, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
}

int main(void)
{
    alarm(50);
    alarm(0);
    clocks();
    sleeps();
    intervals();
    posix_timers();
    futexes();
    mutexes();
    inheritance();
    return 0;
}

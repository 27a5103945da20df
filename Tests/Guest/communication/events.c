// Readiness: poll, select, epoll with its modes, eventfd, timerfd, signalfd.
#include "report.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long elapsed(struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000;
}

static void show_events(const char *label, int epoll, int max)
{
    struct epoll_event e[8];
    memset(e, 0, sizeof e);
    int n = epoll_wait(epoll, e, max, 0);
    printf("%s: %d", label, n);
    for (int i = 0; i < n; i++) printf(" %x/%lx", e[i].events, (long)e[i].data.u64);
    SAY("");
}

static void eventfds(void)
{
    uint64_t v;
    int fd = eventfd(3, EFD_NONBLOCK);
    SHOW("short read", read(fd, &v, 4));
    SHOW("read", read(fd, &v, 8));
    SAY("value %lu", v);
    SHOW("empty", read(fd, &v, 8));
    v = -1;
    SHOW("too large", write(fd, &v, 8));
    v = -2;
    SHOW("largest", write(fd, &v, 8));
    v = 1;
    SHOW("over", write(fd, &v, 8));
    struct pollfd p = {fd, POLLIN | POLLOUT, 0};
    poll(&p, 1, 0);
    SAY("poll %x", p.revents);
    close(fd);
    fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    SHOW("one", read(fd, &v, 8));
    SAY("value %lu", v);
    SHOW("two", read(fd, &v, 8));
    SHOW("none", read(fd, &v, 8));
    SHOW("bad flags", eventfd(0, 2));
}

static void polling(void)
{
    struct timespec t;
    struct pollfd p[3] = {{-1, POLLIN, 5}, {1000, POLLIN, 0}, {0, 0, 0}};
    SHOW("bad descriptor", poll(p, 2, 0));
    SAY("%x %x", p[0].revents, p[1].revents);
    SHOW("bad address", poll((void *)8, 1, 0));
    clock_gettime(CLOCK_MONOTONIC, &t);
    SHOW("nothing", poll(NULL, 0, 30));
    SAY("waited %d", elapsed(&t) >= 30);
    struct timespec bad = {0, 1000000000};
    SHOW("bad time", ppoll(NULL, 0, &bad, NULL));
    struct rlimit limit, old;
    getrlimit(RLIMIT_NOFILE, &old);
    limit = old;
    limit.rlim_cur = 2;
    setrlimit(RLIMIT_NOFILE, &limit);
    SHOW("too many", poll(p, 3, 0));
    setrlimit(RLIMIT_NOFILE, &old);
    int q[2];
    pipe(q);
    fd_set r, w;
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_SET(q[0], &r);
    FD_SET(q[1], &w);
    struct timeval tv = {0, 10000};
    SHOW("select", select(q[1] + 1, &r, &w, NULL, &tv));
    SAY("%d %d", FD_ISSET(q[0], &r), FD_ISSET(q[1], &w));
    FD_ZERO(&r);
    FD_SET(q[0], &r);
    tv.tv_usec = 10000;
    SHOW("select timeout", select(q[0] + 1, &r, NULL, NULL, &tv));
    SAY("%d left %ld", FD_ISSET(q[0], &r), (long)tv.tv_usec);
    SHOW("select negative", select(-1, NULL, NULL, NULL, NULL));
}

static volatile int handled;
static void handler(int n) { handled = n; }

static void masks(void)
{
    sigset_t block, none;
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    signal(SIGUSR1, handler);
    sigprocmask(SIG_BLOCK, &block, NULL);
    kill(getpid(), SIGUSR1);
    SAY("handled %d", handled);
    struct timespec t = {5, 0};
    SHOW("ppoll lets it in", ppoll(NULL, 0, &t, &none));
    SAY("handled %d", handled);
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    SAY("blocked again %d", sigismember(&now, SIGUSR1));
    handled = 0;
    kill(getpid(), SIGUSR1);
    SHOW("pselect lets it in", pselect(0, NULL, NULL, NULL, &t, &none));
    SAY("handled %d", handled);
    handled = 0;
    kill(getpid(), SIGUSR1);
    int e = epoll_create1(0);
    struct epoll_event ev;
    SHOW("epoll_pwait lets it in", epoll_pwait(e, &ev, 1, 5000, &none));
    SAY("handled %d", handled);
    close(e);
    sigprocmask(SIG_UNBLOCK, &block, NULL);
}

static void epolls(void)
{
    int e = epoll_create1(EPOLL_CLOEXEC), p[2], q[2];
    struct epoll_event ev = {EPOLLIN, {.u64 = 0x1111}};
    pipe2(p, O_NONBLOCK);
    pipe2(q, O_NONBLOCK);
    SHOW("create 0", epoll_create(0));
    SHOW("bad flags", epoll_create1(1));
    SHOW("add", epoll_ctl(e, EPOLL_CTL_ADD, p[0], &ev));
    SHOW("add twice", epoll_ctl(e, EPOLL_CTL_ADD, p[0], &ev));
    SHOW("add itself", epoll_ctl(e, EPOLL_CTL_ADD, e, &ev));
    SHOW("not there", epoll_ctl(e, EPOLL_CTL_MOD, q[0], &ev));
    SHOW("bad operation", epoll_ctl(e, 9, p[0], &ev));
    SHOW("no event", epoll_ctl(e, EPOLL_CTL_ADD, q[0], NULL));
    SHOW("no epoll", epoll_ctl(p[0], EPOLL_CTL_ADD, q[0], &ev));
    int f = open("/proc/self/exe", O_RDONLY);
    SHOW("regular file", epoll_ctl(e, EPOLL_CTL_ADD, f, &ev));
    SHOW("bad descriptor", epoll_ctl(e, EPOLL_CTL_ADD, 999, &ev));
    SHOW("max 0", epoll_wait(e, &ev, 0, 0));
    show_events("nothing", e, 8);
    write(p[1], "x", 1);
    show_events("level", e, 8);
    show_events("level again", e, 8);
    ev.events = EPOLLIN | EPOLLET;
    SHOW("to edge", epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev));
    show_events("edge", e, 8);
    show_events("edge again", e, 8);
    write(p[1], "y", 1);
    show_events("new edge", e, 8);
    ev.events = EPOLLIN | EPOLLONESHOT;
    epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev);
    show_events("once", e, 8);
    write(p[1], "z", 1);
    show_events("not twice", e, 8);
    epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev);
    show_events("armed again", e, 8);
    ev.events = EPOLLOUT;
    ev.data.u64 = 0x2222;
    epoll_ctl(e, EPOLL_CTL_ADD, q[1], &ev);
    show_events("writer", e, 8);
    close(q[0]);
    show_events("error", e, 8);
    SHOW("delete", epoll_ctl(e, EPOLL_CTL_DEL, q[1], NULL));
    show_events("deleted", e, 8);
    // A duplicate keeps the entry alive; the last close ends it.
    ev.events = EPOLLIN;
    epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev);
    int d = dup(p[0]);
    close(p[0]);
    show_events("closed but for a duplicate", e, 8);
    close(d);
    show_events("closed", e, 8);

    int outer = epoll_create1(0);
    int r[2];
    pipe(r);
    ev.data.u64 = 0x3333;
    epoll_ctl(e, EPOLL_CTL_ADD, r[0], &ev);
    ev.data.u64 = 0x4444;
    SHOW("nest", epoll_ctl(outer, EPOLL_CTL_ADD, e, &ev));
    SHOW("circle", epoll_ctl(e, EPOLL_CTL_ADD, outer, &ev));
    show_events("nested nothing", outer, 8);
    write(r[1], "x", 1);
    show_events("nested", outer, 8);
    struct pollfd pf = {outer, POLLIN, 0};
    poll(&pf, 1, 0);
    SAY("poll of epoll %x", pf.revents);
    ev.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT;
    SHOW("exclusive once", epoll_ctl(outer, EPOLL_CTL_ADD, r[0], &ev));
    ev.events = EPOLLIN | EPOLLEXCLUSIVE;
    SHOW("exclusive", epoll_ctl(outer, EPOLL_CTL_ADD, r[0], &ev));
    SHOW("exclusive mod", epoll_ctl(outer, EPOLL_CTL_MOD, r[0], &ev));
    int chain[8];
    for (int i = 0; i < 8; i++) chain[i] = epoll_create1(0);
    ev.events = EPOLLIN;
    for (int i = 0; i < 7; i++) {
        char label[20];
        sprintf(label, "depth %d", i);
        SHOW(label, epoll_ctl(chain[i + 1], EPOLL_CTL_ADD, chain[i], &ev));
    }
}

static int shared_epoll;
static void *late_writer(void *arg)
{
    usleep(30000);
    write(*(int *)arg, "x", 1);
    return NULL;
}

static void blocking(void)
{
    int p[2];
    pipe(p);
    shared_epoll = epoll_create1(0);
    struct epoll_event ev = {EPOLLIN, {.u64 = 5}};
    epoll_ctl(shared_epoll, EPOLL_CTL_ADD, p[0], &ev);
    pthread_t t;
    pthread_create(&t, NULL, late_writer, &p[1]);
    SHOW("woken", epoll_wait(shared_epoll, &ev, 1, 5000));
    pthread_join(t, NULL);
    SHOW("faulting", epoll_wait(shared_epoll, (void *)8, 1, 0));
    SHOW("still there", epoll_wait(shared_epoll, &ev, 1, 0));
    char c;
    read(p[0], &c, 1);
    struct timespec from;
    clock_gettime(CLOCK_MONOTONIC, &from);
    SHOW("timeout", epoll_wait(shared_epoll, &ev, 1, 30));
    SAY("waited %d", elapsed(&from) >= 30);
    struct pollfd pf = {p[0], POLLIN, 0};
    pthread_create(&t, NULL, late_writer, &p[1]);
    SHOW("poll woken", poll(&pf, 1, 5000));
    pthread_join(t, NULL);
}

static void timerfds(void)
{
    uint64_t n = 0;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    SHOW("bad clock", timerfd_create(77, 0));
    SHOW("bad flags", timerfd_create(CLOCK_MONOTONIC, 1));
    SHOW("disarmed", read(fd, &n, 8));
    struct itimerspec s = {{0, 10000000}, {0, 10000000}}, old;
    SHOW("set", timerfd_settime(fd, 0, &s, &old));
    SAY("old %ld %ld", old.it_value.tv_nsec, old.it_interval.tv_nsec);
    usleep(55000);
    SHOW("read", read(fd, &n, 8));
    SAY("several %d", n >= 5);
    timerfd_gettime(fd, &s);
    SAY("interval %ld left %d", s.it_interval.tv_nsec, s.it_value.tv_nsec <= 10000000);
    memset(&s, 0, sizeof s);
    timerfd_settime(fd, 0, &s, NULL);
    usleep(15000);
    SHOW("disarmed", read(fd, &n, 8));
    s.it_value.tv_nsec = 1000000000;
    SHOW("bad time", timerfd_settime(fd, 0, &s, NULL));
    clock_gettime(CLOCK_MONOTONIC, &s.it_value);
    s.it_value.tv_sec -= 1;
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &s, NULL);
    SHOW("past", read(fd, &n, 8));
    SAY("n %lu", n);
    s.it_value.tv_sec += 1;
    s.it_value.tv_nsec = 0;
    s.it_value.tv_sec += 1;
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &s, NULL);
    struct pollfd p = {fd, POLLIN, 0};
    SHOW("poll", poll(&p, 1, 5000));
    SHOW("not a timer", timerfd_settime(0, 0, &s, NULL));
}

static void signalfds(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGKILL);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_NONBLOCK);
    struct signalfd_siginfo info[4];
    SHOW("nothing", read(fd, info, sizeof info));
    SHOW("short", read(fd, info, 100));
    union sigval v = {.sival_int = 42};
    sigqueue(getpid(), SIGUSR2, v);
    struct pollfd p = {fd, POLLIN, 0};
    SHOW("poll", poll(&p, 1, 1000));
    SHOW("read", read(fd, info, sizeof info));
    SAY("signal %d code %d int %d own %d", info[0].ssi_signo, info[0].ssi_code, info[0].ssi_int, info[0].ssi_pid == getpid());
    pid_t child = fork();
    if (child == 0) _exit(9);
    p.revents = 0;
    SHOW("poll child", poll(&p, 1, 5000));
    SHOW("read child", read(fd, info, sizeof info));
    SAY("signal %d code %d status %d pid %d", info[0].ssi_signo, info[0].ssi_code, info[0].ssi_status, info[0].ssi_pid == (unsigned)child);
    waitpid(child, NULL, 0);
    SHOW("bad size", syscall(289, -1, &set, 4, 0));
}

int main(void)
{
    eventfds();
    polling();
    masks();
    epolls();
    blocking();
    timerfds();
    signalfds();
    return 0;
}

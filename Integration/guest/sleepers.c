// Works a little in every way that leaves something behind in a kernel (processes, threads, timers, pipes, sockets, files),
// then sleeps in every way there is, in processes of their own and in as many threads as the argument says.
// Prints "asleep" when all do.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void *nothing(void *argument) { return argument; }

static void work(void) {
    char buffer[4096];
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child < 0) fail("fork");
        if (child == 0) _exit(0);
        if (waitpid(child, NULL, 0) != child) fail("waitpid");
        pthread_t thread;
        if (pthread_create(&thread, NULL, nothing, NULL)) fail("pthread_create");
        pthread_join(thread, NULL);
        int pair[2], file = open("/proc/self/status", O_RDONLY);
        while (read(file, buffer, sizeof buffer) > 0) {}
        close(file);
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) fail("socketpair");
        if (write(pair[0], "x", 1) != 1 || read(pair[1], buffer, 1) != 1) fail("socket");
        close(pair[0]);
        close(pair[1]);
    }
    // Timers that ran and were taken away again, or whose time is far.
    struct itimerval soon = {.it_value = {0, 1000}}, never = {0};
    signal(SIGALRM, SIG_IGN);
    setitimer(ITIMER_REAL, &soon, NULL);
    usleep(20000);
    setitimer(ITIMER_REAL, &never, NULL);
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec far = {.it_value = {1000000, 0}};
    timerfd_settime(timer, 0, &far, NULL);
    alarm(1000000);
    struct pollfd end = {timer, POLLIN, 0};
    poll(&end, 1, 10);
}

static int futex_word;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static int ready[2];

static void tell(void) {
    if (write(ready[1], ".", 1) != 1) fail("pipe");
}

static void *wait_for_ever(void *argument) {
    pthread_mutex_lock(&lock);
    tell();
    for (;;) pthread_cond_wait(&never, &lock);
    return argument;
}

static void sleep_in(int way) {
    int pair[2], one;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) fail("socketpair");
    struct pollfd polled = {pair[0], POLLIN, 0};
    struct epoll_event event = {.events = EPOLLIN};
    struct timespec long_time = {1000000, 0};
    sigset_t set;
    fd_set reading;
    tell();
    for (;;) switch (way) {
        case 0: if (read(pair[0], &one, 1) < 0) fail("read"); break;
        case 1: poll(&polled, 1, -1); break;
        case 2:
            one = epoll_create1(0);
            epoll_ctl(one, EPOLL_CTL_ADD, pair[0], &event);
            epoll_wait(one, &event, 1, -1);
            break;
        case 3: nanosleep(&long_time, NULL); break;
        case 4: syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, NULL, NULL, 0); break;
        case 5: pause(); break;
        case 6:
            sigemptyset(&set);
            sigaddset(&set, SIGUSR1);
            sigprocmask(SIG_BLOCK, &set, NULL);
            sigwait(&set, &one);
            break;
        case 7:
            one = eventfd(0, 0);
            eventfd_t value;
            eventfd_read(one, &value);
            break;
        case 8:
            FD_ZERO(&reading);
            FD_SET(pair[0], &reading);
            select(pair[0] + 1, &reading, NULL, NULL, NULL);
            break;
        case 9: poll(&polled, 1, 1000000000); break;
        case 10: if (fork() == 0) for (;;) pause(); waitpid(-1, NULL, 0); break;
        case 11: recv(pair[0], &one, 1, 0); break;
        case 12: syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 0, &long_time, NULL, 0); break;
        case 13: clock_nanosleep(CLOCK_REALTIME, 0, &long_time, NULL); break;
    }
}
enum { ways = 14 };

int main(int count, char **arguments) {
    int threads = count > 1 ? atoi(arguments[1]) : 0;
    char byte;
    work();
    if (pipe(ready)) fail("pipe");
    for (int way = 0; way < ways; way++) {
        pid_t child = fork();
        if (child < 0) fail("fork");
        if (child == 0) sleep_in(way);
        if (read(ready[0], &byte, 1) != 1) fail("ready");
    }
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    for (int i = 0; i < threads; i++) {
        pthread_t thread;
        int error = pthread_create(&thread, &attributes, wait_for_ever, NULL);
        if (error) {
            fprintf(stderr, "thread %d: %s\n", i, strerror(error));
            return 1;
        }
        if (read(ready[0], &byte, 1) != 1) fail("ready");
    }
    puts("asleep");
    fflush(stdout);
    for (;;) pause();
}

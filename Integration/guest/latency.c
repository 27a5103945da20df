// How long a signal takes to a thread that computes: from before the call that sends it to the first line of its handler.
//     latency [COUNT]
// Prints the least, the median and the most, in microseconds. A tool, no test: the figures are the machine's.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static volatile int ready, done;
static volatile unsigned long sum;
static volatile long arrived;

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

static void handler(int signal) {
    (void)signal;
    arrived = now();
}

static void *compute(void *unused) {
    ready = 1;
    while (!done) sum++;
    return unused;
}

static int compare(const void *a, const void *b) {
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 1000;
    long *times = calloc(count, sizeof *times);
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGUSR1, &action, 0);
    pthread_t thread;
    pthread_create(&thread, 0, compute, 0);
    while (!ready) usleep(1000);
    for (int i = 0; i < count; i++) {
        usleep(500 + i % 7 * 100);
        arrived = 0;
        long sent = now();
        pthread_kill(thread, SIGUSR1);
        while (!arrived) {}
        times[i] = arrived - sent;
    }
    done = 1;
    pthread_join(thread, 0);
    qsort(times, count, sizeof *times, compare);
    printf("signal to a computing thread, %d times: least %.1f us, median %.1f, 99 of 100 below %.1f, most %.1f\n", count,
           times[0] / 1e3, times[count / 2] / 1e3, times[count * 99 / 100] / 1e3, times[count - 1] / 1e3);
    return 0;
}

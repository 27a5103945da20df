// Takes most of a container's memory again and again:
//     hog MIB     children that take so much each, one after another, and the parent itself: each finds it free
// Says how often it was there, and "goes on" at the end. Where what has ended still holds memory, somebody is killed for want
// of it.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile char *take(size_t size, int flags) {
    volatile char *place = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) _exit(2);
    for (size_t i = 0; i < size; i += 4096) place[i] = 1;
    return place;
}

int main(int count, char **arguments) {
    size_t size = (size_t)(count > 1 ? atoi(arguments[1]) : 0) << 20;
    int good = 0;
    for (int i = 0; i < 30; i++) {
        pid_t child = fork();
        if (child == 0) {
            take(size, i & 1 ? MAP_SHARED : MAP_PRIVATE);
            if (i % 3 == 0) kill(getpid(), SIGKILL);
            _exit(0);
        }
        int status = -1;
        waitpid(child, &status, 0);
        good += status == (i % 3 == 0 ? SIGKILL : 0);
    }
    printf("children one after another: %d\n", good);
    good = 0;
    for (int i = 0; i < 30; i++) good += munmap((void *)take(size, MAP_PRIVATE), size) == 0;
    printf("given back and taken: %d\n", good);
    puts("goes on");
    return 0;
}

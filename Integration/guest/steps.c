// Makes one sort of thing, or several sorts at once, again and again until somebody ends it: threads, forks, vforks with exec,
// exec of itself, mappings of files, ends by signals, native waits.
//     steps KIND...
// Says "goes" when it does.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *self;
extern char **environ;

static void *nothing(void *argument) { return argument; }

static void threads(void) {
    pthread_t all[4];
    int count = 0;
    while (count < 4 && !pthread_create(&all[count], NULL, nothing, NULL)) count++;
    while (count > 0) pthread_join(all[--count], NULL);
}

static void forks(void) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    if (child > 0) waitpid(child, NULL, 0);
}

static void vforks(void) {
    char *arguments[] = {self, "nothing", NULL};
    pid_t child = vfork();
    if (child == 0) {
        execve(self, arguments, environ);
        _exit(1);
    }
    if (child > 0) waitpid(child, NULL, 0);
}

static void execs(void) {
    char *arguments[] = {self, "again", NULL};
    execve(self, arguments, environ);
}

static void maps(void) {
    int file = open(self, O_RDONLY);
    char *page = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    char *own = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    close(file);
    if (page != MAP_FAILED && own != MAP_FAILED) own[0] = page[0];
    munmap(page, 8192);
    munmap(own, 65536);
}

static void ends(void) {
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, nothing, NULL);
        if (getpid() & 1) *(volatile int *)8 = 1;
        kill(getpid(), SIGKILL);
    }
    if (child > 0) waitpid(child, NULL, 0);
}

static int word;
static void handler(int signal) { (void)signal; }
static void *wakes(void *argument) {
    pthread_t *waiter = argument;
    for (;;) {
        pthread_kill(*waiter, SIGUSR1);
        syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return argument;
}
static void waits(void) {
    static pthread_t waiter, waker;
    if (!waiter) {
        waiter = pthread_self();
        struct sigaction action = {.sa_handler = handler};
        sigaction(SIGUSR1, &action, NULL);
        pthread_create(&waker, NULL, wakes, &waiter);
    }
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static const struct { const char *name; void (*make)(void); } kinds[] = {
    {"threads", threads}, {"forks", forks}, {"vforks", vforks}, {"execs", execs}, {"maps", maps}, {"ends", ends}, {"waits", waits},
};

int main(int count, char **arguments) {
    self = "/proc/self/exe";
    if (count > 1 && !strcmp(arguments[1], "nothing")) return 0;
    if (count > 1 && !strcmp(arguments[1], "again")) for (;;) execs();
    for (int i = 1; i < count; i++) {
        // The last one in this process.
        if (i + 1 < count && fork() != 0) continue;
        for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            if (strcmp(kinds[k].name, arguments[i])) continue;
            if (i + 1 == count) puts("goes"), fflush(stdout);
            for (;;) kinds[k].make();
        }
        fprintf(stderr, "steps: no such kind: %s\n", arguments[i]);
        return 2;
    }
    return 2;
}

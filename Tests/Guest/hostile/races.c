// Threads and processes that pull the ground from under each other: fork, exec, exit, signals, stops, mappings, descriptors.
#include "../kernel/check.h"

static volatile int stop;
static void handler(int s) { (void)s; }

static void *maps(void *unused) {
    while (!stop) {
        char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p != MAP_FAILED) { p[0] = 1; mprotect(p, 4096, PROT_READ); munmap(p, 65536); }
    }
    return unused;
}
static void *forks(void *unused) {
    while (!stop) {
        pid_t pid = fork();
        if (pid == 0) _exit(0);
        if (pid > 0) waitpid(pid, NULL, 0);
    }
    return unused;
}
static void *makes_threads(void *unused);
static void *short_life(void *unused) { return unused; }
static void *makes_threads(void *unused) {
    while (!stop) {
        pthread_t t;
        if (!pthread_create(&t, NULL, short_life, NULL)) pthread_join(t, NULL);
    }
    return unused;
}
static void *kills(void *unused) {
    while (!stop) { kill(getpid(), SIGUSR1); usleep(200); }
    return unused;
}
static void *files(void *unused) {
    while (!stop) {
        int ends[2];
        if (pipe(ends)) continue;
        write(ends[1], "x", 1);
        close(ends[0]);
        dup2(ends[1], 50);
        close(ends[1]);
    }
    return unused;
}
static void *execs(void *path) {
    usleep(100000);
    signal(SIGUSR1, SIG_IGN);
    execl(path, "races", "0", NULL);
    return NULL;
}

static void child(const char *self, int kind) {
    struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &a, NULL);
    signal(SIGPIPE, SIG_IGN);
    void *(*all[])(void *) = {maps, forks, makes_threads, kills, files};
    pthread_t threads[10];
    int n = 0;
    for (int i = 0; i < 5; i++) if (!pthread_create(&threads[n], NULL, all[i], NULL)) n++;
    if (kind == 1) { pthread_create(&threads[n++], NULL, execs, (void *)self); for (;;) pause(); }
    usleep(200000);
    if (kind == 2) syscall(SYS_exit_group, 3);
    if (kind == 3) kill(getpid(), SIGKILL);
    usleep(100000);
    stop = 1;
    for (int i = 0; i < 5; i++) pthread_join(threads[i], NULL);
    _exit(5);
}

int main(int argc, char **argv) {
    if (argc > 1) return 9;
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n < 0 ? 0 : n] = 0;
    for (int kind = 0; kind < 4; kind++) {
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) child(self, kind);
        int status;
        waitpid(pid, &status, 0);
        printf("kind %d ", kind);
        show_status("ended", status);
    }
    // Stopped and continued while it runs.
    pid_t pid = fork();
    if (pid == 0) child(self, 0);
    for (int i = 0; i < 10; i++) { kill(pid, SIGSTOP); usleep(5000); kill(pid, SIGCONT); usleep(5000); }
    int status;
    waitpid(pid, &status, 0);
    show_status("stopped and continued", status);
    return 0;
}

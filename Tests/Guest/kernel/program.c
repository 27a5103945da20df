// What exec gives a program, and what execve refuses.
#include "check.h"
#include <sys/auxv.h>
#include <sys/stat.h>

static void file(const char *name, const char *text, int mode) {
    int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0700);
    write(fd, text, strlen(text));
    close(fd);
    chmod(name, mode);
}

static void run(const char *path, char *const *argv) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        execve(path, argv, (char *[]){"A=1", NULL});
        printf("%s: %s\n", path, strerrorname_np(errno));
        fflush(stdout);
        _exit(100);
    }
    int status;
    waitpid(pid, &status, 0);
    show_status(path, status);
}

int main(int argc, char **argv, char **envp) {
    if (argc > 1 && !strncmp(argv[1], "show", 4)) {
        for (int i = 0; i < argc; i++) printf("argv[%d] %s\n", i, argv[i]);
        for (char **e = envp; *e; e++) printf("env %s\n", *e);
        printf("execfn %s\n", (char *)getauxval(AT_EXECFN));
        printf("pagesz %lu clktck %lu secure %lu platform %s\n", getauxval(AT_PAGESZ), getauxval(AT_CLKTCK),
               getauxval(AT_SECURE), (char *)getauxval(AT_PLATFORM));
        printf("random %d phnum ok %d entry ok %d\n", getauxval(AT_RANDOM) != 0, getauxval(AT_PHNUM) > 2, getauxval(AT_ENTRY) != 0);
        struct timespec a, b;
        clock_gettime(CLOCK_MONOTONIC, &a);
        clock_gettime(CLOCK_MONOTONIC, &b);
        printf("monotonic %d\n", b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
        char name[17] = "";
        prctl(PR_GET_NAME, name, 0, 0, 0);
        printf("name %s\n", name);
        printf("fd 9 %s\n", fcntl(9, F_GETFD) < 0 ? "closed" : "open");
        printf("SIGUSR1 ignored %d SIGUSR2 default %d\n", signal(SIGUSR1, SIG_DFL) == SIG_IGN, signal(SIGUSR2, SIG_DFL) == SIG_DFL);
        return 0;
    }
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0) { snprintf(self, sizeof self, "%s", argv[0]); } else self[n] = 0;
    dup2(1, 9);
    fcntl(9, F_SETFD, FD_CLOEXEC);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, (void (*)(int))main);
    fflush(stdout);
    unlink("/tmp/program-show");
    pid_t pid = fork();
    if (pid == 0) {
        symlink(self, "/tmp/program-show");
        execve("/tmp/program-show", (char *[]){"zero", "show", "", "three", NULL}, (char *[]){"X=y", "EMPTY=", NULL});
        _exit(1);
    }
    waitpid(pid, NULL, 0);

    char line[4200];
    snprintf(line, sizeof line, "#! /tmp/program-show show  with blanks \nrest\n");
    file("/tmp/script", line, 0755);
    run("/tmp/script", (char *[]){"lost", "kept", NULL});
    file("/tmp/empty", "", 0755);
    run("/tmp/empty", (char *[]){"x", NULL});
    file("/tmp/text", "echo not a program\n", 0755);
    run("/tmp/text", (char *[]){"x", NULL});
    file("/tmp/plain", "x", 0644);
    run("/tmp/plain", (char *[]){"x", NULL});
    file("/tmp/badinterp", "#!/does/not/exist\n", 0755);
    run("/tmp/badinterp", (char *[]){"x", NULL});
    file("/tmp/loop", "#!/tmp/loop\n", 0755);
    run("/tmp/loop", (char *[]){"x", NULL});
    file("/tmp/badelf", "\177ELF\2\1\1", 0755);
    run("/tmp/badelf", (char *[]){"x", NULL});
    run("/tmp", (char *[]){"x", NULL});
    run("/does/not/exist", (char *[]){"x", NULL});
    run("/tmp/plain/x", (char *[]){"x", NULL});
    char *big = malloc(200000);
    memset(big, 'b', 199999);
    big[199999] = 0;
    run("/bin/true", (char *[]){"x", big, NULL});
    file("/tmp/busy", "#!/bin/true\n", 0755);
    return 0;
}

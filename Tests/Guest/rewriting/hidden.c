// What a program can look at shows nothing of rewritten code.
#include "code.h"
#include <sys/stat.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/epoll.h>

static size_t slurp(const char *name, char *buffer, size_t size) {
    int fd = open(name, O_RDONLY);
    size_t done = 0;
    ssize_t n;
    while ((n = read(fd, buffer + done, size - done)) > 0) done += n;
    close(fd);
    return done;
}

static char before[1 << 20], after[1 << 20];

static void many_calls(void) {
    char c[512];
    int pipes[2];
    struct stat st;
    struct utsname name;
    struct timespec t = {0};
    struct pollfd p = {.fd = -1};
    struct iovec v = {c, 1};
    pipe(pipes);
    int zero = open("/dev/zero", O_RDWR), ep = epoll_create1(0), sock = socket(AF_UNIX, SOCK_DGRAM, 0);
    for (int i = 0; i < 40; i++) {
        write(pipes[1], "x", 1); read(pipes[0], c, 1); pread(zero, c, 1, 0); pwrite(zero, c, 1, 0);
        readv(zero, &v, 1); writev(zero, &v, 1); preadv(zero, &v, 1, 0); lseek(zero, 0, SEEK_CUR);
        stat("/", &st); fstat(zero, &st); lstat("/", &st); access("/", R_OK); readlink("/proc/self/exe", c, sizeof c);
        getcwd(c, sizeof c); uname(&name); getppid(); getpgrp(); getsid(0); getuid(); geteuid(); getgid(); getegid();
        umask(022); sched_yield(); nanosleep(&t, NULL); poll(&p, 1, 0); dup2(zero, zero); fcntl(zero, F_GETFL);
        close(open("/", O_RDONLY)); close(dup(zero)); epoll_wait(ep, (struct epoll_event *)c, 1, 0); getrusage(0, (void *)c);
        getpriority(0, 0); alarm(0); getitimer(0, (void *)c); setsockopt(sock, 1, 2, c, 4); getsockname(sock, (void *)c, &(socklen_t){10});
        fsync(zero); ftruncate(zero, 0); chdir("/"); mkdir("/", 0); rmdir("/"); unlink("/"); link("/", "/"); symlink("/", "/");
        rename("/", "/"); chmod("/none", 0); chown("/none", 0, 0); utimensat(-1, "/none", NULL, 0); sigpending((void *)c);
        sigprocmask(0, NULL, (void *)c); kill(0, 0); times((void *)c); getgroups(0, NULL); sysconf(_SC_NPROCESSORS_ONLN);
        sched_getscheduler(0); getresuid((void *)c, (void *)(c + 4), (void *)(c + 8)); personality(0xffffffff); madvise(NULL, 0, 4);
        mprotect(NULL, 0, 0); munmap((void *)4096, 4096); msync(NULL, 0, MS_ASYNC);
    }
    close(pipes[0]); close(pipes[1]); close(zero); close(ep); close(sock);
}

int personality(unsigned long);

int main(void) {
    size_t n = slurp("/proc/self/maps", before, sizeof before);
    many_calls();
    size_t m = slurp("/proc/self/maps", after, sizeof after);
    TRUE(n == m && memcmp(before, after, n) == 0);

    // Its own text, as others see it: by a file, and by a copy that the kernel makes.
    unsigned char *code = (unsigned char *)&read;
    unsigned char text[64], remote[64], written[64];
    int mem = open("/proc/self/mem", O_RDONLY);
    TRUE(pread(mem, text, 64, (off_t)code) == 64);
    struct iovec local = {remote, 64}, far = {code, 64};
    TRUE(process_vm_readv(getpid(), &local, 1, &far, 1, 0) == 64);
    TRUE(memcmp(text, remote, 64) == 0);
    int has_call = 0;
    for (int i = 0; i < 62; i++) has_call |= text[i] == 0x0f && text[i + 1] == 5;
    TRUE(has_call);
    // Written from the text itself.
    int pipes[2];
    pipe(pipes);
    TRUE(write(pipes[1], code, 64) == 64);
    TRUE(read(pipes[0], written, 64) == 64);
    TRUE(memcmp(text, written, 64) == 0);

    // A child asks its parent for its text, and traces it.
    pid_t pid = fork();
    if (pid == 0) {
        unsigned char mine[64];
        struct iovec to = {mine, 64};
        int bad = process_vm_readv(getppid(), &to, 1, &far, 1, 0) != 64 || memcmp(mine, text, 64);
        _exit(bad);
    }
    int status;
    waitpid(pid, &status, 0);
    show_status("child", status);

    // Memory taken low: where things may be hidden.
    long taken = 0;
    for (uintptr_t a = 0x100000; a < 0x400000; a += 0x10000) {
        void *p = mmap((void *)a, 0x10000, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (p == (void *)a) { taken++; memset(p, 1, 0x10000); }
    }
    printf("taken: %ld\n", taken);
    many_calls();
    return 0;
}

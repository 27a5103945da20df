// What single system calls cost, each measured in batches: the best batch's nanoseconds per call, one line per kind.
// usage: syscalls [--quick] [NAME...] | exit | sleep     run it natively and in sandboxes, in turns, and compare the columns
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char block[65536];
static int zero, pipes[2], pair[2], tmp, events, readable;
static uint32_t word;
static const char *self_path = "/proc/self/exe";
static char true_path[256] = "/bin/true";
static char *big;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

static void fail(const char *what) { perror(what); exit(1); }

static void do_getpid(void) { syscall(SYS_getpid); }
static void do_getppid(void) { syscall(SYS_getppid); }
static void do_clock(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); }
static void do_read_zero(void) { if (read(zero, block, 1) != 1) fail("read"); }
static void do_pipe(void) { if (write(pipes[1], block, 1) != 1 || read(pipes[0], block, 1) != 1) fail("pipe"); }
static void do_socket(void) { if (write(pair[0], block, 1) != 1 || read(pair[1], block, 1) != 1) fail("socket"); }
static void do_stat(void) { struct stat s; if (stat("/etc/passwd", &s)) fail("stat"); }
static void do_open(void) { int f = open("/etc/passwd", O_RDONLY); if (f < 0) fail("open"); close(f); }
static void do_pread(void) { if (pread(tmp, block, 4096, 0) != 4096) fail("pread"); }
static void do_pwrite(void) { if (pwrite(tmp, block, 4096, 0) != 4096) fail("pwrite"); }
static void do_epoll(void) { struct epoll_event e; if (epoll_wait(events, &e, 1, 0) != 1) fail("epoll_wait"); }
static void do_futex(void) { syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0); }
static void do_yield(void) { sched_yield(); }
static void do_mmap(void) {
    void *p = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) fail("mmap");
    munmap(p, 65536);
}
static void do_touch(void) {
    volatile char *p = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) fail("mmap");
    for (int i = 0; i < 65536; i += 4096) p[i] = 1;
    munmap((void *)p, 65536);
}
static void do_fork(void) {
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) _exit(0);
    waitpid(child, 0, 0);
}
static void do_exec(void) {
    pid_t child = vfork();
    if (child < 0) fail("vfork");
    if (child == 0) { execl(true_path, "true", (char *)0); _exit(127); }
    waitpid(child, 0, 0);
}
static void *nothing(void *a) { return a; }
static void do_thread(void) {
    pthread_t t;
    if (pthread_create(&t, 0, nothing, 0)) fail("pthread_create");
    pthread_join(t, 0);
}

// Two threads or processes hand a turn to each other.
static uint32_t *turn;
static void futex_turn(uint32_t mine) {
    while (__atomic_load_n(turn, __ATOMIC_ACQUIRE) != mine)
        syscall(SYS_futex, turn, FUTEX_WAIT, 1 - mine, 0, 0, 0);
}
static void futex_give(uint32_t other) {
    __atomic_store_n(turn, other, __ATOMIC_RELEASE);
    syscall(SYS_futex, turn, FUTEX_WAKE, 1, 0, 0, 0);
}
static uint64_t futex_pingpong(int rounds) {
    *turn = 0;
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) { for (int i = 0; i < rounds; i++) { futex_turn(1); futex_give(0); } _exit(0); }
    uint64_t start = now();
    for (int i = 0; i < rounds; i++) { futex_turn(0); futex_give(1); }
    futex_turn(0);
    uint64_t took = now() - start;
    waitpid(child, 0, 0);
    return took / rounds;
}
static uint64_t pipe_pingpong(int rounds) {
    int a[2], b[2];
    char c = 0;
    if (pipe(a) || pipe(b)) fail("pipe");
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) { for (int i = 0; i < rounds; i++) { if (read(a[0], &c, 1) != 1 || write(b[1], &c, 1) != 1) _exit(1); } _exit(0); }
    uint64_t start = now();
    for (int i = 0; i < rounds; i++) if (write(a[1], &c, 1) != 1 || read(b[0], &c, 1) != 1) fail("pipe");
    uint64_t took = now() - start;
    waitpid(child, 0, 0);
    close(a[0]); close(a[1]); close(b[0]); close(b[1]);
    return took / rounds;
}

struct kind { const char *name; void (*run)(void); int batch; };
static const struct kind kinds[] = {
    {"getpid", do_getpid, 2000}, {"getppid", do_getppid, 2000}, {"clock_gettime", do_clock, 10000},
    {"read_zero_1", do_read_zero, 2000}, {"pipe_write_read", do_pipe, 1000}, {"unix_write_read", do_socket, 1000},
    {"stat", do_stat, 1000}, {"open_close", do_open, 500}, {"pread_4k", do_pread, 1000}, {"pwrite_4k", do_pwrite, 1000},
    {"epoll_wait_ready", do_epoll, 1000}, {"futex_wake", do_futex, 2000}, {"sched_yield", do_yield, 1000},
    {"mmap_munmap_64k", do_mmap, 500}, {"mmap_touch_64k", do_touch, 200}, {"fork_exit_wait", do_fork, 20},
    {"vfork_exec_wait", do_exec, 10}, {"thread_create_join", do_thread, 30},
};

static int wanted(int count, char **names, const char *name) {
    for (int i = 0; i < count; i++) if (!strcmp(names[i], name)) return 1;
    return count == 0;
}

int main(int argc, char **argv) {
    int batches = 15, first = 1;
    if (argc > 1 && !strcmp(argv[1], "exit")) return 0;
    if (argc > 1 && !strcmp(argv[1], "sleep")) for (;;) pause();
    if (argc > first && !strcmp(argv[first], "--quick")) { batches = 5; first++; }
    if (access(true_path, X_OK)) snprintf(true_path, sizeof true_path, "%s", self_path);
    if ((zero = open("/dev/zero", O_RDONLY)) < 0) fail("/dev/zero");
    if (pipe(pipes) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) fail("pipe");
    char name[] = "/dev/shm/syscalls.XXXXXX", fallback[] = "/tmp/syscalls.XXXXXX";
    if ((tmp = mkstemp(name)) >= 0) unlink(name);
    else if ((tmp = mkstemp(fallback)) >= 0) unlink(fallback);
    else fail("mkstemp");
    if (write(tmp, block, sizeof block) != sizeof block) fail("write");
    events = epoll_create1(0);
    readable = eventfd(1, 0);
    struct epoll_event e = {.events = EPOLLIN};
    if (epoll_ctl(events, EPOLL_CTL_ADD, readable, &e)) fail("epoll_ctl");
    turn = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (!wanted(argc - first, argv + first, kinds[k].name)) continue;
        uint64_t best = UINT64_MAX;
        kinds[k].run();
        for (int b = 0; b < batches; b++) {
            uint64_t start = now();
            for (int i = 0; i < kinds[k].batch; i++) kinds[k].run();
            uint64_t each = (now() - start) / kinds[k].batch;
            if (each < best) best = each;
        }
        printf("%-20s %9lu\n", kinds[k].name, best);
        fflush(stdout);
    }
    if (wanted(argc - first, argv + first, "fork_1g")) {
        big = mmap(0, 1ul << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (big != MAP_FAILED) {
            memset(big, 1, 1ul << 30);
            uint64_t best = UINT64_MAX;
            for (int b = 0; b < 5; b++) { uint64_t s = now(); do_fork(); uint64_t t = now() - s; if (t < best) best = t; }
            munmap(big, 1ul << 30);
            printf("%-20s %9lu\n", "fork_1g", best);
        }
    }
    if (wanted(argc - first, argv + first, "futex_pingpong")) printf("%-20s %9lu\n", "futex_pingpong", futex_pingpong(500));
    if (wanted(argc - first, argv + first, "pipe_pingpong")) printf("%-20s %9lu\n", "pipe_pingpong", pipe_pingpong(500));
    return 0;
}

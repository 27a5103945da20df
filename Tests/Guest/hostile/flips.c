// A million corruptions at random, while calls are made, of every byte that a program shares with the kernel in the sandbox
// (control pages, floating point state and windows of its threads, their private areas, the marks of files), and of the
// vectors, names and lengths in its own memory. Children may die of it; nobody else does: neither who has started them nor
// a neighbour who counts along. Where there is no arena (on ptrace), only the second half is there.
// It runs in the sandbox only: natively that memory is not there.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Where threads' slots, their private areas and the marks are (CStub.h).
#define SLOTS 0x7e8010090000ul
#define SLOT 0x12000ul
#define MARKS 0x7e8022090000ul
#define AREAS 0x7e8000040000ul
#define AREA 0x10000ul
#define WANTED 1000000ul
// What a kernel under test may take for it: a machine with nothing else to do needs a few seconds.
#define PATIENCE 60

static struct iovec vector[8];
static struct msghdr header;
static struct pollfd waits[4];
static fd_set set;
static char name[256], buffer[100000];
static socklen_t length;

/// Seen by all processes.
static struct shared {
    volatile unsigned long changes, calls, rounds;
    volatile int bad;
} *shared;

static _Thread_local uint64_t state;
static uint64_t draw(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static const uint64_t values[] = {0, 1, 2, 3, 4, 5, 8, 16, 4095, 4096, 65536, 0x7fffffff, 0x80000000, 0xffffffff, 1ul << 32,
                                  1ul << 47, 0x7e8010040000, 0x7e8000000000, 0x7ffffffff000, 1ul << 63, ~0ul, ~0ul - 15};

/// A few changes, then the calls go on for a moment: what is changed all at once is found broken by the first look.
static void rest(uint64_t r) {
    for (int i = r >> 20 & 63; i; i--) __builtin_ia32_pause();
    __atomic_add_fetch(&shared->changes, 1, __ATOMIC_RELAXED);
}

static void *guest_memory(void *seed) {
    state = (uintptr_t)seed;
    for (;;) {
        uint64_t r = draw(), value = values[r % (sizeof values / sizeof *values)];
        if (r >> 60 & 1) value = (uint64_t)buffer + (r >> 8 & 0xffff);
        switch (r >> 32 & 7) {
        case 0: case 1: vector[r >> 40 & 7].iov_base = (void *)value; break;
        case 2: vector[r >> 40 & 7].iov_len = value; break;
        case 3: ((uint64_t *)&header)[(r >> 40) % 7] = value; break;
        case 4: ((uint64_t *)waits)[r >> 40 & 3] = value; break;
        case 5: name[r >> 40 & 255] = r; break;
        case 6: length = value; break;
        case 7: ((char *)&set)[r >> 40 & 127] = r; break;
        }
        rest(r);
    }
}

static int kind;

/// All that is shared, or one part of it for longer.
static void *arena(void *seed) {
    state = (uintptr_t)seed;
    for (;;) {
        uint64_t r = draw(), thread = r >> 50 & 1;
        char *slot = (char *)(SLOTS + thread * SLOT), *place;
        switch (kind) {
        case 1: place = slot + 1024 + (r >> 8) % 3072; break;                // the table of a call's ranges, the output
        case 2: place = slot + (r >> 8) % 1024; break;                       // the line, registers, input
        case 3: place = slot + 0x1000 + (r >> 8) % 0x11000; break;           // vector state, window
        case 4: place = (char *)(AREAS + thread * AREA) + (r >> 8) % 256; break; // what the stub's code keeps
        case 5: place = (char *)(AREAS + thread * AREA) + (r >> 8) % AREA; break; // and its stacks
        case 6: place = (char *)MARKS + (r >> 8) % 0x4000; break;
        default: place = slot + (r >> 8) % SLOT; break;
        }
        if (r & 4) *place = r >> 32;
        else *(uint32_t *)((uintptr_t)place & ~3ul) = values[(r >> 32) % (sizeof values / sizeof *values)];
        rest(r);
    }
}

static void calls(void) {
    int file = open("/tmp/flips", O_RDWR | O_CREAT, 0600), pair[2], lines[2], watch = epoll_create1(0);
    int directory = open("/proc/self", O_RDONLY | O_DIRECTORY);
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
    pipe2(lines, O_NONBLOCK);
    ftruncate(file, 300000);
    for (;;) {
        struct stat s;
        struct epoll_event e[4];
        for (int i = 0; i < 8; i++) vector[i] = (struct iovec){buffer + i * 5000, 1 + draw() % 5000};
        strcpy(name, "/proc/self/exe");
        header = (struct msghdr){.msg_iov = vector, .msg_iovlen = 4, .msg_control = buffer + 90000, .msg_controllen = 200};
        length = 100;
        writev(file, vector, 8), preadv(file, vector, 8, 0), pwritev(file, vector, 8, 100), lseek(file, 0, SEEK_SET);
        readv(file, vector, 8), pread(file, buffer, 4096, 0), pwrite(file, buffer, 4096, 0);
        writev(lines[1], vector, 3), readv(lines[0], vector, 3);
        sendmsg(pair[0], &header, 0), recvmsg(pair[1], &header, 0);
        stat(name, &s), access(name, 4), readlink(name, buffer, 100);
        int fd = open(name, O_RDONLY);
        if (fd > 2) read(fd, buffer, 70000), close(fd);
        for (int i = 0; i < 4; i++) waits[i] = (struct pollfd){lines[0] + i, POLLIN, 0};
        poll(waits, 4, 0);
        struct timeval none = {0, 0};
        select(64, &set, 0, 0, &none);
        getsockname(pair[0], (struct sockaddr *)buffer, &length);
        epoll_ctl(watch, EPOLL_CTL_ADD, lines[0], &e[0]), epoll_wait(watch, e, 4, 0);
        lseek(directory, 0, SEEK_SET), syscall(SYS_getdents64, directory, buffer, 4000);
        setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, buffer, length);
        // Native ones, a fork, a thread.
        char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page != MAP_FAILED) mprotect(page, 4096, PROT_READ), munmap(page, 8192);
        if (draw() % 16 == 0 && syscall(SYS_fork) == 0) syscall(SYS_exit_group, 0);
        waitpid(-1, 0, WNOHANG);
        // Descriptors that came along.
        syscall(SYS_close_range, 20, ~0u, 0);
        __atomic_add_fetch(&shared->calls, 1, __ATOMIC_RELAXED);
    }
}

/// What an innocent process sees of the kernel.
static int is_well(int number) {
    char text[64], got[64] = "", path[32];
    struct stat s;
    int lines[2], ok = 1, size = snprintf(text, sizeof text, "all is well with %d", number) + 1;
    if (stat("/proc/self/exe", &s) || s.st_size == 0) return 0;
    if (pipe(lines)) return 0;
    ok &= write(lines[1], text, size) == size && read(lines[0], got, sizeof got) == size && !strcmp(text, got);
    close(lines[0]), close(lines[1]);
    snprintf(path, sizeof path, "/tmp/well%d", getpid());
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    memset(got, 0, sizeof got);
    ok &= file >= 0 && pwrite(file, text, size, 0) == size && pread(file, got, sizeof got, 0) == size && !strcmp(text, got);
    close(file), unlink(path);
    return ok;
}

static void neighbour(void) {
    for (int i = 0;; i++) {
        unsigned sum = 0;
        for (int j = 0; j < 10000; j++) sum += j;
        if (!is_well(i) || sum != 49995000) shared->bad = 1;
        shared->rounds++;
        usleep(2000);
    }
}

static unsigned long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ul + t.tv_nsec / 1000000;
}

int main(int argc, char **argv) {
    unsigned long wanted = argc > 1 ? strtoul(argv[1], 0, 0) : WANTED, end = now() + PATIENCE * 1000;
    signal(SIGPIPE, SIG_IGN);
    shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t innocent = fork();
    if (innocent == 0) neighbour();
    int children = 0;
    for (; shared->changes < wanted && now() < end; children++) {
        pid_t child = fork();
        if (child == 0) {
            pthread_t thread;
            signal(SIGSEGV, SIG_DFL);
            state = 88172645463325252ull + children * 7919;
            kind = children >> 1;
            kind %= 8;
            pthread_create(&thread, 0, children & 1 ? arena : guest_memory, (void *)(state * 31));
            if (children % 5 == 4) pthread_create(&thread, 0, arena, (void *)(state * 37));
            calls();
        }
        // One that changes what its own threads wait for may wait for ever: it is given up when no call ends any more.
        int status, ended = 0, still = 0;
        unsigned long seen = shared->calls;
        for (int i = 0; i < 100 && still < 10 && !ended; i++) {
            usleep(2000);
            ended = waitpid(child, &status, WNOHANG) != 0;
            still = shared->calls == seen ? still + 1 : 0;
            seen = shared->calls;
        }
        kill(child, SIGKILL);
        if (!ended) waitpid(child, &status, 0);
        if (!is_well(children)) { puts("not well"); return 1; }
    }
    unsigned long rounds = shared->rounds;
    for (int i = 0; i < 5000 && shared->rounds < rounds + 2; i++) usleep(1000);
    int lives = waitpid(innocent, 0, WNOHANG) == 0;
    kill(innocent, SIGKILL);
    unlink("/tmp/flips");
    printf("%lu changes, %d children, %lu turns of calls, the neighbour's %lu\n", shared->changes, children, shared->calls, shared->rounds);
    if (shared->changes < wanted) { puts("too slow"); return 1; }
    if (shared->bad || !lives || shared->rounds < rounds + 2) { puts("the neighbour has noticed"); return 1; }
    puts("survived");
    return 0;
}

// Devices without memory that are used so much that a kernel may let programs do it by themselves: the results stay the
// same, and so does all that others see of it.
#include "place.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <linux/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define SIZE (8 << 20)
static char *space;
static const char *names[] = {"/dev/null", "/dev/zero", "/dev/full"};

// Used often enough.
static void warm(int f)
{
    char c[8];
    for (int i = 0; i < 50; i++) read(f, c, sizeof c), write(f, c, sizeof c);
}

static int prepare(const char *name, int flags)
{
    int f = open(name, flags);
    warm(f);
    return f;
}

static void lengths(void)
{
    int f = prepare("/dev/zero", O_RDWR), right = 1;
    unsigned sizes[] = {1, 2, 7, 8, 9, 15, 16, 63, 64, 127, 128, 129, 135, 136, 255, 4095, 4096, 4097, 65536, 300001, 4 << 20, SIZE - 64};
    for (int i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int at = 0; at < 9; at++) {
            unsigned n = sizes[i];
            memset(space, 'x', n + 32);
            if (read(f, space + at, n) != n) right = 0;
            for (int j = 0; j < at; j++) right &= space[j] == 'x';
            for (unsigned j = 0; j < n; j++) right &= space[at + j] == 0;
            for (int j = 0; j < 16; j++) right &= space[at + n + j] == 'x';
        }
    }
    SHOW("zeroes, and nothing else", right);
    close(f);
}

static void each(const char *name, int flags)
{
    int f = prepare(name, flags);
    SAY("%s %o", name, flags);
    memset(space, 'x', 4096);
    SHOW("read", read(f, space, 100));
    SAY("%d %d", space[99], space[100]);
    SHOW("read nothing", read(f, space, 0));
    SHOW("write", write(f, space, 100));
    SHOW("pread", pread(f, space, 3, 1000));
    SHOW("pread nowhere", pread(f, space, 3, -1));
    SHOW("pread far away", pread(f, space, 3, 0x7fffffffffffffff));
    SHOW("pwrite", pwrite(f, space, 3, 1000));
    SHOW("pwrite nowhere", pwrite(f, space, 3, -5));
    for (int whence = 0; whence < 7; whence++) SHOW("lseek", lseek(f, 1234, whence));
    SHOW("lseek", lseek(f, -1234, SEEK_SET));
    SHOW("position", lseek(f, 0, SEEK_CUR));
    struct iovec v[3] = {{space, 10}, {space + 20, 0}, {space + 30, 10}};
    memset(space, 'x', 4096);
    SHOW("readv", readv(f, v, 3));
    SAY("%d %d %d %d %d", space[9], space[10], space[29], space[39], space[40]);
    SHOW("writev", writev(f, v, 3));
    SHOW("preadv", preadv(f, v, 3, 7));
    SHOW("pwritev", pwritev(f, v, 3, 7));
    SHOW("preadv2", preadv2(f, v, 3, -1, 0));
    if (strcmp(name, "/dev/full")) SHOW("preadv2 NOWAIT", preadv2(f, v, 3, -1, RWF_NOWAIT));
    SHOW("pwritev2", pwritev2(f, v, 3, 3, 0));
    if (flags == O_RDWR) SHOW("preadv2 flags", preadv2(f, v, 3, 0, 0x40000000));
    SHOW("no vector", readv(f, (void *)8, 3));
    v[1].iov_len = -1;
    SHOW("negative", readv(f, v, 3));
    SHOW("negative", writev(f, v, 3));
    // Bad memory.
    char *p = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(p, 'x', 3 * 4096);
    munmap(p + 4096, 4096);
    mprotect(p + 8192, 4096, PROT_READ);
    SHOW("read half", read(f, p + 4000, 4096));
    SAY("%d %d", p[3999], p[4095]);
    SHOW("read none", read(f, p + 4096, 10));
    SHOW("read to what is read-only", read(f, p + 8192, 10));
    SAY("%c", p[8192]);
    SHOW("read to null", read(f, 0, 10));
    SHOW("read to the kernel", read(f, (void *)0xffff800000000000, 10));
    SHOW("read to the end of all", read(f, (void *)-1, 10));
    SHOW("write half", write(f, p + 4000, 4096));
    SHOW("write none", write(f, p + 4096, 10));
    SHOW("write from null", write(f, 0, 10));
    SHOW("write from the kernel", write(f, (void *)0xffff800000000000, 10));
    struct iovec w[2] = {{p, 10}, {p + 4096, 10}};
    SHOW("readv half", readv(f, w, 2));
    SHOW("writev half", writev(f, w, 2));
    munmap(p, 3 * 4096);
    // Large ones.
    SHOW("write much", write(f, (void *)4096, 1ul << 40));
    SHOW("write too much", write(f, space, -1));
    SHOW("read too much", read(f, space, -1));
    SHOW("read 8 MiB", read(f, space, SIZE));
    close(f);
    SHOW("closed", read(f, space, 1));
    SHOW("closed", write(f, space, 1));
}

static void descriptors(void)
{
    int null = prepare("/dev/null", O_RDWR), zero = prepare("/dev/zero", O_RDWR), full = prepare("/dev/full", O_RDWR);
    SHOW("read", read(null, space, 9));
    dup2(zero, null);
    SHOW("after dup2", read(null, space, 9));
    warm(null);
    SHOW("still", write(null, space, 9));
    dup2(full, null);
    SHOW("after dup2", write(null, space, 9));
    warm(null);
    close(null);
    SHOW("closed", read(null, space, 9));
    int f = open("/dev/zero", O_RDONLY);
    SHOW("the same number", f == null);
    warm(f);
    SHOW("not writable", write(f, space, 9));
    SHOW("F_SETFL", fcntl(f, F_SETFL, O_NONBLOCK | O_APPEND));
    warm(f);
    SHOW("read", read(f, space, 9));
    fcntl(f, F_SETFL, 0);
    int copy = dup(f);
    close(f);
    SHOW("closed", read(f, space, 9));
    SHOW("the copy", read(copy, space, 9));
    close_range(copy, copy, 0);
    SHOW("close_range", read(copy, space, 9));
    int path = open("/dev/zero", O_PATH);
    warm(path);
    SHOW("O_PATH", read(path, space, 9));
    close(path);
    // A child's table is its own.
    fflush(stdout);
    if (fork() == 0) {
        SHOW("the child's", read(zero, space, 9));
        warm(zero);
        dup2(full, zero);
        SHOW("the child's", write(zero, space, 9));
        warm(zero);
        SHOW("the child's", write(zero, space, 9));
        _exit(0);
    }
    wait(0);
    SHOW("ours", write(zero, space, 9));
    struct rlimit old, small = {4, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    ssize_t first = write(zero, space, 9);
    warm(zero);
    ssize_t second = write(zero, space, 9);
    setrlimit(RLIMIT_FSIZE, &old);
    SAY("no limit: %zd %zd", first, second);
    close(zero), close(full);
}

static volatile int stop;
static int raced;

static void *exchanges(void *unused)
{
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);
    for (int i = 0; i < 300; i++) {
        dup2(i & 1 ? null : zero, raced);
        warm(raced);
    }
    close(null), close(zero);
    stop = 1;
    return 0;
}

static void races(void)
{
    raced = prepare("/dev/zero", O_RDWR);
    pthread_t t;
    pthread_create(&t, 0, exchanges, 0);
    int right = 1;
    while (!stop) {
        char c[16];
        memset(c, 'x', sizeof c);
        ssize_t n = read(raced, c, sizeof c);
        right &= (n == 0 && c[0] == 'x') || (n == sizeof c && c[0] == 0 && c[15] == 0);
    }
    pthread_join(t, 0);
    SHOW("one or the other", right);
    SHOW("the last", read(raced, space, 9));
    close(raced);
}

static void watched(void)
{
    int f = prepare("/dev/zero", O_RDWR), n = inotify_init1(IN_NONBLOCK);
    int w = inotify_add_watch(n, "/dev/zero", IN_ACCESS | IN_MODIFY);
    SHOW("watch", w > 0);
    char events[65536];
    read(f, space, 9);
    SHOW("told of a read", read(n, events, sizeof events) > 0);
    warm(f);
    while (read(n, events, sizeof events) > 0) {}
    write(f, space, 9);
    SHOW("told of a write", read(n, events, sizeof events) > 0);
    inotify_rm_watch(n, w);
    warm(f);
    SHOW("read", read(f, space, 9));
    close(n), close(f);
}

static void filtered(void)
{
    fflush(stdout);
    if (fork() == 0) {
        int f = prepare("/dev/zero", O_RDWR);
        struct sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 77, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTNAM),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = {4, code};
        SHOW("read", read(f, space, 77));
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
        SHOW("read", read(f, space, 77));
        SHOW("write", write(f, space, 77));
        SHOW("read", read(f, space, 78));
        warm(f);
        SHOW("read", read(f, space, 77));
        _exit(0);
    }
    wait(0);
}

static void traced(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int f = prepare("/dev/zero", O_RDWR);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        for (int i = 0; i < 40; i++) syscall(SYS_read, f, space, 1);
        _exit(0);
    }
    int status, stops = 0;
    waitpid(child, &status, 0);
    ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD);
    for (;;) {
        ptrace(PTRACE_SYSCALL, child, 0, 0);
        waitpid(child, &status, 0);
        if (!WIFSTOPPED(status)) break;
        struct ptrace_syscall_info info;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info) > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY)
            stops += info.entry.nr == SYS_read;
    }
    SHOW("reads that the tracer saw", stops);
}

static volatile int signals;

static void count(int signal) { signals++; }

static void interrupted(void)
{
    int f = prepare("/dev/zero", O_RDONLY), right = 1;
    signal(SIGALRM, count);
    struct itimerval often = {{0, 2000}, {0, 2000}}, never = {0};
    setitimer(ITIMER_REAL, &often, 0);
    while (signals < 5) {
        for (int i = 0; i < 2; i++) {
            size_t wanted = i ? SIZE : 100000;
            ssize_t n = read(f, space, wanted);
            right &= n > 0 && n <= wanted && space[n - 1] == 0;
        }
    }
    setitimer(ITIMER_REAL, &never, 0);
    SHOW("signals in long reads", right);
    close(f);
}

int main(void)
{
    setvbuf(stdout, 0, _IONBF, 0);
    space = mmap(0, SIZE + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    lengths();
    for (int i = 0; i < 3; i++) {
        each(names[i], O_RDWR);
        each(names[i], O_RDONLY);
        each(names[i], O_WRONLY);
    }
    descriptors();
    races();
    watched();
    filtered();
    traced();
    interrupted();
    return 0;
}

// What a browser does with the process that draws its pages: namespaces, an empty root, a filter for all of its threads, which
// run already; what the filter traps is done by a broker that the SIGSYS handler asks; programs are compiled into memory that
// is never writable and executable at once, until a second filter ends that too.
#define _GNU_SOURCE
#include "report.h"
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { THREADS = 4, FILES = 25, PROGRAMS = 50 };

// MARK: the broker

static int to_broker;

struct request { char path[64]; int flags; int reply; };

/// Opens what is asked for below /tmp/renderer; says ENOENT of all else.
static void broker(int socket)
{
    struct request r;
    char room[CMSG_SPACE(sizeof(int))];
    for (;;) {
        struct iovec v = {&r, sizeof r};
        struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
        if (recvmsg(socket, &m, 0) != sizeof r) _exit(0);
        int back;
        memcpy(&back, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof back);
        r.path[sizeof r.path - 1] = 0;
        int fd = strncmp(r.path, "/tmp/renderer/", 14) ? -1 : open(r.path, r.flags & O_ACCMODE), answer = fd < 0 ? -ENOENT : 0;
        struct iovec a = {&answer, sizeof answer};
        struct msghdr n = {.msg_iov = &a, .msg_iovlen = 1};
        if (fd >= 0) {
            n.msg_control = room, n.msg_controllen = sizeof room;
            struct cmsghdr *h = CMSG_FIRSTHDR(&n);
            h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(sizeof fd);
            memcpy(CMSG_DATA(h), &fd, sizeof fd);
        }
        sendmsg(back, &n, 0);
        close(back);
        if (fd >= 0) close(fd);
    }
}

/// Asks it; with calls that are safe in a signal's handler. Returns a descriptor or an error.
static long ask(const char *path, int flags)
{
    struct request r = {.flags = flags};
    strncpy(r.path, path, sizeof r.path - 1);
    int ends[2], answer = -EIO, fd = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends)) return -errno;
    char room[CMSG_SPACE(sizeof(int))];
    struct iovec v = {&r, sizeof r}, a = {&answer, sizeof answer};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(h), &ends[1], sizeof(int));
    sendmsg(to_broker, &m, 0);
    close(ends[1]);
    struct msghdr n = {.msg_iov = &a, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    long got = recvmsg(ends[0], &n, 0);
    close(ends[0]);
    if (got != sizeof answer || answer < 0) return answer;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&n)), sizeof fd);
    return fd;
}

static __thread int traps;
static void on_trap(int n, siginfo_t *info, void *context)
{
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    int before = errno;
    traps++;
    switch (info->si_syscall) {
    case SYS_openat: r[REG_RAX] = ask((char *)r[REG_RSI], (int)r[REG_RDX]); break;
    case SYS_getpriority: r[REG_RAX] = 1000 + r[REG_RSI]; break;
    default: r[REG_RAX] = -ENOSYS;
    }
    errno = before;
}

// MARK: the filters

#define LOAD(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define VERDICT(v) BPF_STMT(BPF_RET | BPF_K, v)
#define IS(call, v) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), VERDICT(v)
#define REFUSED(error) (SECCOMP_RET_ERRNO | (error))

static struct sock_filter first[] = {
    LOAD(nr),
    IS(SYS_openat, SECCOMP_RET_TRAP), IS(SYS_getpriority, SECCOMP_RET_TRAP), IS(SYS_open, SECCOMP_RET_TRAP),
    IS(SYS_socket, REFUSED(EPERM)), IS(SYS_ptrace, REFUSED(EPERM)), IS(SYS_mount, REFUSED(EPERM)), IS(SYS_execve, REFUSED(EACCES)),
    IS(SYS_clone3, REFUSED(ENOSYS)), IS(SYS_kill, REFUSED(ESRCH)), IS(SYS_unshare, REFUSED(EPERM)),
    // Threads only.
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3), LOAD(args[0]),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 6), VERDICT(SECCOMP_RET_ALLOW),
    // Not writable and executable at once.
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 1, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 4),
    LOAD(args[2]), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROT_WRITE | PROT_EXEC, 0, 1), VERDICT(REFUSED(EPERM)),
    VERDICT(SECCOMP_RET_ALLOW),
};
static struct sock_filter second[] = {
    LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3), LOAD(args[2]),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), VERDICT(REFUSED(EACCES)), VERDICT(SECCOMP_RET_ALLOW),
};
static long install(struct sock_filter *f, int n)
{
    struct sock_fprog p = {n, f};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &p);
}
#define INSTALL(f) install(f, sizeof f / sizeof *f)

// MARK: what it does with its threads

static pthread_barrier_t gate;

/// Compiles programs that return a number, in one page after another and in the same.
static int compile(int seed)
{
    int good = 0;
    unsigned char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < PROGRAMS; i++) {
        unsigned char code[] = {0xb8, (unsigned char)i, (unsigned char)seed, 0, 0, 0xc3};
        unsigned char *at = page + (i & 1) * 4096;
        if (mprotect(at, 4096, PROT_READ | PROT_WRITE)) break;
        memcpy(at, code, sizeof code);
        if (mprotect(at, 4096, PROT_READ | PROT_EXEC)) break;
        good += ((int (*)(void))at)() == (i | seed << 8);
    }
    good += mprotect(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC) == -1 && errno == EPERM;
    good += mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EPERM;
    munmap(page, 8192);
    return good;
}

static int read_files(void)
{
    int good = 0;
    for (int i = 0; i < FILES; i++) {
        char got[8] = "";
        int fd = open(i & 1 ? "/tmp/renderer/font" : "/tmp/renderer/image", O_RDONLY);
        good += fd >= 0 && read(fd, got, sizeof got) == 4 && !memcmp(got, i & 1 ? "font" : "imag", 4);
        close(fd);
        good += open("/etc/passwd", O_RDONLY) == -1 && errno == ENOENT;
        good += syscall(SYS_getpriority, 0, i) == 1000 + i;
    }
    return good;
}

static int files_good[THREADS], programs_good[THREADS], trapped[THREADS];
static void *work(void *number)
{
    long n = (long)number;
    pthread_barrier_wait(&gate);
    // The filter comes here.
    pthread_barrier_wait(&gate);
    files_good[n] = read_files();
    programs_good[n] = compile((int)n + 1);
    trapped[n] = traps;
    pthread_barrier_wait(&gate);
    // And the second.
    pthread_barrier_wait(&gate);
    void *page = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return (void *)(long)(mprotect(page, 4096, PROT_READ | PROT_EXEC) ? errno : 0);
}
static void *later(void *unused) { return (void *)(long)(read_files() + compile(9)); }

static void renderer(void)
{
    pthread_t threads[THREADS], one;
    void *result;
    struct sigaction a = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSYS, &a, NULL);
    pthread_barrier_init(&gate, NULL, THREADS + 1);
    for (long i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, (void *)i);
    pthread_barrier_wait(&gate);
    SHOW("an empty root", chroot("/tmp/renderer/empty"));
    SHOW("no new privileges", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW("a filter for all", INSTALL(first));
    pthread_barrier_wait(&gate);
    pthread_barrier_wait(&gate);
    for (int i = 0; i < THREADS; i++) SAY("thread %d: files %d programs %d traps %d", i, files_good[i], programs_good[i], trapped[i]);
    SHOW("a socket", socket(AF_INET, SOCK_STREAM, 0));
    SHOW("a process", fork());
    SHOW("a program", execl("/bin/true", "true", NULL));
    SHOW("a signal", kill(1, 0));
    SHOW("namespaces", unshare(CLONE_NEWUSER));
    SHOW("a thread", pthread_create(&one, NULL, later, NULL));
    pthread_join(one, &result);
    SAY("of a later thread: %ld", (long)result);
    SHOW("another filter", INSTALL(second));
    pthread_barrier_wait(&gate);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &result);
        SAY("thread %d: executable memory: %s", i, strerrorname_np((int)(long)result));
    }
    SAY("mode %d", prctl(PR_GET_SECCOMP));
}

// MARK: its start

static int in_namespaces(void *unused)
{
    SAY("process %d", getpid());
    renderer();
    _exit(5);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) perror(path);
    close(fd);
}

int main(void)
{
    int ends[2], status = 0;
    mkdir("/tmp/renderer", 0755), mkdir("/tmp/renderer/empty", 0755);
    write_file("/tmp/renderer/font", "font"), write_file("/tmp/renderer/image", "imag");
    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
    pid_t other = fork();
    if (other == 0) {
        close(ends[0]);
        broker(ends[1]);
    }
    close(ends[1]);
    to_broker = ends[0];
    static char stack[65536] __attribute__((aligned(16)));
    pid_t child = clone(in_namespaces, stack + sizeof stack, CLONE_NEWPID | CLONE_NEWIPC | SIGCHLD, NULL);
    if (child < 0) SAY("no namespaces: %s", strerrorname_np(errno));
    waitpid(child, &status, 0);
    SAY("renderer: %x", status);
    close(to_broker);
    waitpid(other, &status, 0);
    SAY("broker: %x", status);
    unlink("/tmp/renderer/font"), unlink("/tmp/renderer/image");
    rmdir("/tmp/renderer/empty"), rmdir("/tmp/renderer");
    return 0;
}

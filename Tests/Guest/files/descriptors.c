// Descriptors: dup, fcntl, close_range, locks of all three kinds, ioctl.
#include "place.h"
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/close_range.h>
#include <signal.h>

static void numbers(void)
{
    int f = open("f", O_RDWR | O_CREAT, 0600);
    SHOW("dup2 same", dup2(f, f) == f);
    SHOW("dup3 same", dup3(f, f, 0));
    SHOW("dup3 flags", dup3(f, 50, 1));
    SHOW("dup2 bad", dup2(99, 50));
    SHOW("dup2 negative", dup2(f, -1));
    SHOW("dup2 same bad", dup2(99, 99));
    SHOW("dup bad", dup(99));
    SHOW("dup2", dup2(f, 60));
    SHOW("dup3", dup3(f, 61, O_CLOEXEC));
    SHOW("getfd", fcntl(61, F_GETFD));
    SHOW("setfd", fcntl(61, F_SETFD, 0));
    SHOW("getfd", fcntl(61, F_GETFD));
    SHOW("dupfd", fcntl(f, F_DUPFD, 60));
    SHOW("dupfd_cloexec", fcntl(f, F_DUPFD_CLOEXEC, 60));
    SHOW("getfd", fcntl(63, F_GETFD));
    SHOW("dupfd negative", fcntl(f, F_DUPFD, -1));
    SHOW("unknown", fcntl(f, 12345));
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 70;
    setrlimit(RLIMIT_NOFILE, &limit);
    SHOW("dup2 over the limit", dup2(f, 70));
    SHOW("dupfd over the limit", fcntl(f, F_DUPFD, 70));
    int last = 0, fd;
    while ((fd = dup(f)) >= 0)
        last = fd;
    SHOW("full", fd);
    SAY("last %d", last);
    SHOW("open when full", open("f", O_RDONLY));
    SHOW("create when full", open("notmade", O_CREAT | O_RDWR, 0600));
    show_mode("notmade");
    SHOW("close_range cloexec", close_range(60, 61, CLOSE_RANGE_CLOEXEC));
    SHOW("getfd", fcntl(60, F_GETFD));
    SHOW("getfd", fcntl(62, F_GETFD));
    SHOW("close_range", close_range(f + 1, ~0u, 0));
    SHOW("gone", fcntl(60, F_GETFD));
    SHOW("close_range backwards", close_range(5, 4, 0));
    SHOW("close_range flags", close_range(5, 5, 1));
    SHOW("lowest", dup(f) == f + 1);
    SHOW("close", close(f + 1));
    SHOW("close again", close(f + 1));
    SHOW("close -1", close(-1));
    SHOW("getfl", fcntl(f, F_GETFL));
    SHOW("setfl", fcntl(f, F_SETFL, O_APPEND | O_NONBLOCK | O_RDONLY | O_CREAT));
    SHOW("getfl", fcntl(f, F_GETFL));
    int n = 0;
    SHOW("fionbio", ioctl(f, FIONBIO, &n));
    SHOW("getfl", fcntl(f, F_GETFL));
    SHOW("fioclex", ioctl(f, FIOCLEX));
    SHOW("getfd", fcntl(f, F_GETFD));
    if (write(f, "0123456789", 10)) {}
    lseek(f, 3, SEEK_SET);
    SHOW("fionread", ioctl(f, FIONREAD, &n));
    SAY("%d", n);
    SHOW("unknown ioctl", ioctl(f, 0x1234, &n));
    SHOW("tcgets", ioctl(f, TCGETS, &n));
    SHOW("ioctl bad fd", ioctl(99, FIONREAD, &n));
    struct f_owner_ex owner = {F_OWNER_PID, getpid()};
    SHOW("setown", fcntl(f, F_SETOWN, getpid()));
    SHOW("getown", fcntl(f, F_GETOWN) == getpid());
    SHOW("setown_ex", fcntl(f, F_SETOWN_EX, &owner));
    SHOW("getown_ex", fcntl(f, F_GETOWN_EX, &owner));
    SHOW("setsig", fcntl(f, F_SETSIG, 200));
    SHOW("getlease", fcntl(f, F_GETLEASE));
    SHOW("pipe size of a file", fcntl(f, F_GETPIPE_SZ));
    close(f);
}

static const char *kind(int type) { return type == F_RDLCK ? "read" : type == F_WRLCK ? "write" : "unlocked"; }

static void lock(int fd, int command, int type, long start, long length)
{
    struct flock l = {type, SEEK_SET, start, length, 0};
    char label[100];
    snprintf(label, sizeof label, "cmd %d %s %ld+%ld", command, kind(type), start, length);
    SHOW(label, fcntl(fd, command, &l));
    if (command == F_GETLK || command == F_OFD_GETLK)
        SAY("  %s %ld+%ld %s", kind(l.l_type), (long)l.l_start, (long)l.l_len,
            l.l_type == F_UNLCK ? "-" : l.l_pid == -1 ? "ofd" : l.l_pid == getppid() ? "parent" : "other");
}

static void run_child(void (*body)(int), int fd)
{
    pid_t child = fork();
    if (child == 0) {
        body(fd);
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void probe(int fd)
{
    lock(fd, F_GETLK, F_WRLCK, 0, 0);
    lock(fd, F_GETLK, F_WRLCK, 30, 5);
    lock(fd, F_GETLK, F_RDLCK, 50, 5);
    lock(fd, F_GETLK, F_WRLCK, 50, 5);
    lock(fd, F_GETLK, F_WRLCK, 25, 2);
    lock(fd, F_GETLK, F_WRLCK, 200, 0);
    lock(fd, F_SETLK, F_WRLCK, 0, 10);
    lock(fd, F_SETLK, F_WRLCK, 20, 10);
    lock(fd, F_SETLK, F_RDLCK, 45, 10);
    lock(fd, F_SETLK, F_RDLCK, 40, 10);
}

static void probe_free(int fd) { lock(fd, F_GETLK, F_WRLCK, 0, 0); }

static void locks(void)
{
    int f = open("locks", O_RDWR | O_CREAT, 0600);
    lock(f, F_SETLK, F_WRLCK, 0, 100);
    lock(f, F_SETLK, F_UNLCK, 20, 10);
    lock(f, F_SETLK, F_RDLCK, 45, 15);
    lock(f, F_SETLK, F_WRLCK, 300, 0);
    run_child(probe, f);
    lock(f, F_SETLK, 9, 0, 0);
    lock(f, F_SETLK, F_WRLCK, -1, 5);
    lock(f, F_SETLK, F_WRLCK, 10, -5);
    lock(f, F_SETLK, F_WRLCK, 10, -11);
    lock(f, F_GETLK, F_UNLCK, 0, 0);
    int r = open("locks", O_RDONLY);
    lock(r, F_SETLK, F_WRLCK, 0, 1);
    lock(r, F_SETLK, F_RDLCK, 1000, 1);
    SAY("closing another descriptor");
    close(r);
    run_child(probe_free, f);

    int a = open("locks", O_RDWR), b = open("locks", O_RDWR);
    lock(a, F_OFD_SETLK, F_WRLCK, 0, 10);
    lock(b, F_OFD_SETLK, F_WRLCK, 5, 10);
    lock(b, F_OFD_GETLK, F_WRLCK, 5, 10);
    lock(b, F_OFD_SETLK, F_WRLCK, 10, 10);
    lock(f, F_SETLK, F_WRLCK, 0, 1);
    lock(f, F_GETLK, F_WRLCK, 0, 1);
    close(a);
    lock(b, F_OFD_SETLK, F_WRLCK, 5, 10);
    close(b);

    a = open("locks", O_RDWR);
    b = open("locks", O_RDONLY);
    SHOW("flock ex", flock(a, LOCK_EX));
    SHOW("flock sh nb", flock(b, LOCK_SH | LOCK_NB));
    SHOW("flock sh own", flock(a, LOCK_SH));
    SHOW("flock sh nb", flock(b, LOCK_SH | LOCK_NB));
    SHOW("flock ex nb", flock(a, LOCK_EX | LOCK_NB));
    SHOW("flock un", flock(b, LOCK_UN));
    SHOW("flock ex nb", flock(a, LOCK_EX | LOCK_NB));
    SHOW("flock bad", flock(a, 77));
    SHOW("flock bad fd", flock(99, LOCK_EX));
    int c = dup(a);
    close(a);
    SHOW("held by the duplicate", flock(b, LOCK_EX | LOCK_NB));
    close(c);
    SHOW("free", flock(b, LOCK_EX | LOCK_NB));
    close(b);
    close(f);
}

static void on_alarm(int signal) {}

static void waiting(void)
{
    int f = open("locks", O_RDWR);
    int go[2], back[2];
    if (pipe(go) || pipe(back)) {}
    char c = 0;
    lock(f, F_SETLK, F_WRLCK, 0, 1);
    pid_t child = fork();
    if (child == 0) {
        struct flock one = {F_WRLCK, SEEK_SET, 1, 1}, zero = {F_WRLCK, SEEK_SET, 0, 1};
        fcntl(f, F_SETLKW, &one);
        if (write(back[1], &c, 1)) {}
        long r = fcntl(f, F_SETLKW, &zero);
        _exit(r == 0 ? 0 : errno);
    }
    if (read(back[0], &c, 1)) {}
    // Whoever asks second hears of the circle; the child asks first, or soon.
    struct flock one = {F_WRLCK, SEEK_SET, 1, 1}, none = {F_UNLCK, SEEK_SET, 0, 0};
    usleep(200000);
    SHOW("deadlock", fcntl(f, F_SETLKW, &one));
    fcntl(f, F_SETLK, &none);
    int status;
    waitpid(child, &status, 0);
    SAY("child %d", WEXITSTATUS(status));

    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    lock(f, F_SETLK, F_WRLCK, 0, 1);
    child = fork();
    if (child == 0) {
        struct flock zero = {F_WRLCK, SEEK_SET, 0, 1};
        alarm(1);
        SHOW("interrupted", fcntl(f, F_SETLKW, &zero));
        int g = open("locks", O_RDWR);
        flock(g, LOCK_EX);
        int h = open("locks", O_RDWR);
        alarm(1);
        SHOW("flock interrupted", flock(h, LOCK_EX));
        _exit(0);
    }
    waitpid(child, NULL, 0);
    close(f);
}

int main(void)
{
    enter_place();
    numbers();
    locks();
    waiting();
    leave_place();
}

// Pipes and FIFOs: capacity, atomicity, ends, packets, splice, tee.
#include "report.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char buffer[1 << 17];

static void show_poll(const char *label, int fd)
{
    struct pollfd p = {fd, POLLIN | POLLOUT, 0};
    poll(&p, 1, 0);
    SAY("%s: poll %x", label, p.revents);
}

static void capacity(void)
{
    int p[2];
    SHOW("pipe2 bad flags", pipe2(p, 1));
    SHOW("pipe2 bad address", pipe2((int *)8, 0));
    SHOW("pipe", pipe2(p, O_NONBLOCK));
    SHOW("empty read", read(p[0], buffer, 10));
    SHOW("zero read", read(p[0], buffer, 0));
    show_poll("empty reader", p[0]);
    show_poll("empty writer", p[1]);
    SHOW("size", fcntl(p[0], F_GETPIPE_SZ));
    SHOW("fill", write(p[1], buffer, sizeof buffer));
    show_poll("full writer", p[1]);
    SHOW("full", write(p[1], buffer, 1));
    int n = 0;
    SHOW("fionread", ioctl(p[0], FIONREAD, &n));
    SAY("n %d", n);
    SHOW("shrink", fcntl(p[0], F_SETPIPE_SZ, 4096));
    SHOW("read a byte", read(p[0], buffer, 1));
    show_poll("one byte gone", p[1]);
    SHOW("read a page", read(p[0], buffer, 4095));
    show_poll("a page gone", p[1]);
    SHOW("page and a byte", write(p[1], buffer, 4097));
    SHOW("drain", read(p[0], buffer, sizeof buffer));
    SHOW("grow", fcntl(p[1], F_SETPIPE_SZ, 100000));
    SHOW("fill", write(p[1], buffer, sizeof buffer));
    SHOW("write to reader", write(p[0], buffer, 1));
    SHOW("read from writer", read(p[1], buffer, 1));
    SHOW("pread", pread(p[0], buffer, 1, 0));
    SHOW("lseek", lseek(p[0], 0, SEEK_CUR));
    close(p[1]);
    show_poll("no writer", p[0]);
    SHOW("rest", read(p[0], buffer, sizeof buffer));
    SHOW("end", read(p[0], buffer, 1));
    show_poll("end", p[0]);
}

static void ends(void)
{
    int p[2];
    signal(SIGPIPE, SIG_IGN);
    pipe(p);
    close(p[0]);
    show_poll("no reader", p[1]);
    SHOW("broken", write(p[1], "x", 1));
    close(p[1]);
    signal(SIGPIPE, SIG_DFL);
    pipe(p);
    pid_t child = fork();
    if (child == 0) {
        close(p[0]);
        usleep(20000);
        write(p[1], "x", 1);
        _exit(0);
    }
    close(p[0]);
    int status;
    waitpid(child, &status, 0);
    SAY("child without reader of its own: %x", status & 0x7f);
    pipe(p);
    child = fork();
    if (child == 0) {
        close(p[1]);
        // Blocks until the parent writes.
        int n = read(p[0], buffer, sizeof buffer);
        _exit(n == 5 && !memcmp(buffer, "hello", 5) ? 7 : 8);
    }
    close(p[0]);
    usleep(20000);
    write(p[1], "hello", 5);
    waitpid(child, &status, 0);
    SAY("blocked reader: %d", WEXITSTATUS(status));
}

static void packets(void)
{
    int p[2];
    pipe2(p, O_DIRECT | O_NONBLOCK);
    write(p[1], "one", 3);
    write(p[1], "three", 5);
    SHOW("packet", read(p[0], buffer, 100));
    SHOW("cut packet", read(p[0], buffer, 2));
    SHOW("its rest is gone", read(p[0], buffer, 100));
}

static void faults(void)
{
    int p[2];
    pipe2(p, O_NONBLOCK);
    write(p[1], "abcdef", 6);
    SHOW("read to nowhere", read(p[0], (void *)8, 6));
    SHOW("nothing was lost", read(p[0], buffer, 100));
    SHOW("write from nowhere", write(p[1], (void *)8, 6));
    SHOW("nothing came", read(p[0], buffer, 100));
}

static void fifos(void)
{
    char name[] = "/tmp/fifo.XXXXXX";
    strcpy(name, "/tmp/fifo.test");
    unlink(name);
    SHOW("mkfifo", mkfifo(name, 0600));
    SHOW("writer without reader", open(name, O_WRONLY | O_NONBLOCK));
    int r = open(name, O_RDONLY | O_NONBLOCK);
    show_poll("reader alone", r);
    SHOW("reader alone", read(r, buffer, 1));
    int w = open(name, O_WRONLY | O_NONBLOCK);
    SAY("writer %d", w >= 0);
    SHOW("empty", read(r, buffer, 1));
    write(w, "ab", 2);
    close(w);
    show_poll("writer gone", r);
    SHOW("left", read(r, buffer, 10));
    SHOW("end", read(r, buffer, 10));
    close(r);
    int both = open(name, O_RDWR);
    write(both, "xy", 2);
    SHOW("both", read(both, buffer, 10));
    close(both);
    pid_t child = fork();
    if (child == 0) {
        int fd = open(name, O_WRONLY);
        write(fd, "from child", 10);
        _exit(0);
    }
    int fd = open(name, O_RDONLY);
    SHOW("met", read(fd, buffer, 100));
    SHOW("then", read(fd, buffer, 100));
    waitpid(child, NULL, 0);
    struct stat st;
    fstat(fd, &st);
    SAY("mode %o size %ld", st.st_mode, (long)st.st_size);
    unlink(name);
}

static void splicing(void)
{
    int a[2], b[2];
    pipe2(a, O_NONBLOCK);
    pipe2(b, O_NONBLOCK);
    SHOW("splice empty", splice(a[0], NULL, b[1], NULL, 100, SPLICE_F_NONBLOCK));
    write(a[1], "0123456789", 10);
    SHOW("tee", tee(a[0], b[1], 4, 0));
    SHOW("tee again", tee(a[0], b[1], 100, 0));
    SHOW("teed", read(b[0], buffer, 100));
    SHOW("splice", splice(a[0], NULL, b[1], NULL, 6, 0));
    SHOW("spliced", read(b[0], buffer, 100));
    SAY("%.6s", buffer);
    SHOW("left", read(a[0], buffer, 100));
    SAY("%.4s", buffer);
    SHOW("same pipe", splice(a[0], NULL, a[1], NULL, 6, 0));
    loff_t offset = 2;
    SHOW("offset on a pipe", splice(a[0], &offset, b[1], NULL, 6, 0));
    char name[] = "/tmp/splice.XXXXXX";
    int f = mkstemp(name);
    write(f, "file contents", 13);
    SHOW("file to pipe", splice(f, &offset, a[1], NULL, 5, 0));
    SAY("offset %ld", (long)offset);
    SHOW("read", read(a[0], buffer, 100));
    SAY("%.5s", buffer);
    write(a[1], "XYZ", 3);
    offset = 0;
    SHOW("pipe to file", splice(a[0], NULL, f, &offset, 100, 0));
    SHOW("file", pread(f, buffer, 100, 0));
    SAY("%.13s", buffer);
    SHOW("no pipe", splice(f, NULL, f, NULL, 100, 0));
    struct iovec v[2] = {{"ab", 2}, {"cde", 3}};
    SHOW("vmsplice", vmsplice(a[1], v, 2, 0));
    SHOW("read", read(a[0], buffer, 100));
    unlink(name);
}

int main(void)
{
    capacity();
    ends();
    packets();
    faults();
    fifos();
    splicing();
    return 0;
}

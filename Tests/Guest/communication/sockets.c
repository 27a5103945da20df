// Unix sockets: streams, datagrams, packets, names, descriptors and credentials that go along, ends.
#include "report.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char buffer[1 << 20];

static void show_poll(const char *label, int fd)
{
    struct pollfd p = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};
    poll(&p, 1, 0);
    SAY("%s: poll %x", label, p.revents);
}

static socklen_t name(struct sockaddr_un *a, const char *text, int abstract)
{
    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    strcpy(a->sun_path + abstract, text);
    return offsetof(struct sockaddr_un, sun_path) + strlen(text) + 1;
}

static void pairs(int type, const char *label)
{
    int s[2];
    SAY("--- pair %s", label);
    SHOW("socketpair", socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s));
    show_poll("fresh", s[0]);
    SHOW("empty", recv(s[0], buffer, 10, 0));
    SHOW("send", send(s[0], "hello", 5, 0));
    SHOW("send", send(s[0], "world!", 6, 0));
    show_poll("data", s[1]);
    int n;
    ioctl(s[1], FIONREAD, &n);
    SAY("fionread %d", n);
    SHOW("peek", recv(s[1], buffer, 100, MSG_PEEK));
    SHOW("short", recv(s[1], buffer, 3, 0));
    SHOW("trunc", recv(s[1], buffer, 3, MSG_TRUNC));
    SHOW("rest", recv(s[1], buffer, 100, 0));
    SHOW("none", recv(s[1], buffer, 100, 0));
    SHOW("empty message", send(s[0], "", 0, 0));
    SHOW("its receipt", recv(s[1], buffer, 100, 0));
    SHOW("oob", send(s[0], "x", 1, 0) < 0);
    SHOW("recv", recv(s[1], buffer, 1, 0));
    SHOW("shutdown bad", shutdown(s[0], 3));
    SHOW("shutdown write", shutdown(s[0], SHUT_WR));
    show_poll("other's end", s[1]);
    show_poll("own end", s[0]);
    SHOW("end", recv(s[1], buffer, 10, 0));
    signal(SIGPIPE, SIG_IGN);
    SHOW("send after shutdown", send(s[0], "x", 1, 0));
    SHOW("other way", send(s[1], "back", 4, 0));
    SHOW("received", recv(s[0], buffer, 10, 0));
    close(s[1]);
    show_poll("peer closed", s[0]);
    SHOW("end", recv(s[0], buffer, 10, 0));
    SHOW("send", send(s[0], "x", 1, MSG_NOSIGNAL));
    close(s[0]);
    socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s);
    send(s[0], "unread", 6, 0);
    close(s[1]);
    SHOW("reset", recv(s[0], buffer, 10, 0));
    SHOW("then", recv(s[0], buffer, 10, 0));
    close(s[0]);
}

static void listeners(int type, int abstract)
{
    char text[100];
    sprintf(text, "%s.%d", abstract ? "cloister-test" : "/tmp/sock", type);
    SAY("--- listener %d %d", type, abstract);
    struct sockaddr_un a, b;
    socklen_t length = name(&a, text, abstract), got;
    int l = socket(AF_UNIX, type, 0), c = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
    show_poll("fresh socket", c);
    SHOW("nobody", connect(c, (void *)&a, length));
    SHOW("unbound listen", listen(l, 1));
    SHOW("bind", bind(l, (void *)&a, length));
    SHOW("bind twice", bind(l, (void *)&a, length));
    SHOW("in use", bind(c, (void *)&a, length));
    SHOW("not listening", connect(c, (void *)&a, length));
    SHOW("accept", accept(l, NULL, NULL));
    SHOW("listen", listen(l, 1));
    show_poll("listener", l);
    SHOW("connect", connect(c, (void *)&a, length));
    SHOW("connect again", connect(c, (void *)&a, length));
    show_poll("listener", l);
    int d = socket(AF_UNIX, type | SOCK_NONBLOCK, 0), e = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
    SHOW("second", connect(d, (void *)&a, length));
    SHOW("backlog full", connect(e, (void *)&a, length));
    got = sizeof b;
    int s = accept4(l, (void *)&b, &got, SOCK_CLOEXEC);
    SAY("accepted %d address length %d", s >= 0, got);
    got = sizeof b;
    getsockname(s, (void *)&b, &got);
    SAY("name length %d same %d", got, !memcmp(&a, &b, got));
    got = sizeof b;
    getpeername(c, (void *)&b, &got);
    SAY("peer length %d same %d", got, !memcmp(&a, &b, got));
    got = 3;
    getpeername(c, (void *)&b, &got);
    SAY("cut to 3, says %d", got);
    struct ucred cred;
    got = sizeof cred;
    SHOW("peercred", getsockopt(c, SOL_SOCKET, SO_PEERCRED, &cred, &got));
    SAY("own pid %d uid %d gid %d", cred.pid == getpid(), cred.uid, cred.gid);
    int value;
    got = sizeof value;
    getsockopt(l, SOL_SOCKET, SO_ACCEPTCONN, &value, &got);
    SAY("acceptconn %d", value);
    send(c, "abc", 3, 0);
    SHOW("received", recv(s, buffer, 10, 0));
    SHOW("reply", send(s, "defg", 4, 0));
    SHOW("received", recv(c, buffer, 10, 0));
    close(l);
    show_poll("not accepted", d);
    SHOW("its read", recv(d, buffer, 10, 0));
    SHOW("gone", connect(e, (void *)&a, length));
    struct stat st;
    if (!abstract) {
        SHOW("node", stat(text, &st));
        SAY("mode %o", st.st_mode);
        SHOW("open", open(text, O_RDWR));
        unlink(text);
        SHOW("no node", connect(e, (void *)&a, length));
    }
    close(s); close(c); close(d); close(e);
}

static void datagrams(void)
{
    SAY("--- datagrams");
    struct sockaddr_un a, b, from;
    char path_a[60], path_b[60];
    strcpy(path_a, "/tmp/dg.a");
    strcpy(path_b, "dg.b");
    socklen_t la = name(&a, path_a, 0), lb = name(&b, path_b, 1), lf;
    int x = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), y = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    SHOW("nowhere", send(x, "x", 1, 0));
    SHOW("bind a", bind(x, (void *)&a, la));
    SHOW("bind b", bind(y, (void *)&b, lb));
    SHOW("sendto", sendto(x, "one", 3, 0, (void *)&b, lb));
    SHOW("sendto", sendto(x, "twotwo", 6, 0, (void *)&b, lb));
    lf = sizeof from;
    SHOW("recvfrom", recvfrom(y, buffer, 100, 0, (void *)&from, &lf));
    SAY("from %s length %d", from.sun_path, lf);
    struct iovec v = {buffer, 2};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    SHOW("cut", recvmsg(y, &m, 0));
    SAY("flags %x", m.msg_flags);
    SHOW("connect", connect(y, (void *)&a, la));
    SHOW("default", send(y, "back", 4, 0));
    SHOW("recv", recv(x, buffer, 100, 0));
    int z = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    SHOW("stranger", sendto(z, "x", 1, 0, (void *)&b, lb));
    struct sockaddr un = {AF_UNSPEC};
    SHOW("disconnect", connect(y, &un, sizeof un));
    SHOW("stranger", sendto(z, "x", 1, 0, (void *)&b, lb));
    lf = sizeof from;
    SHOW("unnamed", recvfrom(y, buffer, 100, 0, (void *)&from, &lf));
    SAY("length %d", lf);
    int count = 0;
    while (sendto(z, "x", 1, 0, (void *)&b, lb) == 1) count++;
    SAY("queue took %d then %s", count, strerrorname_np(errno));
    SHOW("too large", sendto(z, buffer, 400000, 0, (void *)&a, la));
    SHOW("listen", listen(x, 1));
    SHOW("accept", accept(x, NULL, NULL));
    close(y);
    SHOW("closed", sendto(z, "x", 1, 0, (void *)&b, lb));
    unlink(path_a);
    int t = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un c;
    socklen_t lc = name(&c, "proto", 1);
    bind(t, (void *)&c, lc);
    SHOW("wrong type", connect(z, (void *)&c, lc));
    struct sockaddr_un autob = {AF_UNIX};
    int q = socket(AF_UNIX, SOCK_DGRAM, 0);
    SHOW("autobind", bind(q, (void *)&autob, 2));
    lf = sizeof from;
    getsockname(q, (void *)&from, &lf);
    SAY("autobind length %d", lf);
    close(x); close(z); close(t); close(q);
}

static long send_with(int fd, int *fds, int n, const char *text, int length)
{
    char control[CMSG_SPACE(sizeof(int) * 260)];
    struct iovec v = {(char *)text, length};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int) * n)};
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof(int) * n);
    memcpy(CMSG_DATA(h), fds, sizeof(int) * n);
    return sendmsg(fd, &m, 0);
}

static void receive_with(const char *label, int fd, int room, int flags, int size)
{
    char control[512];
    memset(control, 0, sizeof control);
    struct iovec v = {buffer, size};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
    long n = recvmsg(fd, &m, flags);
    SAY("%s: %ld %s flags %x control %zu", label, n, n < 0 ? strerrorname_np(errno) : "", m.msg_flags & ~MSG_CMSG_CLOEXEC, m.msg_controllen);
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h && n >= 0; h = CMSG_NXTHDR(&m, h)) {
        SAY("  level %d type %d length %zu", h->cmsg_level, h->cmsg_type, (size_t)h->cmsg_len);
        if (h->cmsg_type == SCM_RIGHTS) {
            int count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (int i = 0; i < count; i++) {
                int got;
                memcpy(&got, CMSG_DATA(h) + i * sizeof(int), sizeof got);
                SAY("  descriptor cloexec %d", fcntl(got, F_GETFD));
                write(got, "through", 7);
                close(got);
            }
        } else if (h->cmsg_type == SCM_CREDENTIALS) {
            struct ucred c;
            memcpy(&c, CMSG_DATA(h), sizeof c);
            SAY("  own %d uid %d gid %d", c.pid == getpid(), c.uid, c.gid);
        }
    }
}

static void rights(int type)
{
    SAY("--- rights %d", type);
    int s[2], p[2];
    socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s);
    pipe2(p, O_NONBLOCK);
    SHOW("send", send_with(s[0], &p[1], 1, "fd", 2));
    receive_with("receive", s[1], 512, 0, 100);
    SHOW("it is the pipe", read(p[0], buffer, 100));
    SHOW("send", send_with(s[0], &p[1], 1, "fd", 2));
    receive_with("cloexec", s[1], 512, MSG_CMSG_CLOEXEC, 100);
    SHOW("send", send_with(s[0], (int[]){p[1], p[1], p[1]}, 3, "fd", 2));
    receive_with("room for one", s[1], CMSG_SPACE(sizeof(int)) - 4, 0, 100);
    SHOW("send", send_with(s[0], &p[1], 1, "fd", 2));
    receive_with("no room", s[1], 0, 0, 100);
    SHOW("send", send_with(s[0], &p[1], 1, "fd", 2));
    receive_with("peek", s[1], 512, MSG_PEEK, 100);
    receive_with("and take", s[1], 512, 0, 100);
    int bad = 999, many[300];
    SHOW("bad descriptor", send_with(s[0], &bad, 1, "fd", 2));
    for (int i = 0; i < 254; i++) many[i] = p[1];
    SHOW("too many", send_with(s[0], many, 254, "fd", 2));
    send(s[0], "before", 6, 0);
    send_with(s[0], &p[1], 1, "with", 4);
    send(s[0], "after", 5, 0);
    receive_with("first", s[1], 512, 0, 100);
    receive_with("second", s[1], 512, 0, 100);
    receive_with("third", s[1], 512, 0, 100);
    // The descriptor in flight keeps the pipe's writer open.
    send_with(s[0], &p[1], 1, "z", 1);
    close(p[1]);
    SHOW("writer in flight", read(p[0], buffer, 100) == -1 && errno == EAGAIN ? 1 : 0);
    while (recv(s[1], buffer, 100, 0) > 0) {}
    close(s[0]);
    close(s[1]);
    SHOW("no writer", read(p[0], buffer, 100));
    int on = 1;
    socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s);
    setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    send(s[0], "who", 3, 0);
    receive_with("credentials", s[1], 512, 0, 100);
}

static void *reader(void *arg)
{
    long total = 0, n;
    unsigned sum = 0;
    static unsigned char chunk[10000];
    while ((n = read(*(int *)arg, chunk, sizeof chunk)) > 0) {
        for (long i = 0; i < n; i++) sum = sum * 31 + chunk[i];
        total += n;
    }
    SAY("read %ld sum %x", total, sum);
    return NULL;
}

static void volume(void)
{
    SAY("--- volume");
    int s[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    pthread_t t;
    pthread_create(&t, NULL, reader, &s[1]);
    for (size_t i = 0; i < sizeof buffer; i++) buffer[i] = i * 7;
    for (int i = 0; i < 4; i++) SHOW("write", write(s[0], buffer, sizeof buffer));
    shutdown(s[0], SHUT_WR);
    pthread_join(t, NULL);
    close(s[0]);
    close(s[1]);
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    struct timeval tv = {0, 20000};
    setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    SHOW("timeout", recv(s[0], buffer, 1, 0));
    pid_t child = fork();
    if (child == 0) {
        write(s[1], "abc", 3);
        usleep(20000);
        write(s[1], "defg", 4);
        _exit(0);
    }
    tv.tv_usec = 0;
    setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    SHOW("waitall", recv(s[0], buffer, 7, MSG_WAITALL));
    waitpid(child, NULL, 0);
    struct mmsghdr mm[3];
    struct iovec v[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}};
    memset(mm, 0, sizeof mm);
    for (int i = 0; i < 3; i++) mm[i].msg_hdr.msg_iov = &v[i], mm[i].msg_hdr.msg_iovlen = 1;
    int d[2];
    socketpair(AF_UNIX, SOCK_DGRAM, 0, d);
    SHOW("sendmmsg", sendmmsg(d[0], mm, 3, 0));
    SAY("%u %u %u", mm[0].msg_len, mm[1].msg_len, mm[2].msg_len);
    char r[3][10];
    for (int i = 0; i < 3; i++) v[i] = (struct iovec){r[i], 10};
    SHOW("recvmmsg", recvmmsg(d[1], mm, 3, MSG_DONTWAIT, NULL));
    SAY("%u %u %u", mm[0].msg_len, mm[1].msg_len, mm[2].msg_len);
}

static void options(void)
{
    SAY("--- options");
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), v;
    socklen_t l = sizeof v;
    int names[] = {SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ERROR, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE, SO_REUSEADDR, SO_PASSCRED, SO_RCVLOWAT};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        l = sizeof v;
        v = -1;
        getsockopt(s, SOL_SOCKET, names[i], &v, &l);
        SAY("option %d: %d (%d)", names[i], v, l);
    }
    v = 1000;
    setsockopt(s, SOL_SOCKET, SO_SNDBUF, &v, sizeof v);
    l = sizeof v;
    getsockopt(s, SOL_SOCKET, SO_SNDBUF, &v, &l);
    SAY("sndbuf %d", v);
    SHOW("unknown", getsockopt(s, SOL_SOCKET, 9999, &v, &l));
    SHOW("short set", setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &v, 2));
    SHOW("not a socket", getsockopt(0, SOL_SOCKET, SO_TYPE, &v, &l));
    SHOW("level", setsockopt(s, 6, 1, &v, sizeof v));
    SHOW("bad family", socket(99, SOCK_STREAM, 0));
    SHOW("bad type", socket(AF_UNIX, 77, 0));
    SHOW("bad protocol", socket(AF_UNIX, SOCK_STREAM, 77));
    SHOW("pair of inet", socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){0}));
    SHOW("recv unconnected", recv(s, buffer, 1, 0));
    SHOW("send unconnected", send(s, buffer, 1, MSG_NOSIGNAL));
    SHOW("peer unconnected", getpeername(s, (void *)buffer, &l));
    SHOW("lseek", lseek(s, 0, SEEK_SET));
    struct stat st;
    fstat(s, &st);
    SAY("mode %o", st.st_mode & S_IFMT);
}

int main(void)
{
    umask(022);
    pairs(SOCK_STREAM, "stream");
    pairs(SOCK_SEQPACKET, "seqpacket");
    pairs(SOCK_DGRAM, "dgram");
    listeners(SOCK_STREAM, 0);
    listeners(SOCK_STREAM, 1);
    listeners(SOCK_SEQPACKET, 0);
    datagrams();
    rights(SOCK_STREAM);
    rights(SOCK_DGRAM);
    volume();
    options();
    return 0;
}

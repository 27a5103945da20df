// A pseudo-terminal and its line discipline: for many modes, what typing gives to the reader and to the screen.
#include "../communication/report.h"
#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static int master, replica;
static struct termios fresh;

static void show(const char *label, const unsigned char *bytes, ssize_t n)
{
    printf("%s:", label);
    if (n < 0) printf(" %s", strerrorname_np(errno));
    for (ssize_t i = 0; i < n; i++) {
        if (isprint(bytes[i]) && bytes[i] != '\\') putchar(bytes[i]); else printf("\\%02x", bytes[i]);
    }
    printf(" (%zd)\n", n < 0 ? 0 : n);
    fflush(stdout);
}

static void drain(const char *label, int fd)
{
    unsigned char buffer[8192];
    usleep(20000);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 4; i++) {
        errno = 0;
        ssize_t n = read(fd, buffer, sizeof buffer);
        show(label, buffer, n);
        if (n < 0) break;
        if (n == 0 && i > 0) break;
    }
    fcntl(fd, F_SETFL, 0);
}

static void with(const char *name, tcflag_t iset, tcflag_t iclear, tcflag_t oset, tcflag_t oclear, tcflag_t lset, tcflag_t lclear,
                 int character, int value, const char *typed, size_t length)
{
    struct termios t = fresh;
    t.c_iflag = (t.c_iflag | iset) & ~iclear;
    t.c_oflag = (t.c_oflag | oset) & ~oclear;
    t.c_lflag = (t.c_lflag | lset) & ~lclear;
    if (character >= 0) t.c_cc[character] = value;
    tcflush(replica, TCIOFLUSH);
    SAY("-- %s", name);
    tcsetattr(replica, TCSANOW, &t);
    if (write(master, typed, length) != (ssize_t)length) SAY("short write");
    drain("read", replica);
    drain("screen", master);
    int n = -1;
    ioctl(replica, FIONREAD, &n);
    SAY("left %d", n);
}

#define T(name, iset, iclear, oset, oclear, lset, lclear, cc, value, typed) \
    with(name, iset, iclear, oset, oclear, lset, lclear, cc, value, typed, sizeof typed - 1)

static void typing(void)
{
    T("line", 0, 0, 0, 0, 0, 0, -1, 0, "hello\r");
    T("no end", 0, 0, 0, 0, 0, 0, -1, 0, "hello");
    T("two lines", 0, 0, 0, 0, 0, 0, -1, 0, "one\ntwo\n");
    T("erase", 0, 0, 0, 0, 0, 0, -1, 0, "abx\177c\n");
    T("erase at start", 0, 0, 0, 0, 0, 0, -1, 0, "\177\177a\n");
    T("erase control", 0, 0, 0, 0, 0, 0, -1, 0, "\001b\177\177\n");
    T("erase without ECHOE", 0, 0, 0, 0, 0, ECHOE, -1, 0, "ab\177c\n");
    T("erase tab", 0, 0, 0, 0, 0, 0, -1, 0, "ab\t\177c\n");
    T("erase two tabs", 0, 0, 0, 0, 0, 0, -1, 0, "ab\t\t\177\177c\n");
    T("erase utf8", IUTF8, 0, 0, 0, 0, 0, -1, 0, "a\xc3\xa9\177b\n");
    T("erase utf8 without IUTF8", 0, 0, 0, 0, 0, 0, -1, 0, "a\xc3\xa9\177b\n");
    T("erase wide utf8", IUTF8, 0, 0, 0, 0, 0, -1, 0, "\xe4\xbd\xa0\xe5\xa5\xbd\177x\n");
    T("kill", 0, 0, 0, 0, 0, 0, -1, 0, "abc\025d\n");
    T("kill without ECHOKE", 0, 0, 0, 0, 0, ECHOKE, -1, 0, "abc\025d\n");
    T("kill without ECHOK", 0, 0, 0, 0, 0, ECHOK | ECHOKE, -1, 0, "abc\025d\n");
    T("word erase", 0, 0, 0, 0, 0, 0, -1, 0, "one two-three  \027x\n");
    T("word erase without IEXTEN", 0, 0, 0, 0, 0, IEXTEN, -1, 0, "one two\027\n");
    T("literal", 0, 0, 0, 0, 0, 0, -1, 0, "a\026\003b\n");
    T("literal newline", 0, 0, 0, 0, 0, 0, -1, 0, "a\026\nb\n");
    T("reprint", 0, 0, 0, 0, 0, 0, -1, 0, "ab\022c\n");
    T("ECHOPRT", 0, 0, 0, 0, ECHOPRT, 0, -1, 0, "abc\177\177d\n");
    T("ECHOPRT kill", 0, 0, 0, 0, ECHOPRT, 0, -1, 0, "abc\025d\n");
    T("no echo", 0, 0, 0, 0, 0, ECHO, -1, 0, "abc\n");
    T("ECHONL", 0, 0, 0, 0, ECHONL, ECHO, -1, 0, "abc\n");
    T("no ECHOCTL", 0, 0, 0, 0, 0, ECHOCTL, -1, 0, "a\001\n");
    T("eof", 0, 0, 0, 0, 0, 0, -1, 0, "abc\004");
    T("eof alone", 0, 0, 0, 0, 0, 0, -1, 0, "\004");
    T("eof then line", 0, 0, 0, 0, 0, 0, -1, 0, "ab\004c\n");
    T("eol", 0, 0, 0, 0, 0, 0, VEOL, ';', "ab;cd\n");
    T("eol2", 0, 0, 0, 0, 0, 0, VEOL2, ';', "ab;cd\n");
    T("eol2 without IEXTEN", 0, 0, 0, 0, 0, IEXTEN, VEOL2, ';', "ab;cd\n");
    T("igncr", IGNCR, 0, 0, 0, 0, 0, -1, 0, "a\rb\n");
    T("no icrnl", 0, ICRNL, 0, 0, 0, 0, -1, 0, "a\rb\n");
    T("inlcr", INLCR, ICRNL, 0, 0, 0, 0, -1, 0, "a\nb\r");
    T("istrip", ISTRIP, 0, 0, 0, 0, 0, -1, 0, "\xe1\xc1\n");
    T("iuclc", IUCLC, 0, 0, 0, 0, 0, -1, 0, "ABc\n");
    T("parmrk", PARMRK, 0, 0, 0, 0, 0, -1, 0, "a\377b\n");
    T("intr", 0, 0, 0, 0, 0, 0, -1, 0, "ab\003c\n");
    T("quit", 0, 0, 0, 0, 0, 0, -1, 0, "ab\034c\n");
    T("susp", 0, 0, 0, 0, 0, 0, -1, 0, "ab\032c\n");
    T("noflsh", 0, 0, 0, 0, NOFLSH, 0, -1, 0, "ab\003c\n");
    T("no isig", 0, 0, 0, 0, 0, ISIG, -1, 0, "ab\003c\n");
    T("disabled intr", 0, 0, 0, 0, 0, 0, VINTR, 0, "ab\003c\n");
    T("stop", 0, 0, 0, 0, 0, 0, -1, 0, "\023ab\n");
    T("start", 0, 0, 0, 0, 0, 0, -1, 0, "\021ab\n");
    T("ixany", IXANY, 0, 0, 0, 0, 0, -1, 0, "\023ab\n");
    T("no ixon", 0, IXON, 0, 0, 0, 0, -1, 0, "\023ab\021\n");
    T("raw", 0, ICRNL | IXON, 0, OPOST, 0, ICANON | ECHO | ISIG | IEXTEN, -1, 0, "a\003\r\n\004\177");
    T("raw with echo", 0, ICRNL, 0, 0, 0, ICANON | ISIG, -1, 0, "a\003\n");
    T("vmin 3", 0, 0, 0, 0, 0, ICANON, VMIN, 3, "ab");
    T("vmin 0", 0, 0, 0, 0, 0, ICANON, VMIN, 0, "");
    T("cbreak", 0, 0, 0, 0, 0, ICANON, -1, 0, "a\rb\n\003");
    T("output of echo: onlcr off", 0, 0, 0, ONLCR, 0, 0, -1, 0, "ab\n");
    T("ocrnl", 0, ICRNL, OCRNL, 0, 0, ECHOCTL, -1, 0, "a\rb\n");
    T("xtabs", 0, 0, XTABS, 0, 0, 0, -1, 0, "a\tb\n");
    T("olcuc", 0, 0, OLCUC, 0, 0, 0, -1, 0, "ab\n");
}

static void output(void)
{
    static const struct { const char *name; tcflag_t set, clear; const char *text; } cases[] = {
        {"onlcr", 0, 0, "a\nb"}, {"none", 0, ONLCR, "a\nb"}, {"no opost", 0, OPOST, "a\nb\t"}, {"ocrnl", OCRNL, 0, "a\rb"},
        {"onocr", ONOCR, 0, "\ra\r\r"}, {"onlret", ONLRET | XTABS, ONLCR, "ab\n\tc"}, {"xtabs", XTABS, 0, "a\tbc\t\b\td"},
        {"olcuc", OLCUC, 0, "aZ\xc3\xa9"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct termios t = fresh;
        t.c_oflag = (t.c_oflag | cases[i].set) & ~cases[i].clear;
        tcflush(replica, TCIOFLUSH);
        tcsetattr(replica, TCSANOW, &t);
        SAY("-- output %s", cases[i].name);
        SHOW("write", write(replica, cases[i].text, strlen(cases[i].text)));
        drain("screen", master);
    }
}

static void limits(void)
{
    static char big[6000];
    char line[8192];
    struct termios t = fresh;
    t.c_lflag &= ~ECHO;
    tcsetattr(replica, TCSANOW, &t);
    tcflush(replica, TCIOFLUSH);
    memset(big, 'x', sizeof big);
    SAY("-- long line");
    fcntl(master, F_SETFL, O_NONBLOCK);
    for (size_t done = 0; done < sizeof big;) {
        ssize_t n = write(master, big + done, sizeof big - done);
        if (n <= 0) { usleep(1000); continue; }
        done += n;
    }
    usleep(20000);
    SHOW("end", write(master, "\n", 1));
    fcntl(master, F_SETFL, 0);
    usleep(20000);
    ssize_t n = read(replica, line, sizeof line);
    SAY("read %zd, ends in %02x %02x", n, line[n - 2], line[n - 1]);
    SAY("-- small reads");
    SHOW("write", write(master, "abcdef\n", 7));
    SHOW("read 3", read(replica, line, 3));
    SHOW("read 3", read(replica, line, 3));
    SHOW("read 3", read(replica, line, 3));
    SHOW("write", write(master, "abc\004", 4));
    usleep(10000);
    SHOW("read 3 before eof", read(replica, line, 3));
    fcntl(replica, F_SETFL, O_NONBLOCK);
    SHOW("nothing more", read(replica, line, 3));
    SAY("-- change of mode");
    SHOW("write", write(master, "raw", 3));
    usleep(10000);
    SHOW("canonical", read(replica, line, 10));
    t.c_lflag &= ~ICANON;
    tcsetattr(replica, TCSANOW, &t);
    SHOW("raw", read(replica, line, 2));
    t.c_lflag |= ICANON;
    tcsetattr(replica, TCSANOW, &t);
    SHOW("canonical again", read(replica, line, 10));
    fcntl(replica, F_SETFL, 0);
    SAY("-- vtime");
    t.c_lflag &= ~ICANON;
    t.c_cc[VMIN] = 0;
    t.c_cc[VTIME] = 1;
    tcsetattr(replica, TCSANOW, &t);
    SHOW("nothing in time", read(replica, line, 10));
    SHOW("write", write(master, "ab", 2));
    SHOW("something", read(replica, line, 10));
    t.c_cc[VMIN] = 5;
    tcsetattr(replica, TCSANOW, &t);
    SHOW("write", write(master, "abc", 3));
    SHOW("between bytes", read(replica, line, 10));
    t.c_cc[VMIN] = 2;
    t.c_cc[VTIME] = 0;
    tcsetattr(replica, TCSANOW, &t);
    struct pollfd p = {replica, POLLIN, 0};
    SHOW("write", write(master, "a", 1));
    SHOW("poll below VMIN", poll(&p, 1, 50));
    SHOW("write", write(master, "b", 1));
    SHOW("poll at VMIN", poll(&p, 1, 50));
    SHOW("read", read(replica, line, 10));
}

int main(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    SHOW("openpty", openpty(&master, &replica, NULL, NULL, NULL) < 0 ? -1 : 0);
    tcgetattr(replica, &fresh);
    SAY("initial %o %o %o %o", fresh.c_iflag, fresh.c_oflag, fresh.c_cflag, fresh.c_lflag);
    for (int i = 0; i < 17; i++) printf("%d ", fresh.c_cc[i]);
    putchar('\n');
    typing();
    output();
    limits();
    return 0;
}

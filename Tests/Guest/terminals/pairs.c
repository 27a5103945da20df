// Pairs of master and replica: opening, locks, sizes, packet mode, ends, controlling terminals, job control.
#include "../communication/report.h"
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

static char name[64];

static int make(int *replica)
{
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    int n = -1, off = 0;
    ioctl(master, TIOCGPTN, &n);
    ioctl(master, TIOCSPTLCK, &off);
    snprintf(name, sizeof name, "/dev/pts/%d", n);
    *replica = open(name, O_RDWR | O_NOCTTY);
    return master;
}

static void show_poll(const char *label, int fd)
{
    struct pollfd p = {fd, POLLIN | POLLOUT | POLLPRI, 0};
    poll(&p, 1, 100);
    SAY("%s: poll %x", label, p.revents);
}

static void opening(void)
{
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), n = -1, on = 1, off = 0, value = -1;
    SHOW("master", master < 0 ? -1 : 0);
    SHOW("number", ioctl(master, TIOCGPTN, &n));
    snprintf(name, sizeof name, "/dev/pts/%d", n);
    SHOW("locked", ioctl(master, TIOCGPTLCK, &value));
    SAY("lock %d", value);
    SHOW("open locked", open(name, O_RDWR | O_NOCTTY));
    SHOW("peer locked", ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY) < 0 ? -1 : 0);
    SHOW("unlock", ioctl(master, TIOCSPTLCK, &off));
    int replica = open(name, O_RDWR | O_NOCTTY);
    SHOW("open", replica < 0 ? -1 : 0);
    int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    SHOW("peer", peer < 0 ? -1 : 0);
    SAY("ttyname %s", ttyname(peer) && strcmp(ttyname(peer), name) == 0 ? "same" : "other");
    struct stat st;
    fstat(replica, &st);
    SAY("device %u, is a tty %d %d, mode type %o", major(st.st_rdev), isatty(replica), isatty(master), st.st_mode & S_IFMT);
    SHOW("exclusive", ioctl(replica, TIOCEXCL));
    ioctl(replica, TIOCGEXCL, &value);
    SAY("exclusive %d", value);
    SHOW("not exclusive", ioctl(replica, TIOCNXCL));
    SHOW("discipline", ioctl(replica, TIOCGETD, &value));
    SAY("discipline %d", value);
    SHOW("seek", lseek(replica, 0, SEEK_SET));
    SHOW("pread", pread(replica, &value, 1, 0));
    SHOW("unknown ioctl", ioctl(replica, 0x1234, 0));
    SHOW("TIOCGPTN on replica", ioctl(replica, TIOCGPTN, &n));
    SHOW("TIOCMGET", ioctl(replica, TIOCMGET, &n));
    SHOW("bad address", ioctl(replica, TCGETS, 8));
    close(peer);
    close(replica);
    close(master);
    SHOW("gone", access(name, F_OK));
}

static void sizes(void)
{
    int replica, master = make(&replica);
    struct winsize w = {0};
    SHOW("get", ioctl(replica, TIOCGWINSZ, &w));
    SAY("%d %d", w.ws_row, w.ws_col);
    w.ws_row = 30, w.ws_col = 100, w.ws_xpixel = 5;
    SHOW("set", ioctl(master, TIOCSWINSZ, &w));
    memset(&w, 0, sizeof w);
    SHOW("get", ioctl(replica, TIOCGWINSZ, &w));
    SAY("%d %d %d", w.ws_row, w.ws_col, w.ws_xpixel);
    struct termios a, b;
    tcgetattr(replica, &a);
    a.c_cflag = CS5 | PARENB;
    a.c_line = 0;
    SHOW("tcsetattr", tcsetattr(replica, TCSANOW, &a));
    tcgetattr(master, &b);
    SAY("master sees %o %d", b.c_cflag & (CSIZE | PARENB | CREAD), memcmp(&a.c_cc, &b.c_cc, 17));
    close(replica);
    close(master);
}

static void ends(void)
{
    int replica, master = make(&replica);
    char c[10];
    show_poll("master", master);
    show_poll("replica", replica);
    fcntl(master, F_SETFL, O_NONBLOCK);
    SHOW("master empty", read(master, c, 1));
    write(replica, "last", 4);
    close(replica);
    show_poll("master after replica", master);
    SHOW("rest", read(master, c, 10));
    SHOW("end", read(master, c, 10));
    show_poll("master", master);
    replica = open(name, O_RDWR | O_NOCTTY);
    SHOW("reopen", replica < 0 ? -1 : 0);
    SHOW("master empty again", read(master, c, 1));
    write(master, "lost\n", 5);
    usleep(10000);
    close(master);
    show_poll("replica after master", replica);
    SHOW("replica read", read(replica, c, 10));
    SHOW("replica write", write(replica, "x", 1));
    struct termios t;
    SHOW("replica tcgetattr", tcgetattr(replica, &t));
    SHOW("replica open", open(name, O_RDWR | O_NOCTTY));
    close(replica);
}

static void packets(void)
{
    int replica, master = make(&replica), on = 1, value = -1;
    unsigned char b[20];
    SHOW("TIOCPKT", ioctl(master, TIOCPKT, &on));
    SHOW("TIOCGPKT", ioctl(master, TIOCGPKT, &value));
    SAY("packet %d", value);
    fcntl(master, F_SETFL, O_NONBLOCK);
    write(replica, "hi", 2);
    ssize_t n = read(master, b, sizeof b);
    SAY("data %zd: %d %c%c", n, b[0], b[1], b[2]);
    tcflush(replica, TCIFLUSH);
    show_poll("after flush", master);
    n = read(master, b, sizeof b);
    SAY("flush %zd: %d", n, b[0]);
    struct termios t;
    tcgetattr(replica, &t);
    t.c_iflag &= ~IXON;
    tcsetattr(replica, TCSANOW, &t);
    n = read(master, b, sizeof b);
    SAY("no stop %zd: %d", n, n > 0 ? b[0] : 0);
    t.c_iflag |= IXON;
    tcsetattr(replica, TCSANOW, &t);
    n = read(master, b, sizeof b);
    SAY("do stop %zd: %d", n, n > 0 ? b[0] : 0);
    tcflow(replica, TCOOFF);
    n = read(master, b, sizeof b);
    SAY("stop %zd: %d", n, n > 0 ? b[0] : 0);
    tcflow(replica, TCOON);
    n = read(master, b, sizeof b);
    SAY("start %zd: %d", n, n > 0 ? b[0] : 0);
    close(replica);
    close(master);
}

static volatile sig_atomic_t got[65];
static void note(int signal) { got[signal]++; }

static void catch(int signal)
{
    struct sigaction action = {.sa_handler = note};
    sigaction(signal, &action, NULL);
}

// A session of its own with the pair as its controlling terminal; runs `body` there.
static void session(const char *label, void (*body)(int master, int replica))
{
    SAY("-- %s", label);
    int replica, master = make(&replica);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        body(master, replica);
        _exit(0);
    }
    close(replica);
    int status;
    waitpid(child, &status, 0);
    SAY("status %x", status);
    close(master);
}

static void controlling(int master, int replica)
{
    pid_t group = -1;
    SHOW("no /dev/tty", open("/dev/tty", O_RDWR));
    SHOW("not ours", ioctl(replica, TIOCGPGRP, &group));
    SHOW("set", ioctl(replica, TIOCSCTTY, 0));
    SHOW("again", ioctl(replica, TIOCSCTTY, 0));
    SHOW("foreground", ioctl(replica, TIOCGPGRP, &group));
    SAY("it is me %d", group == getpgrp());
    SHOW("session", ioctl(replica, TIOCGSID, &group));
    SAY("it is me %d", group == getsid(0));
    int tty = open("/dev/tty", O_RDWR);
    SHOW("/dev/tty", tty < 0 ? -1 : 0);
    SAY("ttyname %s", ttyname(tty) ? ttyname(tty) : "none");
    group = 999999;
    SHOW("no such group", ioctl(replica, TIOCSPGRP, &group));
    group = -1;
    SHOW("negative group", ioctl(replica, TIOCSPGRP, &group));
    group = 1;
    pid_t child = fork();
    if (child == 0) {
        setsid();
        SHOW("another session: TIOCSCTTY", ioctl(replica, TIOCSCTTY, 0));
        SHOW("another session: TIOCGPGRP", ioctl(replica, TIOCGPGRP, &group));
        SHOW("another session: TIOCGSID", ioctl(replica, TIOCGSID, &group));
        _exit(0);
    }
    waitpid(child, NULL, 0);
    catch(SIGHUP);
    catch(SIGCONT);
    SHOW("give up", ioctl(tty, TIOCNOTTY));
    SAY("signals %d %d", got[SIGHUP], got[SIGCONT]);
    SHOW("no more", open("/dev/tty", O_RDWR));
    int again = open(name, O_RDWR);
    SHOW("by opening", open("/dev/tty", O_RDWR) < 0 ? -1 : 0);
}

static void keys(int master, int replica)
{
    ioctl(replica, TIOCSCTTY, 0);
    catch(SIGINT); catch(SIGQUIT); catch(SIGTSTP); catch(SIGWINCH);
    write(master, "\003", 1);
    usleep(20000);
    write(master, "\034\032", 2);
    usleep(20000);
    struct winsize w = {10, 20};
    ioctl(master, TIOCSWINSZ, &w);
    ioctl(master, TIOCSWINSZ, &w);
    usleep(20000);
    SAY("int %d quit %d tstp %d winch %d", got[SIGINT], got[SIGQUIT], got[SIGTSTP], got[SIGWINCH]);
    int signal = SIGINT;
    SHOW("TIOCSIG", ioctl(master, 0x40045436, signal));
    usleep(20000);
    SAY("int %d", got[SIGINT]);
    char c;
    pid_t child = fork();
    if (child == 0) {
        usleep(50000);
        write(master, "\003", 1);
        _exit(0);
    }
    SHOW("interrupted read", read(replica, &c, 1));
    waitpid(child, NULL, 0);
}

static void background(int master, int replica)
{
    ioctl(replica, TIOCSCTTY, 0);
    char c;
    int status;
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        read(replica, &c, 1);
        _exit(1);
    }
    waitpid(child, &status, WUNTRACED);
    SAY("reader %x", status);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    child = fork();
    if (child == 0) {
        setpgid(0, 0);
        signal(SIGTTIN, SIG_IGN);
        SHOW("reader that ignores", read(replica, &c, 1));
        SHOW("writer", write(replica, "x", 1));
        struct termios t;
        tcgetattr(replica, &t);
        t.c_lflag |= TOSTOP;
        signal(SIGTTOU, SIG_IGN);
        SHOW("ignoring SIGTTOU, set", tcsetattr(replica, TCSANOW, &t));
        signal(SIGTTOU, SIG_DFL);
        write(replica, "y", 1);
        _exit(2);
    }
    waitpid(child, &status, WUNTRACED);
    SAY("writer %x", status);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    child = fork();
    if (child == 0) {
        setpgid(0, 0);
        pid_t me = getpid();
        tcsetpgrp(replica, me);
        _exit(3);
    }
    waitpid(child, &status, WUNTRACED);
    SAY("grabber %x", status);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    child = fork();
    if (child == 0) {
        setpgid(0, 0);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTTOU);
        sigprocmask(SIG_BLOCK, &set, NULL);
        SHOW("grabber that blocks", tcsetpgrp(replica, getpid()));
        SAY("now foreground %d", tcgetpgrp(replica) == getpid());
        _exit(4);
    }
    waitpid(child, &status, WUNTRACED);
    SAY("%x", status);
}

static void orphan(int master, int replica)
{
    ioctl(replica, TIOCSCTTY, 0);
    int p[2];
    pipe(p);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        if (fork() == 0) {
            usleep(50000);
            char c;
            errno = 0;
            ssize_t n = read(replica, &c, 1);
            char text[40];
            int length = snprintf(text, sizeof text, "orphan %zd %s", n, strerrorname_np(errno));
            write(p[1], text, length);
            _exit(0);
        }
        _exit(0);
    }
    waitpid(child, NULL, 0);
    char text[64] = "";
    close(p[1]);
    read(p[0], text, 63);
    SAY("%s", text);
}

static void leader(int master, int replica)
{
    ioctl(replica, TIOCSCTTY, 0);
    int p[2];
    pipe(p);
    pid_t child = fork();
    if (child == 0) {
        catch(SIGHUP);
        write(p[1], "r", 1);
        sleep(5);
        char text[40];
        errno = 0;
        int n = open("/dev/tty", O_RDWR);
        usleep(200000); // the leader's end is told first
        int length = snprintf(text, sizeof text, "hup %d, /dev/tty %s", got[SIGHUP], n < 0 ? strerrorname_np(errno) : "open");
        write(1, text, length);
        write(1, "\n", 1);
        _exit(0);
    }
    char c;
    read(p[0], &c, 1);
}

static void hangup(void)
{
    SAY("-- hangup");
    int replica, master = make(&replica), p[2];
    pipe(p);
    pid_t child = fork();
    if (child == 0) {
        close(master);
        setsid();
        ioctl(replica, TIOCSCTTY, 0);
        catch(SIGHUP);
        catch(SIGCONT);
        write(p[1], "r", 1);
        char c;
        errno = 0;
        ssize_t n = read(replica, &c, 1);
        int error = errno;
        while (!got[SIGHUP]) usleep(1000);
        usleep(10000);
        SAY("hup %d cont %d, read %s", got[SIGHUP], got[SIGCONT], n < 0 ? (error == EINTR || error == EIO ? "ended" : "other") : "end");
        SHOW("then", read(replica, &c, 1));
        SHOW("/dev/tty", open("/dev/tty", O_RDWR));
        _exit(0);
    }
    char c;
    read(p[0], &c, 1);
    usleep(50000);
    close(replica);
    close(master);
    waitpid(child, NULL, 0);
}

int main(void)
{
    signal(SIGHUP, SIG_IGN);
    opening();
    sizes();
    ends();
    packets();
    session("controlling", controlling);
    session("keys", keys);
    session("background", background);
    session("orphan", orphan);
    // The leader's child speaks when its leader has gone: it becomes ours, and is waited for.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    session("leader", leader);
    while (wait(NULL) > 0);
    hangup();
    return 0;
}

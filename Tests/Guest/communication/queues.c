// POSIX message queues.
#include "report.h"
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile int handled, code, value;
static void handler(int n, siginfo_t *info, void *context)
{
    handled++;
    code = info->si_code;
    value = info->si_value.sival_int;
}

static volatile int called;
static void on_thread(union sigval v) { called = v.sival_int; }

int main(void)
{
    char b[9000];
    unsigned p;
    struct mq_attr a = {0, 3, 100};
    mq_unlink("/cloister");
    SHOW("no queue", mq_open("/cloister", O_RDWR));
    SHOW("slash", mq_open("/a/b", O_RDWR | O_CREAT, 0600, NULL));
    SHOW("no name", mq_open("/", O_RDWR | O_CREAT, 0600, NULL));
    a.mq_maxmsg = 0;
    SHOW("no messages", mq_open("/cloister", O_RDWR | O_CREAT, 0600, &a));
    a.mq_maxmsg = 3;
    mqd_t q = mq_open("/cloister", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &a);
    SAY("made %d", q >= 0);
    SHOW("exclusive", mq_open("/cloister", O_RDWR | O_CREAT | O_EXCL, 0600, &a));
    SHOW("attributes", mq_getattr(q, &a));
    SAY("flags %lx max %ld size %ld now %ld", a.mq_flags, a.mq_maxmsg, a.mq_msgsize, a.mq_curmsgs);
    SHOW("empty", mq_receive(q, b, sizeof b, &p));
    SHOW("low", mq_send(q, "low", 3, 1));
    SHOW("high", mq_send(q, "high", 4, 9));
    SHOW("high too", mq_send(q, "high too", 8, 9));
    SHOW("full", mq_send(q, "x", 1, 0));
    SHOW("too large", mq_send(q, b, 101, 0));
    SHOW("bad priority", mq_send(q, "x", 1, 32768));
    struct pollfd f = {q, POLLIN | POLLOUT, 0};
    poll(&f, 1, 0);
    SAY("poll %x", f.revents);
    SHOW("small", mq_receive(q, b, 99, &p));
    SHOW("first", mq_receive(q, b, sizeof b, &p));
    SAY("%.4s %u", b, p);
    SHOW("second", mq_receive(q, b, sizeof b, &p));
    SAY("%.8s %u", b, p);
    SHOW("third", mq_receive(q, b, sizeof b, &p));
    SAY("%.3s %u", b, p);
    poll(&f, 1, 0);
    SAY("poll %x", f.revents);
    mqd_t r = mq_open("/cloister", O_RDONLY);
    SHOW("send on reader", mq_send(r, "x", 1, 0));
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += 30000000;
    if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
    SHOW("timeout", mq_timedreceive(r, b, sizeof b, &p, &t));
    t.tv_nsec = -1;
    SHOW("bad time", mq_timedreceive(r, b, sizeof b, &p, &t));
    pid_t child = fork();
    if (child == 0) _exit(mq_receive(r, b, sizeof b, &p) == 2 ? 5 : 6);
    usleep(30000);
    mq_send(q, "to", 2, 0);
    int status;
    waitpid(child, &status, 0);
    SAY("child %d", WEXITSTATUS(status));
    struct sigaction act = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &act, NULL);
    struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 33};
    SHOW("notify", mq_notify(q, &e));
    SHOW("notify twice", mq_notify(q, &e));
    mq_send(q, "a", 1, 0);
    mq_send(q, "b", 1, 0);
    SAY("handled %d code %d value %d", handled, code, value);
    mq_receive(q, b, sizeof b, &p);
    mq_receive(q, b, sizeof b, &p);
    mq_send(q, "c", 1, 0);
    SAY("handled %d", handled);
    mq_receive(q, b, sizeof b, &p);
    e = (struct sigevent){.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_thread, .sigev_value.sival_int = 44};
    SHOW("notify by thread", mq_notify(q, &e));
    mq_send(q, "d", 1, 0);
    for (int i = 0; i < 200 && !called; i++) usleep(5000);
    SAY("called with %d", called);
    SHOW("take back", mq_notify(q, NULL));
    struct stat st;
    fstat(q, &st);
    SAY("size %ld mode %o", (long)st.st_size, st.st_mode);
    memset(b, 0, sizeof b);
    SHOW("read", read(q, b, 100));
    SAY("%s", b);
    SHOW("unlink", mq_unlink("/cloister"));
    SHOW("twice", mq_unlink("/cloister"));
    SHOW("still open", mq_send(q, "e", 1, 0));
    SHOW("close", mq_close(q));
    SHOW("closed", mq_send(q, "e", 1, 0));
    return 0;
}

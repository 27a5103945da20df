// One descriptor in an epoll, made ready and drained by others all the time: no event is lost, none is made up for good.
#include "report.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT 3000
static int pipes[2], watched, taken;

static void *writes(void *unused)
{
    for (int i = 0; i < COUNT; i++) write(pipes[1], "x", 1);
    return 0;
}

// Takes one byte at a time, or finds that another has taken it.
static void *reads(void *unused)
{
    while (__atomic_load_n(&taken, __ATOMIC_SEQ_CST) < COUNT) {
        struct epoll_event e;
        char c;
        if (epoll_wait(watched, &e, 1, 100) == 1 && e.data.u64 == 0x1234567890abcdef && read(pipes[0], &c, 1) == 1)
            __atomic_fetch_add(&taken, 1, __ATOMIC_SEQ_CST);
    }
    return 0;
}

static void race(const char *label, uint32_t events, int readers)
{
    pthread_t t[4];
    pipe2(pipes, O_NONBLOCK);
    fcntl(pipes[1], F_SETFL, 0);
    watched = epoll_create1(0);
    struct epoll_event e = {EPOLLIN | events, {.u64 = 0x1234567890abcdef}};
    epoll_ctl(watched, EPOLL_CTL_ADD, pipes[0], &e);
    taken = 0;
    for (int i = 0; i < readers; i++) pthread_create(&t[i], 0, reads, 0);
    pthread_create(&t[3], 0, writes, 0);
    for (int i = 0; i < readers; i++) pthread_join(t[i], 0);
    pthread_join(t[3], 0);
    SAY("%s: %d", label, taken);
    SHOW("then nothing", epoll_wait(watched, &e, 1, 0));
    close(pipes[0]), close(pipes[1]), close(watched);
}

int main(void)
{
    race("one", 0, 1);
    race("three", 0, 3);
    race("exclusive", EPOLLEXCLUSIVE, 3);
    // What the answer looks like.
    int f = eventfd(0, EFD_NONBLOCK), g = epoll_create1(0);
    uint64_t one = 1, value;
    struct epoll_event e = {EPOLLIN | EPOLLOUT, {.u64 = 7}}, found[3];
    epoll_ctl(g, EPOLL_CTL_ADD, f, &e);
    SHOW("writable", epoll_wait(g, found, 3, 0));
    SAY("%x %d", found[0].events, (int)found[0].data.u64);
    write(f, &one, 8);
    SHOW("both", epoll_wait(g, found, 3, 0));
    SAY("%x", found[0].events);
    SHOW("nowhere", epoll_wait(g, (void *)8, 3, 0));
    SHOW("nothing is lost by that", epoll_wait(g, found, 3, -1));
    // Half of the room: an event is all there or not.
    char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 4096, 4096);
    SHOW("half of it", epoll_wait(g, (void *)(page + 4096 - 6), 3, 0));
    SHOW("just enough", epoll_wait(g, (void *)(page + 4096 - 12), 3, 0));
    e.events = EPOLLIN;
    epoll_ctl(g, EPOLL_CTL_MOD, f, &e);
    SHOW("again", epoll_wait(g, found, 1, 0));
    read(f, &value, 8);
    SHOW("taken", epoll_wait(g, found, 1, 0));
    write(f, &one, 8);
    SHOW("once more", epoll_wait(g, found, 1, 0));
    e.events = EPOLLIN | EPOLLONESHOT;
    epoll_ctl(g, EPOLL_CTL_MOD, f, &e);
    SHOW("once", epoll_wait(g, found, 1, 0));
    SHOW("only", epoll_wait(g, found, 1, 0));
    e.events = EPOLLIN | EPOLLET;
    epoll_ctl(g, EPOLL_CTL_MOD, f, &e);
    SHOW("edge", epoll_wait(g, found, 1, 0));
    SHOW("only", epoll_wait(g, found, 1, 0));
    write(f, &one, 8);
    SHOW("edge", epoll_wait(g, found, 1, 0));
    int copy = dup(f);
    e.events = EPOLLIN;
    epoll_ctl(g, EPOLL_CTL_MOD, f, &e);
    close(f);
    SHOW("open still", epoll_wait(g, found, 1, 0));
    close(copy);
    SHOW("closed", epoll_wait(g, found, 1, 0));
    // Another file under the number is not the one that is watched, which is open under another.
    f = eventfd(1, EFD_NONBLOCK), copy = dup(f);
    e.data.u64 = 8;
    epoll_ctl(g, EPOLL_CTL_ADD, f, &e);
    close(f);
    SHOW("the same number", eventfd(0, EFD_NONBLOCK) == f);
    SHOW("what was watched", epoll_wait(g, found, 1, 0));
    write(f, &one, 8);
    read(copy, &value, 8);
    SHOW("another", epoll_wait(g, found, 1, 0));
    e.data.u64 = 9;
    epoll_ctl(g, EPOLL_CTL_ADD, f, &e);
    SHOW("both", epoll_wait(g, found, 3, 0));
    SAY("%d", (int)found[0].data.u64);
    write(copy, &one, 8);
    SHOW("both", epoll_wait(g, found, 3, 0));
    close(copy);
    for (int i = 0; i < 100; i++) {
        int taken = 0;
        close(f);
        if (eventfd(1, EFD_NONBLOCK) != f) SAY("another number");
        taken = epoll_wait(g, found, 3, 0);
        if (taken) SAY("%d of a file that nobody watches", taken);
        if (i % 2) epoll_ctl(g, EPOLL_CTL_ADD, f, &e);
    }
    return 0;
}

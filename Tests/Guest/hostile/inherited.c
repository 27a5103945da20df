// What a fork's child has of its parent's windows, and the parent of the child's: nothing. Eight threads make calls whose data
// carries a mark through the window that they share with the kernel, while they fork; each child looks for the mark in all
// that is there of windows at its place, leaves one of its own there, and the parent looks for that.
// It runs in the sandbox only, and on systrap only: elsewhere there are no windows.
#include "gates.h"
#include <fcntl.h>

enum { THREADS = 8, ROUNDS = 20, LOOKED_AT = 24 };

/// The marks, of threads and of children: words of two halves that are never one value, which could be found as a register's.
static const volatile uint32_t halves[2][2] = {{0x5ca1ab1e, 0x0ddba115}, {0x7e1ec001, 0x0b501e7e}};

static void put_mark(volatile uint32_t *place, int kind) { place[0] = halves[kind][0], place[1] = halves[kind][1]; }

static volatile int failed, forked;
static int file;

/// How many words of the slots are the mark. Pages of theirs that nobody has touched are made by this: only so many slots.
static int count(int kind) {
    int found = 0;
    for (const volatile uint32_t *p = (const uint32_t *)SLOTS; p < (const uint32_t *)(SLOTS + LOOKED_AT * SLOT); p += 2)
        found += p[0] == halves[kind][0] && p[1] == halves[kind][1];
    return found;
}

static void *carries(void *raw) {
    // A page of its own: the copy that a child has of it is not looked at.
    uint32_t *data = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int ends[2], status;
    pipe(ends);
    for (int i = 0; i < ROUNDS; i++) {
        for (int j = 0; j < 1024; j += 2) put_mark(data + j, 0);
        // Through the window, in and out.
        if (write(ends[1], data, 4096) != 4096 || read(ends[0], data, 4096) != 4096) failed |= 1;
        pwrite(file, data, 512, 0);
        pid_t pid = fork();
        if (pid == 0) {
            int bad = count(0) != 0;
            // No call between here and there may bring the mark into the child's own window.
            for (unsigned slot = 1; slot < LOOKED_AT; slot++)
                for (unsigned place = 4096; place < SLOT; place += 512) put_mark((volatile uint32_t *)(SLOTS + slot * SLOT + place), 1);
            bad |= (count(1) == 0) << 1;
            _exit(bad);
        }
        __atomic_add_fetch(&forked, 1, __ATOMIC_SEQ_CST);
        if (pid < 0 || waitpid(pid, &status, 0) != pid) failed |= 2;
        else if (status) printf("FAILED: a child ended with %x\n", status), failed |= 4;
        if (count(1)) printf("FAILED: a child has written into its parent's windows\n"), failed |= 8;
    }
    return raw;
}

int main(void) {
    file = open("/tmp/marked", O_RDWR | O_CREAT, 0600);
    pthread_t all[THREADS];
    for (long i = 0; i < THREADS; i++) pthread_create(&all[i], 0, carries, 0);
    for (int i = 0; i < THREADS; i++) pthread_join(all[i], 0);
    // It is to be seen that this can be seen at all: the threads' own windows are where they are looked for.
    int own = count(0);
    printf("%d forks; words of the mark in the parent's windows: %s\n", forked, own ? "some" : "none");
    if (!own) printf("FAILED: the mark never came through a window\n"), failed |= 16;
    if (!is_well()) printf("FAILED: not well\n"), failed |= 32;
    if (!failed) puts("survived");
    return failed;
}

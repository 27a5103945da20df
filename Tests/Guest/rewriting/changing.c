// Code that is written again, mapped elsewhere, unmapped and replaced, after it was rewritten.
#include "code.h"

static unsigned char load[] = {0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0xc3};
static unsigned char following[] = {0x48, 0x89, 0xf8, 0x0f, 0x05, 0x48, 0x3d, 0, 0xf0, 0xff, 0xff, 0xc3};

static long often(void *code, long number) {
    long (*f)(long) = code, result = 0;
    for (int i = 0; i < 50; i++) result = f(number);
    return result;
}

int main(void) {
    long parent = getppid(), wrong = 0;

    // Toggled, as a JIT does it.
    unsigned char *p = place_code(load, sizeof load);
    for (int i = 0; i < 12; i++) {
        wrong += often(p, 0) != (i % 2 ? getpid() : parent);
        mprotect(p, 8192, PROT_READ | PROT_WRITE);
        wrong += p[5] != 0x0f || p[0] != 0xb8;
        load[1] = i % 2 ? 110 : 39;
        memcpy(p, load, sizeof load);
        mprotect(p, 8192, PROT_READ | PROT_EXEC);
    }
    load[1] = 110;
    printf("toggled: %ld\n", wrong);

    // Writable and executable at once.
    unsigned char *q = mmap(NULL, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 4; i++) {
        load[1] = i % 2 ? 110 : 39;
        memcpy(q, load, sizeof load);
        wrong += often(q, 0) != (i % 2 ? parent : getpid());
    }
    load[1] = 110;
    printf("both: %ld\n", wrong);

    // Moved.
    p = place_code(following, sizeof following);
    wrong += often(p, 110) != parent;
    unsigned char *moved = mremap(p, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED,
                                  mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    wrong += memcmp(moved, following, sizeof following) != 0;
    wrong += often(moved, 110) != parent;
    wrong += often(moved, 39) != getpid();
    printf("moved: %ld\n", wrong);

    // Replaced at the same address, by munmap and by MAP_FIXED; from a file and not.
    char name[] = "/tmp/codeXXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    unsigned char page[4096] = {0};
    for (int i = 0; i < 20; i++) {
        load[1] = i % 2 ? 110 : 39;
        memcpy(page, i % 3 ? load : following, sizeof following);
        pwrite(fd, page, sizeof page, 0);
        int flags = MAP_PRIVATE | (i % 5 == 4 ? MAP_ANONYMOUS : 0);
        if (i % 2) munmap(moved, 8192);
        unsigned char *r = mmap(moved, 4096, flags & MAP_ANONYMOUS ? 3 : PROT_READ | PROT_EXEC, flags | MAP_FIXED, flags & MAP_ANONYMOUS ? -1 : fd, 0);
        wrong += r != moved;
        if (flags & MAP_ANONYMOUS) {
            memcpy(r, page, 64);
            mprotect(r, 4096, PROT_READ | PROT_EXEC);
        }
        wrong += often(r, i % 2 ? 110 : 39) != (i % 2 ? parent : getpid());
        // The file has nothing of it.
        unsigned char back[64];
        pread(fd, back, 64, 0);
        wrong += memcmp(back, page, 64) != 0;
    }
    printf("replaced: %ld\n", wrong);

    // Dropped: a private page of a file becomes what the file has.
    memcpy(page, load, sizeof load);
    pwrite(fd, page, sizeof page, 0);
    unsigned char *d = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    for (int i = 0; i < 5; i++) {
        wrong += often(d, 0) != (load[1] == 110 ? parent : getpid());
        madvise(d, 4096, MADV_DONTNEED);
        wrong += d[0] != 0xb8;
    }
    printf("dropped: %ld\n", wrong);

    // Shared.
    unsigned char *s = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    wrong += often(s, 0) != (load[1] == 110 ? parent : getpid());
    wrong += memcmp(s, load, sizeof load) != 0;
    printf("shared: %ld\n", wrong);

    // Forked: both go on, and each changes its own.
    p = place_code(following, sizeof following);
    wrong += often(p, 110) != parent;
    for (int i = 0; i < 5; i++) {
        pid_t me = getpid(), pid = fork();
        if (pid == 0) {
            int bad = often(p, 110) != me || often(p, 39) != getpid();
            mprotect(p, 8192, 7);
            bad |= memcmp(p, following, sizeof following) != 0;
            memcpy(p, load, sizeof load);
            mprotect(p, 8192, 5);
            bad |= often(p, 0) != (load[1] == 110 ? me : getpid());
            _exit(bad);
        }
        int status;
        waitpid(pid, &status, 0);
        wrong += status != 0;
        wrong += often(p, 110) != parent;
    }
    printf("forked: %ld\n", wrong);
    return 0;
}

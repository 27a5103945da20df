// mmap and its relatives.
#include "check.h"

int main(void) {
    char *p = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TRUE(p != MAP_FAILED);
    memset(p, 'a', 3 * 4096);
    SHOW(munmap(p + 4096, 4096));
    SHOW(msync(p, 3 * 4096, MS_SYNC));
    SHOW(mprotect(p, 3 * 4096, PROT_READ));
    TRUE(p[0] == 'a' && p[2 * 4096] == 'a');
    SHOW(munmap(p + 1, 4096));
    SHOW(munmap(p, 0));
    SHOW(munmap((void *)-4096, 4096));
    SHOW((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    SHOW((long)mmap(NULL, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0));
    SHOW((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 999, 0));
    SHOW((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 1));
    SHOW((long)mmap((void *)1, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));

    // brk.
    char *before = sbrk(0);
    TRUE(sbrk(100000) == before);
    memset(before, 1, 100000);
    TRUE(sbrk(-100000) == before + 100000);
    TRUE(sbrk(0) == before);

    // Shared memory across fork.
    volatile int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int *private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *private = 1;
    pid_t pid = fork();
    if (pid == 0) { *shared = 42; *private = 2; _exit(0); }
    waitpid(pid, NULL, 0);
    printf("shared %d private %d\n", *shared, *private);

    // A file, private and shared.
    char name[] = "/tmp/memoryXXXXXX";
    int fd = mkstemp(name);
    write(fd, "hello world", 11);
    char *f = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *g = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    printf("%s %s\n", f, g);
    f[0] = 'J';
    g[1] = 'E';
    char buffer[12] = "";
    pread(fd, buffer, 11, 0);
    printf("%s %c%c\n", buffer, g[0], g[1]);
    int ro = open(name, O_RDONLY);
    SHOW((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0));
    TRUE(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0) != MAP_FAILED);
    char *r = mmap(NULL, 4096, PROT_READ, MAP_SHARED, ro, 0);
    SHOW(mprotect(r, 4096, PROT_READ | PROT_WRITE));
    unlink(name);

    // mremap, madvise, mincore.
    char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    m[0] = 'z';
    char *n = mremap(m, 4096, 1 << 20, MREMAP_MAYMOVE);
    TRUE(n != MAP_FAILED && n[0] == 'z');
    SHOW(madvise(n, 4096, MADV_DONTNEED));
    printf("after DONTNEED %d\n", n[0]);
    SHOW(madvise(n, 4096, MADV_WILLNEED));
    SHOW(madvise(n, 4096, 9999));
    SHOW(madvise(n + 1, 4096, MADV_DONTNEED));
    unsigned char vector[2];
    SHOW(mincore(n, 8192, vector));
    munmap(n, 1 << 20);
    SHOW(mincore(n, 8192, vector));

    // EFAULT at the right byte.
    char *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(two + 4096, 4096);
    memset(two, 'q', 4096);
    SHOW(pwrite(fd, two + 4000, 200, 0));
    SHOW(pwrite(fd, two + 4096, 10, 0));
    SHOW(pread(fd, two + 4090, 50, 0));
    SHOW(pread(fd, (void *)8, 50, 0));
    int ends[2];
    pipe(ends);
    SHOW(write(ends[1], two + 4096, 10));
    write(ends[1], "0123456789", 10);
    SHOW(read(ends[0], (void *)8, 50));
    SHOW(read(ends[0], two, 50));

    // process_vm_readv of ourselves.
    char source[] = "copied", target[8] = "";
    struct iovec to = {target, 7}, from = {source, 7};
    SHOW(process_vm_readv(getpid(), &to, 1, &from, 1, 0));
    printf("%s\n", target);

    // A deep stack.
    volatile char deep[4 << 20];
    deep[0] = 1;
    printf("deep %d\n", deep[0]);
    return 0;
}

// Files that are read and written so much that a kernel may let programs do it by themselves: whatever happens to the file
// or the descriptor meanwhile must show at once.
#include "place.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define SIZE (256 << 10)
static char block[SIZE], other[SIZE];
static char stack[65536] __attribute__((aligned(16)));

static void fill(char *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++) p[i] = (char)((i * 7 + i / 4096 + seed) | 1);
}

// Used often enough.
static void warm(int f)
{
    static char space[8192];
    for (int i = 0; i < 100; i++) {
        pread(f, space, 4096, 0);
        off_t at = lseek(f, 0, SEEK_CUR);
        read(f, space, 4096);
        lseek(f, at, SEEK_SET);
    }
}

static void warm_writes(int f)
{
    static char space[4096];
    pread(f, space, 4096, 0);
    for (int i = 0; i < 100; i++) pwrite(f, space, 4096, 0);
}

static int prepare(const char *name, int flags, size_t size)
{
    int f = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    fill(block, size, 1);
    write(f, block, size);
    close(f);
    f = open(name, flags);
    warm(f);
    return f;
}

static void contents(void)
{
    int f = prepare("a", O_RDWR, SIZE), r = open("a", O_RDONLY);
    warm(r);
    int same = 1;
    for (unsigned i = 0; i < 2000; i++) {
        unsigned at = i * 7919 % SIZE, n = 1 + i * 131 % 9000;
        ssize_t got = pread(i & 1 ? f : r, other, n, at), expected = at + n > SIZE ? SIZE - at : n;
        if (got != expected || memcmp(other, block + at, got)) same = 0;
    }
    SHOW("what was written is read", same);
    warm_writes(f);
    for (unsigned i = 0; i < 2000; i++) {
        unsigned at = i * 7919 % (SIZE - 9000), n = 1 + i * 131 % 9000;
        fill(block + at, n, i);
        if (pwrite(f, block + at, n, at) != n) same = 0;
        if (pread(r, other, n, at) != n || memcmp(other, block + at, n)) same = 0;
    }
    SHOW("what was written in it is read", same);
    char *map = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
    SHOW("mapped", memcmp(map, block, SIZE));
    map[5000] = 'M';
    pread(r, other, 1, 5000);
    SAY("read %c", other[0]);
    pwrite(f, "W", 1, 6000);
    SAY("mapped %c", map[6000]);
    munmap(map, SIZE);
    SHOW("pread to the end", pread(f, other, SIZE, SIZE - 100));
    SHOW("pread at the end", pread(f, other, SIZE, SIZE));
    SHOW("pread behind the end", pread(f, other, SIZE, SIZE * 2));
    SHOW("pread nothing", pread(f, other, 0, 0));
    SHOW("pread nowhere", pread(f, other, 1, -1));
    SHOW("pwrite over the end", pwrite(f, other, 4096, SIZE - 100));
    SHOW("size", lseek(f, 0, SEEK_END));
    SHOW("pread of it", pread(r, other, 8192, SIZE - 100));
    SHOW("write to the reader's", pwrite(r, other, 4096, 0));
    int w = open("a", O_WRONLY);
    for (int i = 0; i < 50; i++) pwrite(w, block, 4096, 0);
    SHOW("read from the writer's", pread(w, other, 4096, 0));
    close(w), close(r), close(f);
}

static void vectors(void)
{
    int f = prepare("v", O_RDWR, SIZE);
    warm_writes(f);
    struct iovec v[20] = {{other, 100}, {other + 1000, 0}, {other + 2000, 5000}, {other + 10000, 1}};
    SHOW("preadv", preadv(f, v, 4, 500));
    SAY("%d %d %d", memcmp(other, block + 500, 100), memcmp(other + 2000, block + 600, 5000), other[10000] == block[5600]);
    SHOW("preadv at the end", preadv(f, v, 4, SIZE - 150));
    fill(other, SIZE, 77);
    SHOW("pwritev", pwritev(f, v, 4, 3000));
    pread(f, block, SIZE, 0);
    SAY("%d %d %d", memcmp(other, block + 3000, 100), memcmp(other + 2000, block + 3100, 5000), other[10000] == block[8100]);
    lseek(f, 100, SEEK_SET);
    SHOW("readv", readv(f, v, 4));
    SHOW("writev", writev(f, v, 4));
    SHOW("position", lseek(f, 0, SEEK_CUR));
    SHOW("preadv2", preadv2(f, v, 4, -1, 0));
    SHOW("position", lseek(f, 0, SEEK_CUR));
    SHOW("preadv2 there", preadv2(f, v, 4, 7, 0));
    SHOW("pwritev2 to the end", pwritev2(f, v, 4, 0, RWF_APPEND));
    SHOW("preadv2 flags", preadv2(f, v, 4, 0, 0x40000000));
    v[2].iov_base = (void *)8;
    SHOW("fault in the middle", preadv(f, v, 4, 0));
    SHOW("fault in the middle", pwritev(f, v, 4, 0));
    SHOW("fault in the middle", readv(f, v, 4));
    SHOW("position", lseek(f, 0, SEEK_CUR));
    SHOW("fault in the middle", writev(f, v, 4));
    SHOW("position", lseek(f, 0, SEEK_CUR));
    SHOW("no vector", preadv(f, (void *)8, 4, 0));
    SHOW("none", readv(f, v, 0));
    for (int i = 0; i < 20; i++) v[i].iov_base = other + i * 1000, v[i].iov_len = 900;
    SHOW("twenty", preadv(f, v, 20, 10000));
    SAY("%d", memcmp(other + 19000, block + 10000 + 19 * 900, 900));
    v[3].iov_len = -1;
    SHOW("negative", preadv(f, v, 4, 0));
    close(f);
}

static void program(void)
{
    int f = open("/proc/self/exe", O_RDONLY);
    struct stat s, t;
    fstat(f, &s);
    char *map = mmap(0, s.st_size, PROT_READ, MAP_PRIVATE, f, 0);
    warm(f);
    int same = 1;
    for (unsigned i = 0; i < 3000; i++) {
        unsigned at = i * 7919 % s.st_size, n = 1 + i * 131 % 9000;
        ssize_t got = pread(f, other, n, at), expected = at + n > s.st_size ? s.st_size - at : n;
        if (got != expected || memcmp(other, map + at, got)) same = 0;
    }
    SHOW("the program", same);
    lseek(f, 0, SEEK_SET);
    off_t done = 0;
    for (ssize_t n; (n = read(f, other, 5000)) > 0; done += n) same &= !memcmp(other, map + done, n);
    SAY("%d %d", same, done == s.st_size);
    fstat(f, &t);
    SAY("%d %d", s.st_size == t.st_size, s.st_mtim.tv_sec == t.st_mtim.tv_sec);
    SHOW("write", pwrite(f, other, 4096, 0));
    // The code that runs, written by itself, is what the file has.
    int own = prepare("own", O_RDWR, SIZE);
    warm_writes(own);
    for (int i = 0; i < 200; i++) syscall(SYS_getppid), getuid(), lseek(own, 0, 0), umask(022);
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512], name[256];
    same = 1;
    int seen = 0;
    while (fgets(line, sizeof line, maps)) {
        unsigned long start, end, offset;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %255s", &start, &end, rights, &offset, name) != 5 || rights[2] != 'x' || name[0] != '/' || !strncmp(name, "/dev/", 5))
            continue;
        int g = open(name, O_RDONLY);
        for (; start < end; start += 65536, offset += 65536) {
            size_t n = end - start < 65536 ? end - start : 65536;
            ssize_t got = pread(g, block, n, offset);
            if (got <= 0) break;
            if (pwrite(own, (void *)start, got, 0) != got || pread(own, other, got, 0) != got || memcmp(block, other, got)) same = 0;
            seen++;
        }
        close(g);
    }
    fclose(maps);
    SAY("code is as it was %d %d", same, seen > 0);
    close(own);
    munmap(map, s.st_size);
    close(f);
    SHOW("closed", pread(f, other, 4096, 0));
}

static void bad_buffers(void)
{
    int f = prepare("b", O_RDWR, SIZE);
    warm_writes(f);
    char *p = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(p + 4096, 4096);
    mprotect(p + 8192, 4096, PROT_READ);
    SHOW("pread half", pread(f, p + 2048, 4096, 0));
    SHOW("pread none", pread(f, p + 4096, 4096, 0));
    SHOW("pread to what is read-only", pread(f, p + 8192, 4096, 0));
    SHOW("pread to null", pread(f, 0, 4096, 0));
    SHOW("pread to the kernel", pread(f, (void *)0xffff800000000000, 4096, 0));
    SHOW("pwrite half", pwrite(f, p + 2048, 4096, 0));
    SHOW("pwrite none", pwrite(f, p + 4096, 4096, 0));
    SHOW("pwrite from null", pwrite(f, 0, 4096, 0));
    lseek(f, 0, SEEK_SET);
    SHOW("read half", read(f, p + 2048, 4096));
    SHOW("position", lseek(f, 0, SEEK_CUR));
    SHOW("write half", write(f, p + 2048, 4096));
    SHOW("position", lseek(f, 0, SEEK_CUR));
    SHOW("write none", write(f, p + 4096, 4096));
    SHOW("position", lseek(f, 0, SEEK_CUR));
    struct iovec v[2] = {{p, 4096}, {p + 4096, 4096}};
    SHOW("preadv", preadv(f, v, 2, 0));
    // The stack grows by being read to.
    volatile char deep[300 << 10];
    SHOW("pread to the stack", pread(f, (void *)deep, 8192, 0));
    close(f);
}

static void sizes(void)
{
    int f = prepare("c", O_RDWR, 3 * 4096 + 100), g = open("c", O_RDONLY);
    warm(g);
    warm_writes(f);
    SHOW("truncate", ftruncate(f, 4096 + 50));
    SHOW("pread", pread(g, other, 8192, 0));
    SHOW("pread behind", pread(g, other, 100, 5000));
    SHOW("longer", ftruncate(f, 20000));
    memset(other, 'x', sizeof other);
    SHOW("pread", pread(g, other, 30000, 0));
    int zero = 1;
    for (int i = 4096 + 50; i < 20000; i++) zero &= other[i] == 0;
    SHOW("zeroes", zero && other[4096 + 49] != 0);
    warm(g);
    SHOW("append", pwrite(f, block, 1000, 20000));
    SHOW("pread", pread(g, other, 30000, 0));
    SHOW("to nothing", ftruncate(f, 0));
    SHOW("pread", pread(g, other, 30000, 0));
    SHOW("pwrite", pwrite(f, "new", 3, 0));
    SHOW("pread", pread(g, other, 30000, 0));
    close(f), close(g);
    // Holes stay holes.
    f = open("sparse", O_RDWR | O_CREAT, 0600);
    write(f, block, 8192);
    ftruncate(f, 8 << 20);
    pwrite(f, block, 4096, 4 << 20);
    struct stat before, after;
    fstat(f, &before);
    warm(f);
    memset(other, 1, sizeof other);
    for (int i = 0; i < 64; i++) pread(f, other, 65536, (off_t)i << 16);
    SHOW("a hole is zero", other[0] | other[65535]);
    fstat(f, &after);
    SHOW("blocks", before.st_blocks == after.st_blocks);
    SHOW("size", after.st_size);
    SHOW("fallocate punches", fallocate(f, 3, 0, 4096));
    SHOW("pread", pread(f, other, 4096, 0));
    SAY("%d", other[0]);
    fstat(f, &after);
    SHOW("blocks", (before.st_blocks - after.st_blocks));
    close(f);
}

static void descriptors(void)
{
    int f = prepare("d", O_RDWR, 8192), g = prepare("e", O_RDWR, 8192);
    pwrite(f, "dddd", 4, 0), pwrite(g, "eeee", 4, 0);
    warm(f), warm(g);
    dup2(g, f);
    pread(f, other, 4096, 0);
    SAY("after dup2 %.4s", other);
    warm(f);
    close(f);
    SHOW("closed", pread(f, other, 4096, 0));
    SHOW("again", open("d", O_RDONLY) == f);
    pread(f, other, 4096, 0);
    SAY("after open %.4s", other);
    SHOW("pwrite", pwrite(f, block, 4096, 0));
    warm(f);
    int copy = dup(f);
    close(f);
    SHOW("the copy", pread(copy, other, 4096, 0));
    unlink("d");
    warm(copy);
    SHOW("unlinked", pread(copy, other, 4096, 0));
    close(copy);
    warm(g);
    close_range(g, g, 0);
    SHOW("close_range", pread(g, other, 4096, 0));
    // By a message.
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    f = prepare("f", O_RDWR, 8192);
    if (fork() == 0) {
        char data, control[CMSG_SPACE(sizeof(int))];
        struct iovec part = {&data, 1};
        struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        close(f);
        recvmsg(pair[1], &m, 0);
        int r;
        memcpy(&r, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof r);
        warm(r);
        warm_writes(r);
        pwrite(r, "from the child", 14, 4096);
        _exit(pread(r, other, 4096, 0) == 4096 ? 0 : 1);
    }
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {"x", 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof f);
    memcpy(CMSG_DATA(c), &f, sizeof f);
    sendmsg(pair[0], &m, 0);
    int status;
    wait(&status);
    SHOW("the child's", status);
    SHOW("pread", pread(f, other, 14, 4096));
    SAY("%.14s", other);
    close(f);
}

static void append(void)
{
    int f = prepare("g", O_RDWR, 8192);
    warm_writes(f);
    SHOW("O_APPEND", fcntl(f, F_SETFL, O_APPEND));
    SHOW("pwrite", pwrite(f, "tail", 4, 0));
    SHOW("size", lseek(f, 0, SEEK_END));
    warm_writes(f);
    SHOW("size", lseek(f, 0, SEEK_END));
    SHOW("no O_APPEND", fcntl(f, F_SETFL, 0));
    warm_writes(f);
    SHOW("size", lseek(f, 0, SEEK_END));
    close(f);
    // Several who append.
    f = open("log", O_CREAT | O_WRONLY | O_APPEND, 0600);
    for (int child = 0; child < 4; child++)
        if (fork() == 0) {
            char line[1000];
            memset(line, 'a' + child, sizeof line);
            for (int i = 0; i < 100; i++) write(f, line, sizeof line);
            _exit(0);
        }
    while (wait(0) > 0) {}
    close(f);
    f = open("log", O_RDONLY);
    int whole = 1, counts[4] = {0};
    for (int i = 0; i < 400; i++) {
        if (read(f, other, 1000) != 1000) whole = 0;
        for (int j = 1; j < 1000; j++) whole &= other[j] == other[0];
        counts[(other[0] - 'a') & 3]++;
    }
    SAY("lines %d: %d %d %d %d", whole, counts[0], counts[1], counts[2], counts[3]);
    SHOW("the end", read(f, other, 1000));
    close(f);
}

static void limits(void)
{
    int f = prepare("h", O_RDWR, 16384);
    warm_writes(f);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, small = {6000, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    SHOW("limit", setrlimit(RLIMIT_FSIZE, &small));
    SHOW("in place", pwrite(f, block, 4096, 0));
    SHOW("across", pwrite(f, block, 4096, 4096));
    SHOW("beyond", pwrite(f, block, 4096, 8192));
    warm_writes(f);
    SHOW("across", pwrite(f, block, 4096, 4096));
    setrlimit(RLIMIT_FSIZE, &old);
    SHOW("beyond", pwrite(f, block, 4096, 8192));
    close(f);
    signal(SIGXFSZ, SIG_DFL);
}

static void times(void)
{
    int f = prepare("i", O_RDWR, 8192), g = open("i", O_RDONLY);
    warm(g);
    warm_writes(f);
    struct timespec past[2] = {{1000000, 5}, {1000000, 5}};
    struct stat s, t;
    futimens(f, past);
    fstat(f, &s);
    SAY("set %ld %ld", s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
    pread(f, other, 100, 0);
    fstat(f, &s);
    SAY("mtime is kept by a read %d, atime moves %d", s.st_mtim.tv_sec == 1000000, s.st_atim.tv_sec > 1000000);
    pwrite(f, other, 100, 0);
    fstat(f, &s);
    SAY("mtime moves by a write %d, ctime too %d", s.st_mtim.tv_sec > 1000000, s.st_ctim.tv_sec == s.st_mtim.tv_sec && s.st_ctim.tv_nsec == s.st_mtim.tv_nsec);
    usleep(20000);
    fstat(f, &t);
    SHOW("and once", s.st_mtim.tv_nsec == t.st_mtim.tv_nsec && s.st_mtim.tv_sec == t.st_mtim.tv_sec);
    pwrite(f, other, 4096, 0);
    usleep(20000);
    int later = open("later", O_CREAT | O_WRONLY, 0600);
    write(later, "x", 1);
    usleep(20000);
    fstat(f, &s), fstat(later, &t);
    SHOW("in order", s.st_mtim.tv_sec < t.st_mtim.tv_sec || (s.st_mtim.tv_sec == t.st_mtim.tv_sec && s.st_mtim.tv_nsec < t.st_mtim.tv_nsec));
    pwrite(f, other, 4096, 0);
    futimens(f, past);
    fstat(f, &s);
    SAY("set after a write %ld", s.st_mtim.tv_sec);
    pwrite(f, other, 4096, 0);
    close(f);
    fstat(g, &s);
    SHOW("written and closed", s.st_mtim.tv_sec > 1000000);
    chmod("i", 04755);
    f = open("i", O_RDWR);
    warm(f), warm_writes(f);
    close(f), close(g), close(later);
}

static int shared_descriptor;

static int child_with_memory(void *unused)
{
    // Descriptors of its own, the same memory.
    close(shared_descriptor);
    int f = open("k", O_RDWR);
    warm(f), warm_writes(f);
    pread(f, other, 4, 0);
    SAY("the child's %d %.4s", f == shared_descriptor, other);
    pwrite(f, "kkk2", 4, 0);
    _exit(0);
}

static void *closes(void *unused)
{
    warm(shared_descriptor);
    close(shared_descriptor);
    return 0;
}

static void sharing(void)
{
    int f = shared_descriptor = prepare("j", O_RDWR, 8192), k = prepare("k", O_RDWR, 8192);
    warm_writes(f);
    pwrite(f, "jjjj", 4, 0);
    pwrite(k, "kkkk", 4, 0);
    close(k);
    clone(child_with_memory, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, 0);
    wait(0);
    pread(f, other, 4, 0);
    SAY("ours %.4s", other);
    warm(f), warm_writes(f);
    if (fork() == 0) {
        pread(f, other, 4, 0);
        SAY("forked %.4s", other);
        pwrite(f, "fork", 4, 0);
        warm(f), warm_writes(f);
        pwrite(f, "FORK", 4, 8);
        // What lay there is not a place for anything else.
        unsigned long last = 0, start, end;
        for (int i = 0; i < 100; i++) last = (unsigned long)mmap(0, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        FILE *maps = fopen("/proc/self/maps", "r");
        char line[512];
        int found = 0;
        while (fgets(line, sizeof line, maps))
            if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start <= last && last < end) found = 1;
        fclose(maps);
        SHOW("new memory is in maps", found);
        char *arguments[] = {"views", "inherited", 0}, number[16];
        snprintf(number, sizeof number, "%d", f);
        setenv("FD", number, 1);
        execv("/proc/self/exe", arguments);
        _exit(1);
    }
    wait(0);
    pread(f, other, 12, 0);
    SAY("ours %.4s %.4s", other, other + 8);
    pthread_t t;
    pthread_create(&t, 0, closes, 0);
    pthread_join(t, 0);
    SHOW("closed by a thread", pread(f, other, 4, 0));
    // Who loses rights keeps what is open.
    f = prepare("l", O_RDWR, 8192);
    warm_writes(f);
    chmod("l", 0600);
    if (fork() == 0) {
        warm(f), warm_writes(f);
        setuid(12345);
        SHOW("still read", pread(f, other, 4096, 0));
        warm(f), warm_writes(f);
        SHOW("still written", pwrite(f, other, 4096, 0));
        close(f);
        SHOW("closed", pread(f, other, 4096, 0));
        SHOW("open", open("l", O_RDONLY));
        _exit(0);
    }
    wait(0);
    close(f);
}

static void watched(void)
{
    int f = prepare("m", O_RDWR, 8192);
    warm_writes(f);
    int watch = inotify_init1(IN_NONBLOCK);
    inotify_add_watch(watch, "m", IN_MODIFY | IN_ACCESS);
    pwrite(f, block, 4096, 0);
    SHOW("a write is told", read(watch, other, 4096));
    pread(f, block, 4096, 0);
    SHOW("a read is told", read(watch, other, 4096));
    close(watch);
    warm(f), warm_writes(f);
    close(f);
    f = memfd_create("sealed", MFD_ALLOW_SEALING);
    write(f, block, 8192);
    warm(f), warm_writes(f);
    SHOW("seal", fcntl(f, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW("sealed", pwrite(f, block, 4096, 0));
    SHOW("read", pread(f, block, 4096, 0));
    close(f);
}

static void positions(void)
{
    int f = prepare("n", O_RDWR, SIZE);
    memset(other, 0, sizeof other);
    lseek(f, 0, SEEK_SET);
    size_t done = 0;
    ssize_t n;
    while ((n = read(f, other + done, 3000)) > 0) done += n;
    SHOW("all of it", done);
    SHOW("the same", memcmp(other, block, SIZE));
    SHOW("position", lseek(f, 0, SEEK_CUR));
    SHOW("read at the end", read(f, other, 100));
    lseek(f, 1000, SEEK_SET);
    warm(f);
    SHOW("position", lseek(f, 0, SEEK_CUR));
    for (int i = 0; i < 50; i++) read(f, other, 100);
    if (fork() == 0) {
        for (int i = 0; i < 50; i++) read(f, other, 100);
        _exit(0);
    }
    wait(0);
    SHOW("common position", lseek(f, 0, SEEK_CUR));
    int g = dup(f);
    for (int i = 0; i < 50; i++) read(f, other, 10), read(g, other, 10);
    SHOW("common position", lseek(f, 0, SEEK_CUR));
    fill(block, SIZE, 9);
    lseek(f, 0, SEEK_SET);
    for (int i = 0; i < 64; i++) write(f, block + i * 4096, 4096);
    SHOW("written", lseek(g, 0, SEEK_CUR));
    SHOW("again", write(f, block, 4096));
    SHOW("position", lseek(g, 0, SEEK_CUR));
    SHOW("all", pread(f, other, SIZE, 0));
    SHOW("the same", memcmp(other, block, SIZE));
    lseek(f, 0, SEEK_SET);
    struct iovec v[2] = {{other, 5000}, {other + 8000, 5000}};
    for (int i = 0; i < 10; i++) readv(f, v, 2), read(f, other, 10);
    SHOW("position", lseek(g, 0, SEEK_CUR));
    char text[256] = "";
    snprintf(text, sizeof text, "/proc/self/fdinfo/%d", f);
    for (int i = 0; i < 30; i++) read(f, other, 10);
    int info = open(text, O_RDONLY);
    read(info, text, 20);
    SAY("%.10s", text);
    close(info);
    for (int i = 0; i < 30; i++) lseek(f, i * 1000, SEEK_SET), read(f, other, 1000);
    SAY("%d %d", memcmp(other, block + 29000, 1000), (int)lseek(f, 0, SEEK_CUR));
    SHOW("back", lseek(f, -500, SEEK_CUR));
    SHOW("too far back", lseek(f, -50000, SEEK_CUR));
    SHOW("from the end", lseek(f, -500, SEEK_END));
    SHOW("read to the end", read(f, other, 5000));
    SHOW("behind the end", lseek(f, 5000, SEEK_END));
    SHOW("read nothing", read(f, other, 5000));
    SHOW("write there", write(f, block, 5000));
    SHOW("position", lseek(f, 0, SEEK_CUR));
    SHOW("seek to data", lseek(f, 0, SEEK_DATA));
    SHOW("sendfile", sendfile(1, f, 0, 0));
    SHOW("nonsense", lseek(f, 0, 77));
    lseek(f, 1000, SEEK_SET);
    for (int i = 0; i < 30; i++) read(f, other, 1000);
    SHOW("copied", copy_file_range(f, 0, open("copy", O_CREAT | O_RDWR, 0600), 0, 1000, 0));
    SHOW("position", lseek(f, 0, SEEK_CUR));
    close(f);
    for (int i = 0; i < 30; i++) read(g, other, 1000);
    SHOW("position", lseek(g, 0, SEEK_CUR));
    close(g);
}

static volatile int over;

static void *cuts(void *name)
{
    int f = open(name, O_RDWR);
    for (int i = 0; i < 3000; i++) {
        ftruncate(f, i % 7 * 3000);
        ftruncate(f, SIZE / 2);
    }
    over = 1;
    return 0;
}

static void *reads(void *result)
{
    int f = open("o", O_RDWR);
    long bad = 0;
    while (!over) {
        ssize_t n = pread(f, block, 20000, 0);
        if (n < 0 || n > 20000) bad++;
        n = pwrite(f, block, 20000, 4096);
        if (n != 20000) bad++;
        sched_yield();
    }
    *(long *)result = bad;
    return 0;
}

static void races(void)
{
    int f = prepare("o", O_RDWR, SIZE / 2);
    long bad[2] = {-1, -1};
    pthread_t t[3];
    pthread_create(&t[0], 0, cuts, "o");
    pthread_create(&t[1], 0, reads, &bad[0]);
    pthread_create(&t[2], 0, reads, &bad[1]);
    for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
    SAY("races %ld %ld", bad[0], bad[1]);
    close(f);
    // Another process cuts the file off.
    f = prepare("p", O_RDWR, SIZE / 2);
    pid_t child = fork();
    if (child == 0) {
        cuts("p");
        _exit(0);
    }
    long wrong = 0;
    while (waitpid(child, 0, WNOHANG) == 0) {
        ssize_t n = pread(f, other, 30000, 1000);
        if (n < 0 || n > 30000) wrong++;
        if (pwrite(f, other, 100, 15000) != 100) wrong++;
    }
    SHOW("races with a process", wrong);
    // Numbers that come to mean another file all the time.
    prepare("q", O_RDWR, 8192), prepare("r", O_RDWR, 8192);
    int q = open("q", O_RDWR), r = open("r", O_RDWR);
    memset(block, 'q', 8192), pwrite(q, block, 8192, 0);
    memset(block, 'r', 8192), pwrite(r, block, 8192, 0);
    wrong = 0;
    for (int i = 0; i < 300; i++) {
        int n = open(i & 1 ? "q" : "r", O_RDWR);
        for (int j = 0; j < 40; j++) {
            pread(n, other, 4096, 4096);
            if (other[0] != (i & 1 ? 'q' : 'r') || other[4095] != other[0]) wrong++;
            memset(other, i & 1 ? 'q' : 'r', 4096);
            pwrite(n, other, 4096, 0);
        }
        close(n);
    }
    SHOW("mixed up", wrong);
    pread(q, other, 8192, 0), pread(r, block, 8192, 0);
    int pure = 1;
    for (int i = 0; i < 8192; i++) pure &= other[i] == 'q' && block[i] == 'r';
    SHOW("pure", pure);
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    int seen = 0;
    while (fgets(line, sizeof line, maps)) seen += strstr(line, "/dev/shm/files") != 0;
    fclose(maps);
    SHOW("in maps", seen);
}

int main(int count, char **arguments)
{
    if (count > 1) {
        int f = atoi(getenv("FD"));
        SHOW("inherited", pread(f, other, 4096, 0));
        SAY("%.4s", other);
        warm(f), warm_writes(f);
        pwrite(f, "EXEC", 4, 0);
        return 0;
    }
    setvbuf(stdout, 0, _IONBF, 0);
    enter_place();
    contents();
    vectors();
    program();
    bad_buffers();
    sizes();
    descriptors();
    append();
    limits();
    times();
    sharing();
    watched();
    positions();
    races();
    leave_place();
    return 0;
}

// Files that are read, written, cut and, on an overlay, copied up while they are mapped. It runs in a root of its own (see
// `run`), which it may write, and where the files are that it changes:
//     coherent [FOLDER]
#include "../kernel/check.h"
#include <libgen.h>
#include <sys/stat.h>

enum { SIZE = 3 * 4096 };

static void *map(int fd, int protection, int flags) { return mmap(0, SIZE, protection, flags, fd, 0); }

static char at(int fd, off_t offset) {
    char c = '-';
    return pread(fd, &c, 1, offset) == 1 ? c : '-';
}
static void put(int fd, off_t offset, char c) {
    if (pwrite(fd, &c, 1, offset) != 1) printf("not written: %s\n", strerrorname_np(errno));
}
static int make(const char *name) {
    char block[SIZE];
    memset(block, 'a', sizeof block);
    int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0644);
    if (fd < 0 || write(fd, block, sizeof block) != sizeof block) printf("%s: %s\n", name, strerrorname_np(errno));
    return fd;
}

// MARK: one file, seen in several ways

static void ways(const char *name) {
    int fd = make(name), reading = open(name, O_RDONLY), later;
    printf("%s: read %c%c", name, at(fd, 0), at(reading, 4096));
    char *shared = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED), *seen = map(reading, PROT_READ, MAP_SHARED);
    char *own = map(reading, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    own[4096] = 'o';
    put(fd, 0, 'b');
    printf(", written %c%c%c", shared[0], seen[0], at(reading, 0));
    shared[1] = 'c';
    printf(", stored %c%c%c", at(fd, 1), at(reading, 1), seen[1]);
    put(fd, 4096, 'd');
    printf(", beside a copy %c%c", shared[4096], own[4096]);
    later = open(name, O_RDWR);
    put(later, 2, 'e');
    shared[3] = 'f';
    printf(", opened later %c%c%c", seen[2], at(later, 3), at(reading, 3));
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int mine = open(name, O_RDWR);
        put(mine, 8192, 'g');
        char *elsewhere = map(mine, PROT_READ | PROT_WRITE, MAP_SHARED);
        elsewhere[8193] = 'h', shared[8194] = 'i';
        _exit(0);
    }
    waitpid(pid, 0, 0);
    printf(", by a child %c%c%c%c", shared[8192], seen[8193], at(reading, 8194), at(reading, 8193));
    munmap(shared, SIZE), close(fd), close(later);
    fd = open(name, O_RDWR);
    put(fd, 0, 'j');
    printf(", after that %c%c%c", seen[0], at(reading, 0), own[0]);
    char two[2] = "", c = 'k';
    struct iovec from = {&c, 1};
    pwritev(fd, &from, 1, 5000);
    lseek(reading, 4999, SEEK_SET);
    printf(", %zd", read(reading, two, 2));
    printf(" %c%c %c\n", two[0], two[1], seen[5000]);
    munmap(seen, SIZE), munmap(own, SIZE);
    close(fd), close(reading);
}

// MARK: times

static const struct timespec long_ago[2] = {{1000, 0}, {1000, 0}};
static int moved(int fd, const char *name) {
    struct stat a, b;
    fstat(fd, &a), stat(name, &b);
    return (a.st_mtime > 1000) * 2 + (b.st_mtime > 1000);
}
static void times(const char *name) {
    int fd = make(name), reading = open(name, O_RDONLY);
    struct stat before, after;
    futimens(fd, long_ago);
    printf("%s: times %d", name, moved(fd, name));
    char *shared = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
    printf(", mapped %d", moved(fd, name));
    shared[0] = 'x';
    SHOW(msync(shared, SIZE, MS_SYNC));
    printf("synchronized %d %d", moved(fd, name), moved(reading, name));
    munmap(shared, SIZE);
    futimens(fd, long_ago);
    printf(", set %d", moved(fd, name));
    shared = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
    shared[0] = 'y';
    munmap(shared, SIZE);
    printf(", unmapped %d %d", moved(fd, name), moved(reading, name));
    // What is copied, or only read, changes nothing.
    futimens(fd, long_ago);
    char *own = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    own[0] = 'o';
    munmap(own, SIZE);
    printf(", of its own %d", moved(fd, name));
    shared = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
    close(fd);
    shared[4096] = 'z';
    munmap(shared, SIZE);
    printf(", without descriptor %d", moved(reading, name));
    stat(name, &before);
    fd = open(name, O_RDWR);
    fstat(fd, &after);
    printf(", size %ld, same file %d\n", (long)after.st_size, before.st_ino == after.st_ino);
    close(fd), close(reading);
}

// MARK: ends

static sigjmp_buf back;
static volatile int fault_code, is_expected;
static void on_fault(int signal, siginfo_t *info, void *context) {
    if (!is_expected) _exit(99);
    fault_code = signal << 8 | info->si_code;
    siglongjmp(back, 1);
}
static int fault(volatile char *p, int writes) {
    fault_code = 0;
    is_expected = 1;
    if (sigsetjmp(back, 1) == 0) {
        if (writes) *p = 1; else (void)*p;
    }
    is_expected = 0;
    return fault_code;
}
static void ends(const char *name) {
    int fd = make(name), reading = open(name, O_RDONLY), lines[2], other = memfd_create("other", 0);
    char *shared = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED), *seen = map(reading, PROT_READ, MAP_SHARED);
    char *own = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE), got[16] = "";
    own[8192] = 'o';
    pipe2(lines, O_NONBLOCK);
    SHOW(truncate(name, 100));
    printf("%s: cut %x %x %x %x, left %c%d", name, fault(shared + 4096, 0), fault(shared + 8192, 1), fault(seen + 4096, 0),
           fault(own + 8192, 0), seen[99], seen[100]);
    // What the kernel would have to read or write there.
    struct stat s;
    struct iovec half[2] = {{shared, 10}, {seen + 4096, 10}};
    SHOW(write(lines[1], shared + 4096, 10));
    SHOW(write(other, seen + 4096, 10));
    SHOW(writev(lines[1], half, 2));
    SHOW(read(lines[0], got, sizeof got));
    SHOW(pread(other, shared + 4096, 10, 0));
    put(other, 0, 'q');
    SHOW(pread(other, shared + 4096, 10, 0));
    SHOW(open(seen + 4096, O_RDONLY));
    SHOW(stat("/", (struct stat *)(shared + 4096)));
    SHOW(nanosleep((void *)(seen + 4096), 0));
    SHOW(ftruncate(fd, SIZE));
    printf("grown %d %d %x", shared[4096], seen[8192], fault(own + 8192, 0));
    // By somebody else, and to nothing.
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) _exit(open(name, O_WRONLY | O_TRUNC) < 0);
    waitpid(pid, 0, 0);
    printf(", emptied %x %x", fault(shared, 0), fault(seen, 0));
    fstat(fd, &s);
    printf(", size %ld", (long)s.st_size);
    put(reading = fd, 0, 'n');
    printf(", begun again %c%c%x\n", shared[0], seen[0], fault(seen + 4096, 0));
    munmap(shared, SIZE), munmap(seen, SIZE), munmap(own, SIZE);
    close(fd);
}

// MARK: overlays

/// A file of the lower layer that is open and mapped while `change` has it copied up.
static void copied_up(const char *name, const char *how, void (*change)(const char *)) {
    struct stat before, after;
    int old = open(name, O_RDONLY);
    if (old < 0) { printf("%s: %s\n", name, strerrorname_np(errno)); return; }
    fstat(old, &before);
    char first = at(old, 0), *seen = map(old, PROT_READ, MAP_SHARED), *own = map(old, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    own[1] = 'o';
    printf("%s: %c%c%c", how, first, seen[0], own[1]);
    change(name);
    int new = open(name, O_RDWR);
    char *anew = map(new, PROT_READ | PROT_WRITE, MAP_SHARED);
    // The mapping keeps the lower file; whoever opens it, or reads, has the upper one.
    printf(", changed: mapping %c%c, opened before %c, opened now %c, mapped now %c", seen[0], own[4096], at(old, 0),
           at(new, 0), anew[0]);
    put(new, 1, 'w');
    anew[2] = 's';
    printf(", written %c%c%c, stored %c%c%c", seen[1], at(old, 1), anew[1], seen[2], at(old, 2), at(new, 2));
    fstat(old, &after);
    printf(", same %d size %ld %ld", before.st_ino == after.st_ino && before.st_dev == after.st_dev, (long)before.st_size,
           (long)after.st_size);
    truncate(name, 4096);
    printf(", cut %x %c", fault(seen + 8192, 0), at(old, 8192));
    unlink(name);
    printf(", unlinked %c%c%c%c\n", seen[0], at(old, 1), anew[1], own[1]);
    munmap(seen, SIZE), munmap(own, SIZE), munmap(anew, SIZE);
    close(old), close(new);
}
static void by_writing(const char *name) {
    int fd = open(name, O_RDWR);
    put(fd, 0, 'W');
    close(fd);
}
static void by_mapping(const char *name) {
    int fd = open(name, O_RDWR);
    char *p = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
    p[0] = 'M';
    munmap(p, SIZE);
    close(fd);
}
static void by_mode(const char *name) { chmod(name, 0600); }
static void by_child(const char *name) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) { by_writing(name); _exit(0); }
    waitpid(pid, 0, 0);
}
static void by_renaming(const char *name) { rename(name, "renamed"), rename("renamed", name); }

int main(int argc, char **argv) {
    char folder[4096] = "";
    readlink("/proc/self/exe", folder, sizeof folder - 1);
    if (chdir(argc > 1 ? argv[1] : dirname(folder))) return 1;
    struct sigaction a = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGBUS, &a, 0), sigaction(SIGSEGV, &a, 0);
    copied_up("written", "copied up by writing", by_writing);
    copied_up("mapped", "by mapping", by_mapping);
    copied_up("mode", "by chmod", by_mode);
    copied_up("child", "by a child", by_child);
    copied_up("renamed-twice", "by renaming", by_renaming);
    ways("new"), times("new"), ends("new");
    chdir("/tmp");
    ways("coherent"), times("coherent"), ends("coherent");
    unlink("coherent");
    return 0;
}

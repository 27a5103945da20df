// What may be done to memory that files are behind: by whoever has a descriptor without write, beyond a file's end, with
// programs that run. What /proc/self/maps says after any sequence of calls; that no two programs lie at the same places.
#include "check.h"
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

static void *map(size_t size, int protection, int flags, int fd) { return mmap(0, size, protection, flags, fd, 0); }

// MARK: descriptors

static void send_file(int to, int fd) {
    char c = 'f', room[CMSG_SPACE(sizeof fd)] = "";
    struct iovec v = {&c, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(h), &fd, sizeof fd);
    sendmsg(to, &m, 0);
}
static int receive_file(int from) {
    char c, room[CMSG_SPACE(sizeof(int))];
    struct iovec v = {&c, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    int fd = -1;
    if (recvmsg(from, &m, 0) == 1 && CMSG_FIRSTHDR(&m)) memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
    return fd;
}

/// All ways to get to write what came read-only.
static void try_to_write(int fd) {
    char *p = map(4096, PROT_READ, MAP_SHARED, fd);
    TRUE(p != MAP_FAILED && p[0] == 's');
    SHOW(mprotect(p, 4096, PROT_READ | PROT_WRITE));
    SHOW(mprotect(p, 4096, PROT_WRITE));
    SHOW((long)map(4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd));
    SHOW((long)map(4096, PROT_WRITE, MAP_SHARED, fd));
    char *moved = mremap(p, 4096, 4096, MREMAP_MAYMOVE);
    SHOW(mprotect(moved, 4096, PROT_READ | PROT_WRITE));
    char *twice = mremap(moved, 0, 4096, MREMAP_MAYMOVE);
    SHOW(mprotect(twice, 4096, PROT_READ | PROT_WRITE));
    SHOW(write(fd, "x", 1));
    SHOW(ftruncate(fd, 0));
    // A copy of its own.
    char *own = map(4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
    own[0] = 'o';
    printf("%c %c\n", own[0], moved[0]);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) _exit(mprotect(moved, 4096, PROT_READ | PROT_WRITE) ? errno : 0);
    int status;
    waitpid(pid, &status, 0);
    show_status("its child", status);
}
static void descriptors(void) {
    int memory = memfd_create("shared", MFD_ALLOW_SEALING), ends[2];
    ftruncate(memory, 4096);
    char *here = map(4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory), path[64];
    strcpy(here, "secret");
    snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
    int reading = open(path, O_RDONLY);
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        munmap(here, 4096);
        close(memory), close(reading);
        try_to_write(receive_file(ends[1]));
        fflush(stdout);
        _exit(0);
    }
    send_file(ends[0], reading);
    int status;
    waitpid(pid, &status, 0);
    show_status("who got it", status);
    printf("%s\n", here);
    // Without read there is no mapping.
    int file = open("/tmp/mapped", O_CREAT | O_RDWR | O_TRUNC, 0755), writing = open("/tmp/mapped", O_WRONLY);
    ftruncate(file, 4096);
    SHOW((long)map(4096, PROT_WRITE, MAP_SHARED, writing));
    SHOW((long)map(4096, PROT_READ, MAP_PRIVATE, writing));
    SHOW((long)map(4096, PROT_READ, MAP_SHARED, open("/tmp/mapped", O_PATH)));
    // Sealed for the future: what is mapped goes on, what comes is read-only.
    SHOW(fcntl(memory, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    here[0] = 'S';
    SHOW((long)map(4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory));
    char *later = map(4096, PROT_READ, MAP_SHARED, memory);
    printf("%c\n", later == MAP_FAILED ? '-' : later[0]);
    SHOW(mprotect(later, 4096, PROT_READ | PROT_WRITE));
    close(file), close(writing);
    unlink("/tmp/mapped");
}

// MARK: ends of files

static sigjmp_buf back;
static volatile int fault_code;
static void on_fault(int signal, siginfo_t *info, void *context) {
    fault_code = signal << 8 | info->si_code;
    siglongjmp(back, 1);
}
static int fault(volatile char *p, int writes) {
    fault_code = 0;
    if (sigsetjmp(back, 1) == 0) {
        if (writes) *p = 1; else (void)*p;
    }
    return fault_code;
}
static void ends_of(const char *kind, int fd) {
    struct sigaction a = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGBUS, &a, 0), sigaction(SIGSEGV, &a, 0);
    ftruncate(fd, 8192);
    char *shared = map(16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd), *own = map(16384, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
    memset(shared, 's', 8192);
    own[4096] = 'o';
    printf("%s: beyond the end %x %x %x", kind, fault(shared + 8192, 0), fault(shared + 12000, 1), fault(own + 8192, 1));
    ftruncate(fd, 100);
    printf(", cut %x %x %x, left %c %d", fault(shared + 4096, 0), fault(shared + 4096, 1), fault(own + 4096, 0), shared[99], shared[100]);
    // The kernel's own copies.
    errno = 0;

    int ends[2];
    pipe(ends);
    long written = write(ends[1], shared + 4096, 10);
    printf(", copied %ld %s", written, strerrorname_np(errno));
    ftruncate(fd, 8192);
    printf(", grown %x %d", fault(shared + 4096, 0), shared[4096]);
    pwrite(fd, "new", 3, 4096);
    char got[8] = "";
    memcpy(shared + 5000, "stored", 6);
    pread(fd, got, 6, 5000);
    printf(", coherent %.3s %s\n", shared + 4096, got);
    munmap(shared, 16384), munmap(own, 16384);
    close(fd);
}

// MARK: programs

static void programs(char *self) {
    char block[65536];
    int from = open(self, O_RDONLY), to = open("/tmp/mapped-program", O_CREAT | O_WRONLY | O_TRUNC, 0755);
    for (ssize_t n; (n = read(from, block, sizeof block)) > 0;) write(to, block, n);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) { execl("/tmp/mapped-program", "mapped", "waits", (char *)0); _exit(errno == ETXTBSY ? 71 : 72); }
    int status, ends[2];
    waitpid(pid, &status, 0);
    show_status("exec of what is open for writing", status);
    close(to);
    pipe(ends);
    fflush(stdout);
    pid = fork();
    if (pid == 0) { dup2(ends[1], 1); execl("/tmp/mapped-program", "mapped", "waits", (char *)0); _exit(72); }
    char c;
    read(ends[0], &c, 1);
    SHOW(open("/tmp/mapped-program", O_WRONLY));
    SHOW(open("/tmp/mapped-program", O_RDWR));
    SHOW(truncate("/tmp/mapped-program", 100));
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    int again = open("/tmp/mapped-program", O_WRONLY);
    TRUE(again >= 0);
    close(again);
    unlink("/tmp/mapped-program");
}

/// What was mapped to be read does not become a program: not where it is, not elsewhere, not in a child.
static void no_programs_later(int fd) {
    char *all = map(12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    SHOW(mprotect(all, 12288, PROT_READ | PROT_EXEC));
    SHOW(mmap(all + 4096, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == all + 4096 ? 0 : -1);
    SHOW(mprotect(all + 4096, 4096, PROT_READ | PROT_EXEC));
    SHOW(mprotect(all + 4096, 4096, PROT_EXEC));
    SHOW(mprotect(all + 4096, 4096, PROT_READ | PROT_WRITE));
    SHOW(mprotect(all, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
    SHOW(mprotect(all + 8192, 4096, PROT_READ | PROT_EXEC));
    // What lies in front is changed before the rest is refused; with a hole there nobody gets as far.
    mprotect(all, 4096, PROT_READ);
    SHOW(mprotect(all, 12288, PROT_READ | PROT_WRITE | PROT_EXEC));
    all[0] = 1;
    SHOW(mprotect(all + 4096, 4096, PROT_READ));
    munmap(all, 4096);
    SHOW(mprotect(all, 12288, PROT_READ | PROT_EXEC));
    char *own = map(4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
    own[0] = 'o';
    SHOW(mprotect(own, 4096, PROT_READ | PROT_EXEC));
    char *moved = mremap(own, 4096, 8192, MREMAP_MAYMOVE);
    SHOW(mprotect(moved, 4096, PROT_READ | PROT_EXEC));
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        char *fresh = map(4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
        _exit((mprotect(moved, 4096, PROT_READ | PROT_EXEC) ? errno : 0) + (mprotect(fresh, 4096, PROT_EXEC) ? 100 : 0));
    }
    int status;
    waitpid(pid, &status, 0);
    show_status("its child", status);
}

static void no_programs(void) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (unshare(CLONE_NEWNS) || mount("none", "/", 0, MS_REC | MS_PRIVATE, 0)) _exit(1);
        mkdir("/tmp/mapped-place", 0700);
        if (mount("none", "/tmp/mapped-place", "tmpfs", MS_NOEXEC, 0)) _exit(2);
        int fd = open("/tmp/mapped-place/x", O_CREAT | O_RDWR, 0755);
        ftruncate(fd, 4096);
        SHOW((long)map(4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd));
        SHOW(execl("/tmp/mapped-place/x", "x", (char *)0));
        no_programs_later(fd);
        fflush(stdout);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    show_status("on a mount without programs", status);
    rmdir("/tmp/mapped-place");
}

// MARK: what the maps say

enum { PLACE = 0x20000000, PAGES = 256 };
static uint64_t seed = 0x2545f4914f6cdd1d;
static unsigned draw(unsigned below) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (seed >> 20) % below;
}
static unsigned hash_of_maps(int shows) {
    char line[512];
    unsigned hash = 5381;
    FILE *all = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, all)) {
        unsigned long start, end, offset;
        char rights[8], name[300] = "";
        sscanf(line, "%lx-%lx %7s %lx %*s %*s %299[^\n]", &start, &end, rights, &offset, name);
        if (end <= PLACE || start >= PLACE + PAGES * 4096) continue;
        if (shows) printf("    %lx-%lx %s %lx %s\n", start, end, rights, offset, name);
        for (char *p = line; p < line + 26; p++) hash = hash * 33 + *p;
        hash = hash * 33 + offset;
        for (char *p = name; *p; p++) hash = hash * 33 + *p;
    }
    fclose(all);
    return hash;
}
static void sequences(void) {
    int fd = open("/tmp/mapped-file", O_CREAT | O_RDWR, 0600);
    ftruncate(fd, PAGES * 4096);
    for (int i = 0; i < 600; i++) {
        char *at = (char *)PLACE + draw(PAGES) * 4096l;
        size_t most = (char *)PLACE + PAGES * 4096 - at, size = (1 + draw(12)) * 4096;
        if (size > most) size = most;
        int protection = draw(4) == 0 ? 0 : draw(2) ? PROT_READ : PROT_READ | PROT_WRITE;
        switch (draw(8)) {
        case 0: case 1: mmap(at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); break;
        case 2: mmap(at, size, protection, MAP_SHARED | MAP_FIXED, fd, at - (char *)PLACE); break;
        case 3: mmap(at, size, protection, MAP_PRIVATE | MAP_FIXED, fd, at - (char *)PLACE); break;
        case 4: case 5: mprotect(at, size, protection); break;
        case 6: munmap(at, size); break;
        case 7: {
            char *to = (char *)PLACE + draw(PAGES - 16) * 4096l;
            mremap(at, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
            break;
        }
        }
        if (i % 50 == 49) printf("maps after %d: %08x\n", i + 1, hash_of_maps(0));
    }
    hash_of_maps(1);
    munmap((char *)PLACE, PAGES * 4096);
    unlink("/tmp/mapped-file");
}

// MARK: how many there are

/// A process that has just begun has hardly more of them here than natively: the program leaves its number beside itself for
/// its next run, which is the one in the sandbox.
static void at_start(const char *self, int count) {
    char path[4200], text[16] = "";
    snprintf(path, sizeof path, "%s.%s", self, getauxval(AT_BASE) ? "dynamic" : "static");
    int file = open(path, O_RDONLY);
    if (file < 0) {
        file = open(path, O_CREAT | O_WRONLY, 0600);
        dprintf(file, "%d", count);
    } else {
        read(file, text, sizeof text - 1);
        unlink(path);
        if (count > atoi(text) + 2) printf("maps at start: %d, natively %s\n", count, text);
    }
    close(file);
}
static int count_maps(void) {
    char block[16384];
    int file = open("/proc/self/maps", O_RDONLY), count = 0;
    for (ssize_t n; (n = read(file, block, sizeof block)) > 0;)
        for (ssize_t i = 0; i < n; i++) count += block[i] == '\n';
    close(file);
    return count;
}

// MARK: places

static void places(char *self) {
    unsigned long seen[2][4];
    for (int i = 0; i < 2; i++) {
        int ends[2];
        pipe(ends);
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) { dup2(ends[1], 1); execl(self, "mapped", "places", (char *)0); _exit(1); }
        close(ends[1]);
        TRUE(read(ends[0], seen[i], sizeof seen[i]) == sizeof seen[i]);
        waitpid(pid, 0, 0);
    }
    for (int i = 0; i < 4; i++) printf("place %d differs: %d\n", i, seen[0][i] != seen[1][i]);
}

int main(int argc, char **argv) {
    int count = count_maps();
    if (argc > 1 && !strcmp(argv[1], "waits")) { write(1, "w", 1); for (;;) pause(); }
    if (argc > 1 && !strcmp(argv[1], "places")) {
        // The stack, mappings, the heap, the kernel's functions.
        unsigned long all[] = {(unsigned long)&argc, (unsigned long)map(4096, 0, MAP_PRIVATE | MAP_ANONYMOUS, -1), syscall(SYS_brk, 0), 0};
        char line[512];
        FILE *maps = fopen("/proc/self/maps", "r");
        while (fgets(line, sizeof line, maps)) if (strstr(line, "[vdso]")) all[3] = strtoul(line, 0, 16);
        return write(1, all, sizeof all) != sizeof all;
    }
    char self[4096] = "";
    readlink("/proc/self/exe", self, sizeof self - 1);
    at_start(self, count);
    descriptors();
    ends_of("memory file", memfd_create("ends", 0));
    ends_of("file", open("/tmp/mapped-ends", O_CREAT | O_RDWR | O_TRUNC, 0600));
    unlink("/tmp/mapped-ends");
    programs(self);
    no_programs();
    sequences();
    places(self);
    return 0;
}

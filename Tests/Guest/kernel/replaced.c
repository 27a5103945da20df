// Memory that several tasks have at once, and what becomes of it when some of them go: exec among a hundred waiting threads,
// vfork's children that are killed or never return, memory that two processes share, a first thread that ends first.
#include "check.h"
#include <dirent.h>
#include <linux/futex.h>
#include <poll.h>
#include <spawn.h>

extern char **environ;
static char self[4096];
static int line[2]; // what is to be told, byte by byte
static char where[16];

static void tell(char c) { write(line[1], &c, 1); }
static char told(void) {
    char c = 0;
    return read(line[0], &c, 1) == 1 ? c : '-';
}

static int entries(const char *directory) {
    DIR *all = opendir(directory);
    int count = 0;
    if (!all) return -1;
    for (struct dirent *e; (e = readdir(all));) count += e->d_name[0] != '.';
    closedir(all);
    return count;
}

static void ended(const char *what, pid_t pid) {
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    show_status(what, status);
}

// MARK: exec among those who wait

static uint32_t word;
static volatile int waiting;

/// Most wait where no kernel but the host's is needed.
static void *waits(void *raw) {
    struct timespec long_time = {1000, 0};
    __atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
    for (;;) switch ((long)raw % 8) {
        case 0: syscall(SYS_futex, &word, FUTEX_WAIT, 0, &long_time, 0, 0); break;
        case 1: poll(0, 0, -1); break;
        case 2: syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, 0, 0, 1); break;
        default: syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
    }
    return raw;
}
static void *becomes(void *how) {
    char said[32];
    snprintf(said, sizeof said, "%d", getpid());
    execl(self, "replaced", how, said, (char *)0);
    return how;
}
static void among_waiters(int by_leader) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    pthread_t t;
    for (long i = 0; i < 100; i++) if (pthread_create(&t, &small, waits, (void *)i)) _exit(1);
    while (waiting < 100) usleep(1000);
    usleep(5000);
    if (by_leader) becomes("alone");
    pthread_create(&t, 0, becomes, "alone");
    pthread_join(t, 0);
    _exit(2);
}

// MARK: vfork

static void by_vfork(int kind) {
    pid_t parent = getpid(), child = vfork();
    if (child == 0) {
        switch (kind) {
        case 0: kill(getpid(), SIGKILL); break;
        case 1: tell('p'); for (;;) pause();
        case 2: *(volatile int *)8 = 1; break;
        case 3: execl("/nonexistent", "nothing", (char *)0); _exit(41);
        // Its parent is gone when it goes on, and it has the memory for itself.
        case 4:
            tell('p');
            while (getppid() == parent) usleep(1000);
            tell(*(volatile uint32_t *)&word ? 'w' : 'm');
            execl(self, "replaced", "tells", where, (char *)0);
            break;
        case 5: syscall(SYS_exit, 42);
        }
        _exit(99);
    }
    ended("vfork's child", child);
    _exit(43);
}
static pid_t child_of(pid_t parent) {
    char path[64], text[64] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
    int fd = open(path, O_RDONLY);
    read(fd, text, sizeof text - 1);
    close(fd);
    return atoi(text);
}
static void vforks(void) {
    for (int kind = 0; kind < 6; kind++) {
        printf("vfork %d\n", kind), fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) by_vfork(kind);
        if (kind == 1) {
            printf("%c\n", told());
            kill(child_of(pid), SIGKILL);
        } else if (kind == 4) {
            printf("%c\n", told());
            kill(pid, SIGKILL);
        }
        ended("its parent", pid);
        if (kind == 4) {
            printf("%c\n", told());
            printf("%c\n", told());
            ended("adopted", -1);
        }
    }
    // A parent that is killed while its child never returns: the child stays.
    pid_t pid = fork();
    if (pid == 0) by_vfork(1);
    told();
    pid_t orphan = child_of(pid);
    kill(pid, SIGKILL);
    ended("a parent that waits for ever", pid);
    SHOW(kill(orphan, 0));
    SHOW(kill(orphan, SIGKILL));
    ended("adopted", orphan);
}

// MARK: spawning

static volatile int wrong;
static void *spawns(void *raw) {
    for (long i = 0; i < 12; i++) {
        char status[16];
        snprintf(status, sizeof status, "%ld", ((long)raw * 12 + i) % 100 + 1);
        char *arguments[] = {"replaced", "ends", status, 0};
        pid_t pid;
        int got;
        if (posix_spawn(&pid, i % 6 == 5 ? "/nonexistent" : self, 0, 0, arguments, environ)) {
            if (i % 6 != 5) wrong++;
            continue;
        }
        if (waitpid(pid, &got, 0) != pid || got != atoi(status) << 8 || i % 6 == 5) wrong++;
    }
    return raw;
}
static void spawning(void) {
    pthread_t t[8];
    for (long i = 0; i < 8; i++) pthread_create(&t[i], 0, spawns, (void *)i);
    for (int i = 0; i < 8; i++) pthread_join(t[i], 0);
    printf("spawned by eight threads, wrong: %d\n", wrong);
}

// MARK: memory that two processes share

static char stacks[2][65536] __attribute__((aligned(16)));
static volatile int stage;
static char *volatile made;

static int sharer(void *raw) {
    switch ((long)raw) {
    case 0: // maps, and ends
        made = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        made[5000] = 'm';
        return getpid() == (pid_t)syscall(SYS_gettid) ? 51 : 52;
    case 1: kill(getpid(), SIGKILL); return 1;
    case 2: *(volatile int *)8 = 1; return 1;
    case 3: execl(self, "replaced", "ends", "53", (char *)0); return 1;
    case 4: tell('s'); for (;;) pause();
    case 5: // outlives the one that made it
        while (getppid() == stage) usleep(1000);
        made[1] = 'o';
        tell(made[1]);
        return 54;
    case 6: // forks: the child has a copy
        made[0] = 'a';
        pid_t pid = fork();
        if (pid == 0) { made[0] = 'b'; _exit(made[0] == 'b' ? 0 : 1); }
        int status;
        waitpid(pid, &status, 0);
        return status == 0 && made[0] == 'a' ? 55 : 56;
    case 7: { // sleeps on a word that the other one wakes
        stage = 1;
        while (word == 0) syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
        return 57;
    }
    }
    return 0;
}
static pid_t share(long kind) { return clone(sharer, stacks[0] + sizeof stacks[0], CLONE_VM | SIGCHLD, (void *)kind); }

static void sharing(void) {
    ended("maps", share(0));
    printf("%c\n", made[5000]);
    ended("kills itself", share(1));
    ended("faults", share(2));
    ended("becomes another", share(3));
    pid_t pid = share(4);
    printf("%c\n", told());
    kill(pid, SIGKILL);
    ended("is killed", pid);
    ended("forks", share(6));
    stage = 0;
    pid = share(7);
    while (!stage) usleep(1000);
    __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
    while (waitpid(pid, &stage, WNOHANG) == 0) syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0), usleep(1000);
    show_status("is woken", stage);
    word = 0;
    // Who made the memory goes first.
    pid = fork();
    if (pid == 0) {
        stage = getpid();
        share(5);
        _exit(58);
    }
    ended("goes first", pid);
    printf("%c\n", told());
    ended("adopted", -1);
    // Or is replaced.
    pid = fork();
    if (pid == 0) {
        share(4);
        told();
        execl(self, "replaced", "kills", (char *)0);
    }
    ended("is replaced", pid);
}

// MARK: the first thread goes first

static char text[] = "remote text";
static int go[2];
static void *goes_on(void *unused) {
    char c, path[64], name[200] = "";
    int status;
    // The first thread is a zombie now.
    for (int state = 0; state != 'Z'; usleep(1000)) {
        char line[400] = "";
        snprintf(path, sizeof path, "/proc/self/task/%d/stat", getpid());
        int fd = open(path, O_RDONLY);
        read(fd, line, sizeof line - 1);
        close(fd);
        char *end = strrchr(line, ')');
        state = end ? end[2] : 0;
    }
    tell('z');
    while (read(go[0], &c, 1) == 1 && c != 'x') {
        // It still maps, forks, makes threads.
        char *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        p[0] = 'f';
        pid_t pid = fork();
        if (pid == 0) _exit(p[0]);
        waitpid(pid, &status, 0);
        tell(status == 'f' << 8 ? 'f' : '!');
        snprintf(path, sizeof path, "/proc/thread-self/exe");
        tell(readlink(path, name, sizeof name) > 0 ? 'e' : '-');
        struct iovec here = {name, 12}, there = {text, 12};
        tell(process_vm_readv((pid_t)syscall(SYS_gettid), &here, 1, &there, 1, 0) == 12 && !strcmp(name, text) ? 'r' : '-');
        int fd = open("/proc/thread-self/maps", O_RDONLY);
        tell(read(fd, name, 100) > 0 ? 'm' : '-');
        close(fd);
    }
    execl(self, "replaced", "alone", (snprintf(path, sizeof path, "%d", getpid()), path), (char *)0);
    return unused;
}
static void first_thread(void) {
    pipe(go);
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t t;
        pthread_create(&t, 0, goes_on, 0);
        syscall(SYS_exit, 3);
    }
    printf("%c\n", told());
    write(go[1], "a", 1);
    for (int i = 0; i < 4; i++) putchar(told());
    putchar('\n');
    SHOW(waitpid(pid, 0, WNOHANG));
    write(go[1], "x", 1);
    ended("the rest", pid);
}

int main(int argc, char **argv) {
    if (argc > 2 && !strcmp(argv[1], "alone")) {
        printf("alone: threads %d, first %d, same process %d\n", entries("/proc/self/task"), getpid() == (pid_t)syscall(SYS_gettid),
               getpid() == atoi(argv[2]));
        fflush(stdout);
        return 7;
    }
    if (argc > 2 && !strcmp(argv[1], "ends")) return atoi(argv[2]);
    if (argc > 2 && !strcmp(argv[1], "tells")) return write(atoi(argv[2]), "t", 1) == 1 ? 8 : 9;
    if (argc > 1 && !strcmp(argv[1], "kills")) {
        pid_t child = child_of(getpid());
        kill(child, SIGKILL);
        ended("whom it shared with", child);
        return 59;
    }
    setbuf(stdout, 0);
    self[readlink("/proc/self/exe", self, sizeof self - 1)] = 0;
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pipe(line);
    snprintf(where, sizeof where, "%d", line[1]);
    for (int i = 0; i < 6; i++) {
        pid_t pid = fork();
        if (pid == 0) among_waiters(i & 1);
        ended("among a hundred", pid);
    }
    vforks();
    spawning();
    sharing();
    first_thread();
    return 0;
}

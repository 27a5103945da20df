// Eight threads that fork and map memory, all at once: what each child is, has and can do. And eight that move the heap's end.
#include "check.h"

enum { THREADS = 8, ROUNDS = 12 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int held, stop;
static int counts[8];

/// Holds the lock while others fork.
static void *holds(void *unused) {
    pthread_mutex_lock(&lock);
    held = 1;
    while (!stop) {
        char *p = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        p[4096] = 1;
        mprotect(p, 4096, PROT_NONE);
        mremap(p, 65536, 32768, 0);
        munmap(p, 32768);
        sched_yield();
    }
    pthread_mutex_unlock(&lock);
    return unused;
}

/// brk(2) itself: the library's function has a variable of its own, which threads must not change at once.
static char *move(char *end) { return (char *)syscall(SYS_brk, end); }

/// What is wrong with a child, as bits.
static int look(pid_t parent, const char *page, int mark) {
    int bad = 0;
    pid_t self = getpid();
    bad |= self != (pid_t)syscall(SYS_gettid) || self == parent || getppid() != parent;
    // Nobody else is here: the lock stays as it was, and the siblings are gone.
    bad |= (pthread_mutex_trylock(&lock) != EBUSY) << 1;
    char path[64], text[64] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/children", self);
    int fd = open(path, O_RDONLY);
    bad |= (fd < 0 || read(fd, text, sizeof text) != 0) << 2;
    close(fd);
    // Its memory is a copy, and whoever mapped something at the moment of the fork is in nobody's way. (Who moved the heap's
    // end is in the child's on Linux, too.)
    bad |= (page[0] != mark || page[4095] != mark) << 3;
    char *end = move(0), *higher = move(end + 8192);
    if (higher != end + 8192 || move(0) != higher) bad |= 16;
    else end[0] = end[8191] = 1, bad |= (move(end) != end) << 4;
    char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || (p[8191] = 1, munmap(p, 8192))) bad |= 32;
    // It forks in its turn.
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) _exit(getppid() == self && page[0] == mark ? 9 : 1);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 9 << 8) bad |= 64;
    return bad;
}

static void *breeds(void *raw) {
    for (int i = 0; i < ROUNDS; i++) {
        char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        int mark = ((long)raw * ROUNDS + i) % 100 + 1, status = -1;
        memset(page, mark, 4096);
        pid_t parent = getpid(), pid = fork();
        if (pid == 0) _exit(look(parent, page, mark));
        memset(page, 0, 4096);
        if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) __atomic_add_fetch(&counts[7], 1, __ATOMIC_SEQ_CST);
        else for (int bit = 0; bit < 7; bit++) if (WEXITSTATUS(status) >> bit & 1) __atomic_add_fetch(&counts[bit], 1, __ATOMIC_SEQ_CST);
        munmap(page, 4096);
    }
    return 0;
}

/// The heap's end belongs to all of them: whoever comes last finds it where the memory ends.
static void *moves(void *unused) {
    for (int i = 0; i < 300; i++) {
        char *end = move(0);
        move(end + 4096), move(end);
    }
    return unused;
}

int main(void) {
    pthread_t all[THREADS], holder;
    pthread_create(&holder, 0, holds, 0);
    while (!held) usleep(1000);
    for (long i = 0; i < THREADS; i++) pthread_create(&all[i], 0, breeds, (void *)i);
    for (int i = 0; i < THREADS; i++) pthread_join(all[i], 0);
    stop = 1;
    pthread_join(holder, 0);
    static const char *const what[] = {"identity", "lock", "children", "memory", "heap", "mapping", "fork", "end"};
    for (int i = 0; i < 8; i++) printf("%s: %d wrong\n", what[i], counts[i]);
    SHOW(waitpid(-1, 0, WNOHANG));
    for (int i = 0; i < THREADS; i++) pthread_create(&all[i], 0, moves, 0);
    for (int i = 0; i < THREADS; i++) pthread_join(all[i], 0);
    char *end = move(0), *higher = move(end + 8192);
    TRUE(higher == end + 8192 && (higher[-1] = 1) && move(end) == end);
    return 0;
}

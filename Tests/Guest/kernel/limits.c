// What a process may have at most: address space, data, stack, mappings, threads. Who meets a limit gets an error, and
// goes on when it has given something back; its children begin with the same.
#include "check.h"

static void *page(size_t length) {
    void *p = mmap(0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? 0 : p;
}

static int in_child(int (*body)(void)) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) { int result = body(); fflush(stdout); _exit(result); }
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
}

/// How many MiB fit under a limit of 200, within a few.
static int address_space(void) {
    struct rlimit limit = {200 << 20, 200 << 20};
    setrlimit(RLIMIT_AS, &limit);
    int count = 0;
    void *last = 0;
    for (void *p; count < 300 && (p = page(1 << 20)); last = p) count++;
    printf("address space: ends in time %d, errno %s\n", count > 150 && count <= 200, strerrorname_np(errno));
    SHOW((long)sbrk(8 << 20));
    SHOW((long)mremap(last, 1 << 20, 64 << 20, MREMAP_MAYMOVE));
    SHOW(munmap(last, 1 << 20));
    TRUE(page(1 << 20));
    TRUE(!page(1 << 20));
    return 0;
}
static int inherited(void) {
    struct rlimit limit = {300 << 20, 300 << 20};
    setrlimit(RLIMIT_AS, &limit);
    pid_t pid = fork();
    if (pid == 0) _exit(page(400 << 20) ? 1 : 5);
    int status;
    waitpid(pid, &status, 0);
    show_status("in a child", status);
    return 0;
}
static int data(void) {
    struct rlimit limit = {50 << 20, 50 << 20};
    setrlimit(RLIMIT_DATA, &limit);
    int count = 0;
    while (count < 100 && page(1 << 20)) count++;
    printf("data: ends in time %d\n", count > 30 && count <= 50);
    SHOW((long)sbrk(16 << 20));
    TRUE(mmap(0, 100 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    TRUE(mmap(0, 100 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    return 0;
}
static volatile int depth;
static int descend(int n) {
    volatile char room[65536];
    room[0] = n, room[65535] = n;
    depth = n;
    return n < 1 << 14 ? descend(n + 1) + room[0] : 0;
}
static char signal_stack[32768];
static void too_deep(int s) { (void)s; _exit(depth * 65536l < 9 << 20 && depth * 65536l > 3 << 20 ? 6 : 7); }
static int stack(void) {
    stack_t other = {signal_stack, 0, sizeof signal_stack};
    sigaltstack(&other, 0);
    struct sigaction a = {.sa_handler = too_deep, .sa_flags = SA_ONSTACK};
    sigaction(SIGSEGV, &a, 0);
    return descend(0);
}

/// As many as there may be: neighbours differ, or they would be one.
static int mappings(void) {
    int count = 0;
    char *last = 0;
    for (; count < 70000; count++) {
        char *p = mmap(0, 4096, count & 1 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) break;
        last = p;
    }
    printf("mappings: more than 60000 %d, errno %s\n", count > 60000, strerrorname_np(errno));
    // Nothing more, and splitting one neither.
    printf("no more %d\n", page(4096) == 0);
    pid_t pid = fork();
    if (pid == 0) _exit(page(4096) == 0 ? 3 : 4);
    int status = 0;
    if (pid > 0) waitpid(pid, &status, 0);
    show_status("their copy", status);
    SHOW(munmap(last, 4096));
    TRUE(page(4096));
    return 0;
}

static volatile int go;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int sum;
static void *count_one(void *unused) {
    while (!go) usleep(50000);
    pthread_mutex_lock(&lock);
    sum++;
    pthread_mutex_unlock(&lock);
    return unused;
}
static int threads(void) {
    static pthread_t all[1000];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 32768);
    int count = 0;
    while (count < 1000 && !pthread_create(&all[count], &small, count_one, 0)) count++;
    go = 1;
    for (int i = 0; i < count; i++) pthread_join(all[i], 0);
    printf("threads %d, counted %d\n", count, sum);
    return 0;
}
/// A user with as many processes as it may have.
static int processes(void) {
    struct rlimit limit = {20, 20};
    setrlimit(RLIMIT_NPROC, &limit);
    // Natively, the host's other processes would count, too: those of a user that nobody else is.
    uid_t user = 1000000 + getpid();
    setresuid(user, user, user);
    int count = 0, lines[2];
    pipe(lines);
    for (pid_t pid; count < 100 && (pid = fork()) >= 0; count++)
        if (pid == 0) { char c; close(lines[1]); read(lines[0], &c, 1); _exit(0); }
    printf("processes: %d, errno %s\n", count, strerrorname_np(errno));
    pthread_t t;
    printf("a thread: %s\n", strerrorname_np(pthread_create(&t, 0, count_one, 0)));
    close(lines[1]);
    while (wait(0) > 0) {}
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    printf("afterwards %d\n", pid > 0);
    return 0;
}

int main(void) {
    show_status("address space", in_child(address_space));
    show_status("inherited", in_child(inherited));
    show_status("data", in_child(data));
    show_status("stack", in_child(stack));
    show_status("mappings", in_child(mappings));
    show_status("threads", in_child(threads));
    show_status("processes", in_child(processes));
    return 0;
}

// Mutexes in shared memory whose owners go while others wait: killed, faulted, ended, replaced by exec, as a thread or as a
// process; plain ones and those that inherit priority, which are handed over. Conditions with such.
#include "../kernel/check.h"

struct shared {
    pthread_mutex_t mutex;
    volatile int held, count;
} *shared;
static int inherits;

static void init(void) {
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    if (inherits) pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
    memset((void *)shared, 0, sizeof *shared);
    pthread_mutex_init(&shared->mutex, &a);
}

enum { KILLED, FAULTS, EXITS, BECOMES, THREAD_EXITS, KINDS };
static const char *const names[] = {"killed", "faults", "exits", "becomes another", "its thread ends"};

static void *hold(void *unused) {
    pthread_mutex_lock(&shared->mutex);
    shared->held = 1;
    return unused;
}
static void own(int kind, char *self) {
    pthread_t thread;
    if (kind == THREAD_EXITS) {
        pthread_create(&thread, 0, hold, 0);
        pthread_join(thread, 0);
        for (;;) pause();
    }
    hold(0);
    // The others are to wait for it, most of the time.
    usleep(20000);
    switch (kind) {
    case KILLED: for (;;) pause();
    case FAULTS: *(volatile int *)8 = 1;
    case EXITS: _exit(0);
    case BECOMES: execl(self, "owners", "pauses", (char *)0);
    }
    _exit(1);
}
static int wait_for_it(void) {
    int error = pthread_mutex_lock(&shared->mutex);
    if (error == EOWNERDEAD) pthread_mutex_consistent(&shared->mutex);
    else if (error) return 100;
    shared->count++;
    pthread_mutex_unlock(&shared->mutex);
    return error == EOWNERDEAD;
}

static void owners(char *self) {
    for (int kind = 0; kind < KINDS; kind++) {
        init();
        pid_t owner = fork(), waiters[3];
        if (owner == 0) own(kind, self);
        while (!shared->held) usleep(1000);
        for (int i = 0; i < 3; i++) if ((waiters[i] = fork()) == 0) _exit(wait_for_it());
        usleep(10000);
        if (kind == KILLED) kill(owner, SIGKILL);
        int dead = 0, status;
        for (int i = 0; i < 3; i++) {
            waitpid(waiters[i], &status, 0);
            dead += WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
        }
        kill(owner, SIGKILL);
        waitpid(owner, &status, 0);
        printf("%s: told of its end %d, counted %d, free %d\n", names[kind], dead, shared->count, pthread_mutex_trylock(&shared->mutex) == 0);
        fflush(stdout);
    }
    // One that nobody has mended is lost for ever.
    init();
    pid_t owner = fork();
    if (owner == 0) { hold(0); _exit(0); }
    waitpid(owner, 0, 0);
    TRUE(pthread_mutex_lock(&shared->mutex) == EOWNERDEAD);
    pthread_mutex_unlock(&shared->mutex);
    TRUE(pthread_mutex_lock(&shared->mutex) == ENOTRECOVERABLE);
}

static pthread_mutex_t lock;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static int turn, done;
static void *takes_turns(void *raw) {
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&lock);
        while (turn % 4 != (long)raw) pthread_cond_wait(&change, &lock);
        turn++;
        if (i & 1) pthread_cond_broadcast(&change);
        pthread_mutex_unlock(&lock);
        if (!(i & 1)) pthread_cond_broadcast(&change);
    }
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    return raw;
}
static void conditions(void) {
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&lock, &a);
    pthread_t all[4];
    for (long i = 0; i < 4; i++) pthread_create(&all[i], 0, takes_turns, (void *)i);
    for (int i = 0; i < 4; i++) pthread_join(all[i], 0);
    printf("turns %d of %d\n", turn, done);
}

int main(int argc, char **argv) {
    if (argc > 1) for (;;) pause();
    char self[4096] = "";
    readlink("/proc/self/exe", self, sizeof self - 1);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (inherits = 0; inherits < 2; inherits++) {
        printf("inherits %d\n", inherits), fflush(stdout);
        owners(self);
    }
    conditions();
    return 0;
}

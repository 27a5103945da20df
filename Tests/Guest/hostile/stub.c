// Attacks on the code and the memory that the platform has in this process: its gates, its arena, its futexes. Each runs
// in a process of its own, which may end as it likes; whoever started it must go on, and must be able to kill it.
// Prints one line per attack and "survived". To be run in the sandbox only: natively there is nothing to attack.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define TEXT 0x7e8000008000ul
#define ARENA 0x7e9000000000ul
#define INFO 0x50000ul
#define SLOTS (ARENA + INFO)
#define SLOT 0x12000ul
#define AREAS 0x7ea000000000ul

static void skip(int signal) {
    (void)signal;
    _exit(90); // the attack met a fault: nothing was there
}

/// Finds "syscall; ret" in the first or second gate: pages of the stub's text that begin with moving the arguments.
static uint64_t find_gate(int index) {
    static const uint8_t start[] = {0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7};
    uint64_t length = *(const uint64_t *)(TEXT - 0x7000);
    for (uint64_t page = TEXT; page + 4096 <= TEXT + length; page += 4096) {
        if (memcmp((const void *)page, start, sizeof start) || index-- > 0) continue;
        for (const uint8_t *p = (const uint8_t *)page;; p++)
            if (p[0] == 0x0f && p[1] == 0x05 && p[2] == 0xc3) return (uint64_t)p;
    }
    return 0;
}

static long through(int page, long number, long a, long b, long c, long d, long e, long f) {
    static uint64_t gates[2];
    if (!gates[page]) gates[page] = find_gate(page);
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("call *%[gate]"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9), [gate] "r"(gates[page])
                     : "rcx", "r11", "memory");
    return result;
}

static void *scribble(void *raw) {
    unsigned seed = (unsigned)(uintptr_t)raw;
    for (;;) {
        // Control pages most of all.
        volatile uint8_t *slot = (volatile uint8_t *)(SLOTS + (unsigned)rand_r(&seed) % 4 * SLOT);
        for (int i = 0; i < 1000; i++) slot[(unsigned)rand_r(&seed) % (i & 1 ? SLOT : 4096)] = (uint8_t)rand_r(&seed);
        sched_yield();
    }
}

static void *scribble_words(void *raw) {
    unsigned seed = (unsigned)(uintptr_t)raw;
    for (;;) {
        volatile uint32_t *slot = (volatile uint32_t *)(SLOTS + (unsigned)rand_r(&seed) % 3 * SLOT);
        slot[(unsigned)rand_r(&seed) % 96] = (uint32_t)rand_r(&seed) % 16;
    }
}

static void busy(int times) {
    for (int i = 0; i < times; i++) {
        char b[64];
        int p[2];
        if (pipe(p) == 0) {
            if (write(p[1], "x", 1) == 1 && read(p[0], b, 1) == 1) close(p[0]);
            close(p[1]);
        }
        getppid();
    }
}

static void attack_scribble(void) {
    pthread_t t;
    pthread_create(&t, NULL, scribble, (void *)7);
    busy(5000);
}
static void attack_words(void) {
    pthread_t t;
    pthread_create(&t, NULL, scribble_words, (void *)9);
    busy(5000);
}
static void attack_scribble_fork(void) {
    pthread_t t;
    pthread_create(&t, NULL, scribble_words, (void *)11);
    for (int i = 0; i < 50; i++) {
        pid_t p = fork();
        if (p == 0) _exit(0);
        if (p > 0) waitpid(p, NULL, 0);
    }
}
static void attack_exit(void) { through(0, SYS_exit, 0, 0, 0, 0, 0, 0); }
static void attack_exit_group(void) { through(0, SYS_exit_group, 0, 0, 0, 0, 0, 0); }
static void attack_unmap_all(void) { through(0, SYS_munmap, 0x10000, 0x7dfd00000000 - 0x10000, 0, 0, 0, 0); }
static void attack_clone(void) {
    for (int i = 0; i < 3; i++) through(1, SYS_clone, SIGCHLD | CLONE_PARENT, 0, 0, 0, 0, 0);
}
static void *ask(void *raw) {
    (void)raw;
    for (;;) through(1, 0x2C10, 3, 16 + rand(), 0, 0, 0, 0);
}
static void attack_requests(void) {
    pthread_t t[4];
    for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, ask, NULL);
    for (int i = 0; i < 20; i++) {
        pid_t p = fork();
        if (p == 0) _exit(0);
        if (p > 0) waitpid(p, NULL, 0);
    }
}
static void attack_map_over(void) {
    long bad = 0;
    uint64_t targets[] = {TEXT, TEXT + 4096, ARENA, 0x7ea000000000, 0x7ffffffde000, 0x7e0000000000 - 4096};
    for (int i = 0; i < 6; i++) {
        bad += through(0, SYS_mmap, (long)targets[i], 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) > 0;
        bad += through(0, SYS_munmap, (long)targets[i], 4096, 0, 0, 0, 0) == 0;
        bad += through(0, SYS_mprotect, (long)targets[i], 4096, 7, 0, 0, 0) == 0;
        bad += through(0, SYS_madvise, (long)targets[i], 4096, MADV_DOFORK, 0, 0, 0) == 0;
        bad += through(0, SYS_madvise, (long)targets[i], 4096, MADV_REMOVE, 0, 0, 0) == 0;
        bad += through(0, SYS_mremap, (long)targets[i], 0, 4096, MREMAP_MAYMOVE, 0, 0) > 0;
    }
    bad += through(0, SYS_munmap, 0x1000, (long)0xfffffffffffff000, 0, 0, 0, 0) == 0;
    bad += through(0, SYS_mmap, 0, (long)0x7e0000000000, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) > 0;
    _exit(bad ? 99 : 0);
}
static void attack_requeue(void) {
    static uint32_t word;
    for (int i = 0; i < 2000; i++) {
        uint32_t *happened = (uint32_t *)SLOTS, *told = (uint32_t *)(SLOTS + 192);
        through(0, SYS_futex, (long)happened, 3 /* REQUEUE */, 0, 1, (long)&word, 0);
        through(0, SYS_futex, (long)told, 3, 0, 100, (long)&word, 0);
        getppid();
    }
}
static void attack_blocked_kick(void) {
    // A forged frame for rt_sigreturn that leaves all signals blocked, and goes on in a loop.
    static struct { uint64_t pretcode; ucontext_t uc; } frame __attribute__((aligned(64)));
    getcontext(&frame.uc);
    static volatile int again;
    if (again++ == 0) {
        uint64_t gate = find_gate(0);
        if (!gate) _exit(91);
        memset(&frame.uc.uc_sigmask, 0xff, 8);
        frame.uc.uc_flags = 0;
        frame.uc.uc_mcontext.fpregs = NULL;
        frame.uc.uc_mcontext.gregs[REG_EFL] = 0x202;
        frame.uc.uc_mcontext.gregs[REG_CSGSFS] = 0x2b000000000033;
        __asm__ volatile("mov %0, %%rsp\nmov $15, %%eax\njmp *%1" : : "d"(&frame.uc), "c"(gate) : "memory");
    }
    for (;;) again++;
}

static uint64_t any(unsigned *seed) {
    static const uint64_t places[] = {0, 4096, 0x10000, 0x400000, 0x7dfd00000000, 0x7dffffffe000, 0x7dfffffff000, 0x7e0000000000,
        TEXT, ARENA, SLOTS, AREAS, 0x7ffffffff000, 1ul << 31, 1ul << 32, (1ul << 32) - 1, (1ul << 32) + 1, 1ul << 47, 1ul << 63,
        ~0ul, ~0ul - 4095, 0x7fff, 3, 18, 19};
    uint64_t v = places[(unsigned)rand_r(seed) % (sizeof places / sizeof *places)];
    switch (rand_r(seed) % 4) {
    case 0: return (uint64_t)rand_r(seed) % 256;
    case 1: return v + ((uint64_t)rand_r(seed) % 64 << 12);
    case 2: return (uint64_t)rand_r(seed) << 31 ^ (uint64_t)rand_r(seed);
    default: return v;
    }
}

static void *call_anything(void *raw) {
    unsigned seed = (unsigned)(uintptr_t)raw * 7919u + 1;
    // All that a gate may let through, and any other number now and then.
    static const int numbers[] = {SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_futex, 449, SYS_membarrier,
        SYS_close, 436, SYS_msync, SYS_set_tid_address, SYS_sigaltstack, SYS_clock_gettime, SYS_sched_setaffinity,
        SYS_seccomp, SYS_clone, 0x2C10, SYS_sched_yield, SYS_brk};
    for (int i = 0; i < 3000; i++) {
        int n = rand_r(&seed) % 4 ? numbers[(unsigned)rand_r(&seed) % (sizeof numbers / sizeof *numbers)] : rand_r(&seed) % 470;
        if (n == SYS_exit_group || n == SYS_exit || n == SYS_rt_sigreturn || n == SYS_pause) continue;
        uint64_t a = any(&seed), b = any(&seed), c = any(&seed), d = any(&seed), e = any(&seed), f = any(&seed);
        // Its own program and stacks are left alone for some time.
        if (n == SYS_munmap && i < 2000) a = ARENA + (b & 0xffffff000), b &= 0xffff000;
        if (n == SYS_futex && !(b & 1)) b |= 1; // waits are for ever
        if (n == 449 || n == SYS_restart_syscall) continue;
        through(rand_r(&seed) % 4 == 0, n, (long)a, (long)b, (long)c, (long)d, (long)e, (long)f);
    }
    return NULL;
}
static void attack_everything(void) {
    pthread_t t[64];
    int count = 0;
    for (long i = 0; i < 64; i++) if (pthread_create(&t[count], NULL, call_anything, (void *)i) == 0) count++;
    for (int i = 0; i < count; i++) pthread_join(t[i], NULL);
}

/// A filter of its own that forbids mprotect and futexes: the gate must not get round it.
static void attack_filter(int everywhere) {
    struct sock_filter program[] = {
        {0x20, 0, 0, 0}, {0x15, 1, 0, SYS_mprotect}, {0x15, 0, 1, SYS_futex}, {0x06, 0, 0, 0x50000 | 13}, {0x06, 0, 0, 0x7fff0000},
    };
    struct sock_fprog filter = {5, program};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int bad = through(0, SYS_mprotect, (long)page, 4096, PROT_READ, 0, 0, 0) != 0;
    if (syscall(SYS_seccomp, 1, everywhere, &filter)) _exit(93);
    bad |= (through(0, SYS_mprotect, (long)page, 4096, PROT_READ | PROT_EXEC, 0, 0, 0) == 0) << 1;
    bad |= (through(0, SYS_futex, (long)page, 1, 1, 0, 0, 0) == 0) << 2;
    bad |= (syscall(SYS_mprotect, page, 4096, PROT_READ | PROT_WRITE) != -1 || errno != 13) << 3;
    pid_t child = fork();
    if (child == 0) _exit(through(0, SYS_mprotect, (long)page, 4096, PROT_READ | PROT_EXEC, 0, 0, 0) == 0);
    int status = 0;
    waitpid(child, &status, 0);
    bad |= (status != 0) << 4;
    // What it does not forbid goes on.
    char *other = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bad |= (other == MAP_FAILED || munmap(other, 4096) != 0) << 5;
    if (bad) printf("FAILED: a filter was passed by, %d\n", bad), exit(99);
}
static void attack_own_filter(void) { attack_filter(0); }
static void attack_common_filter(void) { attack_filter(1); }

static struct { const char *name; void (*run)(void); } attacks[] = {
    {"scribbling over the arena", attack_scribble}, {"scribbling small words", attack_words},
    {"forks under scribbling", attack_scribble_fork}, {"exit of the thread", attack_exit},
    {"exit of the group", attack_exit_group}, {"unmapping everything", attack_unmap_all},
    {"clone without leave", attack_clone}, {"forks under forged requests", attack_requests},
    {"mapping over the stub", attack_map_over}, {"moving the Sentry's futex", attack_requeue},
    {"a blocked kick", attack_blocked_kick}, {"everything at once", attack_everything},
    {"a jump past its own filter", attack_own_filter}, {"a jump past a common filter", attack_common_filter},
};

static void nothing(int signal) { (void)signal; }

int main(int argc, char **argv) {
    (void)argv;
    int failed = 0;
    struct sigaction alarmed = {.sa_handler = nothing};
    sigaction(SIGALRM, &alarmed, NULL);
    for (unsigned i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        if (argc > 1 && (unsigned)atoi(argv[1]) != i) continue;
        pid_t child = fork();
        if (child == 0) {
            signal(SIGSEGV, skip);
            signal(SIGBUS, skip);
            attacks[i].run();
            _exit(0);
        }
        int status = 0;
        alarm(3);
        if (waitpid(child, &status, 0) < 0 && errno == EINTR) {
            kill(child, SIGKILL);
            alarm(0);
            waitpid(child, &status, 0);
        }
        alarm(0);
        if (WIFEXITED(status)) printf("%s: exit %d\n", attacks[i].name, WEXITSTATUS(status));
        else printf("%s: signal %d\n", attacks[i].name, WTERMSIG(status));
        fflush(stdout);
        failed |= WIFEXITED(status) && WEXITSTATUS(status) == 99;
    }
    if (!failed) printf("survived\n");
    return 0;
}

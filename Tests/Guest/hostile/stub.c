// Attacks on the code and the memory that the platform has in this process: its gates, its arena, its futexes. Each runs
// in a process of its own, which may end as it likes; whoever started it must go on, and must be able to kill it.
// Prints one line per attack and "survived". To be run in the sandbox only: natively there is nothing to attack.
#include "gates.h"
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <time.h>
#include <ucontext.h>

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
    uint64_t targets[] = {TEXT, TEXT + 4096, ARENA, AREAS, 0x7ffffffde000, 0x7e0000000000 - 4096};
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
/// All that can be moved away: what the Sentry sleeps on and what the stub does, of all threads, as shared and private futexes.
static void *requeue(void *raw) {
    static uint32_t word;
    for (unsigned i = 0;; i++) {
        uint64_t line = SLOTS + i % 8 * SLOT;
        for (int place = 0; place < 8; place += 4)
            for (int private = 0; private < 256; private += 128) {
                through(0, SYS_futex, (long)(line + place), FUTEX_REQUEUE | private, 0, 100, (long)&word, 0);
                uint32_t value = *(volatile uint32_t *)(line + place);
                through(0, SYS_futex, (long)(line + place), FUTEX_CMP_REQUEUE | private, 0, 100, (long)&word, value);
            }
    }
    return raw;
}
static void *sleep_shortly(void *raw) {
    for (;;) {
        poll(0, 0, 1);
        getppid();
        usleep(100);
    }
    return raw;
}
static void attack_requeue(void) {
    pthread_t t;
    for (int i = 0; i < 4; i++) pthread_create(&t, NULL, i & 1 ? sleep_shortly : requeue, NULL);
    for (int i = 0; i < 300; i++) usleep(1000);
}
/// The same, and who is killed while they are moved ends.
static void attack_requeue_for_ever(void) {
    pthread_t t;
    for (int i = 0; i < 4; i++) pthread_create(&t, NULL, i & 1 ? sleep_shortly : requeue, NULL);
    for (;;) pause();
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

/// A filter of its own that looks at arguments, and the kernel's own prohibition: no memory becomes executable.
static int makes_executable(void) {
    char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int bad = through(0, SYS_mprotect, (long)page, 4096, PROT_READ | PROT_EXEC, 0, 0, 0) == 0;
    bad |= through(1, SYS_mprotect, (long)page, 4096, PROT_READ | PROT_EXEC, 0, 0, 0) == 0;
    return bad || syscall(SYS_mprotect, page, 4096, PROT_READ | PROT_EXEC) == 0;
}
static void attack_argument_filter(void) {
    struct sock_filter program[] = {
        {0x20, 0, 0, 0}, {0x15, 0, 3, SYS_mprotect}, {0x20, 0, 0, 32}, {0x45, 0, 1, PROT_EXEC}, {0x06, 0, 0, 0x50000 | 13},
        {0x06, 0, 0, 0x7fff0000},
    };
    struct sock_fprog filter = {6, program};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, 1, 0, &filter)) _exit(93);
    if (makes_executable()) printf("FAILED: a filter of arguments was passed by\n"), exit(99);
    char *other = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (other == MAP_FAILED || mprotect(other, 4096, PROT_READ) || munmap(other, 8192)) printf("FAILED: it forbids too much\n"), exit(99);
}
static void attack_no_executable(void) {
    // PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN
    if (prctl(65, 1, 0, 0, 0)) _exit(94);
    if (makes_executable()) printf("FAILED: PR_SET_MDWE was passed by\n"), exit(99);
}

/// Each memory call at each edge, by either gate: behind the limit nothing changes, and what must not be is refused.
static int covers(uint64_t address, uint64_t length) {
    return address + length < address || address + length > 0x7e0000000000;
}
static void attack_edges(void) {
    static const uint64_t places[] = {
        0x7e0000000000 - 4096, 0x7e0000000000, 0x7dffffffe000, 0x7dff00000000, TEXT - 0x8000, TEXT, TEXT + 4096, ARENA,
        SLOTS, SLOTS + 0x2000, ARENA + ARENA_LENGTH - 4096, AREAS, AREAS + 0x10000, FILES, 0x7fffffffe000, 0x7ffffffff000,
        1ul << 47, 1ul << 63, ~0xffful, 0xffffffffff600000, 0x10000,
    };
    static const uint64_t lengths[] = {4096, 1, 0, 8192, SLOT, INFO, ARENA_LENGTH - INFO, ARENA_LENGTH, (1ul << 32) - 1, 1ul << 32, (1ul << 32) + 1,
        1ul << 47, 1ul << 63, ~0ul, ~0xffful};
    long bad = 0;
    char *own = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int gate = 0; gate < 2; gate++)
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++)
    for (unsigned j = 0; j < sizeof lengths / sizeof *lengths; j++) {
        uint64_t a = places[i], n = lengths[j];
        if (!covers(a, n) || !n) continue;
#define REFUSED(...) do { if ((unsigned long)through(gate, __VA_ARGS__) < -4095ul) printf("FAILED: %s at %lx, %lx\n", #__VA_ARGS__, a, n), bad++; } while (0)
        for (int fixed = 0; fixed < 3; fixed++) {
            int how = (int[]){0x10, 0x100010, 0x100000}[fixed];
            REFUSED(SYS_mmap, (long)a, (long)n, 7, MAP_PRIVATE | MAP_ANONYMOUS | how, -1, 0);
            REFUSED(SYS_mmap, (long)a, (long)n, 3, MAP_SHARED | MAP_ANONYMOUS | how, -1, 0);
            REFUSED(SYS_mmap, (long)a, (long)n, 3, MAP_SHARED | how, 3 + i % 16, 0);
        }
        REFUSED(SYS_munmap, (long)a, (long)n, 0, 0, 0, 0);
        for (int protection = 0; protection < 8; protection++) REFUSED(SYS_mprotect, (long)a, (long)n, protection, 0, 0, 0);
        REFUSED(SYS_mprotect, (long)a, (long)n, 7 | PROT_GROWSDOWN, 0, 0, 0);
        REFUSED(SYS_mremap, (long)a, 0, (long)n, MREMAP_MAYMOVE, 0, 0);
        REFUSED(SYS_mremap, (long)a, (long)n, 4096, MREMAP_MAYMOVE, 0, 0);
        REFUSED(SYS_mremap, (long)a, (long)n, (long)n, MREMAP_MAYMOVE | MREMAP_FIXED, (long)own, 0);
        REFUSED(SYS_mremap, (long)own, 4096, (long)n, MREMAP_MAYMOVE | MREMAP_FIXED, (long)a, 0);
        if (covers(a, 4096)) REFUSED(SYS_mremap, (long)own, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED | 4, (long)a, 0);
        REFUSED(SYS_msync, (long)a, (long)n, MS_SYNC, 0, 0, 0);
        for (int advice = 0; advice < 128; advice++) {
            // That the arena is not inherited may be said again.
            if (advice == MADV_DONTFORK && a == ARENA && n == ARENA_LENGTH) continue;
            REFUSED(SYS_madvise, (long)a, (long)n, advice, 0, 0, 0);
        }
    }
    // A descriptor that was never there, and any that may have been kept.
    for (int fd = 0; fd < 32; fd++) bad += (unsigned long)through(0, SYS_mmap, 0, 4096, 3, MAP_SHARED, fd, 1l << 40) < -4095ul;
    memset(own, 1, 65536);
    if (bad) exit(99);
}

/// Its signal stack somewhere else, or nowhere, or another thread's; then everything that comes by signals.
static void attack_signal_stack(void) {
    static char stack[65536];
    stack_t where[] = {{stack, 0, sizeof stack}, {0, SS_DISABLE, 0}, {(void *)(AREAS + 0x11000), 0, 0xf000}, {(void *)8, 0, 1 << 20},
                       {(void *)SLOTS, 0, 65536}, {(void *)(~0ul - 65535), 0, 65536}};
    for (unsigned i = 0; i < sizeof where / sizeof *where; i++) {
        pid_t child = fork();
        if (child == 0) {
            through(0, SYS_sigaltstack, (long)&where[i], 0, 0, 0, 0, 0);
            busy(50);
            *(volatile int *)8 = 1;
            _exit(0);
        }
        wait_for(child, 200);
    }
}
/// Its gs leads to an area that it has made up.
static void attack_area(void) {
    for (int i = 0; i < 12; i++) {
        pid_t child = fork();
        if (child == 0) {
            static uint64_t area[8192] __attribute__((aligned(65536)));
            static const uint64_t ends[] = {0, 8, SLOTS, SLOTS + SLOT, ARENA, TEXT, AREAS, 0x7ffffffff000, ~0ul};
            memcpy(area, (void *)AREAS, 4096);
            area[27] = ends[i % 9], area[28] = i & 1 ? (uint64_t)area : ends[(i + 4) % 9], area[29] = ends[i * 5 % 9];
            area[30] = (uint64_t)area;
            __asm__ volatile("wrgsbase %0" : : "r"(area));
            busy(200);
            _exit(0);
        }
        wait_for(child, 200);
    }
}

static struct { const char *name; void (*run)(void); } attacks[] = {
    {"scribbling over the arena", attack_scribble}, {"scribbling small words", attack_words},
    {"forks under scribbling", attack_scribble_fork}, {"exit of the thread", attack_exit},
    {"exit of the group", attack_exit_group}, {"unmapping everything", attack_unmap_all},
    {"clone without leave", attack_clone}, {"forks under forged requests", attack_requests},
    {"mapping over the stub", attack_map_over}, {"moving the Sentry's futexes", attack_requeue},
    {"moving them when it is killed", attack_requeue_for_ever}, {"each call at each edge", attack_edges},
    {"a signal stack elsewhere", attack_signal_stack}, {"an area of its own", attack_area}, {"a blocked kick", attack_blocked_kick}, {"everything at once", attack_everything},
    {"a jump past its own filter", attack_own_filter}, {"a jump past a common filter", attack_common_filter},
    {"a jump past a filter of arguments", attack_argument_filter}, {"a jump past PR_SET_MDWE", attack_no_executable},
};

int main(int argc, char **argv) {
    int failed = 0;
    for (unsigned i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        if (argc > 1 && (unsigned)atoi(argv[1]) != i) continue;
        pid_t child = fork();
        if (child == 0) {
            signal(SIGSEGV, nothing_there);
            signal(SIGBUS, nothing_there);
            attacks[i].run();
            _exit(0);
        }
        int status = wait_for(child, 1500);
        if (WIFEXITED(status)) printf("%s: exit %d\n", attacks[i].name, WEXITSTATUS(status));
        else printf("%s: signal %d\n", attacks[i].name, WTERMSIG(status));
        fflush(stdout);
        failed |= WIFEXITED(status) && WEXITSTATUS(status) == 99;
        if (!is_well()) printf("FAILED: not well\n"), failed = 1;
    }
    if (!failed) printf("survived\n");
    return failed;
}

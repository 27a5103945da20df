// Jumps into the platform's code in this process at each of its bytes, with registers of all sorts. Who jumps may get a
// signal, come back, wait or die; nobody else notices. Where it gets lost, the next one goes on behind it.
// It runs in the sandbox only: natively there is nothing to jump to. By hand, since it takes its time on a busy machine:
//     guest-run --platform=systrap entrance
#include "../../Tests/Guest/hostile/gates.h"
#include <setjmp.h>
#include <sys/time.h>
#include <ucontext.h>

#define WORKERS 4

/// Seen by all.
static struct shared {
    volatile uint64_t next[WORKERS]; // the offset at hand
    volatile unsigned came_back, faulted, died, lost;
} *shared;

static sigjmp_buf back;
/// The stack and frame pointers of who has jumped: no register is as it was.
__attribute__((used)) static uint64_t kept[2] __asm__("kept");
static char stack[1 << 16], deep[1 << 16];

static volatile int jumps;
static void on_fault(int signal) {
    if (jumps) siglongjmp(back, signal);
}

static void jump(uint64_t offset) {
    // A way back for what returns, and values that look like what is expected there.
    static uint64_t place[512];
    static const long numbers[] = {SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_msync, SYS_futex, REQUEST,
                                   SYS_close, SYS_sched_yield, SYS_exit_group, SYS_exit, SYS_rt_sigreturn, SYS_seccomp};
    uint64_t values[] = {offset, (uint64_t)place, SLOTS, AREAS, ARENA, 4096, 0, 0x8011, TEXT, ~0ul, (uint64_t)stack, 1ul << 32};
    uint64_t mix = offset * 0x9e3779b97f4a7c15;
    uint64_t r[8];
    for (int i = 0; i < 8; i++) r[i] = values[(mix >> 5 * i) % 12];
    for (int i = 0; i < 512; i++) place[i] = values[(mix + i * 7) % 12];
    uint64_t number = numbers[(mix >> 45) % 14], *top = (uint64_t *)(stack + sizeof stack) - 64;
    if (mix >> 60 == 0) top = (uint64_t *)(AREAS + 4096 - 64);
    __asm__ volatile("lea 1f(%%rip), %%rcx\n\t"
                     "mov %%rsp, kept(%%rip)\n\t"
                     "mov %%rbp, 8+kept(%%rip)\n\t"
                     "mov %[top], %%rsp\n\t"
                     "push %%rcx\n\t"
                     "mov %%rcx, %%r11\n\t"
                     "mov (%[r]), %%rdi\n\tmov 8(%[r]), %%rsi\n\tmov 16(%[r]), %%rdx\n\tmov 24(%[r]), %%r10\n\t"
                     "mov 32(%[r]), %%r8\n\tmov 40(%[r]), %%r9\n\tmov 48(%[r]), %%r13\n\tmov 56(%[r]), %%r14\n\t"
                     "jmp *%[to]\n\t"
                     "1: mov kept(%%rip), %%rsp\n\t"
                     "mov 8+kept(%%rip), %%rbp\n\t"
                     "cld"
                     : "+a"(number)
                     : [top] "S"(top), [r] "D"(r), [to] "r"(TEXT + offset)
                     : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
}

static void work(int worker, uint64_t end) {
    stack_t other = {deep, 0, sizeof deep};
    sigaltstack(&other, 0);
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK | SA_NODEFER};
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS, SIGALRM, SIGURG};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, 0);
    // What waits there for ever is called away.
    struct itimerval often = {{0, 10000}, {0, 10000}};
    setitimer(ITIMER_REAL, &often, 0);
    while (shared->next[worker] < end) {
        uint64_t offset = shared->next[worker];
        __atomic_add_fetch(&shared->next[worker], WORKERS, __ATOMIC_SEQ_CST);
        volatile unsigned *count = &shared->faulted;
        if (sigsetjmp(back, 0) == 0) {
            jumps = 1;
            jump(offset);
            count = &shared->came_back;
        }
        jumps = 0;
        __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
    }
    _exit(77);
}

/// Lets children jump from each of its offsets, until all are done.
static void supervise(int worker, uint64_t end) {
    shared->next[worker] = worker;
    while (shared->next[worker] < end) {
        pid_t child = fork();
        if (child == 0) work(worker, end);
        uint64_t seen = shared->next[worker];
        unsigned long since = milliseconds();
        int status = 0;
        while (waitpid(child, &status, WNOHANG) == 0) {
            usleep(500);
            if (shared->next[worker] != seen) seen = shared->next[worker], since = milliseconds();
            else if (milliseconds() - since > 30) {
                kill(child, SIGKILL);
                waitpid(child, &status, 0);
                __atomic_add_fetch(&shared->lost, 1, __ATOMIC_RELAXED);
                break;
            }
        }
        if (status != 77 << 8) __atomic_add_fetch(&shared->died, 1, __ATOMIC_RELAXED);
    }
    _exit(0);
}

int main(void) {
    shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t length = text_length();
    pid_t workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) if ((workers[i] = fork()) == 0) supervise(i, length);
    int failed = 0;
    for (int i = 0; i < WORKERS; i++) {
        int status = wait_for(workers[i], 60000);
        if (status || shared->next[i] < length) printf("FAILED: worker %d stands at %lx\n", i, (unsigned long)shared->next[i]), failed = 1;
    }
    printf("%lu offsets: %u came back, %u faulted, %u died, %u were lost\n", (unsigned long)length, shared->came_back,
           shared->faulted, shared->died, shared->lost);
    if (!is_well()) printf("FAILED: not well\n"), failed = 1;
    if (!failed) puts("survived");
    return failed;
}

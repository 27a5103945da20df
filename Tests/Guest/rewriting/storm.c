// Signals at every place of rewritten calls: the handler sees a rip that is the program's, and calls restart.
#include "code.h"
#include <dlfcn.h>
#include <link.h>

static long ticks, strange;
static struct { uintptr_t start, end; } text[64];
static int texts;

static void read_maps(void) {
    FILE *f = fopen("/proc/self/maps", "r");
    char line[512];
    while (fgets(line, sizeof line, f)) {
        unsigned long start, end;
        char permissions[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, permissions) == 3 && permissions[2] == 'x' && texts < 64) {
            text[texts].start = start;
            text[texts++].end = end;
        }
    }
    fclose(f);
}

static void on_tick(int signal, siginfo_t *info, void *raw) {
    ucontext_t *context = raw;
    uintptr_t rip = context->uc_mcontext.gregs[REG_RIP];
    int known = 0;
    for (int i = 0; i < texts; i++) known |= rip >= text[i].start && rip < text[i].end;
    if (!known) strange++;
    // Where it interrupts a call, rip is behind the instruction or on it.
    ticks++;
}

static long blocked_reads;

static void on_alarm(int signal) { blocked_reads++; }

__asm__(".text\n.balign 64\nfollowing_site:\n"
        "    mov %rdi, %rax\n"
        "    syscall\n"
        "    cmp $-4096, %rax\n"
        "    ret\n");
extern long following_site(long);

int main(void) {
    read_maps();
    struct sigaction action = {.sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    long parent = getppid(), wrong = 0;
    struct itimerval fast = {{0, 200}, {0, 200}}, off = {0};
    setitimer(ITIMER_REAL, &fast, NULL);
    int fd = open("/dev/zero", O_RDONLY);
    char c;
    // Not longer than some seconds where each call is slow.
    for (int i = 0; (i < 30000 && ticks < 5000) || ticks < 100; i++) {
        wrong += getppid() != parent;
        wrong += read(fd, &c, 1) != 1;
        wrong += following_site(110) != parent;
        wrong += syscall(SYS_getppid) != parent;
    }
    setitimer(ITIMER_REAL, &off, NULL);
    printf("wrong: %ld strange: %ld\n", wrong, strange);

    // A read that waits is interrupted again and again, and restarts.
    int pipes[2];
    pipe(pipes);
    for (int i = 0; i < 50; i++) {
        write(pipes[1], "x", 1);
        wrong += read(pipes[0], &c, 1) != 1;
    }
    signal(SIGALRM, on_alarm);
    for (int round = 0; round < 5; round++) {
        pid_t pid = fork();
        if (pid == 0) {
            usleep(30000);
            write(pipes[1], "y", 1);
            _exit(0);
        }
        struct itimerval slow = {{0, 3000}, {0, 3000}};
        setitimer(ITIMER_REAL, &slow, NULL);
        wrong += read(pipes[0], &c, 1) != 1;
        setitimer(ITIMER_REAL, &off, NULL);
        int status;
        while (waitpid(pid, &status, 0) < 0) {}
    }
    printf("restarted: %s, wrong: %ld\n", blocked_reads > 5 ? "yes" : "no", wrong);

    // Without SA_RESTART it ends.
    struct sigaction plain = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &plain, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 3000}}, NULL);
    SHOW(read(pipes[0], &c, 1));

    // Nothing but rcx and r11 changes: they hold what the instruction leaves there.
    for (int i = 0; i < OFTEN; i++) {
        uint64_t rax = 110, rcx, r11, behind;
        register uint64_t r12 __asm__("r12") = 12, r10 __asm__("r10") = 10, r8 __asm__("r8") = 8;
        __asm__ volatile("lea 1f(%%rip), %3\n\tsyscall\n1:\tcmp $-4096, %%rax\n\tpushfq\n\tpop %%r9"
                         : "+a"(rax), "=c"(rcx), "+r"(r12), "=&d"(behind), "+r"(r10), "+r"(r8) : : "r9", "r11", "memory");
        __asm__ volatile("mov %%r11, %0" : "=r"(r11));
        wrong += rax != parent || rcx != behind || r12 != 12 || r10 != 10 || r8 != 8;
    }
    printf("registers: %ld\n", wrong);
    return 0;
}

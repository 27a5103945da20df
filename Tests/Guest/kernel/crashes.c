// A thousand processes that end by faults: each is told as it was, and nothing is left of them.
#include "check.h"

static void end(int kind) {
    switch (kind) {
    case 0: *(volatile int *)8 = 1; break;
    case 1: __asm__ volatile("ud2"); break;
    case 2: __asm__ volatile("xor %%ecx, %%ecx\n\txor %%edx, %%edx\n\tdiv %%ecx" : : "a"(1) : "rcx", "rdx"); break;
    case 3: abort();
    case 4: __asm__ volatile("int3"); break;
    case 5: ((void (*)(void))0x10)(); break;
    case 6: __asm__ volatile("mov $8, %rsp\n\tpush %rax"); break;
    case 7: { // a fault while its signal is blocked
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, 0);
        *(volatile int *)8 = 1;
        break;
    }
    case 8: { // a handler that has no stack to run on
        stack_t nowhere = {(void *)4096, 0, 65536};
        sigaltstack(&nowhere, 0);
        struct sigaction a = {.sa_handler = _exit, .sa_flags = SA_ONSTACK};
        sigaction(SIGSEGV, &a, 0);
        *(volatile int *)8 = 1;
        break;
    }
    case 9: __asm__ volatile("hlt"); break;
    }
}

int main(void) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    int told[10][128] = {{0}};
    for (int i = 0; i < 1000; i++) {
        int status = 0;
        pid_t pid = fork();
        if (pid == 0) { end(i % 10); _exit(1); }
        waitpid(pid, &status, 0);
        told[i % 10][status & 127]++;
        if (status & ~127) printf("status %x\n", status);
    }
    for (int kind = 0; kind < 10; kind++)
        for (int signal = 0; signal < 128; signal++)
            if (told[kind][signal]) printf("kind %d: %d times signal %d\n", kind, told[kind][signal], signal);
    SHOW(waitpid(-1, 0, WNOHANG));
    return 0;
}

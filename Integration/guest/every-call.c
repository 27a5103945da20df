// Issues every system call number of x86-64, and some that are none, with arguments that hurt. Each in a child of its
// own without privileges, which is killed when it hangs. Prints how many were made; the sandbox and all else must live.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const unsigned long hurting[] = {
    0, 1, 2, 7, (unsigned long)-1, (unsigned long)-100, 0x7fffffff, 0x80000000ul, 0xffffffff, 4096, 1ul << 47,
    0x7ffffffff000ul, 0x7e0000000000ul, 0x7dfffffff000ul, 1ul << 63, 0xffffffff81000000ul, 0xffffffffff600000ul,
};
enum { patterns = sizeof hurting / sizeof hurting[0] };

static unsigned long next(unsigned long *seed) {
    *seed = *seed * 6364136223846793005ul + 1442695040888963407ul;
    return *seed >> 33;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 3;
    long made = 0, killed = 0;
    char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 4096, 4096);
    unsigned long seed = 1;
    for (int round = 0; round < rounds; round++) {
        for (long number = -2; number < 520; number++) {
            long call = number == -2 ? 0x40000001 : number == -1 ? -1 : number;
            if (call == SYS_exit || call == SYS_exit_group || call == SYS_pause) continue;
            unsigned long a[6];
            for (int i = 0; i < 6; i++) {
                unsigned long pick = next(&seed) % (patterns + 3);
                a[i] = pick < patterns ? hurting[pick] : pick == patterns ? (unsigned long)page + next(&seed) % 4096
                     : pick == patterns + 1 ? (unsigned long)page + 4090 : next(&seed) % 64;
            }
            pid_t child = fork();
            if (child < 0) { perror("fork"); return 1; }
            if (child == 0) {
                setsid();
                if (setresgid(12345, 12345, 12345) || setresuid(12345, 12345, 12345)) _exit(1);
                alarm(1);
                memset(page, (int)next(&seed), 4096);
                syscall(call, a[0], a[1], a[2], a[3], a[4], a[5]);
                _exit(0);
            }
            int status;
            for (int waited = 0; waitpid(child, &status, WNOHANG) == 0; waited++) {
                usleep(waited < 20 ? 200 : 20000);
                if (waited == 80) { kill(child, SIGKILL); killed++; }
            }
            made++;
        }
    }
    // What a call left behind in other sessions ends too.
    while (waitpid(-1, 0, WNOHANG) > 0) {}
    printf("made %ld calls\n", made);
    fprintf(stderr, "%ld had to be killed\n", killed);
    return 0;
}

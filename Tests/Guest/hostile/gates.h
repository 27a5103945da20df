// What hostile programs know of the platform in their process (CStub.h), and how they get at it.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEXT 0x7e8000008000ul
#define ARENA 0x7e8010040000ul
#define INFO 0x50000ul
#define SLOTS (ARENA + INFO)
#define SLOT 0x12000ul
#define ARENA_LENGTH 0x12054000ul
#define AREAS 0x7e8000040000ul
#define FILES 0x7eb000000000ul
#define REQUEST 0x2C10

static uint64_t text_length(void) { return *(const uint64_t *)(TEXT - 0x7000); }

/// Finds "syscall; ret" in the first or second gate: pages of the stub's text that begin with moving the arguments.
static uint64_t find_gate(int index) {
    static const uint8_t start[] = {0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7};
    uint64_t length = text_length();
    for (uint64_t page = TEXT; page + 4096 <= TEXT + length; page += 4096) {
        if (memcmp((const void *)page, start, sizeof start) || index-- > 0) continue;
        for (const uint8_t *p = (const uint8_t *)page;; p++)
            if (p[0] == 0x0f && p[1] == 0x05 && p[2] == 0xc3) return (uint64_t)p;
    }
    return 0;
}

/// A call by the instruction of a gate: 0, what the host may do at once; 1, what the Sentry is asked about.
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

/// A thread's line of the arena, as far as it goes back and forth.
struct slot {
    volatile uint32_t happened, told, what, number;
    volatile uint64_t words[6];
    uint8_t rest[512 - 64];
    volatile uint64_t registers[27];
};

enum { STARTED = 1, RESULT = 3, CALL = 4, EXPORTED = 0x100 };
enum { RESUME = 1, RETURN, CONTINUE, SETTLE, FETCH, PROBE, EXPORT, CALL_A, CALL_B, CALLS, MAP_ONE, THREAD, FORK };

/// An attack met a fault or the filter: nothing was there.
static void nothing_there(int signal) {
    (void)signal;
    _exit(90);
}

static unsigned long milliseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ul + t.tv_nsec / 1000000;
}

/// Waits for a child, at most so long; then it is killed.
static int wait_for(pid_t child, unsigned long patience) {
    int status = 0;
    for (unsigned long end = milliseconds() + patience; milliseconds() < end; usleep(500))
        if (waitpid(child, &status, WNOHANG) == child) return status;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return status;
}

/// What an innocent process sees of the kernel.
static int is_well(void) {
    char text[] = "all is well", got[20] = "";
    int lines[2], status = -1, ok = 1;
    if (pipe(lines)) return 0;
    pid_t child = fork();
    if (child == 0) {
        char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        strcpy(page, text);
        write(lines[1], page, sizeof text);
        _exit(munmap(page, 8192) ? 1 : 7);
    }
    ok &= child > 0 && waitpid(child, &status, 0) == child && status == 7 << 8;
    ok &= read(lines[0], got, sizeof got) == sizeof text && !strcmp(text, got);
    close(lines[0]), close(lines[1]);
    return ok;
}

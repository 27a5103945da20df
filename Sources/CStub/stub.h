// For the code inside the image only.
#pragma once
#include "include/CStub.h"

/// Marks a function as part of the image.
#define TEXT __attribute__((section("stub_text"), noinline, retain, used))
#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN long stub_call_a(long number, long a, long b, long c, long d, long e, long f);
HIDDEN long stub_call_b(long number, long a, long b, long c, long d, long e, long f);
HIDDEN __attribute__((noreturn)) void stub_forked(void);
HIDDEN __attribute__((noreturn)) void stub_main(const uint64_t *stack);

/// A system call from outside of the gates: only before the filter is installed.
__attribute__((always_inline)) static inline long call(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

// What Swift cannot express on the host's side: the system call instruction with a result of -errno and no
// thread-local errno, and single loads and stores of words that another process writes.
#pragma once
#include <stdatomic.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/auxv.h>
#include "spawn.h"

/// A system call of the host. Returns its result, or -errno.
static inline long host_syscall(long number, long a, long b, long c, long d, long e, long f) {
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

// Words shared with another process: each access is exactly one load or store.
static inline uint32_t host_load32(const void *p) { return __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE); }
static inline uint64_t host_load64(const void *p) { return __atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE); }
static inline void host_store32(void *p, uint32_t v) { __atomic_store_n((uint32_t *)p, v, __ATOMIC_RELEASE); }
static inline void host_store64(void *p, uint64_t v) { __atomic_store_n((uint64_t *)p, v, __ATOMIC_RELEASE); }
static inline uint32_t host_exchange32(void *p, uint32_t v) { return __atomic_exchange_n((uint32_t *)p, v, __ATOMIC_SEQ_CST); }
static inline uint64_t host_exchange64(void *p, uint64_t v) { return __atomic_exchange_n((uint64_t *)p, v, __ATOMIC_SEQ_CST); }
static inline uint32_t host_compare_exchange32(void *p, uint32_t expected, uint32_t desired) {
    __atomic_compare_exchange_n((uint32_t *)p, &expected, desired, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}
static inline void host_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
/// Fetches the line there, which is going to be written, while something else is done.
static inline void host_prefetch_write(const void *address) { __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address)); }

static inline void host_pause(void) { __builtin_ia32_pause(); }
/// Moves a cache line to the cache that all processors share (CLDEMOTE; nothing where there is no such instruction).
static inline void host_demote(const void *p) { __asm__ volatile(".byte 0x0f, 0x1c, 0x07" : : "D"(p) : "memory"); }
static inline uint64_t host_rdtsc(void) { return __builtin_ia32_rdtsc(); }

/// CPUID: eax, ebx, ecx and edx of a leaf in `registers`.
/* XCR0: which parts of the vector state are in use. */
static inline uint64_t host_xgetbv(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static inline void host_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4]) {
    __asm__ volatile("cpuid"
                     : "=a"(registers[0]), "=b"(registers[1]), "=c"(registers[2]), "=d"(registers[3])
                     : "a"(leaf), "c"(subleaf));
}

/// The function that a new thread runs, with its argument.
typedef void (*host_thread_function)(void *argument);

/// Starts a detached thread with a stack of `stack_size` bytes and every signal blocked. Returns 0 or an errno.
int host_thread_start(host_thread_function function, void *argument, size_t stack_size);

/// Which processor the calling thread runs on; -1: nobody knows.
int host_current_processor(void);

/// Which processor the calling thread has been bound to, plus 1; 0: to none, or nobody has noted it.
int host_bound_processor(void);
void host_note_bound_processor(int processor);

/// Has a call that the process's filter traps (SIGSYS) end the process, after one line on standard error that begins
/// with `name` and says which call it was. `name` must stay where it is.
void host_report_denied_calls(const char *name);

/// getauxval(3).
static inline unsigned long host_auxiliary_value(unsigned long tag) { return getauxval(tag); }

/// A value of the auxiliary vector (AT_* number), 0 when it has none.
uint64_t host_auxiliary(unsigned long type);

/// How many arenas malloc may use, the first included.
void host_limit_arenas(int count);

/// Gives free heap back to the kernel, and unmaps the pages of the programs' code, which come back when they are needed.
void host_release_memory(void);

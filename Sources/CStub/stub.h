// For the code inside the image only.
#pragma once
#include "include/CStub.h"

/// Marks a function as part of the image.
#define TEXT __attribute__((section("stub_text"), noinline, retain, used))
#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN long stub_call_a(long number, long a, long b, long c, long d, long e, long f);
HIDDEN long stub_call_b(long number, long a, long b, long c, long d, long e, long f);
/// A native call that sleeps: -EINTR at once when the word at `kick` is not 0.
HIDDEN long stub_wait(long number, long a, long b, long c, long d, long e, long f, const uint32_t *kick);
HIDDEN __attribute__((noreturn)) void stub_forked(void);
HIDDEN void stub_handler(void);
HIDDEN extern const char stub_gate_a[], stub_gate_b[], stub_restorer[], stub_inject_a[], stub_inject_b[], stub_guard_start[], stub_guard_end[],
    stub_guard_failed[], stub_wait_check[], stub_wait_end[], stub_wait_abort[], stub_leave_check[], stub_leave_end[], stub_stood[];
HIDDEN __attribute__((noreturn)) void stub_stand(void);
HIDDEN __attribute__((noreturn)) void stub_leave(void);
HIDDEN long stub_clone_thread(long flags, uint64_t stack, void *area, void *context);
HIDDEN long stub_touch(uint64_t address, int write);
/// Lets others of this processor go first. Returns whether it does not pay to look for anything now: somebody computes here.
HIDDEN int stub_yield(struct stub_area *area);
HIDDEN long stub_exchange(uint64_t address, uint32_t expected, uint32_t desired);
HIDDEN long stub_copy(void *to, const void *from, uint64_t count);

/// A call that the stub answers itself. Returns whether it did: the result is in the registers then.
HIDDEN int stub_answer(struct stub_area *area);
/// The same for memory calls (memory-calls.c) and futexes (futex-calls.c), and for numbers that are neither: 0.
HIDDEN int stub_answer_memory(struct stub_area *area);
HIDDEN int stub_answer_futex(struct stub_area *area);
HIDDEN int stub_answer_file(struct stub_area *area, uint32_t number);
/// Lets nothing be mapped where files are.
HIDDEN void stub_fill_files(void);
/// CLOCK_REALTIME_COARSE in nanoseconds; 0: it cannot be read here.
HIDDEN uint64_t stub_coarse_time(struct stub_area *area);
/// Taken for the break, and by fork, so that a child does not inherit it from another thread.
HIDDEN void stub_lock_heap(void);
HIDDEN void stub_unlock_heap(void);
/// Brings a call's input into the slot before it is handed over, and its output to the guest afterwards. `words` are the
/// call's arguments as the event has them. Returns what the event says of it.
HIDDEN uint32_t stub_bring(struct stub_area *area, uint64_t words[6]);
HIDDEN void stub_deliver(struct stub_area *area);
/// The same in the middle of a call: 0 or -EFAULT.
HIDDEN long stub_settle(struct stub_area *area);
/// Copies guest memory to the window. Returns how many bytes could be read.
HIDDEN uint64_t stub_fetch(struct stub_area *area, uint64_t address, uint64_t length);
/// How many bytes from `address` on can be written.
HIDDEN uint64_t stub_probe_range(uint64_t address, uint64_t length);

/// copies.S.
HIDDEN uint64_t stub_move(void *to, const void *from, uint64_t count);
HIDDEN uint64_t stub_zero(void *to, uint64_t count);
HIDDEN uint64_t stub_move_string(void *to, const void *from, uint64_t limit);
HIDDEN uint64_t stub_probe(uint64_t address, uint64_t end);
HIDDEN extern const char stub_words_start[], stub_words_end[], stub_bytes_start[], stub_bytes_end[];

enum { R15, R14, R13, R12, RBP, RBX, R11, R10, R9, R8, RAX, RCX, RDX, RSI, RDI, ORIG_RAX, RIP, CS, EFLAGS, RSP, SS,
       FS_BASE, GS_BASE, DS, ES, FS, GS };

#define STUB_HEAP ((struct stub_heap *)STUB_COMMON)
#define STUB_PARAMETERS ((const struct stub_parameters *)(STUB_IMAGE_BASE + STUB_DATA_OFFSET))
#define STUB_SPACE ((const struct stub_space_info *)(STUB_ARENA + STUB_SPACE_OFFSET))

/// systrap.c: what a seed of this platform does before the filter, and its forks behind it.
HIDDEN long stub_prepare_systrap(void);
HIDDEN __attribute__((noreturn)) void stub_enter_systrap(long ticket);
HIDDEN __attribute__((noreturn)) void stub_main(const uint64_t *stack);

/// The time stamp counter.
__attribute__((always_inline)) static inline uint64_t stub_ticks(void) { return __builtin_ia32_rdtsc(); }

/// Moves a cache line to the cache that all processors share (CLDEMOTE; nothing where there is no such instruction).
__attribute__((always_inline)) static inline void stub_demote(const void *p) {
    __asm__ volatile(".byte 0x0f, 0x1c, 0x07" : : "D"(p) : "memory");
}

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

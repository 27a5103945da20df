// Futex calls that a stub answers itself (native-memory.md, section 9). Those whose words name their owners are the
// Sentry's, and all that is no plain success of the arguments' checks is handed over to it.
#include "stub.h"
#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/time_types.h>

#define EINTR 4
#define EFAULT 14
#define EINVAL 22
#define CLOCK_MONOTONIC 1
#define SECOND 1000000000l

enum { HANDED_OVER, ANSWERED };

/// Whether [address, address + size) is guest memory, as far as its place tells.
TEXT static int is_guest(uint64_t address, uint64_t size) {
    uint64_t limit = STUB_SPACE->limit;
    return address <= limit - size;
}

// Ticks of the time stamp counter: how long it looks, and the lengths of sleeps that might have been looks.
#define LOOK_LENGTH 80000
#define SHORT_SLEEP 16000
#define LONG_SLEEP 200000

/// Looks for the word to change, for about as long as it would take to wake this thread on a processor that idles: after a
/// sleep of that length, and when earlier looks were not in vain. The call itself comes afterwards in any case.
TEXT static void look(struct stub_area *area, uint64_t address, uint32_t expected) {
    if (!area->look_pays) return;
    uint64_t start = stub_ticks();
    uint32_t value = expected;
    for (uint32_t looks = 1; stub_ticks() - start < LOOK_LENGTH; looks++) {
        if (stub_copy(&value, (void *)address, sizeof value) || value != expected) {
            area->look_penalty = 0;
            return;
        }
        if (__atomic_load_n(&area->slot->kick, __ATOMIC_RELAXED)) return;
        if (looks % 32 == 0 && stub_yield(area)) break;
        __builtin_ia32_pause();
    }
    area->look_pays = 0;
    area->look_penalty = area->look_penalty < 512 ? area->look_penalty * 2 + 1 : area->look_penalty;
    area->look_rest = area->look_penalty;
}

/// Waits natively. The wait has no end that moves: one that was interrupted for no reason begins again.
TEXT static int wait(struct stub_area *area, long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                     uint64_t f, int64_t deadline) {
    // In a signal handler kicks are blocked: it would sleep over them.
    if (area->frame) return HANDED_OVER;
    struct stub_slot *slot = area->slot;
    if (number == __NR_futex) look(area, a, (uint32_t)c);
    uint64_t start = stub_ticks();
    slot->waits = 1;
    long result;
    do result = stub_wait(number, (long)a, (long)b, (long)c, (long)d, (long)e, (long)f, &slot->kick);
    while (result == -EINTR && !__atomic_load_n(&slot->kick, __ATOMIC_ACQUIRE));
    slot->waits = 0;
    uint64_t slept = stub_ticks() - start;
    if (STUB_SPACE->flags & STUB_SPACE_PARALLEL && slept > SHORT_SLEEP && slept < LONG_SLEEP) {
        if (area->look_rest) area->look_rest--;
        else area->look_pays = 1;
    }
    if (result == -EINTR) {
        // Nothing has woken it: the Sentry says how it goes on.
        area->interrupted = 1;
        slot->deadline = (uint64_t)deadline;
        return HANDED_OVER;
    }
    area->registers[RAX] = (uint64_t)result;
    return ANSWERED;
}

/// FUTEX_WAIT: its timeout begins now.
TEXT static int wait_relative(struct stub_area *area, uint32_t operation) {
    uint64_t *r = area->registers;
    if (!r[R10]) return wait(area, __NR_futex, r[RDI], operation, r[RDX], 0, 0, 0, 0);
    struct __kernel_timespec timeout, now;
    // An unusual clock, and a bad time: the host says what becomes of them.
    if (operation & FUTEX_CLOCK_REALTIME || !is_guest(r[R10], sizeof timeout) ||
        stub_copy(&timeout, (void *)r[R10], sizeof timeout) || timeout.tv_sec < 0 || timeout.tv_sec >= 1l << 32 ||
        timeout.tv_nsec < 0 || timeout.tv_nsec >= SECOND)
        return HANDED_OVER;
    if (stub_call_a(__NR_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0)) return HANDED_OVER;
    now.tv_sec += timeout.tv_sec;
    now.tv_nsec += timeout.tv_nsec;
    if (now.tv_nsec >= SECOND) now.tv_nsec -= SECOND, now.tv_sec++;
    return wait(area, __NR_futex, r[RDI], FUTEX_WAIT_BITSET | (operation & FUTEX_PRIVATE_FLAG), r[RDX], (uint64_t)&now, 0,
                FUTEX_BITSET_MATCH_ANY, now.tv_sec * SECOND + now.tv_nsec);
}

/// Whether the end of the wait, if it has one, can be the host's to read. Its clocks are the guest's.
TEXT static int has_time(const uint64_t *r) { return !r[R10] || is_guest(r[R10], 16); }

/// FUTEX_WAKE_OP: changes the second word, wakes at the first, and at the second if its old value compares.
TEXT static int wake_with_operation(struct stub_area *area, uint32_t operation) {
    uint64_t *r = area->registers, second = r[R8];
    uint32_t code = (uint32_t)r[R9], kind = code >> 28 & 7, compare = code >> 24 & 15;
    if (r[RDI] & 3 || second & 3 || !is_guest(second, 4) || kind > 4 || compare > 5) return HANDED_OVER;
    int32_t operand = (int32_t)(code << 8) >> 20, comparand = (int32_t)(code << 20) >> 20;
    uint32_t value = code >> 31 ? 1u << (operand & 31) : (uint32_t)operand, old = 0;
    for (;;) {
        uint32_t new = kind == 0   ? value
                       : kind == 1 ? old + value
                       : kind == 2 ? old | value
                       : kind == 3 ? old & ~value
                                   : old ^ value;
        long seen = stub_exchange(second, old, new);
        if (seen < 0) return HANDED_OVER;
        if ((uint32_t)seen == old) break;
        old = (uint32_t)seen;
    }
    int32_t before = (int32_t)old;
    int holds = compare == 0   ? before == comparand
                : compare == 1 ? before != comparand
                : compare == 2 ? before < comparand
                : compare == 3 ? before <= comparand
                : compare == 4 ? before > comparand
                               : before >= comparand;
    long wake = FUTEX_WAKE | (operation & FUTEX_PRIVATE_FLAG);
    long woken = stub_call_a(__NR_futex, (long)r[RDI], wake, (int32_t)r[RDX], 0, 0, 0);
    if (woken >= 0 && holds) {
        long more = stub_call_a(__NR_futex, (long)second, wake, (int32_t)r[R10], 0, 0, 0);
        woken = more < 0 ? more : woken + more;
    }
    r[RAX] = (uint64_t)woken;
    return ANSWERED;
}

TEXT static int futex(struct stub_area *area) {
    uint64_t *r = area->registers;
    uint32_t operation = (uint32_t)r[RSI], command = operation & (uint32_t)FUTEX_CMD_MASK;
    if (!is_guest(r[RDI], 4)) return HANDED_OVER;
    switch (command) {
    case FUTEX_WAIT: return wait_relative(area, operation);
    case FUTEX_WAIT_BITSET:
        if (!has_time(r)) return HANDED_OVER;
        return wait(area, __NR_futex, r[RDI], operation, r[RDX], r[R10], 0, r[R9], 0);
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        if (!is_guest(r[R8], 4)) return HANDED_OVER;
        // Falls through.
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
        if (operation & FUTEX_CLOCK_REALTIME) return HANDED_OVER;
        if (operation == FUTEX_WAKE_PRIVATE && STUB_SPACE->flags & STUB_SPACE_ALONE && !(r[RDI] & 3)) {
            r[RAX] = 0;
            return ANSWERED;
        }
        r[RAX] = (uint64_t)stub_call_a(__NR_futex, (long)r[RDI], operation, (long)r[RDX], (long)r[R10], (long)r[R8], (long)r[R9]);
        return ANSWERED;
    case FUTEX_WAKE_OP:
        if (operation & FUTEX_CLOCK_REALTIME) return HANDED_OVER;
        return wake_with_operation(area, operation);
    }
    return HANDED_OVER;
}

/// futex_waitv: the host takes the list; what it does with addresses above the guest's memory, it does to this guest.
TEXT static int wait_on_many(struct stub_area *area) {
    uint64_t *r = area->registers;
    uint32_t count = (uint32_t)r[RSI], clock = (uint32_t)r[R8];
    if (!count || count > 128 || (uint32_t)r[RDX] || !is_guest(r[RDI], 24ul * count)) return HANDED_OVER;
    if (r[R10] && clock > 1) return HANDED_OVER;
    if (!has_time(r)) return HANDED_OVER;
    return wait(area, __NR_futex_waitv, r[RDI], count, 0, r[R10], r[R10] ? clock : 0, 0, 0);
}

TEXT int stub_answer_futex(struct stub_area *area) {
    if (!(STUB_SPACE->flags & STUB_SPACE_FUTEXES)) return HANDED_OVER;
    switch (area->registers[RAX]) {
    case __NR_futex: return futex(area);
    case __NR_futex_waitv: return wait_on_many(area);
    }
    return HANDED_OVER;
}

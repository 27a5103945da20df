// Calls that a stub answers itself: from what the Sentry keeps for it in a page that guest code cannot write, and from the
// host's clocks by their functions in the vDSO.
#include "stub.h"
#include <asm/unistd.h>

#define EFAULT 14
#define ENOSYS 38
#define ARCH_SET_FS 0x1002
#define CLOCK_LIMIT 16

struct time {
    int64_t seconds, nanoseconds;
};

TEXT static int give(struct stub_area *area, int64_t result) {
    area->registers[RAX] = (uint64_t)result;
    return 1;
}

/// Stores an answer where the guest wants it, if it does.
TEXT static long put(uint64_t address, const void *value, uint64_t size) {
    if (!address) return 0;
    if (address >= STUB_SPACE->limit || stub_move((void *)address, value, size)) return -EFAULT;
    return 0;
}

TEXT static int answer_identity(struct stub_area *area, uint32_t number) {
    const struct stub_info *info = area->info;
    const uint64_t *r = area->registers;
    if (!(info->flags & STUB_IDENTITY)) return 0;
    switch (number) {
    case __NR_getpid: return give(area, info->pid);
    case __NR_gettid: return give(area, info->tid);
    case __NR_getppid: return give(area, info->ppid);
    case __NR_getpgrp: return give(area, info->pgid);
    case __NR_getpgid: return (uint32_t)r[RDI] == 0 && give(area, info->pgid);
    case __NR_getsid: return (uint32_t)r[RDI] == 0 && give(area, info->sid);
    case __NR_getcpu: {
        uint32_t zero = 0, cpu = info->cpu;
        long result = put(r[RDI], &cpu, 4);
        if (!result) result = put(r[RSI], &zero, 4);
        return give(area, result);
    }
    }
    return 0;
}

TEXT static int answer_credentials(struct stub_area *area, uint32_t number) {
    const struct stub_info *info = area->info;
    if (!(info->flags & STUB_CREDENTIALS)) return 0;
    switch (number) {
    case __NR_getuid: return give(area, info->uid);
    case __NR_geteuid: return give(area, info->euid);
    case __NR_getgid: return give(area, info->gid);
    case __NR_getegid: return give(area, info->egid);
    }
    return 0;
}

/// The clocks that the vDSO has: REALTIME 0, MONOTONIC 1, MONOTONIC_RAW 4, both COARSE 5 and 6, BOOTTIME 7, TAI 11.
#define VDSO_CLOCKS (1u << 0 | 1u << 1 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 11)
#define COARSE_CLOCKS (1u << 5 | 1u << 6)
#define TICK 4000000

/// One of the host's clocks: there are no time namespaces here. Returns whether it could be read.
TEXT static int read_clock(struct stub_area *area, uint32_t id, struct time *time) {
    const struct stub_space_info *space = STUB_SPACE;
    if (area->clocks_fail || !(space->flags & STUB_SPACE_CLOCKS) || !space->clock) return 0;
    if (((int (*)(long, struct time *))space->clock)(id, time)) {
        // The host's clock source needs a system call, which the filter does not let through from there.
        area->clocks_fail = 1;
        return 0;
    }
    return 1;
}

TEXT uint64_t stub_coarse_time(struct stub_area *area) {
    struct time time;
    return read_clock(area, 5, &time) ? (uint64_t)time.seconds * 1000000000 + (uint64_t)time.nanoseconds : 0;
}

TEXT static int answer_clock(struct stub_area *area, uint32_t number) {
    const uint64_t *r = area->registers;
    struct time time;
    switch (number) {
    case __NR_clock_gettime: {
        uint32_t id = (uint32_t)r[RDI];
        if (id >= CLOCK_LIMIT || !(1u << id & VDSO_CLOCKS) || !r[RSI]) return 0;
        return read_clock(area, id, &time) && give(area, put(r[RSI], &time, sizeof time));
    }
    case __NR_clock_getres: {
        uint32_t id = (uint32_t)r[RDI];
        if (id >= CLOCK_LIMIT || !(1u << id & VDSO_CLOCKS)) return 0;
        time = (struct time){0, 1u << id & COARSE_CLOCKS ? TICK : 1};
        return give(area, put(r[RSI], &time, sizeof time));
    }
    case __NR_gettimeofday: {
        if (!read_clock(area, 0, &time)) return 0;
        time.nanoseconds /= 1000;
        long result = put(r[RDI], &time, sizeof time);
        uint64_t zone = 0; // UTC
        if (!result) result = put(r[RSI], &zone, sizeof zone);
        return give(area, result);
    }
    case __NR_time: {
        if (!read_clock(area, 0, &time)) return 0;
        long result = put(r[RDI], &time.seconds, sizeof time.seconds);
        return give(area, result ? result : time.seconds);
    }
    }
    return 0;
}

/// SIGKILL and SIGSTOP.
#define UNBLOCKABLE (1ul << 8 | 1ul << 18)

/// Changes the thread's signal mask as long as no signal waits: else the Sentry looks whether the change lets one through.
TEXT static int change_mask(struct stub_area *area) {
    const uint64_t *r = area->registers;
    struct stub_slot *slot = area->slot;
    uint64_t old = slot->mask, new = old, set;
    if (!(area->info->flags & STUB_MASK) || r[R10] != 8) return 0;
    if (r[RSI]) {
        if (r[RSI] >= STUB_SPACE->limit || stub_move(&set, (const void *)r[RSI], sizeof set)) return 0;
        switch ((uint32_t)r[RDI]) {
        case 0: new = old | set; break;
        case 1: new = old & ~set; break;
        case 2: new = set; break;
        default: return 0;
        }
        new &= ~UNBLOCKABLE;
    }
    if (new != old) {
        // Who sends a signal takes the permission away, and then looks at the mask: one of the two sees the other.
        __atomic_exchange_n(&slot->mask, new, __ATOMIC_SEQ_CST);
        if (!(__atomic_load_n(&area->info->flags, __ATOMIC_SEQ_CST) & STUB_MASK)) {
            __atomic_store_n(&slot->mask, old, __ATOMIC_SEQ_CST);
            return 0;
        }
    }
    return give(area, put(r[RDX], &old, sizeof old));
}

/// The thread ends: the Sentry need not look at a list of locks that is empty.
TEXT static int forget_empty_list(struct stub_area *area) {
    struct stub_slot *slot = area->slot;
    uint64_t head = slot->robust, words[3]; // the first entry, the locks' offset, what was under way
    if (head && head < STUB_SPACE->limit && !stub_move(words, (const void *)head, sizeof words) && words[0] == head && !words[2])
        slot->robust = 0;
    return 0;
}

TEXT static int answer_thread(struct stub_area *area, uint32_t number) {
    switch (number) {
    case __NR_rt_sigprocmask: return change_mask(area);
    case __NR_set_robust_list:
        if (area->registers[RSI] != 24) return 0;
        area->slot->robust = area->registers[RDI];
        return give(area, 0);
    case __NR_set_tid_address:
        if (!(area->info->flags & STUB_IDENTITY)) return 0;
        area->slot->clears = area->registers[RDI];
        return give(area, area->info->tid);
    case __NR_arch_prctl:
        if ((uint32_t)area->registers[RDI] != ARCH_SET_FS || area->registers[RSI] >= STUB_SPACE->limit) return 0;
        __asm__ volatile("wrfsbase %0" : : "r"(area->registers[RSI]));
        return give(area, 0);
    case __NR_rseq: return give(area, -ENOSYS);
    case __NR_exit:
    case __NR_exit_group: return forget_empty_list(area);
    }
    return 0;
}

TEXT int stub_answer(struct stub_area *area) {
    uint64_t number = (uint32_t)area->registers[RAX];
    if (number >= STUB_MARSHAL_CALLS || area->info->flags & STUB_HAND_OVER) return 0;
    switch (STUB_PARAMETERS->marshal[number][0] >> 8 & 15) {
    case STUB_ANSWER_IDENTITY: return answer_identity(area, (uint32_t)number);
    case STUB_ANSWER_CREDENTIALS: return answer_credentials(area, (uint32_t)number);
    case STUB_ANSWER_CLOCK: return answer_clock(area, (uint32_t)number);
    case STUB_ANSWER_YIELD: return give(area, stub_call_a(__NR_sched_yield, 0, 0, 0, 0, 0, 0));
    case STUB_ANSWER_MEMORY: return stub_answer_memory(area);
    case STUB_ANSWER_FUTEX: return stub_answer_futex(area);
    case STUB_ANSWER_FILE: return stub_answer_file(area, (uint32_t)number);
    case STUB_ANSWER_THREAD: return answer_thread(area, (uint32_t)number);
    }
    return 0;
}

// A stub's side of the systrap platform (native-memory.md, sections 3 and 5).
//
// Guest code comes here in two ways. Code that was rewritten jumps to entry.S, on the thread's entry stack; all else that
// happens is a signal, whose handler runs on the thread's signal stack. Either way the general registers are put into the
// thread's area, the call is answered here or handed over, and the thread carries out the Sentry's commands until one lets
// it leave. Vector state stays where it is, in the processor or in the signal frame, unless the Sentry asks for it. All of
// this lies in memory that the guest can write: it is correct for a guest that leaves it alone, and the filter is what
// holds for others.
#include "stub.h"
#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>

#define SIGILL 4
#define SIGTRAP 5
#define SIGBUS 7
#define SIGFPE 8
#define SIGSEGV 11
#define SIGCHLD 17
#define SIGURG 23
#define SIGSYS 31
#define TRAP_TRACE 2
#define SYS_SECCOMP 1
#define EPERM 1
#define EINTR 4
#define EFAULT 14
#define ENOSYS 38
#define EFLAGS_TF 0x100
#define GUEST_CS 0x33
#define GUEST_SS 0x2b
#define ARCHITECTURE 0xc000003e

// The kernel's frame (arch/x86/include/uapi/asm/sigcontext.h, ucontext.h).
struct context {
    uint64_t flags, link;
    uint64_t stack[3];
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
    uint16_t cs, gs, fs, ss;
    uint64_t error, trap, oldmask, cr2;
    uint8_t *floating;
};

struct information {
    int32_t signal, number, code, pad;
    uint64_t address;
    uint32_t call, architecture;
};

TEXT static struct stub_slot *slot_of(uint64_t index) {
    return (struct stub_slot *)(STUB_ARENA + STUB_INFO_LENGTH + index * STUB_SLOT_SIZE);
}

TEXT static struct stub_area *area_of(uint64_t index) {
    return (struct stub_area *)(STUB_AREAS + (index & (STUB_SLOTS - 1)) * STUB_AREA_SIZE);
}

#define STACK_OFFSET 4096
#define STACK_SIZE (STUB_AREA_SIZE - STACK_OFFSET)

/// The thread that runs on this stack.
TEXT static uint64_t own_index(void) {
    uint64_t here;
    __asm__ volatile("mov %%rsp, %0" : "=r"(here));
    return (here - STUB_AREAS) / STUB_AREA_SIZE & (STUB_SLOTS - 1);
}

TEXT static void set_up_area(struct stub_area *area, uint64_t index) {
    area->slot = slot_of(index);
    area->info = (const struct stub_info *)(STUB_ARENA + STUB_LINES_OFFSET) + index;
    area->self = area;
    area->top = (uint64_t)area + STACK_OFFSET;
    area->frame = 0;
}

/// The guest's gs base: ours unless it wants one of its own.
TEXT static uint64_t guest_gs(const struct stub_area *area) {
    uint64_t gs;
    __asm__ volatile("rdgsbase %0" : "=r"(gs));
    return gs == (uint64_t)area ? 0 : gs;
}

TEXT static void take_frame(struct stub_area *area, const struct context *c) {
    uint64_t *r = area->registers;
    r[R15] = c->r15, r[R14] = c->r14, r[R13] = c->r13, r[R12] = c->r12, r[RBP] = c->rbp, r[RBX] = c->rbx;
    r[R11] = c->r11, r[R10] = c->r10, r[R9] = c->r9, r[R8] = c->r8, r[RAX] = c->rax, r[RCX] = c->rcx;
    r[RDX] = c->rdx, r[RSI] = c->rsi, r[RDI] = c->rdi, r[RIP] = c->rip, r[CS] = c->cs;
    r[EFLAGS] = c->eflags, r[RSP] = c->rsp, r[SS] = c->ss, r[FS] = c->fs, r[GS] = c->gs;
    area->continuation = c->rip;
    area->frame = (void *)c;
}

TEXT static void put_frame(struct stub_area *area, struct context *c) {
    const uint64_t *r = area->registers;
    c->r15 = r[R15], c->r14 = r[R14], c->r13 = r[R13], c->r12 = r[R12], c->rbp = r[RBP], c->rbx = r[RBX];
    c->r11 = r[R11], c->r10 = r[R10], c->r9 = r[R9], c->r8 = r[R8], c->rax = r[RAX], c->rcx = r[RCX];
    c->rdx = r[RDX], c->rsi = r[RSI], c->rdi = r[RDI], c->rip = area->continuation, c->eflags = r[EFLAGS];
    c->rsp = r[RSP], c->cs = (uint16_t)r[CS], c->ss = (uint16_t)r[SS];
    area->frame = 0;
}

// Offsets in XSAVE's legacy area: what the kernel notes for itself in a frame (struct _fpx_sw_bytes).
#define SOFTWARE_BYTES 464
#define STATE_SIZE (SOFTWARE_BYTES + 16)
#define LEGACY_SIZE 512
#define INITIAL_X87 0x37f

/// MXCSR, and the x87's control word in the upper half.
TEXT static uint64_t floating_controls(const struct stub_area *area) {
    uint32_t mxcsr;
    uint16_t x87 = INITIAL_X87;
    if (area->frame) {
        const uint8_t *state = ((const struct context *)area->frame)->floating;
        mxcsr = *(const uint32_t *)(state + 24);
        if (*(const uint32_t *)(state + STATE_SIZE) <= LEGACY_SIZE || state[LEGACY_SIZE] & 1) x87 = *(const uint16_t *)state;
    } else {
        __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
        __asm__ volatile("fnstcw %0" : "=m"(x87));
    }
    return mxcsr | (uint64_t)x87 << 32;
}

TEXT static void set_floating_controls(struct stub_area *area, uint64_t controls) {
    uint32_t mxcsr = controls & 0xffff;
    uint16_t x87 = (uint16_t)(controls >> 32);
    if (area->frame) {
        uint8_t *state = ((const struct context *)area->frame)->floating;
        *(uint32_t *)(state + 24) = mxcsr;
        *(uint16_t *)state = x87;
        *(uint16_t *)(state + 2) = 0, state[4] = 0; // nothing on the x87's stack
        if (*(const uint32_t *)(state + STATE_SIZE) > LEGACY_SIZE) state[LEGACY_SIZE] |= 1;
    } else {
        __asm__ volatile("fninit\n\tfldcw %0" : : "m"(x87));
        __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    }
}

/// Registers to the slot.
TEXT static void export(struct stub_area *area) {
    uint64_t *to = area->slot->registers;
    for (int i = 0; i < 27; i++) to[i] = area->registers[i];
    if (!area->frame) to[CS] = GUEST_CS, to[SS] = GUEST_SS;
    to[ORIG_RAX] = ~0ul;
    to[DS] = to[ES] = 0;
    __asm__ volatile("rdfsbase %0" : "=r"(to[FS_BASE]));
    to[GS_BASE] = guest_gs(area);
    area->slot->controls = floating_controls(area);
}

/// Registers from the slot. What would fault, the Sentry has replaced.
TEXT static void import(struct stub_area *area) {
    const uint64_t *from = area->slot->registers;
    for (int i = 0; i < 27; i++) area->registers[i] = from[i];
    area->continuation = from[RIP];
    uint64_t gs = from[GS_BASE] ? from[GS_BASE] : (uint64_t)area;
    __asm__ volatile("wrfsbase %0" : : "r"(from[FS_BASE]));
    __asm__ volatile("wrgsbase %0" : : "r"(gs));
}

TEXT static uint32_t current_cpu(void) {
    // As getcpu does it: the limit of a segment of the kernel's says processor and node.
    uint64_t p;
    __asm__ volatile("lsl %1, %0" : "=r"(p) : "r"(0x7bul) : "cc");
    return (uint32_t)p & 0xfff;
}

/// Hands the line over, whose other words are in it. Those are stored in one go: the Sentry looks at the line meanwhile, and
/// each look takes it away.
TEXT static void publish(struct stub_area *area, uint32_t event) {
    struct stub_slot *slot = area->slot;
    slot->what = event;
    area->happened += STUB_COUNT;
    uint32_t seen = __atomic_exchange_n(&slot->happened, area->happened, __ATOMIC_SEQ_CST);
    if (slot->spins & STUB_DEMOTES) stub_demote(slot);
    if (seen & STUB_ASLEEP) {
        // It sleeps where this thread was, and wants to know where it is.
        slot->cpu = current_cpu() + 1;
        stub_call_a(__NR_futex, (long)&slot->happened, FUTEX_WAKE, 1, 0, 0, 0);
    }
}

// Ticks of the time stamp counter, some 20 us: one who computes has had the processor.
#define PREEMPTION 40000
// About a second: what was then counts no more.
#define FORGIVEN 2000000000

TEXT int stub_yield(struct stub_area *area) {
    if (area->crowded) {
        area->crowded--;
        return 1;
    }
    uint64_t start = stub_ticks();
    stub_call_a(__NR_sched_yield, 0, 0, 0, 0, 0, 0);
    uint64_t end = stub_ticks();
    if (end - start < PREEMPTION) return 0;
    if (end - area->crowd_time > FORGIVEN) area->crowding = 8;
    else if (area->crowding < 1024) area->crowding *= 2;
    area->crowded = area->crowding;
    area->crowd_time = end;
    return 1;
}

/// Waits for the next command.
TEXT static uint32_t await(struct stub_area *area) {
    struct stub_slot *slot = area->slot;
    uint32_t last = area->told, left = slot->spins;
    area->told += STUB_COUNT;
    if (left & STUB_YIELDS) {
        // The Sentry's thread sleeps on this processor: it is let run.
        for (left &= 1023; left && __atomic_load_n(&slot->spins, __ATOMIC_RELAXED); left--) {
            if (__atomic_load_n(&slot->told, __ATOMIC_ACQUIRE) != last) return slot->what;
            if (stub_yield(area)) break;
        }
        left = 0;
    }
    left &= STUB_LOOKS;
    for (uint32_t looks = 1; left; left--, looks++) {
        // It takes longer than most calls do: others of this processor may be what it waits for.
        if (looks % 16 == 0 && looks > 32 && stub_yield(area)) break;
        __builtin_ia32_pause();
        __builtin_ia32_pause();
        if (__atomic_load_n(&slot->told, __ATOMIC_ACQUIRE) != last) return slot->what;
    }
    uint32_t seen = last, asleep = last | STUB_ASLEEP;
    if (__atomic_compare_exchange_n(&slot->told, &seen, asleep, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        while (__atomic_load_n(&slot->told, __ATOMIC_ACQUIRE) == asleep)
            stub_call_a(__NR_futex, (long)&slot->told, FUTEX_WAIT, asleep, 0, 0, 0);
    return slot->what;
}

TEXT static long read_floating(struct stub_slot *slot, const struct context *c) {
    uint64_t size = *(const uint32_t *)(c->floating + STATE_SIZE);
    if (size < LEGACY_SIZE || size > 4096) size = LEGACY_SIZE;
    stub_copy((char *)slot + STUB_FLOATING_OFFSET, c->floating, size);
    return (long)size;
}

TEXT static long write_floating(struct stub_slot *slot, struct context *c, uint64_t size) {
    uint64_t room = *(const uint32_t *)(c->floating + STATE_SIZE);
    if (room < LEGACY_SIZE || room > 4096) room = LEGACY_SIZE;
    if (size > room) return -1;
    char *state = (char *)slot + STUB_FLOATING_OFFSET;
    stub_copy(c->floating, state, SOFTWARE_BYTES);
    if (size > LEGACY_SIZE) stub_copy(c->floating + LEGACY_SIZE, state + LEGACY_SIZE, size - LEGACY_SIZE);
    return 0;
}

TEXT static void map_arena(long ticket) {
    // The Sentry answers with a descriptor. It ends here when the Sentry does not know the ticket.
    long arena = stub_call_b(STUB_REQUEST, STUB_REQUEST_ARENA, ticket, 0, 0, 0, 0);
    if (arena < 0 ||
        stub_call_a(__NR_mmap, (long)STUB_ARENA, (long)STUB_INFO_LENGTH, PROT_READ, MAP_SHARED | MAP_FIXED, arena, 0) < 0 ||
        stub_call_a(__NR_mmap, (long)(STUB_ARENA + STUB_INFO_LENGTH), (long)(STUB_ARENA_LENGTH - STUB_INFO_LENGTH),
                    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, arena, (long)STUB_INFO_LENGTH) < 0 ||
        stub_call_a(__NR_madvise, (long)STUB_ARENA, (long)STUB_ARENA_LENGTH, MADV_DONTFORK, 0, 0, 0) < 0)
        for (;;) stub_call_a(__NR_exit_group, 1, 0, 0, 0, 0, 0);
    stub_call_a(__NR_close, arena, 0, 0, 0, 0, 0);
}

/// A thread for another slot, with the same registers and vector state: out of a frame it begins in a copy of that.
TEXT static long make_thread(struct stub_area *area, uint64_t index) {
    struct stub_area *other = area_of(index);
    set_up_area(other, index & (STUB_SLOTS - 1));
    other->happened = other->told = 0;
    other->continuation = area->continuation;
    for (int i = 0; i < 27; i++) other->registers[i] = area->registers[i];
    uint64_t stack = other->top - 64;
    struct context *copy = 0, *c = area->frame;
    if (c) {
        uint64_t shift = (uint64_t)other - (uint64_t)area, frame = (uint64_t)c - 8, end = (uint64_t)area + STUB_AREA_SIZE;
        if (frame < (uint64_t)area + STACK_OFFSET || frame >= end) return -EFAULT;
        copy = (struct context *)((uint64_t)c + shift);
        if (stub_copy((char *)copy - 8, (char *)frame, end - frame)) return -EFAULT;
        copy->floating += shift;
        copy->stack[0] += shift; // rt_sigreturn sets the signal stack
        stack = ((uint64_t)copy - 256) & ~15ul;
    }
    return stub_clone_thread(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, stack, other,
                             copy);
}

TEXT static long make_calls(struct stub_slot *slot, uint64_t count) {
    const uint64_t *a = (const uint64_t *)((char *)slot + STUB_FLOATING_OFFSET);
    long result = 0;
    for (; count && count <= STUB_CALLS_LIMIT && result >= 0; count--, a += 7) {
        result = stub_call_a((long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4], (long)a[5], (long)a[6]);
        if (result > -4096 && result < 0) return result;
        result = 0;
    }
    return result;
}

/// Carries out commands until the thread is to leave. The command at hand needs a frame: there is one, or none is made here.
TEXT static void obey(struct stub_area *area, uint32_t command) {
    struct stub_slot *slot = area->slot;
    for (;; command = await(area)) {
        struct context *c = area->frame;
        const uint64_t *a = slot->words;
        long result = -ENOSYS;
        switch (command) {
        case STUB_RETURN:
            area->registers[RAX] = a[0];
            stub_deliver(area);
            return;
        case STUB_BEGIN:
        case STUB_RESUME:
            // The way out without a frame finds its memory by gs.
            if (!c && (slot->registers[CS] != GUEST_CS || slot->registers[EFLAGS] & EFLAGS_TF || slot->registers[GS_BASE]))
                stub_stand();
            import(area);
            if (command == STUB_BEGIN) set_floating_controls(area, a[0]);
            stub_deliver(area);
            return;
        case STUB_CONTINUE:
            stub_deliver(area);
            return;
        case STUB_SETTLE:
            result = stub_settle(area);
            break;
        case STUB_FETCH:
            result = (long)stub_fetch(area, a[0], a[1]);
            break;
        case STUB_PROBE:
            result = (long)stub_probe_range(a[0], a[1]);
            break;
        case STUB_EXPORT:
            export(area);
            result = 0;
            break;
        case STUB_CALL_A:
            result = stub_call_a((int32_t)slot->number, (long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4], (long)a[5]);
            break;
        case STUB_CALL_B:
            result = stub_call_b((int32_t)slot->number, (long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4], (long)a[5]);
            break;
        case STUB_CALLS:
            result = make_calls(slot, a[0]);
            break;
        case STUB_MAP_FILE:
            result = stub_call_b(STUB_REQUEST, STUB_REQUEST_DESCRIPTOR, 0, 0, 0, 0, 0);
            if (result >= 0) result = stub_call_a(__NR_mmap, (long)a[0], (long)a[1], (long)a[2], (long)a[3], result, (long)a[4]);
            break;
        case STUB_THREAD:
            result = make_thread(area, a[0]);
            break;
        case STUB_FORK: {
            // The arena is not inherited: until it is mapped again, the child has nothing but its private memory.
            long ticket = (long)a[0];
            uint64_t has_views = a[1];
            stub_lock_heap();
            result = stub_call_b(__NR_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0, 0);
            stub_unlock_heap();
            if (result == 0) {
                stub_call_a(__NR_close_range, 0, ~0u, 0, 0, 0, 0);
                // Nor are mapped files: where they were must not come to be the guest's.
                if (has_views) stub_fill_files();
                map_arena(ticket);
                area->happened = area->told = 0;
                publish(area, STUB_EVENT_STARTED);
                continue;
            }
            break;
        }
        case STUB_TOUCH:
            result = stub_touch(a[0], (int)a[1]);
            break;
        case STUB_EXCHANGE:
            result = stub_exchange(a[0], (uint32_t)a[1], (uint32_t)a[2]);
            break;
        case STUB_READ_FLOATING:
            if (!c) stub_stand();
            result = read_floating(slot, c);
            break;
        case STUB_WRITE_FLOATING:
            if (!c) stub_stand();
            result = write_floating(slot, c, a[0]);
            break;
        case STUB_CLEAR: {
            uint32_t zero = 0;
            uint64_t place = a[0];
            int wakes = place && stub_copy((void *)place, &zero, sizeof zero) == 0;
            // Who is woken may want this thread for another one at once.
            slot->words[0] = 0;
            publish(area, STUB_EVENT_RESULT);
            if (wakes) stub_call_a(__NR_futex, (long)place, FUTEX_WAKE, 1, 0, 0, 0);
            continue;
        }
        case STUB_EXIT:
            if (a[0]) stub_call_a(__NR_set_tid_address, (long)a[0], 0, 0, 0, 0, 0);
            for (;;) stub_call_a(__NR_exit, 0, 0, 0, 0, 0, 0);
        }
        slot->words[0] = (uint64_t)result;
        publish(area, STUB_EVENT_RESULT);
    }
}

/// Calls that the Sentry needs all registers for, and those whose number does not fit in the line.
TEXT static int needs_registers(uint64_t number) {
    return number == __NR_clone || number == __NR_rt_sigreturn || number == __NR_fork || number == __NR_vfork ||
           number == __NR_clone3 || number == __NR_sigaltstack || number != (uint64_t)(int32_t)number;
}

/// A system call of guest code, whose registers are in the area, becomes the Sentry's.
TEXT static void hand_over(struct stub_area *area) {
    const uint64_t *r = area->registers;
    struct stub_slot *slot = area->slot;
    uint64_t words[6] = {r[RDI], r[RSI], r[RDX], r[R10], r[R8], r[R9]};
    uint32_t event = STUB_EVENT_CALL | stub_bring(area, words);
    if (area->frame && area->continuation == r[RIP]) {
        event |= STUB_EVENT_TRAPPED;
        slot->site = r[RIP];
    }
    if (area->interrupted) {
        area->interrupted = 0;
        event |= STUB_EVENT_INTERRUPTED;
    }
    if (needs_registers(r[RAX])) {
        event |= STUB_EVENT_EXPORTED;
        export(area);
    }
    slot->words[0] = words[0], slot->words[1] = words[1], slot->words[2] = words[2];
    slot->words[3] = words[3], slot->words[4] = words[4], slot->words[5] = words[5];
    slot->number = (uint32_t)r[RAX];
    publish(area, event);
    if (event & STUB_EVENT_PLAIN && !(event & STUB_EVENT_INLINE) && slot->spins & STUB_DEMOTES) stub_demote(slot->input);
    obey(area, await(area));
}

TEXT void stub_call(struct stub_area *area) {
    uint64_t number = (uint32_t)area->registers[RAX];
    if (stub_answer(area)) area->slot->answered[STUB_PARAMETERS->marshal[number][STUB_MARSHAL_COUNTER]]++;
    else hand_over(area);
}

/// Whether the trapped call is a wait that the stub answers itself, outside of a handler: kicks are blocked in one.
TEXT static int sleeps(const struct stub_area *area, const struct context *c) {
    uint32_t operation = (uint32_t)c->rsi & (uint32_t)FUTEX_CMD_MASK;
    if (c->rax != __NR_futex_waitv && (c->rax != __NR_futex || (operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET)))
        return 0;
    return !(area->info->flags & STUB_HAND_OVER) && STUB_SPACE->flags & STUB_SPACE_FUTEXES && !guest_gs(area) &&
           !(c->eflags & EFLAGS_TF);
}

/// The Sentry wants the thread, which was about to go on with guest code.
TEXT void stub_kicked(struct stub_area *area) {
    publish(area, STUB_EVENT_KICKED);
    obey(area, await(area));
}

/// A new thread: from a copy of another one's frame, or else by the entry code's way.
TEXT __attribute__((used)) void stub_run_thread(struct stub_area *area, struct context *c) {
    __asm__ volatile("wrgsbase %0" : : "r"(area));
    area->frame = c;
    if (!c) {
        uint64_t stack[3] = {(uint64_t)area + STACK_OFFSET, 0, STACK_SIZE};
        stub_call_a(__NR_sigaltstack, (long)stack, 0, 0, 0, 0, 0);
    }
    publish(area, STUB_EVENT_STARTED);
    obey(area, await(area));
    if (!c) stub_leave();
    put_frame(area, c);
}

TEXT static int is_stub_text(uint64_t ip) {
    const struct stub_parameters *parameters = (void *)(STUB_IMAGE_BASE + STUB_DATA_OFFSET);
    return ip - (STUB_IMAGE_BASE + STUB_TEXT_OFFSET) < parameters->text_length;
}

// What a program is trapped for while it starts.
#define STARTING_TRAPS 48

/// Every signal's handler, on the thread's signal stack, all but SIGSEGV, SIGBUS and SIGSYS blocked.
TEXT void stub_signal(int signal, const struct information *info, struct context *c) {
    uint64_t ip = c->rip;
    if (signal == SIGSEGV || signal == SIGBUS) {
        if (ip >= (uint64_t)stub_guard_start && ip < (uint64_t)stub_guard_end) {
            c->rip = (uint64_t)stub_guard_failed;
            return;
        }
        if (ip >= (uint64_t)stub_words_start && ip < (uint64_t)stub_words_end) {
            c->rip = c->r8;
            return;
        }
        if (ip >= (uint64_t)stub_bytes_start && ip < (uint64_t)stub_bytes_end) {
            c->rip = (uint64_t)stub_guard_failed;
            return;
        }
    }
    if (signal == SIGSYS && c->rsp - STUB_AREAS < STUB_SLOTS * STUB_AREA_SIZE) {
        // A call of our own, or of the vDSO for us, that the filter does not let through.
        c->rax = (uint64_t)-EPERM;
        return;
    }
    struct stub_area *area = area_of(own_index());
    if (is_stub_text(ip)) {
        switch (signal) {
        case SIGURG:
            if (ip >= (uint64_t)stub_inject_a && ip <= (uint64_t)stub_inject_a + 2) {
                // A futex wait: one that has not begun is not begun. The breakpoint behind it reports either.
                if (ip == (uint64_t)stub_inject_a) {
                    c->rip = ip + 2;
                    c->rax = (uint64_t)-EINTR;
                }
            } else if (ip >= (uint64_t)stub_inject_b && ip <= (uint64_t)stub_inject_b + 2) {
                if (ip == (uint64_t)stub_inject_b) {
                    c->rip = ip + 2;
                    c->rax = (uint64_t)-EINTR;
                }
            } else if (ip >= (uint64_t)stub_wait_check && ip < (uint64_t)stub_wait_end) {
                c->rip = (uint64_t)stub_wait_abort;
            } else if (ip >= (uint64_t)stub_leave_check && ip < (uint64_t)stub_leave_end) {
                // Between the look at the kick word and guest code: it looks again.
                c->rip = (uint64_t)stub_leave_check;
            }
            // Everywhere else the code comes to that look before it goes on with guest code.
            return;
        case SIGTRAP:
            if (ip == (uint64_t)stub_stood) {
                // The command at hand needs this frame. Its registers are of no interest, the guest's are in the area.
                area->frame = c;
                area->registers[CS] = GUEST_CS;
                area->registers[SS] = GUEST_SS;
                obey(area, area->slot->what);
                put_frame(area, c);
                return;
            }
            if (info->code == TRAP_TRACE) return; // guest code that traces itself steps over ours
        }
    }
    int is_call = signal == SIGSYS && info->code == SYS_SECCOMP && info->architecture == ARCHITECTURE && info->address >> 63 == 0;
    // Some of those that could be answered here go to the Sentry all the same: it rewrites what traps often. One in four, in
    // no cycle that a program's own could be in step with (Fibonacci hashing), once it has lived long enough for that to pay.
    // The last call of all is handed over anyway, after something was done for it here.
    int counts = is_call && ++area->traps > STARTING_TRAPS && area->traps * 0x9e3779b9u >> 30 == 0 &&
                 c->rax != __NR_exit && c->rax != __NR_exit_group;
    if (is_call && !counts && sleeps(area, c)) {
        // As if from rewritten code: a system call changes rcx and r11 in any case.
        c->rcx = c->r11 = ip;
        __asm__ volatile("lea stub_entry_call(%%rip), %0" : "=r"(c->rip));
        return;
    }
    take_frame(area, c);
    struct stub_slot *slot = area->slot;
    if (is_call) {
        if (counts) hand_over(area);
        else stub_call(area);
    } else {
        slot->signal = signal;
        slot->code = info->code;
        slot->address = info->address;
        slot->trap = c->trap;
        slot->error = c->error;
        slot->architecture = info->architecture;
        export(area);
        publish(area, STUB_EVENT_SIGNAL);
        obey(area, await(area));
    }
    put_frame(area, c);
}

TEXT long stub_prepare_systrap(void) {
    // Threads' areas, touched by those threads that exist, and what they have in common.
    long r = call(__NR_mmap, (long)STUB_COMMON, (long)(4096 + STUB_SLOTS * STUB_AREA_SIZE), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (r < 0) return r;
    // A set, not a table: constants in memory would lie outside of the image.
    uint32_t signals = 1u << SIGSYS | 1u << SIGSEGV | 1u << SIGBUS | 1u << SIGILL | 1u << SIGFPE | 1u << SIGTRAP | 1u << SIGURG;
    for (int signal = 1; signal < 32; signal++) {
        if (!(signals >> signal & 1)) continue;
        // The kernel's struct sigaction. Addresses are computed: a constant struct would lie outside of the image, too.
        uint64_t action[4];
        __asm__ volatile("lea stub_handler(%%rip), %0" : "=r"(action[0]));
        // SA_SIGINFO | SA_ONSTACK | SA_RESTORER | SA_NODEFER: what the mask leaves open stays so for itself, too. The stub's
        // own accesses may fault while it deals with a fault.
        action[1] = 0x4c000004;
        __asm__ volatile("lea stub_restorer(%%rip), %0" : "=r"(action[2]));
        action[3] = ~(1ul << (SIGSEGV - 1) | 1ul << (SIGBUS - 1) | 1ul << (SIGSYS - 1));
        r = call(__NR_rt_sigaction, signal, (long)action, 0, 8, 0, 0);
        if (r < 0) return r;
    }
    return 0;
}

TEXT void stub_enter_systrap(long ticket) {
    stub_call_a(__NR_close_range, 0, ~0u, 0, 0, 0, 0);
    map_arena(ticket);
    struct stub_area *area = area_of(0);
    set_up_area(area, 0);
    // On the area's own stack from here on: its address is what tells a thread's number.
    __asm__ volatile("mov %0, %%rsp\n\txor %%esi, %%esi\n\tcall stub_run_thread"
                     : : "r"(area->top - 64), "D"(area) : "rsi", "memory");
    __builtin_unreachable();
}

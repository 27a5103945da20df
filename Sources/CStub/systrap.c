// A stub's side of the systrap platform (native-memory.md, sections 3 and 5).
//
// Whatever happens to guest code becomes a signal, whose handler runs on the thread's own signal stack. It exports the
// registers to the thread's slot, and then carries out the Sentry's commands until one lets it return to guest code.
// The floating point state stays in the signal frame unless the Sentry asks for it. All of this lies in memory that the
// guest can write: it is correct for a guest that leaves it alone, and the filter is what holds for others.
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
#define EPERM 1
#define EINTR 4
#define EFAULT 14
#define ENOSYS 38

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

enum { R15, R14, R13, R12, RBP, RBX, R11, R10, R9, R8, RAX, RCX, RDX, RSI, RDI, ORIG_RAX, RIP, CS, EFLAGS, RSP, SS,
       FS_BASE, GS_BASE, DS, ES, FS, GS };

TEXT static struct stub_slot *slot_of(uint64_t index) {
    return (struct stub_slot *)(STUB_ARENA + (index & (STUB_SLOTS - 1)) * STUB_SLOT_SIZE);
}

/// The slot of the thread that runs on this stack.
TEXT static uint64_t own_index(void) {
    uint64_t here;
    __asm__ volatile("mov %%rsp, %0" : "=r"(here));
    return (here - STUB_AREAS) / STUB_AREA_SIZE;
}

TEXT static void export(struct stub_slot *slot, const struct context *c) {
    uint64_t *r = slot->registers;
    r[R15] = c->r15, r[R14] = c->r14, r[R13] = c->r13, r[R12] = c->r12, r[RBP] = c->rbp, r[RBX] = c->rbx;
    r[R11] = c->r11, r[R10] = c->r10, r[R9] = c->r9, r[R8] = c->r8, r[RAX] = c->rax, r[RCX] = c->rcx;
    r[RDX] = c->rdx, r[RSI] = c->rsi, r[RDI] = c->rdi, r[ORIG_RAX] = ~0ul, r[RIP] = c->rip, r[CS] = c->cs;
    r[EFLAGS] = c->eflags, r[RSP] = c->rsp, r[SS] = c->ss, r[FS] = c->fs, r[GS] = c->gs, r[DS] = 0, r[ES] = 0;
    __asm__ volatile("rdfsbase %0" : "=r"(r[FS_BASE]));
    __asm__ volatile("rdgsbase %0" : "=r"(r[GS_BASE]));
}

TEXT static void import(const struct stub_slot *slot, struct context *c) {
    const uint64_t *r = slot->registers;
    c->r15 = r[R15], c->r14 = r[R14], c->r13 = r[R13], c->r12 = r[R12], c->rbp = r[RBP], c->rbx = r[RBX];
    c->r11 = r[R11], c->r10 = r[R10], c->r9 = r[R9], c->r8 = r[R8], c->rax = r[RAX], c->rcx = r[RCX];
    c->rdx = r[RDX], c->rsi = r[RSI], c->rdi = r[RDI], c->rip = r[RIP], c->eflags = r[EFLAGS], c->rsp = r[RSP];
    c->cs = (uint16_t)r[CS], c->ss = (uint16_t)r[SS];
    // A base that is not canonical would fault here; the Sentry sends none, and the thread's own word hurts the thread.
    __asm__ volatile("wrfsbase %0" : : "r"(r[FS_BASE]));
    __asm__ volatile("wrgsbase %0" : : "r"(r[GS_BASE]));
}

TEXT static void publish(struct stub_slot *slot, uint32_t event, uint32_t count) {
    slot->event = event;
    __atomic_store_n(&slot->happened, count, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&slot->awaited, __ATOMIC_RELAXED))
        stub_call_a(__NR_futex, (long)&slot->happened, FUTEX_WAKE, 1, 0, 0, 0);
}

/// Waits for a command other than the one of this count.
TEXT static uint32_t await(struct stub_slot *slot, uint32_t last) {
    for (uint32_t left = slot->spins; left; left--) {
        if (__atomic_load_n(&slot->told, __ATOMIC_ACQUIRE) != last) return slot->command;
        __builtin_ia32_pause();
    }
    slot->sleeping = 1;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    while (__atomic_load_n(&slot->told, __ATOMIC_ACQUIRE) == last)
        stub_call_a(__NR_futex, (long)&slot->told, FUTEX_WAIT, last, 0, 0, 0);
    slot->sleeping = 0;
    return slot->command;
}

// Offsets in XSAVE's legacy area: what the kernel notes for itself in a frame (struct _fpx_sw_bytes).
#define SOFTWARE_BYTES 464
#define STATE_SIZE (SOFTWARE_BYTES + 16)
#define LEGACY_SIZE 512

TEXT static long read_floating(struct stub_slot *slot, const struct context *c) {
    uint64_t size = *(const uint32_t *)(c->floating + STATE_SIZE);
    if (size < LEGACY_SIZE || size > 4096) size = LEGACY_SIZE;
    stub_copy((char *)slot + 4096, c->floating, size);
    return (long)size;
}

TEXT static long write_floating(struct stub_slot *slot, struct context *c, uint64_t size) {
    uint64_t room = *(const uint32_t *)(c->floating + STATE_SIZE);
    if (room < LEGACY_SIZE || room > 4096) room = LEGACY_SIZE;
    if (size > room) return -1;
    stub_copy(c->floating, (char *)slot + 4096, SOFTWARE_BYTES);
    if (size > LEGACY_SIZE) stub_copy(c->floating + LEGACY_SIZE, (char *)slot + 4096 + LEGACY_SIZE, size - LEGACY_SIZE);
    return 0;
}

TEXT static void map_arena(long ticket) {
    // The Sentry answers with a descriptor. It ends here when the Sentry does not know the ticket.
    long arena = stub_call_b(STUB_REQUEST, STUB_REQUEST_ARENA, ticket, 0, 0, 0, 0);
    if (arena < 0 || stub_call_a(__NR_mmap, (long)STUB_ARENA, (long)STUB_ARENA_LENGTH, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_FIXED, arena, 0) < 0 ||
        stub_call_a(__NR_madvise, (long)STUB_ARENA, (long)STUB_ARENA_LENGTH, MADV_DONTFORK, 0, 0, 0) < 0)
        for (;;) stub_call_a(__NR_exit_group, 1, 0, 0, 0, 0, 0);
    stub_call_a(__NR_close_range, 0, ~0u, 0, 0, 0, 0);
}

TEXT static uint64_t area_of(uint64_t index) { return STUB_AREAS + (index & (STUB_SLOTS - 1)) * STUB_AREA_SIZE; }

#define STACK_OFFSET 4096
#define STACK_SIZE (STUB_AREA_SIZE - 8192)

/// A thread for another slot. It begins in a copy of this one's signal frame, and so with the same floating point state,
/// signal mask and registers.
TEXT static long make_thread(struct context *c, uint64_t index) {
    uint64_t own = area_of(own_index()), other = area_of(index), frame = (uint64_t)c - 8;
    if (frame < own + STACK_OFFSET || frame >= own + STACK_OFFSET + STACK_SIZE) return -EFAULT;
    struct context *copy = (struct context *)((uint64_t)c - own + other);
    if (stub_copy((char *)copy - 8, (char *)frame, own + STACK_OFFSET + STACK_SIZE - frame)) return -EFAULT;
    copy->floating += other - own;
    copy->stack[0] += other - own; // rt_sigreturn sets the signal stack
    return stub_clone_thread(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
                             ((uint64_t)copy - 256) & ~15ul, copy);
}

/// Carries out commands until the thread is to return from its handler.
TEXT static void obey(struct stub_slot *slot, struct context *c, uint32_t event) {
    uint32_t last = slot->told, count = slot->happened;
    publish(slot, event, ++count);
    for (;;) {
        uint32_t command = await(slot, last++);
        uint64_t *a = slot->arguments;
        long result = -ENOSYS;
        switch (command) {
        case STUB_RESUME:
            import(slot, c);
            return;
        case STUB_CALL_A:
            result = stub_call_a((long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4], (long)a[5], (long)a[6]);
            break;
        case STUB_CALL_B:
            result = stub_call_b((long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4], (long)a[5], (long)a[6]);
            break;
        case STUB_THREAD:
            result = make_thread(c, a[0]);
            break;
        case STUB_FORK: {
            // The arena is not inherited: until it is mapped again, the child has nothing but this stack.
            long ticket = (long)a[0];
            result = stub_call_b(__NR_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0, 0);
            if (result == 0) {
                map_arena(ticket);
                last = slot->told;
                count = slot->happened;
                publish(slot, STUB_EVENT_STARTED, ++count);
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
            result = read_floating(slot, c);
            break;
        case STUB_WRITE_FLOATING:
            result = write_floating(slot, c, a[0]);
            break;
        case STUB_EXIT:
            for (;;) stub_call_a(__NR_exit, 0, 0, 0, 0, 0, 0);
        }
        slot->result = (uint64_t)result;
        publish(slot, STUB_EVENT_RESULT, ++count);
    }
}

TEXT __attribute__((used)) void stub_run_thread(struct context *c) { obey(slot_of(own_index()), c, STUB_EVENT_STARTED); }

/// Every signal's handler, on the thread's signal stack, all but SIGSEGV, SIGBUS and SIGSYS blocked.
TEXT void stub_signal(int signal, const struct information *info, struct context *c) {
    uint64_t ip = c->rip;
    if (signal == SIGSEGV || signal == SIGBUS) {
        if (ip >= (uint64_t)stub_guard_start && ip < (uint64_t)stub_guard_end) {
            c->rip = (uint64_t)stub_guard_failed;
            return;
        }
    }
    if (signal == SIGSYS && c->rsp - STUB_AREAS < STUB_SLOTS * STUB_AREA_SIZE &&
        ip >= (uint64_t)stub_gate_a && ip < (uint64_t)stub_gate_b + 4096) {
        // A call of our own that the filter does not let through.
        c->rax = (uint64_t)-EPERM;
        return;
    }
    if (signal == SIGURG && ip >= (uint64_t)stub_inject_a && ip <= (uint64_t)stub_inject_a + 2) {
        // A futex wait: one that has not begun is not begun. The breakpoint behind it reports either.
        if (ip == (uint64_t)stub_inject_a) {
            c->rip = ip + 2;
            c->rax = (uint64_t)-EINTR;
        }
        return;
    }
    struct stub_slot *slot = slot_of(own_index());
    export(slot, c);
    slot->signal = signal;
    slot->code = info->code;
    slot->address = info->address;
    slot->trap = c->trap;
    slot->error = c->error;
    slot->number = info->call;
    slot->architecture = info->architecture;
    obey(slot, c, signal == SIGTRAP && ip == (uint64_t)stub_started ? STUB_EVENT_STARTED : STUB_EVENT_SIGNAL);
}

TEXT long stub_prepare_systrap(void) {
    // Signal stacks: touched by those threads that exist.
    long r = call(__NR_mmap, (long)STUB_AREAS, (long)(STUB_SLOTS * STUB_AREA_SIZE), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (r < 0) return r;
    // A set, not a table: constants in memory would lie outside of the image.
    uint32_t signals = 1u << SIGSYS | 1u << SIGSEGV | 1u << SIGBUS | 1u << SIGILL | 1u << SIGFPE | 1u << SIGTRAP | 1u << SIGURG;
    for (int signal = 1; signal < 32; signal++) {
        if (!(signals >> signal & 1)) continue;
        // The kernel's struct sigaction. Addresses are computed: a constant struct would lie outside of the image, too.
        uint64_t action[4];
        __asm__ volatile("lea stub_handler(%%rip), %0" : "=r"(action[0]));
        action[1] = 0x0c000004; // SA_SIGINFO | SA_ONSTACK | SA_RESTORER
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
    uint64_t stack[3] = {area_of(0) + STACK_OFFSET, 0, STACK_SIZE};
    stub_call_a(__NR_sigaltstack, (long)stack, 0, 0, 0, 0, 0);
    stub_start_thread();
    for (;;) stub_call_a(__NR_exit_group, 1, 0, 0, 0, 0, 0);
}

// The mechanisms of native guest memory in one file: a filter by instruction pointer, calls marshalled through a shared
// window, native mmap and fork in the stub, descriptors put in by notification, remote copies. Prints what each costs.
//
//   cc -O2 -o /tmp/spike Integration/spike/spike.c && /tmp/spike
//
// The parent plays the Sentry, its child a stub whose "guest code" is ordinary C that enters the gates by calls.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT 0x7e0000000000ul // the end of what an argument of a native call may name
#define ARENA 0x7e9000000000ul // where a stub has its window
#define WINDOW 65536
#define REQUEST 0x2C10 // a call that does not exist
enum { ASK_DESCRIPTOR, ASK_WINDOW };
enum { OP_NOTHING, OP_READ, OP_WRITE, OP_REAP, OP_DONE };

// One writer per line.
struct control {
    _Alignas(64) _Atomic uint32_t asked;
    uint32_t op;
    uint64_t count;
    _Alignas(64) _Atomic uint32_t answered; // equals `asked` when the answer is there
    int64_t result;
    _Alignas(4096) char window[WINDOW];
};

#define MUST(x) ({ long r_ = (long)(x); if (r_ == -1) { perror(#x); _exit(1); } r_; })

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

// ---- The gates: pages of their own, told apart by one comparison ----

long gate_a(long number, long a, long b, long c, long d, long e, long f);
long gate_b(long number, long a, long b, long c, long d, long e, long f);
void restorer(void);
#define GATE(name, more)                                                                                                   \
    __asm__(".text\n.balign 4096\n.globl " #name "\n" #name ":\n"                                                      \
            "mov %rdi,%rax\nmov %rsi,%rdi\nmov %rdx,%rsi\nmov %rcx,%rdx\nmov %r8,%r10\nmov %r9,%r8\nmov 8(%rsp),%r9\n" \
            "syscall\nret\n" more ".balign 4096\n")
GATE(gate_a, ".globl restorer\nrestorer: mov $15,%eax\nsyscall\n"); // rt_sigreturn, behind each handler
GATE(gate_b, "");

static struct sock_filter program[64];
static unsigned short length;
static void emit(uint16_t code, uint32_t k, uint8_t t, uint8_t f) { program[length++] = (struct sock_filter){code, t, f, k}; }
static void load(size_t offset) { emit(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }
static void give(uint32_t verdict) { emit(BPF_RET | BPF_K, verdict, 0, 0); }
static void unless_equal_skip(uint32_t k, uint8_t skip) { emit(BPF_JMP | BPF_JEQ | BPF_K, k, 0, skip); }

/// A call whose first two arguments are an address and a length: the sum of their high halves must stay below L's.
static void ranged(uint32_t number) {
    unless_equal_skip(number, 7);
    load(offsetof(struct seccomp_data, args[0]) + 4);
    emit(BPF_MISC | BPF_TAX, 0, 0, 0);
    load(offsetof(struct seccomp_data, args[1]) + 4);
    emit(BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0);
    emit(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)(LIMIT >> 32) - 1, 1, 0);
    give(SECCOMP_RET_ALLOW);
    give(SECCOMP_RET_TRAP);
}

static int install_filter(void) {
    const size_t ip = offsetof(struct seccomp_data, instruction_pointer);
    // Not position independent: linked below 4 GiB, or both gates share their high half.
    load(ip + 4);
    unless_equal_skip((uint32_t)((uintptr_t)gate_a >> 32), 1);
    emit(BPF_JMP | BPF_JA, 1, 0, 0);
    give(SECCOMP_RET_TRAP);
    load(ip);
    emit(BPF_ALU | BPF_AND | BPF_K, 0xfffff000, 0, 0);
    unsigned short at_a = length;
    unless_equal_skip((uint32_t)(uintptr_t)gate_a, 0);
    load(offsetof(struct seccomp_data, nr));
    ranged(__NR_mmap);
    ranged(__NR_munmap);
    unless_equal_skip(__NR_exit_group, 1);
    give(SECCOMP_RET_ALLOW);
    unless_equal_skip(__NR_rt_sigreturn, 1);
    give(SECCOMP_RET_ALLOW);
    give(SECCOMP_RET_TRAP);
    program[at_a].jf = (uint8_t)(length - at_a - 1);
    unless_equal_skip((uint32_t)(uintptr_t)gate_b, 5);
    load(offsetof(struct seccomp_data, nr));
    unless_equal_skip(__NR_clone, 1);
    give(SECCOMP_RET_USER_NOTIF);
    unless_equal_skip(REQUEST, 1);
    give(SECCOMP_RET_USER_NOTIF);
    give(SECCOMP_RET_TRAP);
    struct sock_fprog fprog = {length, program};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    return (int)MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                             SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &fprog));
}

// ---- The stub ----

static struct control *control = (struct control *)ARENA;
static volatile int trapped;

static void on_sigsys(int signal, siginfo_t *info, void *raw) {
    (void)signal, (void)info;
    trapped++;
    ((ucontext_t *)raw)->uc_mcontext.gregs[REG_RAX] = -EPERM;
}

static int64_t hand_over(uint32_t op, uint64_t count) {
    control->op = op;
    control->count = count;
    uint32_t n = atomic_load_explicit(&control->asked, memory_order_relaxed) + 1;
    atomic_store_explicit(&control->asked, n, memory_order_release);
    uint64_t spins = 0;
    while (atomic_load_explicit(&control->answered, memory_order_acquire) != n) {
        if (++spins > 10000000000) gate_a(__NR_exit_group, 1, 0, 0, 0, 0, 0);
        __builtin_ia32_pause();
    }
    return control->result;
}

static int64_t guest_read(void *to, size_t count) {
    int64_t n = hand_over(OP_READ, count);
    if (n > 0) memcpy(to, control->window, (size_t)n);
    return n;
}

static int64_t guest_write(const void *from, size_t count) {
    memcpy(control->window, from, count);
    return hand_over(OP_WRITE, count);
}

static char buffer[65536];
static volatile uint64_t marker = 1; // copied on write by fork, read by remote copy

struct figures {
    uint64_t getppid, map, cross, read4k, write256, read64k, native_map, trap, file, fork, remote4k, remote64k;
    int beyond_refused, file_mapped, traps;
    uint64_t marker_address, buffer_address;
};
/// The best of up to `times` / 100 batches of 100 within half a second: a spinning pair on a busy machine is preempted.
#define TIME(field, times, body)                                                     \
    do {                                                                             \
        uint64_t start_ = now();                                                     \
        f.field = UINT64_MAX;                                                        \
        for (int b_ = 0; b_ < (times) / 100 && now() - start_ < 500000000; b_++) {   \
            uint64_t t_ = now();                                                     \
            for (int i_ = 0; i_ < 100; i_++) { body; }                               \
            t_ = (now() - t_) / 100;                                                 \
            if (t_ < f.field) f.field = t_;                                          \
        }                                                                            \
    } while (0)

static void map_file_once(void) {
    long slot = gate_b(REQUEST, ASK_DESCRIPTOR, 0, 0, 0, 0, 0);
    long at = gate_a(__NR_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, slot, 0);
    gate_a(__NR_munmap, at, 4096, 0, 0, 0, 0);
}

static void run_stub(int window) {
    // Nobody spins for ever when the other side is gone: not here, and not in a fork, which inherits no alarm.
    alarm(30);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct figures f = {.marker_address = (uint64_t)&marker, .buffer_address = (uint64_t)buffer};
    MUST(mmap(control, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, window, 0));
    MUST(madvise(control, sizeof *control, MADV_DONTFORK));
    // The kernel's own struct sigaction: with a restorer that lies in a gate.
    struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } action = {
        (void *)on_sigsys, SA_SIGINFO | SA_NODEFER | 0x4000000 /* SA_RESTORER */, (void *)restorer, 0};
    MUST(syscall(SYS_rt_sigaction, SIGSYS, &action, NULL, 8));
    TIME(getppid, 200000, syscall(SYS_getppid));
    TIME(map, 5000, munmap(mmap(NULL, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 65536));
    memset(buffer, 1, sizeof buffer);

    int listener = install_filter();
    guest_write(&listener, sizeof listener); // the Sentry takes it by pidfd_getfd
    TIME(cross, 1000000, hand_over(OP_NOTHING, 0));
    TIME(read4k, 200000, guest_read(buffer, 4096));
    TIME(write256, 200000, guest_write(buffer, 256));
    TIME(read64k, 20000, guest_read(buffer, 65536));
    TIME(native_map, 5000, {
        long at = gate_a(__NR_mmap, 0, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        gate_a(__NR_munmap, at, 65536, 0, 0, 0, 0);
    });
    TIME(trap, 20000, syscall(SYS_getppid));
    f.traps = trapped;
    f.beyond_refused = gate_a(__NR_munmap, ARENA, 4096, 0, 0, 0, 0) == -EPERM && trapped == f.traps + 1;

    long slot = gate_b(REQUEST, ASK_DESCRIPTOR, 0, 0, 0, 0, 0);
    long at = gate_a(__NR_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, slot, 0);
    f.file_mapped = at > 0 && *(char *)at == 'f';
    TIME(file, 2000, map_file_once());

    TIME(fork, 200, {
        // No stdio, no TLS: the child is a fork of one thread and goes straight to its own window.
        long child = gate_b(__NR_clone, SIGCHLD, 0, 0, 0, 0, 0);
        if (child == 0) {
            marker = 2;
            long own = gate_b(REQUEST, ASK_WINDOW, 0, 0, 0, 0, 0);
            control = (struct control *)gate_a(__NR_mmap, 0, sizeof(struct control), 3, MAP_SHARED, own, 0);
            hand_over(OP_NOTHING, 0);
            gate_a(__NR_exit_group, 0, 0, 0, 0, 0, 0);
        }
        hand_over(OP_REAP, (uint64_t)child);
    });
    memcpy(control->window, &f, sizeof f);
    hand_over(OP_DONE, sizeof f);
    gate_a(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}

// ---- The Sentry ----

static int listener = -1, file, child_window;
static struct control *child_control;
static int child_asks;

static struct control *new_window(int *fd) {
    *fd = (int)MUST(memfd_create("window", 0));
    MUST(ftruncate(*fd, sizeof(struct control)));
    return (struct control *)MUST(mmap(NULL, sizeof(struct control), 3, MAP_SHARED, *fd, 0));
}

/// Answers one notification if one waits.
static void serve_notification(pid_t stub) {
    struct pollfd ready = {listener, POLLIN, 0};
    if (poll(&ready, 1, 0) != 1) return;
    struct seccomp_notif request = {0};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request)) return;
    struct seccomp_notif_resp answer = {.id = request.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    if (request.data.nr == __NR_clone) {
        // All its arguments are registers: what was judged is what the kernel runs.
        if (request.pid != (uint32_t)stub || request.data.args[0] != SIGCHLD) answer.flags = 0, answer.error = -EPERM;
        MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer));
        return;
    }
    int source = file;
    if (request.data.args[0] == ASK_WINDOW) {
        if (child_control) munmap(child_control, sizeof *child_control), close(child_window);
        child_control = new_window(&child_window);
        child_asks = 1;
        source = child_window;
    }
    struct seccomp_notif_addfd add = {
        .id = request.id, .flags = SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND, .srcfd = (uint32_t)source, .newfd = 3};
    MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add));
}

static uint64_t remote(pid_t stub, uint64_t address, size_t count, void *to) {
    struct iovec local = {to, count}, there = {(void *)address, count};
    return (uint64_t)MUST(process_vm_readv(stub, &local, 1, &there, 1, 0));
}

int main(void) {
    int window;
    static char sink[65536], source[65536] = {1};
    struct control *c = new_window(&window);
    file = (int)MUST(memfd_create("file", 0));
    MUST(write(file, "file", 4));
    pid_t stub = fork();
    if (stub == 0) {
        run_stub(window);
        _exit(1);
    }
    struct figures f = {0};
    int isolated = 1, done = 0;
    uint32_t seen = 0, idle = 0;
    while (!done) {
        uint32_t n = atomic_load_explicit(&c->asked, memory_order_acquire);
        if (n == seen) {
            if (child_asks && atomic_load_explicit(&child_control->asked, memory_order_acquire) == 1) {
                child_asks = 0;
                atomic_store_explicit(&child_control->answered, 1, memory_order_release);
            }
            // The notifications would have a thread of their own.
            if (listener >= 0 && ++idle % 64 == 0) serve_notification(stub);
            __builtin_ia32_pause();
            continue;
        }
        seen = n;
        int64_t result = 0;
        uint64_t count = c->count; // the stub's memory is the guest's: read once, then checked
        switch (c->op) {
        case OP_READ:
            memcpy(c->window, source, result = (int64_t)(count > WINDOW ? WINDOW : count));
            break;
        case OP_WRITE:
            memcpy(sink, c->window, result = (int64_t)(count > WINDOW ? WINDOW : count));
            if (listener < 0) {
                int number;
                memcpy(&number, sink, sizeof number);
                int pidfd = (int)MUST(syscall(SYS_pidfd_open, stub, 0));
                listener = (int)MUST(syscall(SYS_pidfd_getfd, pidfd, number, 0));
            }
            break;
        case OP_REAP: {
            // Our grandchild here (the real one uses CLONE_PARENT): its end shows in its window and in the marker.
            while (child_asks) {
                if (atomic_load_explicit(&child_control->asked, memory_order_acquire) == 1) {
                    child_asks = 0;
                    atomic_store_explicit(&child_control->answered, 1, memory_order_release);
                } else serve_notification(stub);
            }
            while (!child_control) serve_notification(stub);
            break;
        }
        case OP_DONE: {
            memcpy(&f, c->window, sizeof f);
            uint64_t value = 0;
            remote(stub, f.marker_address, 8, &value);
            isolated = value == 1;
            TIME(remote4k, 20000, remote(stub, f.buffer_address, 4096, sink));
            TIME(remote64k, 5000, remote(stub, f.buffer_address, 65536, sink));
            done = 1;
            break;
        }
        }
        c->result = result;
        atomic_store_explicit(&c->answered, n, memory_order_release);
    }
    MUST(waitpid(stub, NULL, 0));
    printf("native getppid                          %7lu ns\n", f.getppid);
    printf("native mmap+munmap 64 KiB               %7lu\n", f.map);
    printf("call handed over by spinning            %7lu\n", f.cross);
    printf("read of 4 KiB through the window        %7lu\n", f.read4k);
    printf("write of 256 bytes through the window   %7lu\n", f.write256);
    printf("read of 64 KiB through the window       %7lu\n", f.read64k);
    printf("mmap+munmap 64 KiB through gate A       %7lu\n", f.native_map);
    printf("trapped call (signal and back)          %7lu\n", f.trap);
    printf("file: descriptor, mmap, munmap          %7lu\n", f.file);
    printf("fork, window of its own, call           %7lu\n", f.fork);
    printf("remote read of 4 KiB                    %7lu\n", f.remote4k);
    printf("remote read of 64 KiB                   %7lu\n", f.remote64k);
    int good = f.beyond_refused && f.file_mapped && isolated && f.traps > 0;
    printf("beyond the limit refused: %d, file mapped: %d, fork isolated: %d, traps: %d\n", f.beyond_refused,
           f.file_mapped, isolated, f.traps);
    return good ? 0 : 1;
}

// In C because the child shares its parent's memory until it executes its program: no Swift runtime, no allocation and
// no lock may be touched there. Only raw system calls on what the parent prepared.
#include "CHostOS.h"
#include "spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { stack_size = 64 << 10, maximum_descriptors = 256 };

struct child {
    const struct host_spawn *what;
    int step;
    long error;
    int moved[maximum_descriptors];
};

static long call(long number, long a, long b, long c, long d) { return host_syscall(number, a, b, c, d, 0, 0); }

static void fail(struct child *child, int step, long error) {
    child->step = step;
    child->error = error;
    for (;;) call(SYS_exit_group, 127, 0, 0, 0);
}

static void reset_signals(void) {
    struct { void *handler; uint64_t flags; void *restorer; uint64_t mask; } none = {0};
    for (int signal = 1; signal <= 64; signal++) call(SYS_rt_sigaction, signal, (long)&none, 0, 8);
    uint64_t empty = 0;
    call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&empty, 0, 8);
}

static void place_descriptors(struct child *child) {
    const struct host_spawn *what = child->what;
    int count = (int)what->descriptor_count;
    // All out of the way first: a source may have the number of another's target.
    for (int i = 0; i < count; i++) {
        child->moved[i] = -1;
        if (what->descriptors[i] < 0) continue;
        long moved = call(SYS_fcntl, what->descriptors[i], F_DUPFD, count, 0);
        if (moved < 0) fail(child, host_spawn_descriptors, -moved);
        child->moved[i] = (int)moved;
    }
    for (int i = 0; i < count; i++) {
        if (child->moved[i] < 0) call(SYS_close, i, 0, 0, 0);
        else call(SYS_dup2, child->moved[i], i, 0, 0);
    }
    call(SYS_close_range, count, ~0U, 0, 0);
}

static void adjust_oom_score(int score) {
    char text[16];
    int length = 0, negative = score < 0, value = negative ? -score : score;
    do text[sizeof text - ++length] = (char)('0' + value % 10); while ((value /= 10));
    if (negative) text[sizeof text - ++length] = '-';
    long file = call(SYS_open, (long)"/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0, 0);
    if (file < 0) return;
    call(SYS_write, file, (long)(text + sizeof text - length), length, 0);
    call(SYS_close, file, 0, 0, 0);
}

static int run(void *raw) {
    struct child *child = raw;
    const struct host_spawn *what = child->what;
    if (what->death_signal) call(SYS_prctl, PR_SET_PDEATHSIG, what->death_signal, 0, 0);
    for (size_t i = 0; i < what->cgroup_process_count; i++) {
        long error = call(SYS_write, what->cgroup_processes[i], (long)"0", 1, 0);
        if (error < 0) fail(child, host_spawn_cgroup, -error);
    }
    if (what->join >= 0) {
        long error = call(SYS_setns, what->join, what->join_types, 0, 0);
        if (error < 0) fail(child, host_spawn_namespace, -error);
    }
    if (what->has_oom_score_adjustment) adjust_oom_score(what->oom_score_adjustment);
    if (what->new_session) call(SYS_setsid, 0, 0, 0, 0);
    if (what->mask >= 0) call(SYS_umask, what->mask, 0, 0, 0);
    place_descriptors(child);
    if (what->terminal) call(SYS_ioctl, 0, TIOCSCTTY, 0, 0);
    if (what->directory) {
        long error = call(SYS_chdir, (long)what->directory, 0, 0, 0);
        if (error < 0) fail(child, host_spawn_directory, -error);
    }
    reset_signals();
    long error = call(SYS_execve, (long)what->path, (long)what->arguments, (long)what->environment, 0);
    fail(child, host_spawn_exec, -error);
    return 0;
}

/// clone3 with a stack of its own for the child, which runs `run(argument)` and never returns.
static long clone_running(void *arguments, size_t size, int (*function)(void *), void *argument) {
    register long result __asm__("rax") = SYS_clone3;
    register void *first __asm__("rdi") = arguments;
    register size_t second __asm__("rsi") = size;
    register void *entry __asm__("r12") = (void *)function;
    register void *passed __asm__("r13") = argument;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %%r13, %%rdi\n\t"
                     "call *%%r12\n\t"
                     "ud2\n\t"
                     "1:"
                     : "+r"(result)
                     : "r"(first), "r"(second), "r"(entry), "r"(passed)
                     : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    return result;
}

long host_spawn(const struct host_spawn *what, int *pidfd, int *failed_step) {
    *failed_step = host_spawn_clone;
    if (what->descriptor_count > maximum_descriptors) return -E2BIG;
    void *stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return -ENOMEM;
    struct child child = {.what = what};
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
    } arguments = {
        .flags = CLONE_VM | CLONE_VFORK | 0x1000 /* CLONE_PIDFD */ | what->namespaces,
        .pidfd = (uint64_t)pidfd,
        .exit_signal = SIGCHLD,
        .stack = (uint64_t)stack,
        .stack_size = stack_size,
    };
    if (what->cgroup >= 0) {
        arguments.flags |= 0x200000000ULL /* CLONE_INTO_CGROUP */;
        arguments.cgroup = (uint64_t)what->cgroup;
    }
    // A handler that ran in the child would run in the parent's memory.
    uint64_t all = ~0ULL, before = 0;
    call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, 8);
    long pid = clone_running(&arguments, sizeof arguments, run, &child);
    call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, 8);
    munmap(stack, stack_size);
    if (pid < 0) return pid;
    if (child.error) {
        *failed_step = child.step;
        call(SYS_wait4, pid, 0, 0, 0);
        call(SYS_close, *pidfd, 0, 0, 0);
        return -child.error;
    }
    return pid;
}

long host_spawn_placeholder(int *pidfd) {
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
    } arguments = {.flags = 0x1000 /* CLONE_PIDFD */, .pidfd = (uint64_t)pidfd, .exit_signal = SIGCHLD};
    // Memory of its own: the child will be counted, and perhaps killed, where the parent is not.
    uint64_t all = ~0ULL, before = 0;
    call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, 8);
    long parent = call(SYS_getpid, 0, 0, 0, 0);
    long pid = call(SYS_clone3, (long)&arguments, sizeof arguments, 0, 0);
    if (pid == 0) {
        call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
        if (call(SYS_getppid, 0, 0, 0, 0) == parent) {
            call(SYS_prctl, PR_SET_NAME, (long)"cloister-wait", 0, 0);
            call(SYS_close_range, 0, ~0U, 0, 0);
            reset_signals();
            for (;;) call(SYS_pause, 0, 0, 0, 0);
        }
        for (;;) call(SYS_exit_group, 127, 0, 0, 0);
    }
    call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, 8);
    return pid;
}

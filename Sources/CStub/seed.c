// The parent of seeds, and seeds (native-memory.md, section 1).
//
// The parent is started by the Sentry before the Sentry confines itself, since filters are inherited. It makes one seed
// per container on request. A seed enters the container's cgroup, gives up every right, fills its address space,
// installs the filter and then forks stubs. Neither ever runs guest code.
#include "stub.h"
#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/socket.h>
#include <linux/uio.h>

#define SOCKET 3
#define MAX_FILES STUB_SEED_FILES
#define SIGCHLD 17
#define EINTR 4
#define ENOMEM 12
#define EINVAL 22
#define POLLIN 1

struct message {
    void *name;
    unsigned name_length;
    struct iovec *parts;
    unsigned long part_count;
    void *control;
    unsigned long control_length;
    unsigned flags;
};

struct control {
    unsigned long length;
    int level, type;
    int files[MAX_FILES];
};

/// Occupies [from, to) with inaccessible pages wherever nothing is mapped yet. Sizes grow where it is empty; before something
/// that is mapped they only shrink, until one page does not fit: that one is passed over.
TEXT static void fill(uint64_t from, uint64_t to) {
    const uint64_t page = 4096;
    uint64_t size = 1ul << 40;
    int growing = 1;
    while (from < to) {
        if (size > to - from) size = to - from;
        long r = call(__NR_mmap, (long)from, (long)size, 0,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (r >= 0) {
            from += size;
            size = growing ? size * 2 : size > page ? size / 2 & ~(page - 1) : page;
        } else if (size > page) {
            growing = 0;
            size = size / 2 & ~(page - 1);
        } else {
            from += page;
            growing = 1;
        }
    }
}

TEXT static void limit(int resource, uint64_t value) {
    uint64_t both[2] = {value, value};
    call(__NR_prlimit64, 0, resource, (long)both, 0, 0, 0);
}

TEXT __attribute__((noreturn)) static void leave(void) {
    for (;;) call(__NR_exit_group, 1, 0, 0, 0, 0, 0);
}

/// A seed's whole life, once its memory is as its stubs are to have it. `ready` is the last writing end of a pipe: closing
/// it tells the parent to go on.
HIDDEN __attribute__((noreturn)) void stub_run_seed(long kind, long ready);
TEXT void stub_run_seed(long kind, long ready) {
    const struct stub_parameters *parameters = STUB_PARAMETERS;
    limit(RLIMIT_CORE, 1); // 1 stops even a piped core_pattern
    limit(RLIMIT_MEMLOCK, 0);
    limit(RLIMIT_NOFILE, 19);

    call(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0, 0);
    uint64_t no_signals = 0;
    call(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, (long)&no_signals, 0, 8, 0, 0);
    call(462 /* mseal, from 6.10 */, STUB_IMAGE_BASE, (long)(STUB_TEXT_OFFSET + parameters->text_length), 0, 0, 0, 0);

    long listener = call(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
                         SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                         (long)&parameters->filter, 0, 0, 0);
    // Before 5.19 a signal may take a thread out of its request, which it then repeats.
    if (listener == -EINVAL)
        listener = call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, (long)&parameters->filter, 0, 0, 0);
    if (listener < 0) goto failed;
    if (kind == STUB_SEED_MEDIATED &&
        stub_call_a(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&parameters->closers[STUB_CLOSE_MEMORY], 0, 0, 0) < 0)
        for (;;) stub_call_a(__NR_exit_group, 1, 0, 0, 0, 0, 0);
    stub_call_a(__NR_close, ready, 0, 0, 0, 0, 0);

    long last = 0;
    for (;;) {
        long answer = stub_call_b(STUB_REQUEST, STUB_REQUEST_SEED, last, 0, 0, 0, 0);
        if (answer == -EINTR) continue;
        if (answer != STUB_SEED_FORK && answer < STUB_MINIMAL_TICKET) break;
        last = stub_call_b(__NR_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0, 0);
        if (last == 0) {
            if (answer == STUB_SEED_FORK) stub_forked();
            stub_enter_systrap(answer);
        }
    }
    for (;;) stub_call_a(__NR_exit_group, 0, 0, 0, 0, 0, 0);

failed:
    leave();
}

/// Enters the control groups, and arranges memory.
TEXT __attribute__((noreturn)) static void start_seed(char kind, const int *cgroups, int cgroup_count, int ready, uint64_t vdso) {
    char self = '0';
    for (int i = 0; i < cgroup_count; i++)
        if (call(__NR_write, cgroups[i], (long)&self, 1, 0, 0, 0) != 1) leave();

    fill(STUB_FILL_START, STUB_FILL_END);
    if (kind == STUB_SEED_PTRACE) stub_run_seed(kind, ready);
    if (stub_prepare_systrap() < 0) leave();
    // On the stack of the first thread's area from here on: stubs inherit none that they do not use.
    __asm__ volatile("mov %0, %%rsp\n\tcall stub_start_on_area"
                     : : "r"(STUB_AREAS + 4096 - 64), "D"(kind), "S"(ready), "d"(vdso) : "memory");
    __builtin_unreachable();
}

HIDDEN __attribute__((noreturn)) void stub_start_on_area(long kind, long ready, uint64_t vdso);
TEXT void stub_start_on_area(long kind, long ready, uint64_t vdso) {
    // The stack that exec has made goes. Nothing else lies above the arena, unless the host's vDSO does.
    const uint64_t end = STUB_ARENA + STUB_ARENA_LENGTH;
    if (vdso < end) {
        long r = call(__NR_mmap, (long)end, (long)(STUB_FILL_END - end), 0, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
        if (r < 0) leave();
    }
    stub_run_seed(kind, ready);
}

TEXT static int receive_request(char *kind, int *files) {
    struct iovec part = {kind, 1};
    struct control control;
    struct message message = {0, 0, &part, 1, &control, sizeof control, 0};
    long n;
    do n = call(__NR_recvmsg, SOCKET, (long)&message, 0, 0, 0, 0);
    while (n == -EINTR);
    if (n != 1) leave(); // the Sentry is gone
    if (message.control_length < 20) return 0;
    int count = (int)((control.length - 16) / 4);
    if (count > MAX_FILES) count = MAX_FILES;
    for (int i = 0; i < count; i++) files[i] = control.files[i];
    return count;
}

TEXT static long send_reply(struct stub_seed_reply *reply, int file) {
    struct iovec part = {reply, sizeof *reply};
    struct {
        unsigned long length;
        int level, type;
        int file, pad;
    } control = {20, 1 /* SOL_SOCKET */, 1 /* SCM_RIGHTS */, file, 0};
    struct message message = {0, 0, &part, 1, file >= 0 ? &control : 0, file >= 0 ? sizeof control : 0, 0};
    return call(__NR_sendmsg, SOCKET, (long)&message, 0x4000 /* MSG_NOSIGNAL */, 0, 0, 0);
}

/// The two lowest numbers that are free: new descriptors get them.
TEXT static void next_descriptors(int *numbers) {
    for (int i = 0; i < 2; i++) numbers[i] = (int)call(__NR_dup, SOCKET, 0, 0, 0, 0, 0);
    for (int i = 0; i < 2; i++) call(__NR_close, numbers[i], 0, 0, 0, 0, 0);
}

#define AT_EXECFN 31
#define AT_SYSINFO_EHDR 33

/// From the auxiliary vector, behind arguments and environment; 0: it has nothing of that kind.
TEXT static uint64_t auxiliary(const uint64_t *stack, uint64_t kind) {
    const uint64_t *word = stack + 1 + stack[0] + 1;
    while (*word) word++;
    for (word++; word[0]; word += 2)
        if (word[0] == kind) return word[1];
    return 0;
}

/// Moves a mapping of the host's own. The kernel moves it as a whole or not at all: false when it begins or ends elsewhere.
TEXT static int move(uint64_t from, uint64_t size, uint64_t distance) {
    return call(__NR_mremap, (long)from, (long)size, (long)size, MREMAP_MAYMOVE | MREMAP_FIXED, (long)(from + distance), 0) >= 0;
}

/// Moves the host's vDSO near the stub's own pages, and the mappings of its data, which lie in front of it.
///
/// - Parameter low: what lies below it is something else's.
/// - Returns: where it is; 0 when it is in pieces.
TEXT static uint64_t move_vdso(uint64_t vdso, uint64_t low) {
    const uint64_t page = 4096, most = 16 * page, distance = STUB_VDSO - vdso;
    if (vdso == 0) return 0;
    uint64_t start = vdso;
    for (uint64_t size = page; size <= most; size += page) {
        if (start - low < size || start + distance - STUB_VDSO_ROOM < size) break;
        if (!move(start - size, size, distance)) continue;
        start -= size;
        size = 0;
    }
    // Code without its data would fault. ENOMEM: nothing is mapped there.
    if (start == vdso) return vdso;
    if (start - low >= page && call(__NR_msync, (long)(start - page), (long)page, MS_ASYNC, 0, 0, 0) != -ENOMEM) return 0;
    for (uint64_t size = page; size <= STUB_COMMON - STUB_VDSO; size += page)
        if (move(vdso, size, distance)) return STUB_VDSO;
    return 0;
}

TEXT __attribute__((noreturn, used)) void stub_main(const uint64_t *stack) {
    // The stack's own page at its end is no further than that from the name of the program, which is its last string.
    uint64_t vdso = auxiliary(stack, AT_SYSINFO_EHDR), name = auxiliary(stack, AT_EXECFN);
    vdso = move_vdso(vdso, name < vdso ? (name + 2 * 4096) & ~4095ul : 0);
    // A cgroup is entered by the right of who opened its file.
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    call(__NR_capset, (long)&header, (long)none, 0, 0, 0, 0);
    if (call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)) leave();
    call(__NR_close_range, SOCKET + 1, ~0u, 0, 0, 0, 0);
    call(__NR_close_range, 0, SOCKET - 1, 0, 0, 0, 0);
    for (;;) {
        int cgroups[MAX_FILES], ready[2];
        char kind = 0;
        int count = receive_request(&kind, cgroups);
        struct stub_seed_reply reply = {0, 0, vdso};
        long r = call(__NR_pipe2, (long)ready, 0, 0, 0, 0, 0);
        int next[2], process = -1;
        next_descriptors(next);
        int listener = next[1];
        if (r == 0) {
            // Both share the descriptors: the parent passes on the listener that the seed has made.
            r = call(__NR_clone, CLONE_PARENT | CLONE_FILES | CLONE_PIDFD | SIGCHLD, 0, (long)&process, 0, 0, 0);
            if (r == 0) start_seed(kind, cgroups, count, ready[1], vdso);
        }
        if (r > 0) {
            reply.process = (int)r;
            struct {
                int fd;
                short events, happened;
            } ends[2] = {{ready[0], POLLIN, 0}, {process, POLLIN, 0}};
            // A cgroup with little processor time makes it slow. One that is killed closes nothing: its descriptors are ours.
            do r = call(__NR_poll, (long)ends, 2, 60000, 0, 0, 0);
            while (r == -EINTR);
            if (ends[1].happened) r = 0;
        }
        long sent = r > 0 ? send_reply(&reply, listener) : -1;
        if (sent < 0) {
            reply.error = r < 0 ? (int)-r : 1;
            send_reply(&reply, -1);
            call(__NR_close, ready[1], 0, 0, 0, 0, 0);
        }
        call(__NR_close, ready[0], 0, 0, 0, 0, 0);
        if (process >= 0) call(__NR_close, process, 0, 0, 0, 0, 0);
        call(__NR_close, listener, 0, 0, 0, 0, 0);
        for (int i = 0; i < count; i++) call(__NR_close, cgroups[i], 0, 0, 0, 0, 0);
    }
}

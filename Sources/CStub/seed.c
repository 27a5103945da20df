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

/// A seed's whole life. `ready` is the last writing end of a pipe: closing it tells the parent to go on.
TEXT __attribute__((noreturn)) static void run_seed(char kind, const int *cgroups, int cgroup_count, int ready) {
    const struct stub_parameters *parameters = (void *)(STUB_IMAGE_BASE + STUB_DATA_OFFSET);
    char self = '0';
    for (int i = 0; i < cgroup_count; i++)
        if (call(__NR_write, cgroups[i], (long)&self, 1, 0, 0, 0) != 1) goto failed;

    fill(STUB_FILL_START, STUB_FILL_END);
    if (kind != STUB_SEED_PTRACE && stub_prepare_systrap() < 0) goto failed;
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

/// Where the host's vDSO is mapped here, and so in every stub: from the auxiliary vector behind arguments and environment.
TEXT static uint64_t find_vdso(const uint64_t *stack) {
    const uint64_t *word = stack + 1 + stack[0] + 1;
    while (*word) word++;
    for (word++; word[0]; word += 2)
        if (word[0] == 33 /* AT_SYSINFO_EHDR */) return word[1];
    return 0;
}

TEXT __attribute__((noreturn, used)) void stub_main(const uint64_t *stack) {
    uint64_t vdso = find_vdso(stack);
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
            if (r == 0) run_seed(kind, cgroups, count, ready[1]);
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

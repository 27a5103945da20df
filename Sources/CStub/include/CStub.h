// The code that runs inside stub processes, and how it gets there.
//
// Everything in the section "stub_text" is position independent, refers to nothing outside of it, and is copied into an
// executable image of its own (Sources/Stubs/StubImage.swift). It runs without libc, without thread-local storage and
// without vector registers. Addresses and numbers that both sides need are here.
#pragma once
#include <stddef.h>
#include <stdint.h>

// The layout of every stub (native-memory.md, section 2).
#define STUB_ARGUMENT_LIMIT 0x7e0000000000ul // "L": the end of what an argument of a native call may name
#define STUB_FILL_START     0x7dfe00000000ul // the filter's range test loses the last 4 GiB and the carry below L
#define STUB_FILL_END       0x7ffffffff000ul // TASK_SIZE
#define STUB_IMAGE_BASE     0x7e8000000000ul
#define STUB_DATA_OFFSET    0x1000ul
#define STUB_TEXT_OFFSET    0x8000ul

// A call that does not exist: how a stub asks the Sentry for something (through gate B, by notification).
#define STUB_REQUEST 0x2C10
#define STUB_REQUEST_SEED 1       // a seed is ready; second argument: the process of the last fork, or -errno
#define STUB_REQUEST_DESCRIPTOR 2 // wants a descriptor

#define STUB_SEED_FORK 1          // an answer to STUB_REQUEST_SEED

/// Page one of the image, read-only: what the stub's code must know.
struct stub_parameters {
    uint64_t text_length;
    struct {
        uint16_t length;
        uint64_t program;
    } filter; // struct sock_fprog
};

/// What the parent of seeds answers to its request, a byte beside the seed's cgroup.procs files.
#define STUB_SEED_FILES 12
struct stub_seed_reply {
    int32_t process;
    int32_t error; // 0, or errno: then `process` is 0, or that of a seed that failed and is to be waited for
    uint64_t vdso; // where the host's vDSO lies in each stub, 0: nowhere
};

/// The code's bytes and the places in it that the Sentry knows, as offsets.
const void *stub_text_start(void);
size_t stub_text_length(void);

struct stub_places {
    size_t entry;
    size_t gate_a, gate_b;             // the pages whose system calls the filter tells from the guest's
    size_t inject_a, inject_b;         // syscall; int3
    size_t inject_thread, inject_fork; // the same for clone, whose child goes to `park`
    size_t park, park_end;             // waits until it is traced
    size_t touch_read, touch_write;    // touches the byte at rdi; int3
    size_t compare_exchange;           // the word at rdi, expected esi, desired edx; the old one in eax; int3
};
struct stub_places stub_places(void);

/// Starts the parent of seeds from the image `image`, connected by `socket`. Returns its process id or -errno.
int stub_start_parent(int image, int socket);

/// Lets each end of a child or tracee (SIGCHLD, but not its stops) write to the eventfd `event`. Returns 0 or an errno.
int stub_watch_children(int event);
/// Unblocks SIGCHLD in the calling thread, so that there is one that takes it.
void stub_take_children(void);

/// Asks the parent behind `socket` for a seed that enters `files` (at most STUB_SEED_FILES cgroup.procs files).
/// Fills the answer and the seed's listener. Returns 0 or -errno.
int stub_request_seed(int socket, const int *files, int count, struct stub_seed_reply *reply, int *listener);

// The code that runs inside stub processes, and how it gets there.
//
// Everything in the section "stub_text" is position independent, refers to nothing outside of it, and is copied into an
// executable image of its own (Sources/Stubs/StubImage.swift). It runs without libc, without thread-local storage and
// without vector registers. Addresses and numbers that both sides need are here.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "marshal.h"

// The layout of every stub (native-memory.md, section 2).
#define STUB_ARGUMENT_LIMIT 0x7e0000000000ul // "L": the end of what an argument of a native call may name
#define STUB_FILL_START     0x7dfe00000000ul // the filter's range test loses the last 4 GiB and the carry below L
#define STUB_FILL_END       0x7ffffffff000ul // TASK_SIZE
#define STUB_IMAGE_BASE     0x7e8000000000ul
#define STUB_DATA_OFFSET    0x1000ul
#define STUB_TEXT_OFFSET    0x8000ul
// The stub's own pages lie close together, in front of each other without gaps where they can: each process has page tables
// and mappings for them, which every fork copies. The image ends below what is kept for the host's vDSO: its data from
// STUB_VDSO_ROOM on, right in front of its code.
#define STUB_VDSO_ROOM      0x7e8000020000ul
#define STUB_VDSO           0x7e8000030000ul

// A call that does not exist: how a stub asks the Sentry for something (through gate B, by notification).
#define STUB_REQUEST 0x2C10
#define STUB_REQUEST_SEED 1       // a seed is ready; second argument: the process of the last fork, or -errno
#define STUB_REQUEST_DESCRIPTOR 2 // wants a descriptor

#define STUB_REQUEST_ARENA 3      // a new process of the systrap platform; second argument: its ticket

#define STUB_SEED_FORK 1          // an answer to STUB_REQUEST_SEED: fork a stub that waits to be traced
#define STUB_MINIMAL_TICKET 16    // this or more: fork a stub of the systrap platform, with this ticket

// The systrap platform: one arena per stub, shared with the Sentry alone. Its first part, which guest code cannot write,
// tells the stub who it is; then follows a slot per thread.
#define STUB_ARENA        0x7e8010040000ul // behind the areas
#define STUB_SLOTS        4096ul
#define STUB_INFO_LENGTH  0x50000ul // what holds for the whole address space, and from STUB_LINES_OFFSET on a line per slot
#define STUB_SPACE_OFFSET 0x0ul
#define STUB_CODE_OFFSET  0x200ul
#define STUB_LINES_OFFSET 0x440ul // most processes need only the first page
#define STUB_SLOT_SIZE    0x12000ul // control page, floating point state, window
#define STUB_FLOATING_OFFSET 0x1000ul
#define STUB_WINDOW_OFFSET   0x2000ul
#define STUB_WINDOW_SIZE     0x10000ul
#define STUB_MARKS_OFFSET 0x12050000ul // behind the slots: a struct stub_mark per view
#define STUB_ARENA_LENGTH 0x12054000ul // all of it
// Private memory of each thread, whose address tells the slot: struct stub_area and the stack of the entry code in the
// first page, the signal stack behind it.
#define STUB_AREAS        0x7e8000040000ul
#define STUB_AREA_SIZE    0x10000ul
// Private memory that a process's threads have in common, in front of their areas: struct stub_heap.
#define STUB_COMMON       0x7e800003f000ul

// Files that the stub's code reads and writes for the guest (file-calls.c): a struct stub_view per descriptor, in the part
// of the arena that guest code cannot write, and where the files are mapped. Places are not used again until all were.
#define STUB_VIEWS        256ul
#define STUB_VIEWS_OFFSET 0x41000ul
#define STUB_FILES        0x7eb000000000ul
#define STUB_FILES_LENGTH 0x4000000000ul
#define STUB_VIEW_TRANSFER (4ul << 20) // more than this in one call is the Sentry's

// In stub_slot.spins, beside the number of looks.
#define STUB_YIELDS 0x80000000u
#define STUB_DEMOTES 0x40000000u // lines that are handed over are demoted
#define STUB_LOOKS 0xffffu
// Of stub_slot.happened and told: the step of the counter, and what says that somebody sleeps until it changes.
#define STUB_COUNT 2u
#define STUB_ASLEEP 1u

#define STUB_CALLS_LIMIT 64 // in one command

#define STUB_EVENT_LENGTH_SHIFT 16 // of a plain call's input, in what happened

// What happened in a stub's thread.
enum stub_event {
    STUB_EVENT_STARTED = 1, // stands, and can be told to go anywhere
    STUB_EVENT_SIGNAL,      // a fault or a kick; the registers are in the slot
    STUB_EVENT_RESULT,      // a command was carried out
    STUB_EVENT_CALL,        // a system call
    STUB_EVENT_KICKED,      // the kick word was seen on the way to guest code
    // Beside STUB_EVENT_CALL:
    STUB_EVENT_EXPORTED = 0x100, // the registers are in the slot
    STUB_EVENT_TRAPPED = 0x200,  // it came by SIGSYS, from the instruction before `site`
    STUB_EVENT_INTERRUPTED = 0x400, // a kick has ended its native wait, which was to end at `deadline`
    // What it reads and writes is just what the table says (marshal.h), all of it: nothing is in struct stub_marshal.
    STUB_EVENT_PLAIN = 0x800,
    STUB_EVENT_INLINE = 0x1000, // its input is in the words behind its arguments, not in `input`
};

// What the Sentry tells it.
enum stub_command {
    STUB_RESUME = 1,     // load the registers from the slot, and leave
    STUB_RETURN,         // leave with the result [0] of the call
    STUB_CONTINUE,       // leave with the registers as they are. All three deliver output first (marshal.h)
    STUB_SETTLE,         // deliver it, and no more
    STUB_FETCH,          // bytes at [0], [1] of them, to the window; the result is how many could be read
    STUB_PROBE,          // how many bytes at [0], of [1], can be written
    STUB_EXPORT,         // registers to the slot
    STUB_CALL_A,         // a native call: `number` and six arguments
    STUB_CALL_B,         // a judged one
    STUB_CALLS,          // [0] native calls, seven words each in the slot's second page, until one fails
    STUB_MAP_FILE,       // asks for a descriptor, and maps it: address, size, protection, flags, offset
    STUB_THREAD,         // clone: a thread for slot [0]
    STUB_FORK,           // clone: a process with ticket [0]
    STUB_TOUCH,          // access the byte at [0], writing if [1]
    STUB_EXCHANGE,       // compare and exchange the word at [0]: expected [1], desired [2]
    STUB_READ_FLOATING,  // the state to the slot's second page; the result is its size
    STUB_WRITE_FLOATING, // and back, [0] bytes
    STUB_EXIT,           // end this thread; the host's kernel clears the word at [0], if any, and wakes who waits for it
    STUB_CLEAR,          // the same for a thread that stays: another guest thread may begin in it
    STUB_BEGIN,          // a guest thread begins: floating point's control words [0], then as for STUB_RESUME
};

/// One thread's page of the arena. What the stub writes there is the guest's word, no more.
struct stub_slot {
    // The line that goes back and forth: an event with all there is to most calls, and the command that answers it. Both
    // directions use one line, because a line that only one writes is first shared and then taken back by each turn, which
    // costs twice as much. The other's counter is never written but for its mark, by who is about to sleep on it.
    uint32_t happened; // counts events, in steps of STUB_COUNT; a futex word
    uint32_t told;     // counts commands
    uint32_t what;     // an event with its flags, or a command
    uint32_t number;   // of a call: the lower half of rax; or what a command delivers (marshal.h)
    uint64_t words[6]; // a call's arguments, a command's operands; an event's result is the first
    // The stub: a call's input, when it is small (marshal.h).
    uint8_t input[STUB_INPUT_LIMIT];
    // The stub: what is rarely looked at.
    uint32_t cpu;                   // where it ran when it last had to wake the Sentry, plus 1
    uint32_t waits;                 // it waits natively: /proc shows it asleep
    uint64_t site;                  // of a call that was trapped: behind its instruction
    uint64_t deadline;              // of an interrupted wait whose timeout was relative: CLOCK_MONOTONIC; else 0
    uint32_t changes;               // it changes mappings natively: from before it looks whether they are tracked
    uint32_t pad0;
    uint64_t controls;              // exported with the registers: MXCSR, and the x87's control word in the upper half
    // The stub: a signal.
    int32_t signal, code;
    uint64_t address;
    uint64_t trap, error;
    uint32_t architecture, pad1;    // of a SIGSYS
    // Either: what set_robust_list and set_tid_address have set last, and the signal mask.
    uint64_t robust;
    uint64_t clears;
    uint64_t mask;
    uint64_t pad2[3];
    // The Sentry: changes rarely, in lines that neither writes otherwise.
    uint32_t spins;                 // how often to look at `told` before sleeping; STUB_YIELDS: to yield instead; STUB_DEMOTES
    uint32_t kick;                  // not 0: do not enter guest code
    uint64_t pad3[15];
    // Both in turns.
    uint64_t registers[27]; // struct user_regs_struct
    // The Sentry: input from the first line, where that is needed in memory.
    uint64_t kept[6];
    uint64_t pad4[7];
    // The stub: how often it has answered what its marshalling table counts (marshal.h).
    uint64_t answered[STUB_ANSWERED_CALLS];
};

/// Who a slot's thread is: what getpid and its like answer. The Sentry writes it, the stub has it mapped read-only.
struct stub_info {
    uint32_t flags;         // STUB_HAND_OVER
    int32_t pid, tid, ppid; // as its pid namespace numbers them
    int32_t pgid, sid;
    uint32_t uid, euid, gid, egid; // as its user namespace numbers them
    uint32_t cpu;           // what getcpu shows
    uint32_t files;         // the table of its descriptors, as struct stub_view has it; 0: not told
    uint32_t pad[4];
};
#define STUB_HAND_OVER 1u // nothing is answered in the stub: a tracer or a filter of the guest wants to see each call
#define STUB_IDENTITY  2u // ids of processes and the processor are filled in
#define STUB_CREDENTIALS 4u // ids of users and groups are
#define STUB_MASK 8u // the thread may change its signal mask: no signal waits

#define STUB_TRACKED_RANGES 16

struct stub_tracked {
    uint64_t start, end;
};

/// What holds for a whole address space, at STUB_SPACE_OFFSET.
struct stub_space_info {
    uint32_t flags;                // STUB_SPACE_*
    uint32_t tracked_count;        // all of `tracked` beyond it is not looked at; above 16: everything is tracked
    uint64_t limit;                // "B": the end of the guest's address space
    uint64_t break_start;          // where the heap begins; 0: the Sentry keeps the break
    uint64_t clock;                // the host's clock_gettime, a function of its vDSO
    struct stub_tracked tracked[STUB_TRACKED_RANGES]; // memory calls that meet one are handed over
};
#define STUB_SPACE_MEMORY_CALLS 1u // memory calls may be answered in the stub
#define STUB_SPACE_FUTEXES      2u
#define STUB_SPACE_CLOCKS       4u
#define STUB_SPACE_LIMITED      8u // RLIMIT_AS or RLIMIT_DATA: the Sentry judges what grows
#define STUB_SPACE_PARALLEL    16u // there is more than one processor
#define STUB_SPACE_LARGE       32u // the Sentry makes mappings of STUB_LARGE bytes and more
#define STUB_LARGE (16ul << 20)
#define STUB_SPACE_ALONE       64u // one thread of the guest runs in it: nobody can wait at its private futexes
#define STUB_SPACE_NOEXEC     128u // files of mounts without programs are mapped: the Sentry judges what becomes executable

/// A descriptor whose file is mapped, or a device. The Sentry writes it, the stub has it mapped read-only.
struct stub_view {
    uint32_t version; // odd while what follows is changed, but for `length`
    uint32_t files;   // the table in which the descriptor is; 0: none
    uint32_t flags;   // STUB_VIEW_*
    uint32_t pad;
    uint64_t address; // of the file's first byte
    uint64_t length;  // how much of the file may be used, and STUB_VIEW_WHOLE: that it has no more
    uint64_t pad2[4];
};
#define STUB_VIEW_READ     1u
#define STUB_VIEW_WRITE    2u
// Of a device, which has no memory: reads get zeroes, or find the end; what is written is gone, or there is no room for it.
#define STUB_VIEW_ZEROES   4u
#define STUB_VIEW_END      8u
#define STUB_VIEW_SWALLOWS 16u
#define STUB_VIEW_FULL     32u
#define STUB_VIEW_WHOLE    0x8000000000000000ul

/// Where code was rewritten, at STUB_CODE_OFFSET: bytes that the program does not know. The Sentry writes it, the stub has
/// it mapped read-only.
struct stub_code {
    uint64_t low, high; // all of it lies within
    uint64_t pages[64]; // a bit per page, by a hash of its number (stub_code_bit)
};

static inline uint32_t stub_code_bit(uint64_t page) { return (uint32_t)(page * 0x9e3779b97f4a7c15ul >> 52); }

/// What the stub has to tell of a view: the guest's word.
struct stub_mark {
    uint64_t position; // of the open file, while it is kept here; else STUB_POSITION_AWAY
    uint64_t modified; // when it was last written, CLOCK_REALTIME_COARSE in nanoseconds; 0: not since the Sentry looked
    uint64_t accessed; // whether it was read
    uint64_t pad[5];
};
#define STUB_POSITION_AWAY 0x8000000000000000ul

/// At STUB_COMMON: what brk(2) needs. Inherited by fork.
struct stub_heap {
    uint32_t lock; // not 0: a thread moves the break
    uint32_t pad;
    uint64_t end;  // the break; 0: where the heap begins
};

/// A thread's private memory: general registers of guest code while stub code runs, and where things are.
struct stub_area {
    uint64_t registers[27];
    uint64_t continuation; // where to go on in guest code: registers[RIP], or the rest of a rewritten place
    struct stub_slot *slot;
    const struct stub_info *info;
    struct stub_area *self;
    uint64_t top;          // of the entry code's stack
    void *frame;           // the signal frame that it stands in, or 0: it came by the entry code
    uint32_t happened;     // the last event's count
    uint32_t told;         // the last command's count
    uint32_t interrupted;  // the call at hand is a native wait that a kick has ended
    uint32_t traps;        // counts calls that came by SIGSYS
    uint32_t clocks_fail;  // the vDSO cannot read the host's clock
    uint32_t crowded;      // so many waits do not yield: somebody computes on this processor
    uint32_t crowding;     // how many it was the last time
    uint64_t crowd_time;   // when that was: the time stamp counter
    uint32_t look_pays;    // the next futex wait looks for the word to change before it sleeps
    uint32_t look_rest;    // so many sleeps do not change that
    uint32_t look_penalty; // how many it was the last time
};

/// Filters that close gate A for some calls: those then go through gate B.
enum stub_closer { STUB_CLOSE_MEMORY, STUB_CLOSE_FUTEXES, STUB_CLOSE_ALL };
#define STUB_CLOSERS 3

/// Page one of the image, read-only: what the stub's code must know.
struct stub_parameters {
    uint64_t text_length;
    struct {
        uint16_t length;
        uint64_t program;
    } filter, // struct sock_fprog
      closers[STUB_CLOSERS]; // what a thread may add to it
    uint16_t marshal[STUB_MARSHAL_CALLS][STUB_MARSHAL_WORDS];
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
    // Where rewritten code jumps to, with the address behind the system call in rcx, and in r11 where to go on.
    size_t entry_call;
};
struct stub_places stub_places(void);

/// Starts the parent of seeds from the image `image`, connected by `socket`. Returns its process id or -errno.
int stub_start_parent(int image, int socket);

/// Lets each end of a child or tracee (SIGCHLD, but not its stops) write to the eventfd `event`. Returns 0 or an errno.
int stub_watch_children(int event);
/// Unblocks SIGCHLD in the calling thread, so that there is one that takes it.
void stub_take_children(void);

/// What the parent is asked: one byte, a seed for this platform.
#define STUB_SEED_PTRACE 112
#define STUB_SEED_SYSTRAP 115
#define STUB_SEED_MEDIATED 109 // systrap, with gate A closed for memory calls

/// Asks the parent behind `socket` for a seed that enters `files` (at most STUB_SEED_FILES cgroup.procs files).
/// Fills the answer and the seed's listener. Returns 0 or -errno.
int stub_request_seed(int socket, char kind, const int *files, int count, struct stub_seed_reply *reply, int *listener);

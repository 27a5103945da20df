// Two processes of different users fork at once and try to pass one's child off as the other's: each plays its stub's part
// itself, up to the ticket by which the Sentry knows a fork's child. Nobody gets the other's identity, whoever shows a
// ticket that is not his gets nowhere, and honest forks go on.
// It runs in the sandbox only: natively nobody asks for a ticket.
#include "gates.h"
#include <sys/prctl.h>

enum { SWAPPED, WRONG, OWN_LEADER, LATE, KINDS };
static const char *const names[] = {"swapped tickets", "a wrong ticket", "a ticket shown by its parent", "a second ticket for one child"};

/// Seen by all.
static struct shared {
    volatile uint64_t tickets[2];
    volatile int arenas[2];   // how many got an arena for a ticket
    volatile int landed[2];   // how many were let run
    volatile int stolen;      // how many of those were somebody else
    volatile long results[2]; // of the forks
} *shared;

static struct slot *line;
static uint32_t happened, told;

/// Plays the stub: something has happened.
static void publish(uint32_t event) {
    line->what = event;
    happened += 2;
    if (__atomic_exchange_n(&line->happened, happened, __ATOMIC_SEQ_CST) & 1) through(0, SYS_futex, (long)&line->happened, 1, 1, 0, 0, 0);
}

/// Waits for the Sentry's command.
static uint32_t await(void) {
    while ((__atomic_load_n(&line->told, __ATOMIC_SEQ_CST) & ~1u) == told) through(0, SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    told = line->told & ~1u;
    return line->what;
}

static void call(uint32_t number) {
    for (int i = 0; i < 6; i++) line->words[i] = 0;
    for (int i = 0; i < 27; i++) line->registers[i] = 0;
    line->registers[10] = number, line->registers[15] = number;
    line->registers[16] = (uint64_t)is_well, line->registers[17] = 0x33, line->registers[18] = 0x202;
    line->registers[19] = (uint64_t)&number, line->registers[20] = 0x2b;
    line->number = number;
    publish(CALL | EXPORTED);
}

/// A fork's child, which has nothing but its memory: it shows a ticket, and says who it is if it is let run.
static void child(int who, uint64_t ticket) {
    long arena = through(1, REQUEST, 3, ticket, 0, 0, 0, 0);
    if (arena < 0) for (;;) through(0, SYS_exit_group, 1, 0, 0, 0, 0, 0);
    __atomic_add_fetch(&shared->arenas[who], 1, __ATOMIC_SEQ_CST);
    through(0, SYS_mmap, ARENA, INFO, PROT_READ, MAP_SHARED | MAP_FIXED, arena, 0);
    through(0, SYS_mmap, SLOTS, ARENA_LENGTH - INFO, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, arena, INFO);
    happened = told = 0;
    publish(STARTED);
    for (;;) switch (await()) {
    case RESUME: case CONTINUE:
        __atomic_add_fetch(&shared->landed[who], 1, __ATOMIC_SEQ_CST);
        call(SYS_getuid);
        break;
    case RETURN:
        if (line->words[0] != 1001 + who) shared->stolen++;
        for (;;) through(0, SYS_exit_group, 0, 0, 0, 0, 0, 0);
    default:
        line->words[0] = 0;
        publish(RESULT);
    }
}

static void forge(int who, int kind) {
    line = (struct slot *)SLOTS;
    happened = line->happened & ~1u, told = line->told & ~1u;
    long own = through(0, SYS_set_tid_address, 0, 0, 0, 0, 0, 0), result = -38;
    through(1, REQUEST, 0, 0, 0, 0, 0, 0); // finds the gate
    call(SYS_fork);
    for (;;) switch (await()) {
    case FORK: {
        uint64_t ticket = line->words[0], other = 0;
        shared->tickets[who] = ticket;
        for (int i = 0; i < 2000 && kind == SWAPPED && !(other = shared->tickets[!who]); i++) through(0, SYS_sched_yield, 0, 0, 0, 0, 0, 0);
        if (kind == OWN_LEADER) {
            long arena = through(1, REQUEST, 3, ticket, 0, 0, 0, 0);
            if (arena >= 0) shared->stolen++;
            result = own;
        } else {
            long pid = through(1, SYS_clone, 0x8000 | SIGCHLD, 0, 0, 0, 0, 0);
            if (pid == 0) child(who, kind == SWAPPED ? other : kind == WRONG ? ticket ^ 1 : ticket);
            result = pid;
            // The second one has no right to be there, nor a ticket.
            if (kind == LATE && through(1, SYS_clone, 0x8000 | SIGCHLD, 0, 0, 0, 0, 0) == 0) child(who, ticket);
        }
        line->words[0] = result;
        publish(RESULT);
        break;
    }
    case RESUME: case CONTINUE:
    case RETURN:
        shared->results[who] = line->words[0];
        for (;;) through(0, SYS_exit_group, 0, 0, 0, 0, 0, 0);
    case CALL_A:
        line->words[0] = through(0, line->number, line->words[0], line->words[1], line->words[2], line->words[3], line->words[4], line->words[5]);
        publish(RESULT);
        break;
    default:
        line->words[0] = 0;
        publish(RESULT);
    }
}

int main(void) {
    shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int failed = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        memset((void *)shared, 0, sizeof *shared);
        pid_t both[2];
        for (int who = 0; who < 2; who++) {
            both[who] = fork();
            if (both[who]) continue;
            signal(SIGSEGV, nothing_there), signal(SIGBUS, nothing_there);
            setresgid(1001 + who, 1001 + who, 1001 + who), setresuid(1001 + who, 1001 + who, 1001 + who);
            prctl(PR_SET_DUMPABLE, 0);
            forge(who, kind);
        }
        for (int who = 0; who < 2; who++) wait_for(both[who], 3000);
        int landed = shared->landed[0] + shared->landed[1];
        printf("%s: %d arenas, %d run, forks %ld %ld\n", names[kind], shared->arenas[0] + shared->arenas[1], landed,
               shared->results[0], shared->results[1]);
        if (shared->stolen || (kind != LATE && landed)) printf("FAILED: %d are somebody else\n", shared->stolen), failed = 1;
        if (!is_well()) printf("FAILED: not well\n"), failed = 1;
        fflush(stdout);
    }
    if (!failed) puts("survived");
    return failed;
}

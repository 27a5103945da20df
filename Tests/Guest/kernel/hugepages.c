// Large private memory, and what a program sees of it: the same, whether or not it has huge pages unknown to the program.
#include "check.h"
#include <sys/prctl.h>

#define MIB (1ul << 20)
#define RW (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

/// How many mappings there are in the range, and in how many of them a flag of smaps is set.
static void show(const char *when, char *start, unsigned long size, const char *flag) {
    unsigned long low = (unsigned long)start, high = low + size, from, to;
    int lines = 0, set = 0, inside = 0;
    char line[512];
    FILE *f = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2 && from < high && to > low) lines++;
    fclose(f);
    f = fopen("/proc/self/smaps", "r");
    unsigned long bytes = 0, kilobytes;
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) inside = from < high && to > low;
        if (inside && sscanf(line, "Size: %lu kB", &kilobytes) == 1) bytes += kilobytes << 10;
        if (inside && strncmp(line, "VmFlags:", 8) == 0) set += strstr(line, flag) != NULL;
    }
    fclose(f);
    printf("%s: %d mappings, %lu MiB, %s in %d\n", when, lines, bytes / MIB, flag, set);
}

/// Where `size` bytes are free.
static char *room(unsigned long size) {
    char *p = mmap(NULL, size, PROT_NONE, ANONYMOUS | MAP_NORESERVE, -1, 0);
    TRUE(p != MAP_FAILED && munmap(p, size) == 0);
    return p;
}

/// 32 MiB and behind them 1 MiB more: one mapping.
static char *two(char *place) {
    TRUE(mmap(place, 32 * MIB, RW, ANONYMOUS, -1, 0) == place);
    memset(place, 1, 4096);
    memset(place + 20 * MIB, 2, 4096);
    TRUE(mmap(place + 32 * MIB, MIB, RW, ANONYMOUS, -1, 0) == place + 32 * MIB);
    memset(place + 32 * MIB, 3, MIB);
    return place;
}

static int is_whole(char *p) { return p[0] == 1 && p[20 * MIB] == 2 && p[32 * MIB] == 3 && p[33 * MIB - 1] == 3 && p[5 * MIB] == 0; }

static void remap(void) {
    char *place = room(256 * MIB), *p = two(place), *q;
    show("two", p, 33 * MIB, " hg");
    // Grows where it is.
    TRUE(mremap(p, 33 * MIB, 40 * MIB, 0) == p && is_whole(p) && p[40 * MIB - 1] == 0);
    show("grown", p, 40 * MIB, " hg");
    // No room behind it.
    TRUE(mmap(place + 40 * MIB, 4096, PROT_NONE, ANONYMOUS, -1, 0) == place + 40 * MIB);
    SHOW((long)mremap(p, 40 * MIB, 48 * MIB, 0));
    q = mremap(p, 40 * MIB, 48 * MIB, MREMAP_MAYMOVE);
    TRUE(q != MAP_FAILED && q != p && is_whole(q) && q[48 * MIB - 1] == 0);
    show("moved from", place, 40 * MIB, " hg");
    // To a place of the caller's, shorter and longer.
    TRUE(mremap(q, 48 * MIB, 33 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place && is_whole(place));
    show("there", place, 40 * MIB, " hg");
    TRUE(mremap(place, 33 * MIB, 36 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED, place + 64 * MIB) == place + 64 * MIB);
    p = place + 64 * MIB;
    TRUE(is_whole(p) && p[36 * MIB - 1] == 0);
    show("and there", place, 128 * MIB, " hg");
    SHOW((long)mremap(p, 36 * MIB, 36 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED, p + 8 * MIB));
    TRUE(mremap(p, 36 * MIB, 20 * MIB, 0) == p && p[0] == 1);
    show("shrunk", p, 36 * MIB, " hg");
    // Really two.
    TRUE(munmap(p + 4 * MIB, 4096) == 0);
    SHOW((long)mremap(p, 20 * MIB, 24 * MIB, MREMAP_MAYMOVE));
    TRUE(mprotect(p + 6 * MIB, MIB, PROT_READ) == 0);
    SHOW((long)mremap(p + 5 * MIB, 10 * MIB, 24 * MIB, MREMAP_MAYMOVE));
    TRUE(munmap(place, 256 * MIB) == 0);
}

static void protect(void) {
    char *p = two(room(64 * MIB));
    TRUE(mprotect(p + 31 * MIB, 2 * MIB, PROT_READ) == 0);
    show("read-only at the end", p, 33 * MIB, " hg");
    TRUE(mprotect(p, 33 * MIB, RW) == 0 && is_whole(p));
    show("writable again", p, 33 * MIB, " hg");
    SHOW(madvise(p + 30 * MIB, 3 * MIB, MADV_DONTNEED));
    TRUE(p[32 * MIB] == 0 && p[0] == 1);
    pid_t child = fork();
    if (child == 0) {
        p[0] = 9;
        show("child", p, 33 * MIB, " hg");
        fflush(stdout);
        _exit(p[20 * MIB]);
    }
    int status;
    fflush(stdout);
    waitpid(child, &status, 0);
    printf("status %x, %d\n", status, p[0]);
    TRUE(munmap(p + 10 * MIB, 4 * MIB) == 0);
    show("with a hole", p, 33 * MIB, " hg");
    TRUE(munmap(p, 33 * MIB) == 0);
}

static void others(void) {
    // Each may be told from the one before it.
    char *place = room(256 * MIB);
    static const int flags[] = {0, MAP_NORESERVE, MAP_STACK, MAP_POPULATE, 0};
    for (int i = 0; i < 5; i++) {
        char *p = place + 40 * MIB * i;
        TRUE(mmap(p, 32 * MIB, i == 4 ? PROT_NONE : RW, ANONYMOUS | flags[i], -1, 0) == p);
        if (i < 4) TRUE(p[0] == 0 && p[32 * MIB - 1] == 0);
    }
    show("others", place, 200 * MIB, " hg");
    TRUE(mprotect(place + 160 * MIB, 32 * MIB, RW) == 0);
    // What the program itself asks for, it sees.
    SHOW(madvise(place + 160 * MIB, 32 * MIB, MADV_HUGEPAGE));
    show("asked", place + 160 * MIB, 32 * MIB, " hg");
    SHOW(madvise(place + 160 * MIB, 32 * MIB, MADV_NOHUGEPAGE));
    show("not wanted", place + 160 * MIB, 32 * MIB, " nh");
    TRUE(munmap(place, 256 * MIB) == 0);
}

static void enabled(const char *when) {
    char line[256];
    FILE *f = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "THP_enabled", 11) == 0) printf("%s: disabled %d, %s", when, prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), line);
    fclose(f);
    fflush(stdout);
}

static void in_child(char **argv) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        enabled("child");
        execl("/proc/self/exe", "hugepages", "again", NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
}

/// Kilobytes of huge pages in the range.
static unsigned long huge(char *start, unsigned long size) {
    unsigned long low = (unsigned long)start, high = low + size, from, to, kilobytes, all = 0;
    int inside = 0;
    char line[512];
    FILE *f = fopen("/proc/self/smaps", "r");
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) inside = from < high && to > low;
        if (inside && sscanf(line, "AnonHugePages: %lu kB", &kilobytes) == 1) all += kilobytes;
    }
    fclose(f);
    return all;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        enabled("executed");
        return 0;
    }
    remap();
    protect();
    others();
    enabled("first");
    SHOW(prctl(PR_SET_THP_DISABLE, 1, 0, 1, 0));
    SHOW(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0));
    SHOW(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
    enabled("off");
    in_child(argv);
    // Not even where they are asked for.
    char *p = mmap(NULL, 32 * MIB, RW, ANONYMOUS, -1, 0);
    TRUE(madvise(p, 32 * MIB, MADV_HUGEPAGE) == 0);
    memset(p, 1, 32 * MIB);
    printf("huge %lu\n", huge(p, 32 * MIB));
    SHOW(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
    enabled("on");
    in_child(argv);
    return 0;
}

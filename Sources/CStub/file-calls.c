// Reads and writes of regular files that a stub makes itself: in what it has mapped of the file.
//
// The Sentry maps files that a guest uses much where guest code sees nothing of them, and says in a page that guest code
// cannot write which descriptor they belong to and how much of them may be used. The mapping allows no more than the
// descriptor does, so all this code has to be is correct: what it leaves undone it hands over, and the Sentry does it from
// the start. A file that was cut off meanwhile faults in the copy. Of a device without memory the page says what its calls
// come to.
#include "stub.h"
#include <asm/unistd.h>
#include <linux/mman.h>

#define EFAULT 14
#define ENOSPC 28

#define VIEW(fd) ((const struct stub_view *)(STUB_ARENA + STUB_VIEWS_OFFSET) + (fd))
#define MARK(fd) ((struct stub_mark *)(STUB_ARENA + STUB_MARKS_OFFSET) + (fd))

enum { HANDED_OVER, ANSWERED };

/// What a call finds of its descriptor.
struct open_view {
    const struct stub_view *view;
    uint64_t address, length, whole;
    uint32_t version, flags;
};

TEXT static int look(const struct stub_area *area, uint64_t fd, struct open_view *found) {
    if (fd >= STUB_VIEWS) return 0;
    const struct stub_view *view = VIEW(fd);
    uint32_t files = area->info->files, version = __atomic_load_n(&view->version, __ATOMIC_ACQUIRE);
    if (!files || view->files != files || version & 1) return 0;
    uint64_t length = __atomic_load_n(&view->length, __ATOMIC_RELAXED);
    found->view = view;
    found->version = version;
    found->flags = view->flags;
    found->address = view->address;
    found->length = length & ~STUB_VIEW_WHOLE;
    found->whole = length & STUB_VIEW_WHOLE;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&view->version, __ATOMIC_RELAXED) == version;
}

TEXT static int exchange_position(struct stub_mark *mark, uint64_t from, uint64_t to) {
    return __atomic_compare_exchange_n(&mark->position, &from, to, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/// Moves the position, unless another thread has, or the number means another file by now.
TEXT static int move_position(const struct open_view *view, struct stub_mark *mark, uint64_t from, uint64_t to) {
    if (!exchange_position(mark, from, to)) return 0;
    if (__atomic_load_n(&view->view->version, __ATOMIC_RELAXED) == view->version) return 1;
    exchange_position(mark, to, from);
    return 0;
}

/// lseek(2) with SEEK_SET, SEEK_CUR and SEEK_END.
TEXT static int seek(const struct open_view *view, struct stub_mark *mark, uint64_t *r) {
    uint64_t from = __atomic_load_n(&mark->position, __ATOMIC_RELAXED), whence = (uint32_t)r[RDX], base = 0;
    if (from >> 63 || whence > 2 || (whence == 2 && !view->whole)) return HANDED_OVER;
    if (whence) base = whence == 1 ? from : view->length;
    uint64_t to = base + r[RSI];
    if (to >> 63 || !move_position(view, mark, from, to)) return HANDED_OVER;
    r[RAX] = to;
    return ANSWERED;
}

struct part {
    uint64_t base, length;
};

#define PARTS 16u

/// The buffers of a call. Returns how many there are, 0: that is for the Sentry; `*total` is the sum of their lengths.
TEXT static uint32_t gather(const uint64_t *r, int is_vector, struct part *parts, uint64_t *total) {
    uint64_t limit = STUB_SPACE->limit, count = 1;
    if (is_vector) {
        count = r[RDX];
        if (count == 0 || count > PARTS || r[RSI] >= limit || stub_move(parts, (const void *)r[RSI], count * sizeof *parts))
            return 0;
    } else {
        parts[0].base = r[RSI], parts[0].length = r[RDX];
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].base >= limit || parts[i].length > limit - parts[i].base || parts[i].length > STUB_VIEW_TRANSFER) return 0;
        sum += parts[i].length;
    }
    *total = sum;
    return sum == 0 || sum > STUB_VIEW_TRANSFER ? 0 : (uint32_t)count;
}

/// Whether bytes of code that were rewritten may be among these.
TEXT static int meets_code(const struct part *part, uint64_t count) {
    const struct stub_code *code = (const struct stub_code *)(STUB_ARENA + STUB_CODE_OFFSET);
    uint64_t low = __atomic_load_n(&code->low, __ATOMIC_RELAXED), high = __atomic_load_n(&code->high, __ATOMIC_RELAXED);
    for (;; part++) {
        uint64_t step = part->length < count ? part->length : count;
        if (step && part->base < high && part->base + step > low) {
            for (uint64_t page = part->base >> 12; page <= (part->base + step - 1) >> 12; page++) {
                uint32_t bit = stub_code_bit(page);
                if (__atomic_load_n(&code->pages[bit >> 6], __ATOMIC_RELAXED) >> (bit & 63) & 1) return 1;
            }
        }
        count -= step;
        if (count == 0) return 0;
    }
}

/// Copies `count` bytes between the file and buffers that have room for them. Returns how many are left.
TEXT static uint64_t carry(uint64_t file, const struct part *part, uint64_t count, int writes) {
    for (;; part++) {
        uint64_t step = part->length < count ? part->length : count;
        uint64_t left = writes ? stub_move((void *)file, (const void *)part->base, step)
                               : stub_move((void *)part->base, (const void *)file, step);
        count -= step;
        if (left || count == 0) return count + left;
        file += step;
    }
}

/// What a call does, by its number.
enum { WRITES = 1, MOVES = 2, VECTOR = 4, OTHER = 8 };

TEXT static uint32_t kind(uint32_t number, const uint64_t *r) {
    switch (number) {
    case __NR_read: return MOVES;
    case __NR_write: return MOVES | WRITES;
    case __NR_pread64: return 0;
    case __NR_pwrite64: return WRITES;
    case __NR_readv: return MOVES | VECTOR;
    case __NR_writev: return MOVES | VECTOR | WRITES;
    case __NR_preadv: return VECTOR;
    case __NR_pwritev: return VECTOR | WRITES;
    case __NR_preadv2: return r[R9] ? OTHER : VECTOR | (r[R10] == ~0ul ? MOVES : 0);
    case __NR_pwritev2: return r[R9] ? OTHER : VECTOR | WRITES | (r[R10] == ~0ul ? MOVES : 0);
    }
    return OTHER;
}

/// A device without memory (null(4), full(4)), whose position is always 0.
TEXT static int transfer(uint64_t *r, uint32_t number, uint32_t device) {
    if (number == __NR_lseek) {
        if ((uint32_t)r[RDX] > 2) return HANDED_OVER;
        r[RAX] = 0;
        return ANSWERED;
    }
    uint32_t is = kind(number, r);
    struct part parts[PARTS];
    uint64_t count, offset = is & MOVES ? 0 : r[R10];
    if (is & OTHER || !(device & (is & WRITES ? STUB_VIEW_SWALLOWS | STUB_VIEW_FULL : STUB_VIEW_ZEROES | STUB_VIEW_END)))
        return HANDED_OVER;
    uint32_t part_count = gather(r, (is & VECTOR) != 0, parts, &count);
    if (!part_count || offset >> 63 || (offset + count) >> 63) return HANDED_OVER;
    if (is & WRITES) {
        if (device & STUB_VIEW_FULL) count = (uint64_t)-ENOSPC;
    } else if (device & STUB_VIEW_END) {
        count = 0;
    } else {
        for (uint32_t i = 0; i < part_count; i++)
            if (stub_zero((void *)parts[i].base, parts[i].length)) return HANDED_OVER;
    }
    r[RAX] = count;
    return ANSWERED;
}

TEXT int stub_answer_file(struct stub_area *area, uint32_t number) {
    uint64_t *r = area->registers;
    uint64_t fd = (uint32_t)r[RDI], offset = r[R10], count;
    struct open_view view;
    if (!look(area, fd, &view)) return HANDED_OVER;
    uint32_t device = view.flags & (STUB_VIEW_ZEROES | STUB_VIEW_END | STUB_VIEW_SWALLOWS | STUB_VIEW_FULL);
    if (device) return transfer(r, number, device);
    struct stub_mark *mark = MARK(fd);
    if (number == __NR_lseek) return seek(&view, mark, r);
    uint32_t is = kind(number, r), writes = is & WRITES, moves = is & MOVES;
    struct part parts[PARTS];
    if (is & OTHER || !(view.flags & (writes ? STUB_VIEW_WRITE : STUB_VIEW_READ)) ||
        !gather(r, (is & VECTOR) != 0, parts, &count))
        return HANDED_OVER;
    if (moves) offset = __atomic_load_n(&mark->position, __ATOMIC_RELAXED);
    if (offset >> 63) return HANDED_OVER;
    uint64_t room = offset < view.length ? view.length - offset : 0;
    if (room < count) {
        // The end of the file, or of what is mapped of it.
        if (writes || !view.whole) return HANDED_OVER;
        count = room;
    }
    if (writes) {
        if (meets_code(parts, count)) return HANDED_OVER;
        uint64_t now = stub_coarse_time(area);
        if (!now) return HANDED_OVER;
        // Another thread that writes there goes on behind this.
        if (moves && !move_position(&view, mark, offset, offset + count)) return HANDED_OVER;
        uint64_t left = carry(view.address + offset, parts, count, 1);
        mark->modified = now;
        if (left) {
            if (!moves || exchange_position(mark, offset + count, offset)) return HANDED_OVER;
            if (left == count) {
                r[RAX] = (uint64_t)-EFAULT;
                return ANSWERED;
            }
            count -= left;
        }
    } else if (count) {
        if (carry(view.address + offset, parts, count, 0)) return HANDED_OVER;
        if (!mark->accessed) mark->accessed = 1;
        if (moves && !move_position(&view, mark, offset, offset + count)) return HANDED_OVER;
    }
    r[RAX] = count;
    return ANSWERED;
}

TEXT void stub_fill_files(void) {
    // Exactly this the filter lets through.
    if (stub_call_a(__NR_mmap, (long)STUB_FILES, (long)STUB_FILES_LENGTH, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) < 0)
        for (;;) stub_call_a(__NR_exit_group, 1, 0, 0, 0, 0, 0);
}

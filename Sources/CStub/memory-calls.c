// Memory calls that a stub answers itself (native-memory.md, section 6).
//
// What is plain is checked as Linux checks it, cut to what the guest may use, and asked of the host. All else, errors
// above all, is handed over: the Sentry knows the rest. The filter holds for guest code that comes to the gate by itself.
#include "stub.h"
#include <asm/unistd.h>
#include <linux/mman.h>

#define PAGE 4096ul
#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)
#define PROT_RW (PROT_READ | PROT_WRITE)
#define MAP_FIXED_ANY (MAP_FIXED | MAP_FIXED_NOREPLACE)
/// What the host is told, and what only asks for what is not done here or means nothing.
#define MAP_PASSED                                                                                                          \
    (MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_32BIT | MAP_NORESERVE | MAP_POPULATE | MAP_STACK | MAP_FIXED_NOREPLACE)
#define MAP_IGNORED (MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED | MAP_NONBLOCK)
#define EFAULT 14
#define EINVAL 22

enum { HANDED_OVER, ANSWERED };

/// Whether memory that the Sentry keeps account of lies in the range, which does not wrap.
TEXT static int is_tracked(uint64_t start, uint64_t size) {
    const struct stub_space_info *space = STUB_SPACE;
    uint32_t count = space->tracked_count;
    if (count > STUB_TRACKED_RANGES) return 1;
    for (uint32_t i = 0; i < count; i++)
        if (start < space->tracked[i].end && space->tracked[i].start < start + size) return 1;
    return 0;
}

/// Whether the range begins at a page and lies below the end of the guest's memory. Rounds its length up.
TEXT static int is_range(uint64_t start, uint64_t *size) {
    uint64_t limit = STUB_SPACE->limit;
    if (start & (PAGE - 1) || *size > limit || start > limit - *size) return 0;
    *size = (*size + PAGE - 1) & ~(PAGE - 1);
    return *size != 0;
}

TEXT static int map(uint64_t *r) {
    uint64_t address = r[RDI], size = r[RSI], protection = r[RDX], flags = r[R10], type = flags & MAP_TYPE;
    if (!(flags & MAP_ANONYMOUS) || flags & ~(uint64_t)(MAP_PASSED | MAP_IGNORED) || protection & ~(uint64_t)PROT_ALL ||
        r[R9] & (PAGE - 1) || (type != MAP_PRIVATE && type != MAP_SHARED) || STUB_SPACE->flags & STUB_SPACE_LIMITED)
        return HANDED_OVER;
    if (flags & MAP_FIXED_ANY) {
        if (!is_range(address, &size) || is_tracked(address, size)) return HANDED_OVER;
    } else {
        // A place that cannot be had is no place.
        uint64_t wanted = address & ~(PAGE - 1);
        address = 0;
        if (!is_range(address, &size)) return HANDED_OVER;
        if (wanted <= STUB_SPACE->limit - size) address = wanted;
    }
    // Large memory is the Sentry's: it may ask for huge pages.
    if (size >= STUB_LARGE && STUB_SPACE->flags & STUB_SPACE_LARGE && type == MAP_PRIVATE && protection == PROT_RW &&
        !(flags & (MAP_FIXED_ANY | MAP_NORESERVE | MAP_STACK)))
        return HANDED_OVER;
    r[RAX] = (uint64_t)stub_call_a(__NR_mmap, (long)address, (long)size, (long)protection, (long)(flags & MAP_PASSED), -1, 0);
    return ANSWERED;
}

TEXT static int unmap(uint64_t *r) {
    uint64_t size = r[RSI];
    if (!is_range(r[RDI], &size) || is_tracked(r[RDI], size)) return HANDED_OVER;
    r[RAX] = (uint64_t)stub_call_a(__NR_munmap, (long)r[RDI], (long)size, 0, 0, 0, 0);
    return ANSWERED;
}

TEXT static int protect(uint64_t *r) {
    uint64_t size = r[RSI];
    if (r[RDX] & ~(uint64_t)PROT_ALL || !is_range(r[RDI], &size) || is_tracked(r[RDI], size)) return HANDED_OVER;
    if (r[RDX] & PROT_EXEC && STUB_SPACE->flags & STUB_SPACE_NOEXEC) return HANDED_OVER;
    r[RAX] = (uint64_t)stub_call_a(__NR_mprotect, (long)r[RDI], (long)size, (long)r[RDX], 0, 0, 0);
    return ANSWERED;
}

TEXT static int remap(uint64_t *r) {
    uint64_t from = r[RDI], old = r[RSI], new = r[RDX], flags = r[R10], to = 0;
    if (flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) return HANDED_OVER;
    if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) && !(flags & MREMAP_MAYMOVE)) return HANDED_OVER;
    // An old length of 0 doubles a shared mapping.
    if (!is_range(from, &old) || is_tracked(from, old)) return HANDED_OVER;
    if (flags & MREMAP_FIXED) {
        to = r[R8];
        if (!is_range(to, &new) || is_tracked(to, new)) return HANDED_OVER;
    } else if (!is_range(0, &new)) {
        return HANDED_OVER;
    }
    if ((new > old || flags & MREMAP_DONTUNMAP) && STUB_SPACE->flags & STUB_SPACE_LIMITED) return HANDED_OVER;
    long place = stub_call_a(__NR_mremap, (long)from, (long)old, (long)new, (long)flags, (long)to, 0);
    // Perhaps one mapping but for the huge pages of a part of it.
    if (place == -EFAULT && STUB_SPACE->flags & STUB_SPACE_LARGE) return HANDED_OVER;
    r[RAX] = (uint64_t)place;
    return ANSWERED;
}

TEXT static int advise(uint64_t *r) {
    uint64_t size = r[RSI], advice = r[RDX];
    if (advice > 24 || !is_range(r[RDI], &size)) return HANDED_OVER;
    uint32_t drops = 1u << MADV_DONTNEED | 1u << MADV_FREE | 1u << MADV_DONTNEED_LOCKED;
    if (drops >> advice & 1 && is_tracked(r[RDI], size)) return HANDED_OVER;
    // The Sentry wants to know who asks for huge pages.
    if (advice == MADV_HUGEPAGE && STUB_SPACE->flags & STUB_SPACE_LARGE) return HANDED_OVER;
    uint32_t native = 1u << MADV_DONTNEED | 1u << MADV_FREE | 1u << MADV_DONTFORK | 1u << MADV_DOFORK | 1u << MADV_HUGEPAGE |
                      1u << MADV_NOHUGEPAGE | 1u << MADV_DONTDUMP | 1u << MADV_DODUMP | 1u << MADV_WIPEONFORK |
                      1u << MADV_KEEPONFORK | 1u << MADV_COLD | 1u << MADV_POPULATE_READ | 1u << MADV_POPULATE_WRITE |
                      1u << MADV_DONTNEED_LOCKED;
    uint32_t hints = 1u << MADV_NORMAL | 1u << MADV_RANDOM | 1u << MADV_SEQUENTIAL | 1u << MADV_WILLNEED |
                     1u << MADV_MERGEABLE | 1u << MADV_UNMERGEABLE | 1u << MADV_PAGEOUT;
    if (native >> advice & 1) {
        r[RAX] = (uint64_t)stub_call_a(__NR_madvise, (long)r[RDI], (long)size, (long)advice, 0, 0, 0);
    } else if (hints >> advice & 1) {
        // Without effect here. A synchronisation that asks for nothing tells whether all of it is mapped.
        r[RAX] = (uint64_t)stub_call_a(__NR_msync, (long)r[RDI], (long)size, 0, 0, 0, 0);
    } else {
        return HANDED_OVER;
    }
    return ANSWERED;
}

TEXT static int synchronize(uint64_t *r) {
    uint64_t size = r[RSI], flags = r[RDX];
    if (flags & ~7ul || (flags & 5) == 5 || !is_range(r[RDI], &size)) return HANDED_OVER;
    r[RAX] = (uint64_t)stub_call_a(__NR_msync, (long)r[RDI], (long)size, (long)flags, 0, 0, 0);
    return ANSWERED;
}

TEXT void stub_lock_heap(void) {
    // Held by stub code that runs to its end: soon free. A guest that holds it for ever gets what it deserves.
    for (int left = 1 << 20; left && __atomic_exchange_n(&STUB_HEAP->lock, 1, __ATOMIC_ACQUIRE); left--)
        stub_call_a(__NR_sched_yield, 0, 0, 0, 0, 0, 0);
}

TEXT void stub_unlock_heap(void) { __atomic_store_n(&STUB_HEAP->lock, 0, __ATOMIC_RELEASE); }

/// Where the break is after an attempt to move it from `end` to `wanted`.
TEXT static uint64_t move_break(uint64_t end, uint64_t wanted) {
    uint64_t old = (end + PAGE - 1) & ~(PAGE - 1), new = (wanted + PAGE - 1) & ~(PAGE - 1);
    if (new > old) {
        // Refused when something lies there.
        long place = stub_call_a(__NR_mmap, (long)old, (long)(new - old), PROT_RW,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (place != (long)old) {
            if (place > 0) stub_call_a(__NR_munmap, place, (long)(new - old), 0, 0, 0, 0);
            return end;
        }
    } else if (new < old) {
        if (stub_call_a(__NR_munmap, (long)new, (long)(old - new), 0, 0, 0, 0) < 0) return end;
    }
    return wanted;
}

TEXT static int set_break(uint64_t *r) {
    const struct stub_space_info *space = STUB_SPACE;
    uint64_t start = space->break_start, wanted = r[RDI];
    if (!start || space->flags & STUB_SPACE_LIMITED) return HANDED_OVER;
    stub_lock_heap();
    uint64_t end = STUB_HEAP->end ? STUB_HEAP->end : start;
    int handed_over = wanted < end && wanted >= start && is_tracked(wanted, end - wanted);
    if (!handed_over) {
        if (wanted >= start && wanted < space->limit) STUB_HEAP->end = end = move_break(end, wanted);
        r[RAX] = end;
    }
    stub_unlock_heap();
    return handed_over ? HANDED_OVER : ANSWERED;
}

TEXT static int barrier(uint64_t *r) {
    // PRIVATE_EXPEDITED and its registration, and the same for SYNC_CORE.
    uint32_t command = (uint32_t)r[RDI], supported = 8 | 16 | 32 | 64;
    if ((uint32_t)r[RSI] || command & (command - 1) || command & ~supported) return HANDED_OVER;
    r[RAX] = command ? (uint64_t)stub_call_a(__NR_membarrier, (long)command, 0, 0, 0, 0, 0) : supported;
    return ANSWERED;
}

TEXT static int change(uint64_t *r) {
    switch (r[RAX]) {
    case __NR_mmap: return map(r);
    case __NR_munmap: return unmap(r);
    case __NR_madvise: return advise(r);
    case __NR_mprotect: return protect(r);
    case __NR_brk: return set_break(r);
    case __NR_mremap: return remap(r);
    }
    return HANDED_OVER;
}

TEXT int stub_answer_memory(struct stub_area *area) {
    uint64_t *r = area->registers;
    if (!(STUB_SPACE->flags & STUB_SPACE_MEMORY_CALLS)) return HANDED_OVER;
    if (r[RAX] == __NR_msync) return synchronize(r);
    if (r[RAX] == __NR_membarrier) return barrier(r);
    // The Sentry that tracks something more makes this thread's processor see it, and then looks here: so one of the two
    // sees the other.
    __atomic_store_n(&area->slot->changes, 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    int answered = change(r);
    __atomic_store_n(&area->slot->changes, 0, __ATOMIC_RELEASE);
    return answered;
}

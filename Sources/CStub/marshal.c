// Input and output of calls, carried through the thread's slot (native-memory.md, section 8).
//
// What a call reads is copied into the slot before it is handed over, by a table (Stubs/MarshalTable.swift) that the image
// holds. Of what it writes, the ranges are noted that can be written: what the Sentry stores there it leaves in the slot,
// and it is copied to the guest when the call is over. Whatever is not here the Sentry copies itself.
#include "stub.h"

#define EFAULT 14

/// Becomes a part of its callers, which are in the image.
#define INLINE __attribute__((always_inline)) inline

struct bringing {
    char *slot;
    struct stub_marshal *marshal;
    uint64_t limit;   // the end of the guest's address space
    uint32_t room;    // for ranges
    uint32_t count;   // of ranges
    uint32_t inlined; // the next free byte of the control page
    uint32_t used;    // bytes of the window
};

INLINE static uint64_t clip(const struct bringing *b, uint64_t address, uint64_t length) {
    if (address >= b->limit) return 0;
    uint64_t room = b->limit - address;
    return length < room ? length : room;
}

INLINE static void note(struct bringing *b, uint64_t address, uint64_t length, uint32_t place) {
    struct stub_range *range = &b->marshal->ranges[b->count++];
    range->address = address;
    range->length = (uint32_t)length;
    range->place = place;
}

/// Where `length` bytes of input go: an offset in the slot, of room for `*room` bytes.
INLINE static uint32_t place(const struct bringing *b, uint64_t length, uint64_t *room) {
    if (length <= STUB_INLINE_LIMIT && b->inlined + length <= STUB_OUTPUT_OFFSET) {
        *room = length;
        return b->inlined;
    }
    uint64_t free = STUB_WINDOW_SIZE - b->used;
    *room = length < free ? length : free;
    return (uint32_t)(STUB_WINDOW_OFFSET + b->used);
}

INLINE static void take(struct bringing *b, uint32_t place, uint64_t length) {
    length = (length + 7) & ~7ul;
    if (place < STUB_WINDOW_OFFSET) b->inlined += (uint32_t)length;
    else b->used += (uint32_t)length;
}

/// Copies input as far as it can be read.
///
/// - Returns: where it is; `*length` is then what was brought.
TEXT static void *bring(struct bringing *b, uint64_t address, uint64_t *length) {
    uint64_t room, wanted = clip(b, address, *length);
    *length = 0;
    if (wanted == 0 || b->count >= b->room) return 0;
    uint32_t at = place(b, wanted, &room);
    uint64_t done = room - stub_move(b->slot + at, (const void *)address, room);
    if (done == 0) return 0;
    note(b, address, done, at);
    take(b, at, done);
    *length = done;
    return b->slot + at;
}

TEXT static void bring_string(struct bringing *b, uint64_t address) {
    uint64_t wanted = clip(b, address, 4096);
    if (wanted == 0 || b->count >= b->room) return;
    // Short ones stay in the control page: how long it is shows only afterwards.
    uint64_t room = STUB_OUTPUT_OFFSET - b->inlined;
    if (room > STUB_INLINE_LIMIT) room = STUB_INLINE_LIMIT;
    uint32_t at = b->inlined;
    uint64_t done = stub_move_string(b->slot + at, (const void *)address, wanted < room ? wanted : room);
    if (done == room && b->slot[at + done - 1] != 0) {
        room = STUB_WINDOW_SIZE - b->used;
        at = (uint32_t)(STUB_WINDOW_OFFSET + b->used);
        done = stub_move_string(b->slot + at, (const void *)address, wanted < room ? wanted : room);
    }
    if (done == 0) return;
    note(b, address, done, at);
    take(b, at, done);
}

/// Notes a range that the call may write.
///
/// - Parameter probe: whether each page is touched first: what cannot be written is left out.
TEXT static void claim(struct bringing *b, uint64_t address, uint64_t length, int probe) {
    length = clip(b, address, length);
    if (probe) {
        // A page that is touched is one that exists: not more than this of a large buffer, which may never be filled.
        if (length > STUB_PROBE_LIMIT) length = STUB_PROBE_LIMIT;
        if (length) {
            uint64_t end = stub_probe(address, address + length);
            if (end < address + length) length = end - address;
        }
    }
    if (length == 0 || length > STUB_SLOT_SIZE || b->count >= b->room) return;
    note(b, address, length, 0);
}

/// struct iovec[count], and the buffers.
TEXT static void vector(struct bringing *b, uint64_t address, uint64_t count, int writes) {
    if (count > 1024) return;
    uint64_t length = count * 16;
    const uint64_t *part = bring(b, address, &length);
    for (uint64_t i = 0; i < length / 16 && b->count < b->room; i++, part += 2) {
        uint64_t size = part[1];
        if (writes) claim(b, part[0], size, 1);
        else bring(b, part[0], &size);
    }
}

/// A value in front of its length, which the guest reads and the call writes, too.
TEXT static void measured(struct bringing *b, uint64_t address, uint64_t where) {
    uint64_t size = 4;
    const uint32_t *length = bring(b, where, &size);
    if (size != 4) return;
    claim(b, where, 4, 1);
    claim(b, address, *length, 1);
}

/// struct msghdr.
TEXT static void message(struct bringing *b, uint64_t address, int receives) {
    uint64_t size = 56;
    const uint64_t *header = bring(b, address, &size);
    if (size != 56) return;
    uint64_t name = header[0], name_length = (uint32_t)header[1], control = header[4], control_length = header[5];
    uint64_t parts = header[2], count = header[3];
    if (receives) {
        claim(b, address, 56, 1);
        if (name && name_length <= 1024) claim(b, name, name_length, 1);
        if (control) claim(b, control, control_length, 1);
    } else {
        if (name_length > 128) name_length = 128;
        if (name) bring(b, name, &name_length);
        if (control_length <= 4096) bring(b, control, &control_length);
    }
    vector(b, parts, count, receives);
}

/// F_GETLK 5, F_SETLK 6, F_SETLKW 7, F_SETOWN_EX 15, F_GETOWN_EX 16, F_OFD_GETLK 36 to F_OFD_SETLKW 38.
TEXT static void control_file(struct bringing *b, uint32_t command, uint64_t address) {
    uint64_t size = 32;
    if (command == 5 || command == 6 || command == 7 || command == 36 || command == 37 || command == 38) {
        bring(b, address, &size);
        if (command == 5 || command == 36) claim(b, address, 32, 0);
    } else if (command == 15) {
        size = 8;
        bring(b, address, &size);
    } else if (command == 16) {
        claim(b, address, 8, 0);
    }
}

/// ioctl(2): older requests by a list, newer ones say what they carry.
TEXT static void control_device(struct bringing *b, uint32_t request, uint64_t address) {
    uint64_t in = 0, out = 0;
    if (request >> 8 == 0x54) {
        uint32_t n = request & 0xff;
        if (n == 0x01) out = 36;                        // TCGETS
        else if (n >= 0x02 && n <= 0x04) in = 36;       // TCSETS, TCSETSW, TCSETSF
        else if (n == 0x13) out = 8;                    // TIOCGWINSZ
        else if (n == 0x14) in = 8;                     // TIOCSWINSZ
        else if (n == 0x0f || n == 0x11 || n == 0x1b || n == 0x29) out = 4; // TIOCGPGRP, OUTQ, FIONREAD, TIOCGSID
        else if (n == 0x10 || n == 0x21) in = 4;        // TIOCSPGRP, FIONBIO
    } else if (request >> 30) {
        uint64_t size = request >> 16 & 0x3fff;
        if (request >> 30 & 1) in = size;               // _IOC_WRITE: the guest's word
        if (request >> 31 & 1) out = size;
    }
    if (in) bring(b, address, &in);
    if (out) claim(b, address, out, 0);
}

INLINE static uint64_t counted(uint64_t count, uint32_t unit) {
    count = (uint32_t)count;
    if (unit == STUB_UNIT_BYTE) return count;
    if (unit == STUB_UNIT_BIT) return (count + 63) / 64 * 8;
    return count * unit * 2;
}

INLINE static uint64_t item_size(uint32_t kind, uint32_t parameter, const uint64_t a[6]) {
    if (kind == STUB_ITEM_IN_COUNTED || kind == STUB_ITEM_OUT_COUNTED || kind == STUB_ITEM_OUT_COUNTED_PROBED ||
        kind == STUB_ITEM_BOTH_COUNTED)
        return counted(a[(parameter & 7) % 6], parameter >> 3);
    return parameter * 4;
}

/// The usual case: all that the call writes can be written, and its input is small and in one piece. Returns what the event
/// says of it, 0 when it is not that.
TEXT static uint32_t bring_plain(struct stub_area *area, const uint16_t *items, uint64_t a[6]) {
    uint64_t limit = STUB_SPACE->limit, length = 0;
    uint64_t input[STUB_INPUT_LIMIT / 8];
    for (uint32_t i = 1; i < STUB_MARSHAL_WORDS && items[i]; i++) {
        uint32_t kind = items[i] & 31, parameter = items[i] >> 8;
        uint64_t address = a[(items[i] >> 5 & 7) % 6];
        if (kind > STUB_ITEM_BOTH_COUNTED) return 0;
        if (!address) continue;
        if (address >= limit) return 0;
        if (kind == STUB_ITEM_PATH) {
            uint64_t room = limit - address < STUB_INPUT_LIMIT ? limit - address : STUB_INPUT_LIMIT;
            if (length) return 0;
            length = stub_move_string(input, (const void *)address, room);
            if (length == 0 || ((const char *)input)[length - 1]) return 0;
            continue;
        }
        uint64_t size = item_size(kind, parameter, a);
        if (!size) continue;
        if (size > limit - address) return 0;
        if (kind == STUB_ITEM_IN || kind == STUB_ITEM_IN_COUNTED || kind >= STUB_ITEM_BOTH) {
            if (length || size > STUB_INPUT_LIMIT || stub_move(input, (const void *)address, size)) return 0;
            length = size;
        }
        if (kind == STUB_ITEM_OUT_PROBED || kind == STUB_ITEM_OUT_COUNTED_PROBED || kind >= STUB_ITEM_BOTH) {
            if (size > STUB_PROBE_LIMIT || stub_probe(address, address + size) < address + size) return 0;
        } else if (size > STUB_SLOT_SIZE) {
            return 0;
        }
    }
    uint32_t event = STUB_EVENT_PLAIN | (uint32_t)length << STUB_EVENT_LENGTH_SHIFT;
    if (!length) return event;
    uint32_t free = items[0] >> 12;
    uint64_t *to = (uint64_t *)area->slot->input;
    // Who looks at each call looks at all its arguments.
    if (length <= free * 8 && !(area->info->flags & STUB_HAND_OVER)) {
        event |= STUB_EVENT_INLINE;
        to = &a[6 - free];
    }
    for (uint64_t i = 0; i < (length + 7) / 8; i++) to[i] = input[i];
    return event;
}

TEXT static void bring_all(struct stub_area *area, const uint16_t *item, const uint64_t a[6]) {
    uint32_t ranges = item[0] & 0xff;
    struct stub_marshal *marshal = (struct stub_marshal *)((char *)area->slot + STUB_MARSHAL_OFFSET);
    // Input follows the ranges that the call can have: one with few and a little of it is all in one line.
    struct bringing b = {(char *)area->slot, marshal, STUB_SPACE->limit, ranges, 0,
                         (uint32_t)((char *)&marshal->ranges[ranges] - (char *)area->slot), 0};
    for (uint32_t i = 1; i < STUB_MARSHAL_WORDS && item[i]; i++) {
        uint32_t kind = item[i] & 31, parameter = item[i] >> 8;
        uint64_t address = a[(item[i] >> 5 & 7) % 6];
        if (address == 0 && kind != STUB_ITEM_FCNTL && kind != STUB_ITEM_IOCTL) continue;
        uint64_t size = item_size(kind, parameter, a);
        switch (kind) {
        case STUB_ITEM_PATH: bring_string(&b, address); break;
        case STUB_ITEM_IN:
        case STUB_ITEM_IN_COUNTED: bring(&b, address, &size); break;
        case STUB_ITEM_OUT:
        case STUB_ITEM_OUT_COUNTED: claim(&b, address, size, 0); break;
        case STUB_ITEM_OUT_PROBED:
        case STUB_ITEM_OUT_COUNTED_PROBED: claim(&b, address, size, 1); break;
        case STUB_ITEM_BOTH:
        case STUB_ITEM_BOTH_COUNTED:
            bring(&b, address, &size);
            claim(&b, address, size, 1);
            break;
        case STUB_ITEM_OUT_MEASURED: measured(&b, address, a[(parameter & 7) % 6]); break;
        case STUB_ITEM_IN_VECTOR: vector(&b, address, a[(parameter & 7) % 6], 0); break;
        case STUB_ITEM_OUT_VECTOR: vector(&b, address, a[(parameter & 7) % 6], 1); break;
        case STUB_ITEM_IN_MESSAGE: message(&b, address, 0); break;
        case STUB_ITEM_OUT_MESSAGE: message(&b, address, 1); break;
        case STUB_ITEM_FCNTL: control_file(&b, (uint32_t)a[1], a[2]); break;
        case STUB_ITEM_IOCTL: control_device(&b, (uint32_t)a[1], a[2]); break;
        case STUB_ITEM_MASK: {
            // A pointer and a size.
            uint64_t pair = 16, mask = 8;
            const uint64_t *words = bring(&b, address, &pair);
            if (pair == 16 && words[0] && words[1] == 8) bring(&b, words[0], &mask);
            break;
        }
        }
    }
    b.marshal->count = b.count;
    b.marshal->used = b.used;
}

TEXT uint32_t stub_bring(struct stub_area *area, uint64_t words[6]) {
    uint64_t number = (uint32_t)area->registers[RAX];
    if (number >= STUB_MARSHAL_CALLS) return 0;
    const uint16_t *items = STUB_PARAMETERS->marshal[number];
    if (!(items[0] & 0xff)) return 0;
    uint32_t event = bring_plain(area, items, words);
    if (!event) bring_all(area, items, words);
    return event;
}

/// The guest's copy of what the Sentry has left, `outputs` as STUB_RETURN has it. Returns 0 or -EFAULT.
TEXT static long deliver(struct stub_slot *slot, uint32_t outputs) {
    long result = 0;
    uint32_t count = outputs & 0xffff, length = outputs >> 16;
    if (length && length <= STUB_COMPACT_LIMIT && stub_move((void *)slot->words[1], &slot->words[2], length))
        result = -EFAULT;
    const char *at = (const char *)slot + STUB_OUTPUT_OFFSET, *end = (const char *)slot + 4096;
    while (count-- && at + sizeof(struct stub_range) <= end) {
        const struct stub_range *range = (const struct stub_range *)at;
        at += sizeof *range;
        const char *from = at;
        if (range->place) from = (const char *)slot + range->place;
        else at += (range->length + 7) & ~7u;
        if (range->length > STUB_SLOT_SIZE || from > (const char *)slot + STUB_SLOT_SIZE - range->length) break;
        if (stub_move((void *)range->address, from, range->length)) result = -EFAULT;
    }
    return result;
}

TEXT void stub_deliver(struct stub_area *area) {
    uint32_t outputs = area->slot->number;
    if (outputs && deliver(area->slot, outputs)) area->registers[RAX] = (uint64_t)-EFAULT;
}

TEXT long stub_settle(struct stub_area *area) {
    uint32_t outputs = area->slot->number;
    return outputs ? deliver(area->slot, outputs) : 0;
}

TEXT uint64_t stub_fetch(struct stub_area *area, uint64_t address, uint64_t length) {
    if (length > STUB_WINDOW_SIZE) length = STUB_WINDOW_SIZE;
    return length - stub_move((char *)area->slot + STUB_WINDOW_OFFSET, (const void *)address, length);
}

TEXT uint64_t stub_probe_range(uint64_t address, uint64_t length) {
    if (length == 0 || length > STUB_PROBE_RANGE) return 0;
    uint64_t end = stub_probe(address, address + length);
    return end < address + length ? end - address : length;
}

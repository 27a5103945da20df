// How a call's input and output lie in a slot, and the table that says what each call has (marshal.c).
#pragma once
#include <stdint.h>

#define STUB_RANGES 32u
/// A piece of guest memory that takes part in a call.
struct stub_range {
    uint64_t address;
    uint32_t length;
    uint32_t place; // where its bytes are, from the slot's start. 0 in the stub's: nowhere, but it may be written
};

/// In the control page, written by the stub: what it has brought, and what may be written.
struct stub_marshal {
    uint32_t count; // of ranges
    uint32_t used;  // bytes of the window that hold input
    struct stub_range ranges[STUB_RANGES]; // as many as the call can have; input follows
};

#define STUB_MARSHAL_OFFSET 1280u
/// Behind it the Sentry leaves output: records of a struct stub_range, those without a place with their bytes, padded to 8.
#define STUB_OUTPUT_OFFSET 3072u
/// Input beyond this size goes to the window.
#define STUB_INLINE_LIMIT 512u
/// As much of a buffer is touched before a call that may not fill it.
#define STUB_PROBE_LIMIT (16u << 10)
/// What STUB_PROBE looks at, at most.
#define STUB_PROBE_RANGE 0x100000u

/// A call is plain when all of its output can be written and its input, of one piece at most, was brought whole and is not
/// larger than this: then the event says how long that is, and the table the rest. It lies in the words behind the call's
/// arguments if it fits there, else in stub_slot.input.
#define STUB_INPUT_LIMIT 192u
#define STUB_INPUT_OFFSET 64u
#define STUB_KEPT_OFFSET 728u

// What STUB_RETURN, STUB_RESUME, STUB_CONTINUE and STUB_SETTLE have in stub_slot.number: the number of records, and in the
// upper half the length of one output more, at most this, of address [1] and bytes [2...].
#define STUB_COMPACT_LIMIT 32u

#define STUB_MARSHAL_CALLS 512u
/// Per call: how many ranges it can have, 0: the stub brings nothing, (shifted by 8) an enum stub_answerer, and (by 12) how
/// many words of the event its arguments leave for input; then its items, up to a 0. An item is a kind, the number of the argument with the address (shifted by 5) and a parameter (by 8):
/// a size in units of 4 bytes, or the number of the argument with a count and (shifted by 3) a unit.
#define STUB_MARSHAL_WORDS 8u
/// The last of them: which of stub_slot.answered counts the call.
#define STUB_MARSHAL_COUNTER 7u
#define STUB_ANSWERED_CALLS 48u

#define STUB_UNIT_BYTE 0u
#define STUB_UNIT_BIT 1u // in words of 64; all other units are in 2 bytes

/// Who may answer a call in the stub (answers.c).
enum stub_answerer {
    STUB_ANSWER_NOT,
    STUB_ANSWER_IDENTITY,
    STUB_ANSWER_CREDENTIALS,
    STUB_ANSWER_CLOCK,
    STUB_ANSWER_YIELD,
    STUB_ANSWER_MEMORY,
    STUB_ANSWER_FUTEX,
    STUB_ANSWER_FILE,
};

enum stub_item {
    STUB_ITEM_PATH = 1,
    STUB_ITEM_IN,
    STUB_ITEM_OUT,
    STUB_ITEM_OUT_PROBED, // each page of it is touched before the call is handed over
    STUB_ITEM_IN_COUNTED,
    STUB_ITEM_OUT_COUNTED,
    STUB_ITEM_OUT_COUNTED_PROBED,
    STUB_ITEM_BOTH,
    STUB_ITEM_BOTH_COUNTED,
    STUB_ITEM_OUT_MEASURED, // the parameter names the argument with the address of its length
    STUB_ITEM_IN_VECTOR,
    STUB_ITEM_OUT_VECTOR,
    STUB_ITEM_IN_MESSAGE,
    STUB_ITEM_OUT_MESSAGE,
    STUB_ITEM_FCNTL,
    STUB_ITEM_IOCTL,
    STUB_ITEM_MASK, // pselect6's pair of an address and a size
};

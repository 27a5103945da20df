// What entry.S, Swift and the order of the stub's pages count on, checked when it is compiled. Makes no code.
#include "stub.h"

_Static_assert(__builtin_offsetof(struct stub_area, continuation) == 216, "entry.S");
_Static_assert(__builtin_offsetof(struct stub_area, slot) == 224, "entry.S");
_Static_assert(__builtin_offsetof(struct stub_area, self) == 240, "entry.S");
_Static_assert(__builtin_offsetof(struct stub_area, top) == 248, "entry.S");
_Static_assert(__builtin_offsetof(struct stub_slot, input) == 64, "lines of 64 bytes");
_Static_assert(__builtin_offsetof(struct stub_slot, spins) == 384, "a pair of lines of its own");
_Static_assert(__builtin_offsetof(struct stub_slot, registers) == 512, "a pair of lines of its own");
_Static_assert(__builtin_offsetof(struct stub_slot, kick) == 388, "entry.S");
_Static_assert(__builtin_offsetof(struct stub_slot, kept) == STUB_KEPT_OFFSET, "Swift takes only plain numbers");
_Static_assert(sizeof(struct stub_slot) <= STUB_MARSHAL_OFFSET, "the control page");
_Static_assert(sizeof(struct stub_info) == 64, "a line");
_Static_assert(STUB_MARKS_OFFSET == STUB_INFO_LENGTH + STUB_SLOTS * STUB_SLOT_SIZE, "Swift takes only plain numbers");
_Static_assert(STUB_ARENA_LENGTH == STUB_MARKS_OFFSET + STUB_VIEWS * sizeof(struct stub_mark), "plain numbers");
_Static_assert(STUB_SPACE_OFFSET + sizeof(struct stub_space_info) <= STUB_CODE_OFFSET, "one behind the other");
_Static_assert(STUB_CODE_OFFSET + sizeof(struct stub_code) <= STUB_LINES_OFFSET, "one behind the other");
_Static_assert(STUB_LINES_OFFSET + STUB_SLOTS * sizeof(struct stub_info) <= STUB_VIEWS_OFFSET, "one behind the other");
_Static_assert(STUB_VIEWS_OFFSET + STUB_VIEWS * sizeof(struct stub_view) <= STUB_INFO_LENGTH, "the part that is read-only");
_Static_assert(STUB_COMMON + 4096 == STUB_AREAS && STUB_AREAS % STUB_AREA_SIZE == 0, "one mapping");
_Static_assert(STUB_AREAS + STUB_SLOTS * STUB_AREA_SIZE == STUB_ARENA, "no gap");

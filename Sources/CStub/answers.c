// Calls that a stub answers itself.
#include "stub.h"

TEXT int stub_answer(struct stub_area *area) {
    if (area->info->flags & STUB_HAND_OVER) return 0;
    return stub_answer_memory(area) || stub_answer_futex(area);
}

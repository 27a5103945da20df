// Calls that a stub answers itself.
#include "stub.h"

TEXT int stub_answer(struct stub_area *area) {
    (void)area;
    return 0;
}

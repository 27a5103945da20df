// Input and output of calls, carried through the thread's window (native-memory.md, section 8).
#include "stub.h"

TEXT void stub_bring(struct stub_area *area) { (void)area; }

TEXT void stub_deliver(struct stub_area *area) { (void)area; }

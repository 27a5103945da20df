// Programs whose system call instructions are met so often that they are rewritten, and who look closely.
#pragma once
#include "../kernel/check.h"

#define OFTEN 200

/// Machine code in a page of its own, readable and executable.
static inline unsigned char *place_code(const void *code, size_t size) {
    unsigned char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(p, code, size);
    mprotect(p, 8192, PROT_READ | PROT_EXEC);
    return p;
}

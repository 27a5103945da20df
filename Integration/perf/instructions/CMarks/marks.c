// valgrind's client requests (valgrind.h): a sequence of rotations that does nothing on a processor, and that valgrind
// takes for a call of its own. The request lies in memory at rax, the answer comes in rdx.
#include "marks.h"

static uint64_t request(uint64_t code, uint64_t argument) {
    volatile uint64_t words[6] = { code, argument, 0, 0, 0, 0 };
    uint64_t answer = 0;
    __asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi; xchgq %%rbx, %%rbx"
                     : "=d"(answer) : "a"(words), "0"(answer) : "cc", "memory");
    return answer;
}

// 'C' 'T' and the request's place in callgrind.h's list.
#define CALLGRIND(n) (0x43540000u + (n))

void marks_zero(void) { request(CALLGRIND(1), 0); }
void marks_dump(const char *name) { request(CALLGRIND(3), (uint64_t)name); }
int marks_counts(void) { return request(0x1001 /* RUNNING_ON_VALGRIND */, 0) != 0; }

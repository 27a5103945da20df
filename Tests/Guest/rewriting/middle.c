// Jumps into the middle of what a rewritten call consists of.
#include "code.h"

// long f(number, entry): entry 0: at the mov; 1: at the syscall behind it, with rax = number.
__asm__(".text\n.balign 64\nload_site:\n"
        "    test %esi, %esi\n"
        "    jnz 1f\n"
        "    mov $110, %eax\n"       // getppid
        "2:  syscall\n"
        "    ret\n"
        "1:  mov %rdi, %rax\n"
        "    jmp 2b\n"
        // long f(number, entry): entry 0: at the syscall; 1: at the instruction behind it, with rax = number.
        ".balign 64\nfollowing_site:\n"
        "    mov %rdi, %rax\n"
        "    test %esi, %esi\n"
        "    jnz 1f\n"
        "    syscall\n"
        "1:  cmp $-4096, %rax\n"
        "    ja 2f\n"
        "    ret\n"
        "2:  neg %rax\n"
        "    ret\n"
        // The same with two short instructions behind, either of which is jumped to.
        ".balign 64\nshort_site:\n"
        "    mov %rdi, %rax\n"
        "    cmp $1, %esi\n"
        "    je 1f\n"
        "    ja 2f\n"
        "    syscall\n"
        "1:  mov %eax, %edx\n"
        "2:  cmp $0x1000, %edx\n"
        "    mov %edx, %eax\n"
        "    ret\n"
        // What is relative to rip behind.
        ".balign 64\nrelative_site:\n"
        "    mov %rdi, %rax\n"
        "    syscall\n"
        "    mov relative_value(%rip), %rax\n"
        "    ret\n"
        "relative_value: .quad 0x1234567890abcdef\n"
        // A conditional jump behind.
        ".balign 64\njump_site:\n"
        "    mov %rdi, %rax\n"
        "    cmp %rsi, %rdi\n"
        "    syscall\n"
        "    .byte 0x0f, 0x84\n"
        "    .long 1f - . - 4\n"
        "    mov $1, %eax\n"
        "    ret\n"
        ".skip 200, 0x90\n"
        "1:  mov $2, %eax\n"
        "    ret\n"
        // A return behind.
        ".balign 64\nreturn_site:\n"
        "    mov %rdi, %rax\n"
        "    syscall\n"
        "    ret\n"
        ".balign 64\n"
        // The end of a longer instruction that looks like a mov.
        ".balign 64\nstore_site:\n"
        "    mov %rdi, %rax\n"
        "    movl $110, -0x48(%rsp)\n"  // c7 44 24 b8 6e 00 00 00
        "    syscall\n"
        "    movslq -0x48(%rsp), %rax\n"
        "    ret\n");

extern long load_site(long, int), following_site(long, int), short_site(long, int), relative_site(long), jump_site(long, long),
    return_site(long), store_site(long);

int main(void) {
    long parent = getppid(), wrong = 0;
    for (int i = 0; i < OFTEN; i++) {
        wrong += load_site(39, 0) != parent;
        wrong += load_site(39, 1) != getpid();
        wrong += following_site(110, 0) != parent;
        wrong += following_site(77, 1) != 77;
        wrong += following_site(-9, 1) != 9;
        wrong += short_site(110, 0) != parent;
        wrong += short_site(5, 1) != 5;
        wrong += relative_site(110) != 0x1234567890abcdef;
        wrong += jump_site(110, 110) != 2 || jump_site(110, 1) != 1;
        wrong += return_site(110) != parent;
        wrong += store_site(110) != 110;
        wrong += following_site(1000, 0) != ENOSYS;
    }
    printf("wrong: %ld\n", wrong);
    return 0;
}

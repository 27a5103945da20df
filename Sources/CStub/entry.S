// The way in from rewritten code, and the way out to guest code (native-memory.md, section 9.3).
//
// gs points to the thread's struct stub_area, whose offsets are numbers here; layout.c checks them.

#define AREA_CONTINUATION 216
#define AREA_SLOT 224
#define AREA_SELF 240
#define AREA_TOP 248
#define SLOT_KICK 388

    .section stub_text,"axR",@progbits

// From a trampoline: rax and arguments as for a system call, rcx the address behind its instruction, r11 where to go on.
// The guest's stack is not touched: what lies below its pointer is the guest's.
    .balign 64
    .hidden stub_entry_call, stub_leave, stub_leave_check, stub_leave_end
    .globl  stub_entry_call, stub_leave, stub_leave_check, stub_leave_end
stub_entry_call:
    mov %r11, %gs:AREA_CONTINUATION
    mov %r15, %gs:0
    mov %r14, %gs:8
    mov %r13, %gs:16
    mov %r12, %gs:24
    mov %rbp, %gs:32
    mov %rbx, %gs:40
    mov %r10, %gs:56
    mov %r9, %gs:64
    mov %r8, %gs:72
    mov %rax, %gs:80
    mov %rcx, %gs:88
    mov %rdx, %gs:96
    mov %rsi, %gs:104
    mov %rdi, %gs:112
    mov %rcx, %gs:128
    mov %rsp, %gs:152
    mov %gs:AREA_TOP, %rsp
    pushfq
    pop %rax
    mov %rax, %gs:144
    mov %rax, %gs:48
    test $0x40400, %eax
    jnz 1f
0:  mov %gs:AREA_SELF, %rdi
    call stub_call
stub_leave:
stub_leave_check:
    mov %gs:AREA_TOP, %rsp
    mov %gs:AREA_SLOT, %rcx
    cmpl $0, SLOT_KICK(%rcx)
    jne 2f
    mov %gs:144, %eax
    test $0x40500, %eax
    jnz 3f
    // The status flags, at less than popf's price: overflow by an addition, the others from ah.
    mov %eax, %ecx
    shr $11, %ecx
    mov %al, %ah
    mov %cl, %al
    and $1, %al
    add $0x7f, %al
    sahf
4:
    mov %gs:0, %r15
    mov %gs:8, %r14
    mov %gs:16, %r13
    mov %gs:24, %r12
    mov %gs:32, %rbp
    mov %gs:40, %rbx
    mov %gs:48, %r11
    mov %gs:56, %r10
    mov %gs:64, %r9
    mov %gs:72, %r8
    mov %gs:80, %rax
    mov %gs:88, %rcx
    mov %gs:96, %rdx
    mov %gs:104, %rsi
    mov %gs:112, %rdi
    mov %gs:152, %rsp
    jmp *%gs:AREA_CONTINUATION
// Flags that only popf sets.
3:  pushq %gs:144
    popfq
    jmp 4b
stub_leave_end:
// The guest has the direction flag or the alignment check set: neither may hold for our code.
1:  and $~0x40500, %eax
    push %rax
    popfq
    jmp 0b
// The Sentry wants the thread.
2:  mov %gs:AREA_SELF, %rdi
    call stub_kicked
    jmp stub_leave

// A thread that came by the entry code needs a signal frame: the breakpoint's handler goes on from here.
    .hidden stub_stand, stub_stood
    .globl  stub_stand, stub_stood
stub_stand:
    int3
stub_stood:
    ud2

.section .note.GNU-stack, "", @progbits

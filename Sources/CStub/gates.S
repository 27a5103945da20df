// The two pages of a stub whose system call instructions reach the host's kernel: the filter looks at the instruction
// pointer. Guest code may jump to any of them with any registers: what the filter lets through must be harmless.

    .section stub_text,"axR",@progbits

    .balign 4096
    .hidden stub_gate_a, stub_call_a, stub_inject_a, stub_forked, stub_park, stub_park_end, stub_touch_read, stub_touch_write, stub_compare_exchange
    .globl  stub_gate_a, stub_call_a, stub_inject_a, stub_forked, stub_park, stub_park_end, stub_touch_read, stub_touch_write, stub_compare_exchange
stub_gate_a:

// long stub_call_a(number, a, b, c, d, e, f): a native call.
stub_call_a:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
    syscall
    ret

// A tracer sets the registers and lets this run.
stub_inject_a:
    syscall
    int3

// A forked process closes all descriptors that it has inherited (close_range) before it waits.
stub_forked:
    mov $436, %eax
    xor %edi, %edi
    mov $-1, %esi
    xor %edx, %edx
    syscall
// Where a new thread or process of the ptrace platform waits for its tracer: it sleeps on a word that nobody changes.
stub_park:
    mov $202, %eax
    lea stub_zero(%rip), %rdi
    mov $128, %esi
    xor %edx, %edx
    xor %r10d, %r10d
    syscall
    jmp stub_park
stub_park_end:
    nop

    .balign 4
stub_zero:
    .long 0

// Lets the processor judge an address (a stack grows by being touched, not by being copied to).
stub_touch_read:
    movb (%rdi), %al
    int3
stub_touch_write:
    lock orb $0, (%rdi)
    int3
stub_compare_exchange:
    mov %esi, %eax
    lock cmpxchg %edx, (%rdi)
    int3

    .balign 4096
    .hidden stub_gate_b, stub_call_b, stub_inject_b, stub_inject_thread, stub_inject_fork
    .globl  stub_gate_b, stub_call_b, stub_inject_b, stub_inject_thread, stub_inject_fork
stub_gate_b:

// long stub_call_b(number, a, b, c, d, e, f): a call that the Sentry judges.
stub_call_b:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
    syscall
    ret

stub_inject_b:
    syscall
    int3

stub_inject_thread:
    syscall
    test %rax, %rax
    jz stub_park
    int3

stub_inject_fork:
    syscall
    test %rax, %rax
    jz stub_forked
    int3

    .balign 4096

    .hidden stub_entry
    .globl stub_entry
stub_entry:
    xor %ebp, %ebp
    mov %rsp, %rdi
    and $-16, %rsp
    call stub_main
    int3

    .balign 16

.section .note.GNU-stack, "", @progbits

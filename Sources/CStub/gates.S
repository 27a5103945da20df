// The two pages of a stub whose system call instructions reach the host's kernel: the filter looks at the instruction
// pointer. Guest code may jump to any of them with any registers: what the filter lets through must be harmless.

    .section stub_text,"axR",@progbits

    .balign 4096
    .hidden stub_gate_a, stub_call_a, stub_restorer, stub_inject_a, stub_forked, stub_park, stub_park_end, stub_touch_read, stub_touch_write, stub_compare_exchange
    .globl  stub_gate_a, stub_call_a, stub_restorer, stub_inject_a, stub_forked, stub_park, stub_park_end, stub_touch_read, stub_touch_write, stub_compare_exchange
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

// long stub_wait(number, a, b, c, d, e, f, kick): a native call that sleeps. A kick that comes between the look at the word
// and the sleep makes the handler go on at stub_wait_abort.
    .hidden stub_wait, stub_wait_check, stub_wait_end, stub_wait_abort
    .globl  stub_wait, stub_wait_check, stub_wait_end, stub_wait_abort
stub_wait:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
    mov 16(%rsp), %rcx
stub_wait_check:
    cmpl $0, (%rcx)
    jne stub_wait_abort
    syscall
stub_wait_end:
    ret
stub_wait_abort:
    mov $-4, %rax
    ret

// Where the kernel returns to from a signal handler.
stub_restorer:
    mov $15, %eax
    syscall

// A tracer, or a handler's frame, sets the registers and lets this run.
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
    jmp stub_expect
// Where a new thread of the ptrace platform waits for its tracer: it sleeps on a word that nobody changes.
stub_park:
    mov $202, %eax
    lea stub_zero(%rip), %rdi
    mov $128, %esi
    xor %edx, %edx
    xor %r10d, %r10d
    syscall
    jmp stub_park
// The same for a process that nobody may know of, since the one that has forked it was killed before it could tell: when
// its time is up, it ends.
stub_expect:
    mov $202, %eax
    lea stub_zero(%rip), %rdi
    mov $128, %esi
    xor %edx, %edx
    lea stub_patience(%rip), %r10
    syscall
    mov $231, %eax
    mov $1, %edi
    syscall
    jmp stub_expect
stub_park_end:
    nop

    .balign 8
stub_patience:
    .quad 10, 0
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

// The same, going on at r9 instead of returning.
    .hidden stub_gate_b_jump
    .globl  stub_gate_b_jump
stub_gate_b_jump:
    syscall
    jmp *%r9

stub_inject_b:
    syscall
    int3
    nop

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

// Signal handlers come here: a guest's alignment check must not hold for our code.
    .hidden stub_handler
    .globl  stub_handler
stub_handler:
    pushfq
    andl $~0x40000, (%rsp)
    popfq
    jmp stub_signal

// long stub_clone_thread(flags, stack, area, context): the new thread goes on in stub_run_thread(area, context).
    .hidden stub_clone_thread
    .globl  stub_clone_thread
stub_clone_thread:
    push %rbx
    push %rbp
    mov %rdx, %rbx
    mov %rcx, %rbp
    mov $56, %eax
    xor %edx, %edx
    xor %r10d, %r10d
    xor %r8d, %r8d
    // Through gate B, but not back by the stack: the child has another one.
    lea 1f(%rip), %r9
    jmp stub_gate_b_jump
1:
    test %rax, %rax
    jz 2f
    pop %rbp
    pop %rbx
    ret
2:
    mov %rbx, %rdi
    mov %rbp, %rsi
    call stub_run_thread
    // Out of a frame.
    mov %rbp, %rsp
    jmp stub_restorer

// Accesses to guest memory that may fault: the handler lets a faulting one go on at stub_guard_failed.
// None of them uses the stack, and each leaves its progress in rcx.
    .hidden stub_guard_start, stub_guard_end, stub_guard_failed
    .globl  stub_guard_start, stub_guard_end, stub_guard_failed
    .hidden stub_touch, stub_exchange, stub_copy
    .globl  stub_touch, stub_exchange, stub_copy
stub_guard_start:
// long stub_touch(address, write): 0, or -1.
stub_touch:
    mov $-1, %rcx
    test %esi, %esi
    jnz 1f
    movb (%rdi), %al
    xor %eax, %eax
    ret
1:  lock orb $0, (%rdi)
    xor %eax, %eax
    ret
// long stub_exchange(address, expected, desired): the old word, or -1.
stub_exchange:
    mov $-1, %rcx
    mov %esi, %eax
    lock cmpxchg %edx, (%rdi)
    mov %eax, %eax
    ret
// long stub_copy(to, from, count): how many bytes are left.
stub_copy:
    mov %rdx, %rcx
    rep movsb
    xor %eax, %eax
    ret
stub_guard_end:
stub_guard_failed:
    mov %rcx, %rax
    ret

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

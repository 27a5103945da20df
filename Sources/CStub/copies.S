// Copies between guest memory and a slot, and probes of guest memory: accesses that may fault, without the stack.
//
// A fault between stub_words_start and stub_words_end goes on at the address in r8, with the registers as they are: what is
// done in words is done again in bytes there, up to the first that cannot be reached. One between stub_bytes_start and
// stub_bytes_end ends the copy: the function returns rcx (stub_guard_failed in gates.S).

    .section stub_text,"axR",@progbits
    .balign 64
    .hidden stub_words_start, stub_words_end, stub_bytes_start, stub_bytes_end
    .globl  stub_words_start, stub_words_end, stub_bytes_start, stub_bytes_end
    .hidden stub_move, stub_zero, stub_move_string, stub_probe
    .globl  stub_move, stub_zero, stub_move_string, stub_probe

stub_words_start:
// uint64_t stub_move(to, from, count): how many bytes are left.
stub_move:
    mov %rdx, %rcx
    lea stub_move_bytes(%rip), %r8
    cmp $256, %rcx
    ja stub_move_bytes
1:  cmp $32, %rcx
    jb 2f
    mov (%rsi), %rax
    mov 8(%rsi), %rdx
    mov 16(%rsi), %r9
    mov 24(%rsi), %r10
    mov %rax, (%rdi)
    mov %rdx, 8(%rdi)
    mov %r9, 16(%rdi)
    mov %r10, 24(%rdi)
    add $32, %rsi
    add $32, %rdi
    sub $32, %rcx
    jmp 1b
2:  cmp $8, %rcx
    jb 3f
    mov (%rsi), %rax
    mov %rax, (%rdi)
    add $8, %rsi
    add $8, %rdi
    sub $8, %rcx
    jmp 2b
3:  test %ecx, %ecx
    jz 4f
    movb (%rsi), %al
    movb %al, (%rdi)
    inc %rsi
    inc %rdi
    dec %ecx
    jmp 3b
4:  xor %eax, %eax
    ret

// uint64_t stub_zero(to, count): how many bytes are left.
stub_zero:
    mov %rsi, %rcx
    xor %eax, %eax
    lea stub_zero_bytes(%rip), %r8
    cmp $128, %rcx
    ja stub_zero_bytes
1:  cmp $8, %rcx
    jb 2f
    mov %rax, (%rdi)
    add $8, %rdi
    sub $8, %rcx
    jmp 1b
2:  test %ecx, %ecx
    jz 3f
    movb %al, (%rdi)
    inc %rdi
    dec %ecx
    jmp 2b
3:  ret

// uint64_t stub_move_string(to, from, limit): how many bytes were copied, up to and with the first NUL.
stub_move_string:
    xor %ecx, %ecx
    lea stub_move_string_bytes(%rip), %r8
    movabs $0x0101010101010101, %r9
    movabs $0x8080808080808080, %r10
1:  lea 8(%rcx), %rax
    cmp %rdx, %rax
    ja stub_move_string_bytes
    mov (%rsi,%rcx), %rax
    mov %rax, (%rdi,%rcx)
    mov %rax, %r11
    sub %r9, %r11
    not %rax
    and %rax, %r11
    and %r10, %r11
    jnz 2f
    add $8, %rcx
    jmp 1b
// The lowest of the marks is that of the first NUL.
2:  bsf %r11, %r11
    shr $3, %r11
    lea 1(%rcx,%r11), %rax
    ret
stub_words_end:

stub_bytes_start:
stub_move_bytes:
    rep movsb
    xor %eax, %eax
    ret

stub_zero_bytes:
    rep stosb
    ret

stub_move_string_bytes:
    cmp %rdx, %rcx
    jae 1f
    movb (%rsi,%rcx), %al
    movb %al, (%rdi,%rcx)
    inc %rcx
    test %al, %al
    jnz stub_move_string_bytes
1:  mov %rcx, %rax
    ret

// uint64_t stub_probe(address, end): the first address that cannot be written; `end` or more when there is none.
stub_probe:
    mov %rdi, %rcx
1:  lock orb $0, (%rcx)
    or $4095, %rcx
    inc %rcx
    cmp %rsi, %rcx
    jb 1b
    mov %rsi, %rax
    ret
stub_bytes_end:
    int3

.section .note.GNU-stack, "", @progbits

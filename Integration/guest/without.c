// Runs a program on a host that lacks something, as far as a seccomp filter can make it so:
//     without WHAT... -- PROGRAM [ARGUMENT...]
// WHAT: waitv, mseal (no such call); killable (seccomp's flag is not known); remote (process_vm_* are not permitted, as Yama's
// ptrace_scope 2 and 3 do it); ptrace (not permitted: Yama's 3).
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct sock_filter program[64];
static unsigned short length;

static void add(struct sock_filter line) { program[length++] = line; }

static void refuse(int number, int error) {
    add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
    add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
}

int main(int argc, char **argv) {
    add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
    int i = 1;
    for (; i < argc && strcmp(argv[i], "--"); i++) {
        if (!strcmp(argv[i], "waitv")) refuse(449, ENOSYS);
        else if (!strcmp(argv[i], "mseal")) refuse(462, ENOSYS);
        else if (!strcmp(argv[i], "remote")) refuse(SYS_process_vm_readv, EPERM), refuse(SYS_process_vm_writev, EPERM);
        else if (!strcmp(argv[i], "ptrace")) refuse(SYS_ptrace, EPERM);
        else if (!strcmp(argv[i], "killable")) {
            add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 4));
            add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])));
            add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 0, 1));
            add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL));
            add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
        } else return fprintf(stderr, "without %s?\n", argv[i]), 2;
    }
    if (i + 1 >= argc) return fprintf(stderr, "usage: without WHAT... -- PROGRAM [ARGUMENT...]\n"), 2;
    add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    struct sock_fprog all = {length, program};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all)) return perror("without"), 2;
    execv(argv[i + 1], argv + i + 1);
    return perror(argv[i + 1]), 2;
}

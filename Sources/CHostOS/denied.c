// In C because a signal handler runs it, in any thread and state: only system calls and the stack.
#include "CHostOS.h"
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

static const char *reporter;

static void report(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)context;
    char line[160];
    size_t length = 0;
    const char *parts[] = {reporter, ": the host's system call ", NULL, " is not allowed here\n"};
    char digits[16];
    size_t first = sizeof digits - 1;
    unsigned number = (unsigned)info->si_syscall;
    digits[first] = 0;
    do digits[--first] = (char)('0' + number % 10); while ((number /= 10) && first);
    parts[2] = digits + first;
    for (int i = 0; i < 4; i++) {
        size_t size = strlen(parts[i]);
        if (length + size > sizeof line) break;
        memcpy(line + length, parts[i], size);
        length += size;
    }
    host_syscall(SYS_write, 2, (long)line, (long)length, 0, 0, 0);
    for (;;) host_syscall(SYS_exit_group, 128 + SIGSYS, 0, 0, 0, 0, 0);
}

void host_report_denied_calls(const char *name) {
    reporter = name;
    struct sigaction action = {.sa_sigaction = report, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGSYS, &action, NULL);
    sigset_t denied;
    sigemptyset(&denied);
    sigaddset(&denied, SIGSYS);
    pthread_sigmask(SIG_UNBLOCK, &denied, NULL);
}

// Programs that print what they observe: the same natively and in the sandbox, where Linux defines it.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

/// Prints a call's result, or the name of its error.
#define SHOW(expression) do { \
    errno = 0; \
    long result_ = (long)(expression); \
    if (result_ == -1 && errno) printf("%s: %s\n", #expression, strerrorname_np(errno)); \
    else printf("%s: %ld\n", #expression, result_); \
    fflush(stdout); \
} while (0)

/// Prints whether something holds.
#define TRUE(expression) (printf("%s: %s\n", #expression, (expression) ? "yes" : "NO"), fflush(stdout))

static inline void show_status(const char *what, int status) {
    if (WIFEXITED(status)) printf("%s: exited %d\n", what, WEXITSTATUS(status));
    else if (WIFSIGNALED(status)) printf("%s: killed by %d\n", what, WTERMSIG(status));
    else if (WIFSTOPPED(status)) printf("%s: stopped by %d\n", what, WSTOPSIG(status));
    else if (WIFCONTINUED(status)) printf("%s: continued\n", what);
    fflush(stdout);
}

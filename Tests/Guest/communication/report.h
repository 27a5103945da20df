// What all guest tests share: each prints what it observes, one line per observation; the outputs of a native run and of
// a run in the sandbox must be equal.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

// Prints a call's result, or its errno's name.
#define SHOW(label, call)                                                   \
    do {                                                                    \
        errno = 0;                                                          \
        long value_ = (long)(call);                                         \
        if (value_ < 0)                                                     \
            printf("%s: %s\n", label, strerrorname_np(errno));              \
        else                                                                \
            printf("%s: %ld\n", label, value_);                             \
        fflush(stdout);                                                     \
    } while (0)

#define SAY(...)                                                            \
    do {                                                                    \
        printf(__VA_ARGS__);                                                \
        putchar('\n');                                                      \
        fflush(stdout);                                                     \
    } while (0)

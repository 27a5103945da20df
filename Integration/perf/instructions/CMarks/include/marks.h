// Requests to callgrind, if this process runs under it; otherwise they do nothing.
#ifndef CLOISTER_MARKS_H
#define CLOISTER_MARKS_H

#include <stdint.h>

// Forgets what was counted so far.
void marks_zero(void);
// Writes what was counted to the next output file, described by `name`.
void marks_dump(const char *name);
// Whether valgrind runs this process.
int marks_counts(void);

#endif

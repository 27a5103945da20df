// Threads are glibc's: Swift's runtime and malloc need their thread-local storage. In C because pthread_attr_t and
// sigset_t are macros and unions that differ by libc.
#define _GNU_SOURCE
#include "CHostOS.h"
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>

struct start {
    host_thread_function function;
    void *argument;
};

static void *run(void *raw) {
    struct start start = *(struct start *)raw;
    free(raw);
    start.function(start.argument);
    return NULL;
}

int host_thread_start(host_thread_function function, void *argument, size_t stack_size) {
    struct start *start = malloc(sizeof *start);
    if (!start) return 12;
    *start = (struct start){function, argument};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, stack_size);
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSYS);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, run, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (error) free(start);
    return error;
}

int host_current_processor(void) { return sched_getcpu(); }

static _Thread_local int bound_processor;

int host_bound_processor(void) { return bound_processor; }

void host_note_bound_processor(int processor) { bound_processor = processor; }

uint64_t host_auxiliary(unsigned long type) { return getauxval(type); }

void host_limit_arenas(int count) { mallopt(M_ARENA_MAX, count); }

// The program's own segments that nobody can have written to.
static int forget_clean_segments(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
        uintptr_t page = 4096, from = (info->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t to = (info->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
    }
    return 0;
}

void host_release_memory(void) {
    malloc_trim(0);
    dl_iterate_phdr(forget_clean_segments, NULL);
}

// Starting a program as a child process with namespaces, descriptors and a cgroup of its own.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// What `host_spawn` starts, and how. All pointers are the caller's and are only read.
struct host_spawn {
    const char *path;                // the program, an absolute path
    char *const *arguments;          // NULL at the end
    char *const *environment;        // NULL at the end
    const char *directory;           // the working directory, or NULL for the parent's
    uint64_t namespaces;             // CLONE_NEW* flags
    const int *descriptors;          // the child's descriptors 0, 1, ...: numbers of this process, -1 for closed
    size_t descriptor_count;
    const int *cgroup_processes;     // open cgroup.procs files (version 1) that the child enters before it runs
    size_t cgroup_process_count;
    int cgroup;                      // a directory of the version 2 tree that the child is born in, or -1
    int join;                        // a pidfd whose namespaces (join_types) the child enters, or -1
    int join_types;
    int death_signal;                // sent when the calling thread ends, or 0
    int new_session;                 // setsid
    int terminal;                    // with new_session: descriptor 0 becomes the controlling terminal
    int oom_score_adjustment;        // used when has_oom_score_adjustment
    int has_oom_score_adjustment;
    int mask;                        // umask, or -1 for the parent's
};

enum host_spawn_step {
    host_spawn_clone, host_spawn_cgroup, host_spawn_namespace, host_spawn_descriptors, host_spawn_directory,
    host_spawn_exec,
};

/// Starts a process; returns when its program runs.
///
/// Returns its process id and stores a pidfd, or returns -errno and stores the step that failed. The parent's memory is
/// shared until the program runs (as with vfork), so nothing is copied, however large the parent is.
long host_spawn(const struct host_spawn *what, int *pidfd, int *failed_step);

/// Starts a process that does nothing until it is killed, at the latest with the calling thread. It has no descriptors.
///
/// Returns its process id and stores a pidfd, or returns -errno.
long host_spawn_placeholder(int *pidfd);

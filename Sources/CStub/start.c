// On the Sentry's side: where the image's bytes are, and starting the first process from them. In C because it runs
// between vfork and exec, and because the section's bounds are linker symbols.
#include "include/CStub.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIDDEN __attribute__((visibility("hidden")))
extern const char __start_stub_text[] HIDDEN, __stop_stub_text[] HIDDEN;
extern const char stub_entry[] HIDDEN, stub_gate_a[] HIDDEN, stub_gate_b[] HIDDEN, stub_inject_a[] HIDDEN,
    stub_inject_b[] HIDDEN, stub_inject_thread[] HIDDEN, stub_inject_fork[] HIDDEN, stub_park[] HIDDEN,
    stub_park_end[] HIDDEN, stub_touch_read[] HIDDEN, stub_touch_write[] HIDDEN,
    stub_compare_exchange[] HIDDEN, stub_entry_call[] HIDDEN;

const void *stub_text_start(void) { return __start_stub_text; }
size_t stub_text_length(void) { return (size_t)(__stop_stub_text - __start_stub_text); }

#define PLACE(name) .name = (size_t)(stub_##name - __start_stub_text)
struct stub_places stub_places(void) {
    return (struct stub_places){
        PLACE(entry), PLACE(gate_a), PLACE(gate_b), PLACE(inject_a), PLACE(inject_b), PLACE(inject_thread),
        PLACE(inject_fork), PLACE(park), PLACE(park_end), PLACE(touch_read), PLACE(touch_write),
        PLACE(compare_exchange), PLACE(entry_call),
    };
}

struct start {
    int image, socket;
};

static int run(void *raw) {
    struct start *start = raw;
    if (start->socket == 3) fcntl(3, F_SETFD, 0);
    else if (dup2(start->socket, 3) < 0) _exit(126);
    // An unlimited stack would mean the legacy layout: mappings from the bottom up.
    struct rlimit stack;
    if (getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur > (8ul << 20)) {
        stack.rlim_cur = 8ul << 20;
        setrlimit(RLIMIT_STACK, &stack);
    }
    char *arguments[] = {"cloister-stub", NULL}, *environment[] = {NULL};
    syscall(SYS_execveat, start->image, "", arguments, environment, AT_EMPTY_PATH);
    _exit(127);
}

int stub_start_parent(int image, int socket) {
    // Out of the way of number 3.
    int moved = fcntl(image, F_DUPFD_CLOEXEC, 10);
    if (moved < 0) return -errno;
    const size_t size = 32 << 10;
    char *stack = malloc(size);
    if (!stack) return -ENOMEM;
    struct start start = {moved, socket};
    int process = clone(run, stack + size, CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
    int error = errno;
    free(stack);
    close(moved);
    return process < 0 ? -error : process;
}

int stub_request_seed(int socket, char kind, const int *files, int count, struct stub_seed_reply *reply, int *listener) {
    *reply = (struct stub_seed_reply){0};
    *listener = -1;
    if (count < 0 || count > STUB_SEED_FILES) return -EINVAL;
    struct iovec part = {&kind, 1};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * STUB_SEED_FILES)] = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
        memcpy(CMSG_DATA(header), files, sizeof(int) * (size_t)count);
    }
    if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) return -errno;

    part = (struct iovec){reply, sizeof *reply};
    message = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n;
    do n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0) return -errno;
    if (n != (ssize_t)sizeof *reply) return -ESRCH;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len >= CMSG_LEN(sizeof(int)))
        memcpy(listener, CMSG_DATA(header), sizeof(int));
    if (reply->error) return -reply->error;
    return *listener < 0 ? -EPROTO : 0;
}

static int child_event = -1;

static void on_child(int signal) {
    (void)signal;
    int error = errno;
    uint64_t one = 1;
    ssize_t written = write(child_event, &one, sizeof one);
    (void)written;
    errno = error;
}

int stub_watch_children(int event) {
    child_event = event;
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP | SA_RESTART};
    if (sigaction(SIGCHLD, &action, NULL)) return errno;
    // The kernel prefers a process's first thread to all others: it would be woken only to wake the one that looks.
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    return pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void stub_take_children(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

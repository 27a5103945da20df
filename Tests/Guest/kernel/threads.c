// Threads: ids, join, thread-local storage, signals to one of them, exec by one that is not the leader.
#include "check.h"

static __thread int local;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long sum;
static volatile pid_t handled_by;

static void handler(int s) { (void)s; handled_by = (pid_t)syscall(SYS_gettid); }

static void *work(void *argument) {
    local = (int)(long)argument;
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&lock);
        sum += 1;
        pthread_mutex_unlock(&lock);
    }
    return (void *)(long)(local * 2);
}

static volatile pid_t tid_of_waiter;
static void *wait_for_signal(void *unused) {
    tid_of_waiter = (pid_t)syscall(SYS_gettid);
    while (!handled_by) usleep(1000);
    return unused;
}

static void *run_program(void *path) {
    execl(path, "threads", "again", NULL);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        printf("again: leader %d\n", getpid() == (pid_t)syscall(SYS_gettid));
        return 0;
    }
    pthread_t threads[8];
    for (long i = 0; i < 8; i++) pthread_create(&threads[i], NULL, work, (void *)i);
    long results = 0;
    for (int i = 0; i < 8; i++) { void *r; pthread_join(threads[i], &r); results += (long)r; }
    printf("sum %ld results %ld local %d\n", sum, results, local);

    struct sigaction a = {.sa_handler = handler};
    sigaction(SIGUSR1, &a, NULL);
    pthread_t waiter;
    pthread_create(&waiter, NULL, wait_for_signal, NULL);
    while (!tid_of_waiter) usleep(1000);
    pthread_kill(waiter, SIGUSR1);
    pthread_join(waiter, NULL);
    printf("right thread %d\n", handled_by == tid_of_waiter);

    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t t;
        pthread_create(&t, NULL, run_program, argv[0]);
        pthread_join(t, NULL);
        _exit(1);
    }
    int status;
    waitpid(pid, &status, 0);
    show_status("exec by a thread", status);
    return 0;
}

// System V IPC: shared memory, semaphores with undo, message queues.
#include "report.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

union semun { int val; struct semid_ds *buf; unsigned short *array; };

static int wait_status(pid_t child)
{
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void shared(void)
{
    SAY("--- shm");
    SHOW("size 0", shmget(IPC_PRIVATE, 0, 0600));
    SHOW("no key", shmget(0x1234567, 4096, 0600));
    int id = shmget(0x1234567, 5000, IPC_CREAT | 0640);
    SAY("made %d", id >= 0);
    SHOW("exclusive", shmget(0x1234567, 5000, IPC_CREAT | IPC_EXCL | 0640));
    SAY("same %d", shmget(0x1234567, 4000, 0) == id);
    SHOW("too large", shmget(0x1234567, 9000, 0));
    char *a = shmat(id, NULL, 0), *b = shmat(id, NULL, SHM_RDONLY);
    strcpy(a, "shared text");
    SAY("%s", b);
    SAY("beyond, within the page: %d", b[5001]);
    SHOW("unaligned", (long)shmat(id, (void *)0x10001, 0));
    SHOW("bad id", (long)shmat(99999999, NULL, 0));
    struct shmid_ds d;
    SHOW("stat", shmctl(id, IPC_STAT, &d));
    SAY("size %zu attached %lu mode %o own %d", d.shm_segsz, d.shm_nattch, d.shm_perm.mode, d.shm_cpid == getpid());
    pid_t child = fork();
    if (child == 0) {
        shmctl(id, IPC_STAT, &d);
        SAY("child sees %s, attached %lu", a, d.shm_nattch);
        strcpy(a, "from child");
        _exit(0);
    }
    SAY("child %d", wait_status(child));
    SAY("%s", b);
    child = fork();
    if (child == 0) {
        b[0] = 1;
        _exit(0);
    }
    SAY("writing read-only: %d", wait_status(child));
    shmctl(id, IPC_STAT, &d);
    SAY("attached %lu", d.shm_nattch);
    SHOW("detach", shmdt(b));
    SHOW("twice", shmdt(b));
    SHOW("remove", shmctl(id, IPC_RMID, NULL));
    SHOW("by key", shmget(0x1234567, 4096, 0));
    SHOW("still there", shmctl(id, IPC_STAT, &d));
    SAY("doomed %o attached %lu", d.shm_perm.mode & SHM_DEST, d.shm_nattch);
    SAY("%s", a);
    shmdt(a);
    SHOW("gone", shmctl(id, IPC_STAT, &d));
}

static long operate(int id, int number, int change, int flags)
{
    struct sembuf s = {number, change, flags};
    return semop(id, &s, 1);
}

static void semaphores(void)
{
    SAY("--- sem");
    union semun u;
    unsigned short values[3] = {1, 2, 3};
    int id = semget(IPC_PRIVATE, 3, 0600);
    SHOW("too many", semget(IPC_PRIVATE, 100000, 0600));
    SHOW("none", semget(IPC_PRIVATE, 0, 0600));
    u.array = values;
    SHOW("setall", semctl(id, 0, SETALL, u));
    SHOW("getval", semctl(id, 2, GETVAL));
    SHOW("bad number", semctl(id, 3, GETVAL));
    u.val = 40000;
    SHOW("too large", semctl(id, 0, SETVAL, u));
    SHOW("take", operate(id, 0, -1, 0));
    SHOW("not now", operate(id, 0, -1, IPC_NOWAIT));
    SHOW("bad number", operate(id, 7, -1, IPC_NOWAIT));
    struct sembuf two[2] = {{1, -2, 0}, {0, -1, IPC_NOWAIT}};
    SHOW("all or none", semop(id, two, 2));
    SHOW("untouched", semctl(id, 1, GETVAL));
    struct timespec t = {0, 20000000};
    struct sembuf one = {0, -1, 0};
    SHOW("timeout", semtimedop(id, &one, 1, &t));
    SHOW("no operations", semop(id, &one, 0));
    struct sembuf many[501] = {0};
    SHOW("too many operations", semop(id, many, 501));
    pid_t child = fork();
    if (child == 0) _exit(operate(id, 0, -1, 0) == 0 ? 5 : 6);
    while (semctl(id, 0, GETNCNT) != 1) usleep(1000);
    SHOW("give", operate(id, 0, 1, 0));
    SAY("child %d", wait_status(child));
    child = fork();
    if (child == 0) _exit(operate(id, 2, 0, 0) == 0 ? 5 : 6);
    while (semctl(id, 2, GETZCNT) != 1) usleep(1000);
    operate(id, 2, -3, 0);
    SAY("zero %d", wait_status(child));
    child = fork();
    if (child == 0) {
        operate(id, 1, -2, SEM_UNDO);
        operate(id, 2, 4, SEM_UNDO);
        SAY("in child %d %d", semctl(id, 1, GETVAL), semctl(id, 2, GETVAL));
        _exit(0);
    }
    wait_status(child);
    SAY("undone %d %d", semctl(id, 1, GETVAL), semctl(id, 2, GETVAL));
    child = fork();
    if (child == 0) {
        operate(id, 1, -1, SEM_UNDO);
        kill(getpid(), SIGKILL);
    }
    SAY("killed %d", wait_status(child));
    SAY("undone %d", semctl(id, 1, GETVAL));
    SHOW("overflow", operate(id, 1, 32767, 0));
    child = fork();
    if (child == 0) {
        long r = operate(id, 0, -1, 0);
        _exit(r == -1 && errno == EIDRM ? 5 : 6);
    }
    while (semctl(id, 0, GETNCNT) != 1) usleep(1000);
    struct semid_ds d;
    u.buf = &d;
    semctl(id, 0, IPC_STAT, u);
    SAY("count %lu mode %o", d.sem_nsems, d.sem_perm.mode);
    SHOW("remove", semctl(id, 0, IPC_RMID));
    SAY("waiter %d", wait_status(child));
    SHOW("gone", operate(id, 0, 1, 0));
}

struct message { long type; char text[100]; };

static void messages(void)
{
    SAY("--- msg");
    struct message m = {1, "one"};
    int id = msgget(IPC_PRIVATE, 0600);
    SHOW("bad type", (m.type = 0, msgsnd(id, &m, 4, 0)));
    SHOW("too large", (m.type = 1, msgsnd(id, &m, 9000, 0)));
    SHOW("send", msgsnd(id, &m, 4, 0));
    m.type = 5;
    strcpy(m.text, "five");
    msgsnd(id, &m, 5, 0);
    m.type = 3;
    strcpy(m.text, "three");
    msgsnd(id, &m, 6, 0);
    SHOW("type 3", msgrcv(id, &m, 100, 3, 0));
    SAY("%s", m.text);
    SHOW("none of 3", msgrcv(id, &m, 100, 3, IPC_NOWAIT));
    SHOW("small", msgrcv(id, &m, 2, 0, 0));
    SHOW("cut", msgrcv(id, &m, 2, 0, MSG_NOERROR));
    SAY("type %ld %.2s", m.type, m.text);
    m.type = 2;
    msgsnd(id, &m, 1, 0);
    SHOW("up to 4", msgrcv(id, &m, 100, -4, 0));
    SAY("type %ld", m.type);
    SHOW("except 9", msgrcv(id, &m, 100, 9, MSG_EXCEPT));
    SAY("type %ld", m.type);
    SHOW("empty", msgrcv(id, &m, 100, 0, IPC_NOWAIT));
    int n = 0;
    m.type = 1;
    while (msgsnd(id, &m, 100, IPC_NOWAIT) == 0) n++;
    SAY("took %d then %s", n, strerrorname_np(errno));
    struct msqid_ds d;
    msgctl(id, IPC_STAT, &d);
    SAY("messages %lu limit %lu own %d", d.msg_qnum, d.msg_qbytes, d.msg_lspid == getpid());
    while (msgrcv(id, &m, 100, 0, IPC_NOWAIT) >= 0) {}
    pid_t child = fork();
    if (child == 0) {
        long r = msgrcv(id, &m, 100, 0, 0);
        _exit(r == 3 ? 7 : 8);
    }
    usleep(100000);
    msgsnd(id, &m, 3, 0);
    SAY("child %d", wait_status(child));
    child = fork();
    if (child == 0) {
        long r = msgrcv(id, &m, 100, 0, 0);
        _exit(r == -1 && errno == EIDRM ? 7 : 8);
    }
    usleep(100000);
    SHOW("remove", msgctl(id, IPC_RMID, NULL));
    SAY("child %d", wait_status(child));
}

int main(void)
{
    shared();
    semaphores();
    messages();
    return 0;
}

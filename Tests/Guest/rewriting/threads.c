// Many threads in the same code while it is rewritten, put back, and rewritten again.
#include "code.h"

// mov $110, %eax; syscall; ret and mov %rdi, %rax; syscall; cmp $-4096, %rax; ret
static const unsigned char load[] = {0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0xc3};
static const unsigned char following[] = {0x48, 0x89, 0xf8, 0x0f, 0x05, 0x48, 0x3d, 0, 0xf0, 0xff, 0xff, 0xc3};

static long (*volatile functions[2])(long);
static volatile int stop;
static long parent;

static void *hammer(void *unused) {
    long wrong = 0;
    while (!stop)
        for (int i = 0; i < 2; i++) wrong += functions[i](110) != parent;
    return (void *)wrong;
}

static long rounds(int count) {
    parent = getppid();
    long wrong = 0;
    for (int round = 0; round < count; round++) {
        // Across the boundary of two pages, at each of the places where it can lie.
        unsigned char *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        unsigned char *a = p + 4096 - round % 10, *b = p + 8192 - round % 12;
        memcpy(a, load, sizeof load);
        memcpy(b, following, sizeof following);
        mprotect(p, 16384, PROT_READ | PROT_EXEC);
        functions[0] = (void *)a;
        functions[1] = (void *)b;
        stop = 0;
        pthread_t threads[4];
        for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, hammer, NULL);
        for (int i = 0; i < 10; i++) {
            usleep(500);
            // Puts the original back while threads are in it; execution stays allowed.
            mprotect(p, 16384, PROT_READ | PROT_WRITE | PROT_EXEC);
            wrong += memcmp(a, load, sizeof load) != 0 || memcmp(b, following, sizeof following) != 0;
            mprotect(p, 16384, PROT_READ | PROT_EXEC);
        }
        stop = 1;
        for (int i = 0; i < 4; i++) {
            void *result;
            pthread_join(threads[i], &result);
            wrong += (long)result;
        }
        munmap(p, 16384);
    }
    return wrong;
}

int main(void) {
    printf("wrong: %ld\n", rounds(20));
    fflush(stdout);
    // The same in a child, which has inherited what is rewritten.
    pid_t pid = fork();
    if (pid == 0) _exit(rounds(5) != 0);
    int status;
    waitpid(pid, &status, 0);
    show_status("child", status);
    return 0;
}

// Core files, in the sandbox only: where the host writes one, if at all, is its own affair.
#include "check.h"
#include <elf.h>
#include <sys/procfs.h>
#include <sys/stat.h>

#define MUST(x) do { if (!(x)) { printf("line %d: %s\n", __LINE__, #x); exit(1); } } while (0)

static volatile long marked = 0x1234567890abcdef;
static long *anonymous;

static void *idle(void *unused) { for (;;) pause(); return unused; }

static int crash(long limit) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit r = { limit, limit };
        setrlimit(RLIMIT_CORE, &r);
        pthread_t thread;
        pthread_create(&thread, 0, idle, 0);
        pthread_create(&thread, 0, idle, 0);
        usleep(20000);
        anonymous[100] = 77;
        *(volatile int *)16 = 1;
    }
    waitpid(pid, &status, 0);
    MUST(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    return WCOREDUMP(status) != 0;
}

/// What the file holds of `address`, or null.
static char *find(char *core, unsigned long address) {
    Elf64_Ehdr *e = (void *)core;
    Elf64_Phdr *p = (void *)(core + e->e_phoff);
    for (int i = 0; i < e->e_phnum; i++)
        if (p[i].p_type == PT_LOAD && address - p[i].p_vaddr < p[i].p_filesz) return core + p[i].p_offset + (address - p[i].p_vaddr);
    return 0;
}

int main(void) {
    chdir("/tmp");
    unlink("core");
    anonymous = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(crash(0) == 0);
    MUST(access("core", F_OK) == -1);
    MUST(crash(RLIM_INFINITY) == 1);
    struct stat st;
    MUST(stat("core", &st) == 0 && (st.st_mode & 07777) == 0600);
    int fd = open("core", O_RDONLY);
    char *core = mmap(0, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    Elf64_Ehdr *e = (void *)core;
    MUST(!memcmp(e->e_ident, ELFMAG, 4) && e->e_type == ET_CORE && e->e_machine == EM_X86_64);
    Elf64_Phdr *p = (void *)(core + e->e_phoff);
    MUST(p[0].p_type == PT_NOTE);
    int threads = 0, info = 0, auxv = 0, files = 0, fp = 0, process = 0;
    for (char *n = core + p[0].p_offset, *end = n + p[0].p_filesz; n < end;) {
        Elf64_Nhdr *h = (void *)n;
        char *contents = n + sizeof *h + ((h->n_namesz + 3) & ~3);
        if (h->n_type == NT_PRSTATUS) {
            MUST(h->n_descsz == sizeof(struct elf_prstatus));
            struct elf_prstatus *s = (void *)contents;
            if (threads++ == 0) MUST(s->pr_cursig == SIGSEGV && find(core, s->pr_reg[16]) != (char *)1);
            else MUST(s->pr_reg[15] == SYS_pause || s->pr_reg[15] == SYS_restart_syscall);
        }
        if (h->n_type == NT_SIGINFO) info = ((siginfo_t *)contents)->si_signo == SIGSEGV && ((siginfo_t *)contents)->si_addr == (void *)16;
        if (h->n_type == NT_AUXV) auxv = h->n_descsz > 100;
        if (h->n_type == NT_FILE) files = *(long *)contents > 0;
        if (h->n_type == NT_PRFPREG) fp++;
        if (h->n_type == NT_PRPSINFO) process = h->n_descsz == sizeof(struct elf_prpsinfo) && !strcmp(((struct elf_prpsinfo *)contents)->pr_fname, "core");
        n = contents + ((h->n_descsz + 3) & ~3);
    }
    MUST(threads == 3 && fp == 3 && info && auxv && files && process);
    char *found = find(core, (unsigned long)&marked);
    MUST(found && *(long *)found == 0x1234567890abcdef);
    found = find(core, (unsigned long)(anonymous + 100));
    MUST(found && *(long *)found == 77);
    // Not more than allowed, and not for who hides.
    unlink("core");
    crash(8192);
    MUST(stat("core", &st) == 0 && st.st_size <= 8192);
    unlink("core");
    prctl(PR_SET_DUMPABLE, 0);
    MUST(crash(RLIM_INFINITY) == 0);
    MUST(access("core", F_OK) == -1);
    printf("survived\n");
    return 0;
}

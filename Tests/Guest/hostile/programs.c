// Programs whose headers lie: execve refuses them or they die; nothing else happens.
#include "../kernel/check.h"
#include <elf.h>
#include <stddef.h>
#include <sys/stat.h>

static void try_program(const char *name, const void *bytes, size_t size) {
    int fd = open("/tmp/lie", O_CREAT | O_TRUNC | O_WRONLY, 0755);
    write(fd, bytes, size);
    close(fd);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/tmp/lie", "lie", NULL);
        printf("%s: %s\n", name, strerrorname_np(errno));
        fflush(stdout);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
}

struct file { Elf64_Ehdr header; Elf64_Phdr programs[4]; char rest[8192]; };

static struct file honest(void) {
    struct file f;
    memset(&f, 0, sizeof f);
    memcpy(f.header.e_ident, ELFMAG, SELFMAG);
    f.header.e_ident[EI_CLASS] = ELFCLASS64;
    f.header.e_ident[EI_DATA] = ELFDATA2LSB;
    f.header.e_ident[EI_VERSION] = 1;
    f.header.e_type = ET_EXEC;
    f.header.e_machine = EM_X86_64;
    f.header.e_version = 1;
    f.header.e_entry = 0x400000 + offsetof(struct file, rest);
    f.header.e_phoff = offsetof(struct file, programs);
    f.header.e_ehsize = sizeof f.header;
    f.header.e_phentsize = sizeof(Elf64_Phdr);
    f.header.e_phnum = 1;
    f.programs[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = 7, .p_vaddr = 0x400000, .p_filesz = sizeof f, .p_memsz = sizeof f, .p_align = 4096};
    // mov $60, %eax; mov $7, %edi; syscall
    memcpy(f.rest, "\xb8\x3c\0\0\0\xbf\7\0\0\0\x0f\x05", 12);
    return f;
}

#define LIE(change) do { struct file f = honest(); change; try_program(#change, &f, sizeof f); } while (0)

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    LIE();
    LIE(f.header.e_phoff = -1);
    LIE(f.header.e_phoff = 0x7fffffffffffffff);
    LIE(f.header.e_phoff = 0x8000000000000000);
    LIE(f.header.e_phnum = 0);
    LIE(f.header.e_phnum = 65535);
    LIE(f.header.e_phentsize = 1);
    LIE(f.header.e_machine = EM_386);
    LIE(f.header.e_type = ET_REL);
    LIE(f.programs[0].p_type = PT_INTERP; f.programs[0].p_offset = -1; f.programs[0].p_filesz = 10);
    LIE(f.header.e_phnum = 2; f.programs[1] = f.programs[0]; f.programs[1].p_type = PT_INTERP; f.programs[1].p_offset = 0x7ffffffffffffff0; f.programs[1].p_filesz = 100);
    LIE(f.header.e_entry = -1);
    LIE(f.header.e_entry = 0xffff800000000000);
    puts("alive");
    return 0;
}

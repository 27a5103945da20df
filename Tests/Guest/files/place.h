// A fresh directory on a tmpfs, which is where file tests run.
#pragma once
#include "../communication/report.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void enter_place(void)
{
    static char name[] = "/dev/shm/files.XXXXXX";
    umask(022);
    if (!mkdtemp(name) || chdir(name)) {
        perror(name);
        exit(1);
    }
    // Others look around in it too.
    chmod(name, 0755);
}

static void make(const char *name, const char *text)
{
    int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        perror(name);
    close(fd);
}

static void show_mode(const char *name)
{
    struct stat s;
    if (lstat(name, &s))
        SAY("%s: %s", name, strerrorname_np(errno));
    else
        SAY("%s: mode %o links %lu size %ld owner %u:%u", name, s.st_mode, (unsigned long)s.st_nlink, (long)s.st_size,
            s.st_uid, s.st_gid);
}

static void leave_place(void)
{
    char name[4096];
    if (!getcwd(name, sizeof name) || strncmp(name, "/dev/shm/files.", 15))
        return;
    if (chdir("/") == 0) {
        char command[4200];
        snprintf(command, sizeof command, "rm -rf %s", name);
        if (system(command)) {}
    }
}

// Listings that stand removals, inotify, mounts in a namespace of one's own.
#include "place.h"
#include <dirent.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct entry { unsigned long ino; long off; unsigned short len; unsigned char type; char name[]; };

static void listing(void)
{
    mkdir("list", 0755);
    char name[100], buffer[600];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "list/%d", i);
        if (i % 3 == 0) mkdir(name, 0755);
        else if (i % 3 == 1) make(name, "");
        else symlink("x", name);
    }
    int d = open("list", O_RDONLY), seen = 0, types[16] = {0};
    SHOW("small buffer", syscall(SYS_getdents64, d, buffer, 10));
    SHOW("fault", syscall(SYS_getdents64, d, (void *)8, 600) < 0 ? -1 : 0);
    long n;
    lseek(d, 0, SEEK_SET);
    while ((n = syscall(SYS_getdents64, d, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < n;) {
            struct entry *e = (struct entry *)(buffer + at);
            at += e->len;
            if (e->name[0] == '.') continue;
            seen++, types[e->type]++;
            struct stat s;
            snprintf(name, sizeof name, "list/%s", e->name);
            if (lstat(name, &s) || s.st_ino != e->ino) SAY("%s: wrong inode", name);
            if (remove(name)) SAY("%s: %s", name, strerrorname_np(errno));
        }
    }
    SAY("seen %d, directories %d files %d links %d", seen, types[DT_DIR], types[DT_REG], types[DT_LNK]);
    SHOW("rmdir", rmdir("list"));
    SHOW("getdents of removed", syscall(SYS_getdents64, d, buffer, sizeof buffer));
    SHOW("getdents of file", syscall(SYS_getdents64, open("f", O_RDONLY | O_CREAT, 0600), buffer, sizeof buffer));
    close(d);
    DIR *dir = opendir(".");
    readdir(dir);
    long where = telldir(dir);
    char *second = strdup(readdir(dir)->d_name);
    while (readdir(dir)) {}
    seekdir(dir, where);
    SAY("seekdir %d", strcmp(second, readdir(dir)->d_name));
    closedir(dir);
}

static void show_events(int fd)
{
    char buffer[4096] __attribute__((aligned(8)));
    long n = read(fd, buffer, sizeof buffer);
    unsigned cookie = 0;
    if (n < 0) SAY("  %s", strerrorname_np(errno));
    for (long at = 0; at < n;) {
        struct inotify_event *e = (struct inotify_event *)(buffer + at);
        SAY("  wd %d mask %x len %d %s%s", e->wd, e->mask, e->len, e->len ? e->name : "",
            e->cookie && e->cookie == cookie ? " same cookie" : "");
        if (e->cookie) cookie = e->cookie;
        at += sizeof *e + e->len;
    }
}

static void watching(void)
{
    SHOW("init flags", inotify_init1(1));
    int fd = inotify_init1(IN_NONBLOCK);
    mkdir("w", 0755);
    make("w/old", "x");
    SHOW("add", inotify_add_watch(fd, "w", IN_ALL_EVENTS));
    SHOW("add again", inotify_add_watch(fd, "w", IN_ALL_EVENTS));
    SHOW("mask create", inotify_add_watch(fd, "w", IN_ALL_EVENTS | IN_MASK_CREATE));
    SHOW("file", inotify_add_watch(fd, "w/old", IN_ALL_EVENTS));
    SHOW("onlydir", inotify_add_watch(fd, "w/old", IN_ALL_EVENTS | IN_ONLYDIR));
    SHOW("no mask", inotify_add_watch(fd, "w", 0));
    SHOW("none", inotify_add_watch(fd, "none", IN_ALL_EVENTS));
    SHOW("not inotify", inotify_add_watch(0, "w", IN_ALL_EVENTS));
    SHOW("empty", read(fd, &(char[100]){0}, 100));
    SAY("create");
    make("w/new", "text"), show_events(fd);
    SAY("read");
    int reader = open("w/old", O_RDONLY);
    if (read(reader, &(char[9]){0}, 9)) {}
    close(reader);
    show_events(fd);
    SAY("chmod");
    chmod("w/old", 0600), show_events(fd);
    SAY("truncate");
    truncate("w/old", 0), show_events(fd);
    SAY("rename");
    rename("w/new", "w/renamed"), show_events(fd);
    SAY("rename over");
    rename("w/renamed", "w/old"), show_events(fd);
    SAY("mkdir");
    mkdir("w/dir", 0755), show_events(fd);
    SAY("rmdir");
    rmdir("w/dir"), show_events(fd);
    SAY("link");
    link("w/old", "w/hard"), show_events(fd);
    SAY("unlink");
    unlink("w/hard"), show_events(fd);
    SAY("symlink");
    symlink("x", "w/sym"), show_events(fd);
    unlink("w/sym"), unlink("w/old"), show_events(fd);
    SAY("remove watched");
    rmdir("w"), show_events(fd);
    SHOW("rm gone", inotify_rm_watch(fd, 1));
    mkdir("w2", 0755);
    int wd = inotify_add_watch(fd, "w2", IN_CREATE | IN_ONESHOT);
    SAY("one shot");
    make("w2/a", ""), make("w2/b", ""), show_events(fd);
    wd = inotify_add_watch(fd, "w2", IN_CREATE);
    SHOW("rm", inotify_rm_watch(fd, wd));
    show_events(fd);
    make("w2/c", "");
    SHOW("small buffer", (inotify_add_watch(fd, "w2", IN_DELETE), unlink("w2/c"), read(fd, &(char[8]){0}, 8)));
    close(fd);
}

static void mounting(void)
{
    if (unshare(CLONE_NEWNS)) {
        SAY("unshare: %s", strerrorname_np(errno));
        return;
    }
    SHOW("private", mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    mkdir("m", 0755);
    make("m/below", "");
    make("file", "file");
    SHOW("tmpfs", mount("my tmp", "m", "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=700"));
    show_mode("m");
    SHOW("hidden", access("m/below", F_OK));
    SHOW("busy rmdir", rmdir("m"));
    make("m/in", "x");
    int held = open("m/in", O_RDONLY);
    SHOW("busy umount", umount("m"));
    close(held);
    SHOW("remount ro", mount(NULL, "m", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
    SHOW("create on ro", open("m/new", O_CREAT | O_RDWR, 0600));
    SHOW("mkdir existing on ro", mkdir("m/in", 0700));
    SHOW("unlink on ro", unlink("m/in"));
    SHOW("unlink none on ro", unlink("m/none"));
    SHOW("write on ro", open("m/in", O_WRONLY));
    SHOW("access on ro", access("m/in", W_OK));
    SHOW("chmod on ro", chmod("m/in", 0600));
    SHOW("utimes on ro", utimensat(AT_FDCWD, "m/in", NULL, 0));
    SHOW("remount rw", mount(NULL, "m", NULL, MS_REMOUNT | MS_BIND, NULL));
    SHOW("create", open("m/new", O_CREAT | O_RDWR, 0600) >= 0);
    SHOW("link across", link("file", "m/file"));
    SHOW("rename across", rename("file", "m/file"));
    mkdir("bind", 0755);
    SHOW("bind", mount("m", "bind", NULL, MS_BIND, NULL));
    SHOW("through bind", access("bind/in", F_OK));
    SHOW("bind file over directory", mount("file", "bind", NULL, MS_BIND, NULL));
    SHOW("bind file over file", mount("file", "m/in", NULL, MS_BIND, NULL));
    struct stat s;
    stat("m/in", &s);
    SAY("size %ld", (long)s.st_size);
    SHOW("not through bind", (stat("bind/in", &s), s.st_size));
    SHOW("unlink mountpoint", unlink("m/in"));
    SHOW("rename mountpoint", rename("m/in", "m/other"));
    SHOW("umount with children", umount("m"));
    SHOW("umount no mount", umount("file"));
    SHOW("umount none", umount("none"));
    SHOW("umount flags", umount2("m", 0x100));
    SHOW("detach", umount2("m", MNT_DETACH));
    SHOW("below again", access("m/below", F_OK));
    mkdir("moved", 0755);
    SHOW("move", mount("bind", "moved", NULL, MS_MOVE, NULL));
    SHOW("moved", access("moved/in", F_OK));
    SHOW("move no mount", mount("m", "moved", NULL, MS_MOVE, NULL));
    SHOW("unknown type", mount("x", "m", "nosuchfs", 0, NULL));
    SHOW("bad option", mount("x", "m", "tmpfs", 0, "nonsense=1"));
    SHOW("no type", mount("x", "m", NULL, 0, NULL));
    SHOW("remount no mount", mount(NULL, "m", NULL, MS_REMOUNT, NULL));
    SHOW("propagation of no mount", mount(NULL, "m", NULL, MS_SHARED, NULL));
    SHOW("two propagations", mount(NULL, "moved", NULL, MS_SHARED | MS_PRIVATE, NULL));
    SHOW("tmpfs root", mount("root", "m", "tmpfs", 0, NULL));
    mkdir("m/old", 0755);
    make("m/here", "");
    SHOW("pivot same", syscall(SYS_pivot_root, "/", "/"));
    SHOW("pivot old outside", syscall(SYS_pivot_root, "m", "moved"));
    chdir("m");
    SHOW("pivot", syscall(SYS_pivot_root, ".", "."));
    SHOW("umount old root", umount2(".", MNT_DETACH));
    SHOW("new root", access("/here", F_OK));
    SHOW("old root", access("/dev/shm", F_OK));
    chdir("/");
    char cwd[100];
    SAY("%s", getcwd(cwd, sizeof cwd));
}

int main(void)
{
    enter_place();
    char here[4096];
    if (!getcwd(here, sizeof here)) return 1;
    listing();
    watching();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        mounting();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    leave_place();
}

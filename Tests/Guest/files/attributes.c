// Owners, modes, times, extended attributes, and who may change them.
#include "place.h"
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <utime.h>
#include <grp.h>

static void as(unsigned uid, void (*body)(void))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        gid_t none[1] = {uid};
        setgroups(0, none);
        if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
            perror("setresuid");
        SAY("- as %u", uid);
        body();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    SAY("- done");
}

static void mine(void)
{
    SHOW("chmod mine", chmod("mine", 0640));
    SHOW("chmod setgid of another group", chmod("othergroup", 02755));
    show_mode("othergroup");
    SHOW("chmod root's", chmod("roots", 0666));
    SHOW("chown mine away", chown("mine", 0, -1));
    SHOW("chown mine to my group", chown("mine", -1, 1000));
    SHOW("chown mine to another group", chown("mine", -1, 5));
    SHOW("chown nothing", chown("mine", -1, -1));
    SHOW("chown nothing of root's", chown("roots", -1, -1));
    SHOW("read root's", open("roots", O_RDONLY) >= 0);
    SHOW("write root's", open("roots", O_WRONLY));
    SHOW("truncate by open", open("roots", O_RDONLY | O_TRUNC));
    SHOW("noatime root's", open("roots", O_RDONLY | O_NOATIME));
    SHOW("noatime mine", open("mine", O_RDONLY | O_NOATIME) >= 0);
    SHOW("create in root's", open("newfile", O_CREAT | O_RDWR, 0600));
    SHOW("mkdir existing in root's", mkdir("closed", 0700));
    SHOW("into closed", open("closed/x", O_RDONLY));
    SHOW("list closed", open("closed", O_RDONLY));
    SHOW("list searchable", open("searchable", O_RDONLY));
    SHOW("through searchable", open("searchable/x", O_RDONLY) >= 0);
    SHOW("access w", access("roots", W_OK));
    SHOW("access r", access("roots", R_OK));
    SHOW("utimes root's", utimes("roots", NULL));
    struct timeval times[2] = {{1, 0}, {2, 0}};
    SHOW("utimes root's to a time", utimes("roots", times));
    SHOW("utimes writable", utimes("writable", NULL));
    SHOW("utimes writable to a time", utimes("writable", times));
    SHOW("write suid", write(open("suid", O_WRONLY), "x", 1));
    show_mode("suid");
    SHOW("link root's", link("roots", "sticky/hard"));
    SHOW("link writable", link("writable", "sticky/hard2"));
    SHOW("unlink in sticky", unlink("sticky/roots"));
    SHOW("rename in sticky", rename("sticky/roots", "sticky/stolen"));
    SHOW("own in sticky", open("sticky/own", O_CREAT | O_RDWR, 0666) >= 0);
    SHOW("mknod device", mknod("sticky/dev", S_IFCHR | 0600, 259));
    SHOW("mknod fifo", mknod("sticky/fifo", S_IFIFO | 0600, 0));
    SHOW("chroot", chroot("."));
    SHOW("mkdir in setgid", mkdir("setgid/sub", 0777));
    show_mode("setgid/sub");
    SHOW("create in setgid", open("setgid/file", O_CREAT | O_RDWR, 02775) >= 0);
    show_mode("setgid/file");
    SHOW("setxattr mine", setxattr("mine", "user.a", "1", 1, 0));
    SHOW("setxattr root's", setxattr("roots", "user.a", "1", 1, 0));
    SHOW("setxattr trusted", setxattr("mine", "trusted.a", "1", 1, 0));
    SHOW("getxattr trusted", getxattr("roots", "trusted.x", NULL, 0));
    SHOW("setxattr security", setxattr("mine", "security.a", "1", 1, 0));
}

static void owners(void)
{
    make("mine", "x"), chown("mine", 1000, 1000);
    make("othergroup", "x"), chown("othergroup", 1000, 5);
    make("roots", "x");
    make("writable", "x"), chmod("writable", 0666);
    make("suid", "x"), chmod("suid", 06777);
    mkdir("closed", 0700), make("closed/x", "x");
    mkdir("searchable", 0711), make("searchable/x", "x");
    mkdir("sticky", 0777), chmod("sticky", 01777), make("sticky/roots", "x"), chmod("sticky/roots", 0666);
    mkdir("setgid", 0777), chown("setgid", 0, 77), chmod("setgid", 02777);
    setxattr("roots", "trusted.x", "1", 1, 0);
    as(1000, mine);
    show_mode("mine");
    SHOW("chmod link", fchmodat(AT_FDCWD, "roots", 04711, 0));
    show_mode("roots");
    SHOW("chown drops suid", chown("roots", 7, 8));
    show_mode("roots");
    chmod("roots", 02644);
    SHOW("chown keeps mandatory lock bit", chown("roots", 0, 0));
    show_mode("roots");
    symlink("roots", "link");
    SHOW("lchown", lchown("link", 9, 9));
    show_mode("link");
    show_mode("roots");
    SHOW("fchmodat2 nofollow", syscall(452, AT_FDCWD, "link", 0600, AT_SYMLINK_NOFOLLOW));
    SHOW("fchmodat2", syscall(452, AT_FDCWD, "link", 0600, 0));
    SHOW("fchownat bad", fchownat(AT_FDCWD, "link", 1, 1, 0x8000));
    SHOW("umask", umask(077));
    SHOW("umask", umask(0777777));
    SHOW("umask", umask(022));
}

static void show_times(const char *name)
{
    struct stat s;
    stat(name, &s);
    SAY("%s: %ld.%09ld %ld.%09ld", name, (long)s.st_atim.tv_sec, s.st_atim.tv_nsec, (long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
}

static void times(void)
{
    make("t", "x");
    struct timespec both[2] = {{100, 5}, {200, 6}};
    SHOW("utimensat", utimensat(AT_FDCWD, "t", both, 0));
    show_times("t");
    both[0].tv_nsec = UTIME_OMIT, both[1].tv_sec = -300;
    SHOW("omit", utimensat(AT_FDCWD, "t", both, 0));
    show_times("t");
    both[0].tv_nsec = 1000000000;
    SHOW("bad", utimensat(AT_FDCWD, "t", both, 0));
    both[0].tv_nsec = both[1].tv_nsec = UTIME_OMIT;
    SHOW("omit both of none", utimensat(AT_FDCWD, "none", both, 0));
    SHOW("flags", utimensat(AT_FDCWD, "t", NULL, 0x8000));
    SHOW("null path of fd", utimensat(AT_FDCWD, NULL, NULL, 0));
    int f = open("t", O_RDWR);
    struct timespec fixed[2] = {{50, 0}, {60, 0}};
    SHOW("futimens", futimens(f, fixed));
    show_times("t");
    char c;
    if (read(f, &c, 1)) {}
    struct stat s, now;
    make("clock", ""), stat("clock", &now), stat("t", &s);
    SAY("read moved atime %d", now.st_atim.tv_sec - s.st_atim.tv_sec < 2);
    futimens(f, fixed);
    if (write(f, "y", 1)) {}
    stat("t", &s);
    SAY("write moved mtime %d ctime %d atime %ld", now.st_mtim.tv_sec - s.st_mtim.tv_sec < 2,
        now.st_mtim.tv_sec - s.st_ctim.tv_sec < 2, (long)s.st_atim.tv_sec);
    struct utimbuf u = {7, 8};
    SHOW("utime", utime("t", &u));
    show_times("t");
    mkdir("td", 0755);
    utimensat(AT_FDCWD, "td", fixed, 0);
    make("td/new", "");
    stat("td", &s);
    SAY("create moved mtime %d", s.st_mtim.tv_sec > 1000);
    close(f);
}

static void extended(void)
{
    make("x", "");
    char value[100], list[1000];
    SHOW("get none", getxattr("x", "user.none", value, 100));
    SHOW("set", setxattr("x", "user.one", "value", 5, 0));
    SHOW("create existing", setxattr("x", "user.one", "v", 1, XATTR_CREATE));
    SHOW("replace none", setxattr("x", "user.two", "v", 1, XATTR_REPLACE));
    SHOW("flags", setxattr("x", "user.two", "v", 1, 4));
    SHOW("size", getxattr("x", "user.one", NULL, 0));
    SHOW("get", getxattr("x", "user.one", value, 100));
    SHOW("small", getxattr("x", "user.one", value, 2));
    SHOW("empty value", setxattr("x", "user.empty", "", 0, 0));
    SHOW("get empty", getxattr("x", "user.empty", value, 100));
    SHOW("trusted", setxattr("x", "trusted.t", "t", 1, 0));
    SHOW("prefix", setxattr("x", "user.", "t", 1, 0));
    SHOW("other", setxattr("x", "other.t", "t", 1, 0));
    SHOW("no name", setxattr("x", "", "t", 1, 0));
    char name[300];
    memset(name, 'n', 299), memcpy(name, "user.", 5), name[299] = 0;
    SHOW("long name", setxattr("x", name, "t", 1, 0));
    static char big[70000];
    SHOW("long value", setxattr("x", "user.big", big, 65537, 0));
    SHOW("list size", listxattr("x", NULL, 0));
    SHOW("list small", listxattr("x", list, 3));
    SHOW("remove", removexattr("x", "user.one"));
    SHOW("remove again", removexattr("x", "user.one"));
    symlink("x", "xl");
    SHOW("on link", lsetxattr("xl", "user.a", "t", 1, 0));
    SHOW("get on link", lgetxattr("xl", "user.a", value, 1));
    SHOW("trusted on link", lsetxattr("xl", "trusted.a", "t", 1, 0));
    SHOW("on directory", setxattr(".", "user.d", "t", 1, 0));
    mkfifo("xf", 0600);
    SHOW("on fifo", setxattr("xf", "user.d", "t", 1, 0));
    SHOW("get on fifo", getxattr("xf", "user.d", value, 1));
    SHOW("list on fifo", listxattr("xf", list, 100));
    SHOW("system", getxattr("x", "system.other", value, 100));
}

static void file_systems(void)
{
    struct statfs s;
    SHOW("statfs", statfs(".", &s));
    SAY("type %lx bsize %ld namelen %ld", (long)s.f_type, (long)s.f_bsize, (long)s.f_namelen);
    SHOW("statfs none", statfs("none", &s));
    SHOW("statfs null", statfs(".", NULL));
    SHOW("fstatfs bad", fstatfs(99, &s));
    SHOW("statfs proc", statfs("/proc", &s));
    SAY("type %lx", (long)s.f_type);
    struct statx x;
    SHOW("statx", statx(AT_FDCWD, "x", 0, STATX_ALL, &x));
    SAY("mask %x type %o", x.stx_mask & 0x7ff, x.stx_mode & S_IFMT);
    SHOW("statx bad", statx(AT_FDCWD, "x", AT_STATX_SYNC_TYPE, STATX_ALL, &x));
    SHOW("statx reserved", statx(AT_FDCWD, "x", 0, 0x80000000, &x));
    SHOW("statx empty", statx(open("x", O_PATH), "", AT_EMPTY_PATH, STATX_ALL, &x));
    SHOW("syncfs bad", syncfs(99));
    SHOW("syncfs", syncfs(open(".", O_RDONLY)));
}

int main(void)
{
    enter_place();
    owners();
    times();
    extended();
    file_systems();
    leave_place();
}

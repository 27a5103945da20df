// Names: walking, creating, removing, renaming, linking; the error that Linux chooses among several.
#include "place.h"
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void walking(void)
{
    make("f", "x");
    mkdir("d", 0755);
    mkdir("d/e", 0755);
    symlink("loop", "loop");
    symlink("d/e", "l");
    symlink("nothing", "dangling");
    symlink("f", "fl");
    struct stat s;
    SHOW("f/", stat("f/", &s));
    SHOW("f/.", stat("f/.", &s));
    SHOW("f/x", stat("f/x", &s));
    SHOW("fl/", lstat("fl/", &s));
    SHOW("l/", lstat("l/", &s));
    SAY("%o", s.st_mode);
    SHOW("l", lstat("l", &s));
    SAY("%o", s.st_mode);
    SHOW("l/..", stat("l/../e", &s));
    SHOW("empty", stat("", &s));
    SHOW("loop", stat("loop", &s));
    SHOW("dangling", stat("dangling", &s));
    SHOW("null", stat(NULL, &s));
    SHOW("null result", stat("f", NULL));
    char name[5000];
    memset(name, 'n', sizeof name);
    name[256] = 0;
    SHOW("long name", stat(name, &s));
    SHOW("long name in a file", stat("f/nnn", &s));
    name[255] = 0;
    SHOW("longest name", stat(name, &s));
    memset(name, '/', sizeof name);
    name[4096] = 0;
    SHOW("long path", stat(name, &s));
    name[4095] = 0;
    SHOW("longest path", stat(name, &s));
    SHOW("bad dirfd", fstatat(99, "f", &s, 0));
    int file = open("f", O_RDONLY);
    SHOW("file as dirfd", fstatat(file, "x", &s, 0));
    SHOW("absolute with bad dirfd", fstatat(99, "/", &s, 0));
    SHOW("empty path", fstatat(file, "", &s, 0));
    SHOW("AT_EMPTY_PATH", fstatat(file, "", &s, AT_EMPTY_PATH));
    SHOW("bad flags", fstatat(file, "", &s, 0x8000000));
    close(file);
    SHOW("chdir file", chdir("f"));
    SHOW("access", access("f", R_OK | W_OK));
    SHOW("access x", access("f", X_OK));
    SHOW("access bad", access("f", 8));
    SHOW("readlink file", readlink("f", name, 10));
    SHOW("readlink short", readlink("l", name, 2));
    SHOW("readlink 0", readlink("l", name, 0));
}

static void opening(void)
{
    SHOW("creat dir", open("d", O_CREAT, 0644));
    SHOW("write dir", open("d", O_WRONLY));
    SHOW("creat slash", open("new/", O_CREAT, 0644));
    SHOW("creat|directory", open("new", O_CREAT | O_DIRECTORY, 0644));
    SHOW("excl existing", open("f", O_CREAT | O_EXCL, 0644));
    SHOW("excl dangling", open("dangling", O_CREAT | O_EXCL, 0644));
    SHOW("excl dot", open(".", O_CREAT | O_EXCL, 0644));
    SHOW("creat dot", open(".", O_CREAT, 0644));
    SHOW("nofollow", open("l", O_NOFOLLOW));
    SHOW("nofollow directory", open("l", O_NOFOLLOW | O_DIRECTORY));
    SHOW("directory of file", open("f", O_DIRECTORY));
    SHOW("directory of file, path", open("f", O_DIRECTORY | O_PATH));
    SHOW("tmpfile readonly", open(".", O_TMPFILE | O_RDONLY, 0600));
    SHOW("tmpfile on file", open("f", O_TMPFILE | O_RDWR, 0600));
    int t = open(".", O_TMPFILE | O_RDWR, 0600);
    SHOW("tmpfile", t >= 0);
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", t);
    SHOW("link by proc", linkat(AT_FDCWD, link, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    show_mode("named");
    SHOW("link again", linkat(t, "", AT_FDCWD, "named2", AT_EMPTY_PATH));
    close(t);
    t = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
    SHOW("link excl", linkat(t, "", AT_FDCWD, "never", AT_EMPTY_PATH));
    close(t);
    int p = open("f", O_PATH);
    char c;
    SHOW("path read", read(p, &c, 1));
    SHOW("path fchmod", fchmod(p, 0600));
    SHOW("path ioctl", fcntl(p, F_GETFL) & O_PATH);
    SHOW("path setfl", fcntl(p, F_SETFL, 0));
    SHOW("path dup", fcntl(p, F_DUPFD, 100));
    close(100);
    struct stat s;
    SHOW("path fstat", fstat(p, &s));
    snprintf(link, sizeof link, "/proc/self/fd/%d", p);
    int again = open(link, O_RDWR);
    SHOW("path reopened", again >= 0);
    SHOW("read", read(again, &c, 1));
    close(again);
    close(p);
    p = open("l", O_PATH | O_NOFOLLOW);
    char target[20] = "";
    SHOW("readlinkat", readlinkat(p, "", target, sizeof target));
    SAY("%s", target);
    close(p);
    int mode3 = open("f", 3);
    SHOW("mode 3", mode3 >= 0);
    SHOW("mode 3 read", read(mode3, &c, 1));
    SHOW("mode 3 write", write(mode3, &c, 1));
    SHOW("getfl", fcntl(mode3, F_GETFL));
    close(mode3);
    mknod("socket", S_IFSOCK | 0600, 0);
    SHOW("open socket", open("socket", O_RDWR));
    mknod("nodevice", S_IFCHR | 0600, 250 << 8 | 250);
    SHOW("open device without driver", open("nodevice", O_RDWR));
    SHOW("through the link", open("dangling", O_CREAT | O_WRONLY, 0600) >= 0);
    show_mode("nothing");
}

static long openat2_(int at, const char *path, unsigned long flags, unsigned long mode, unsigned long resolve)
{
    struct open_how how = {flags, mode, resolve};
    long fd = syscall(SYS_openat2, at, path, &how, sizeof how);
    if (fd >= 0)
        close(fd);
    return fd >= 0 ? 0 : fd;
}

static void resolving(void)
{
    symlink("../f", "d/up");
    symlink("/etc", "d/absolute");
    symlink("e", "d/near");
    int d = open("d", O_DIRECTORY);
    SHOW("beneath up", openat2_(d, "../f", O_RDONLY, 0, RESOLVE_BENEATH));
    SHOW("beneath link up", openat2_(d, "up", O_RDONLY, 0, RESOLVE_BENEATH));
    SHOW("beneath absolute link", openat2_(d, "absolute", O_RDONLY, 0, RESOLVE_BENEATH));
    SHOW("beneath absolute", openat2_(d, "/etc", O_RDONLY, 0, RESOLVE_BENEATH));
    SHOW("beneath near", openat2_(d, "near", O_RDONLY, 0, RESOLVE_BENEATH));
    SHOW("beneath dotdot inside", openat2_(d, "e/../near", O_RDONLY, 0, RESOLVE_BENEATH));
    SHOW("no symlinks", openat2_(d, "near", O_RDONLY, 0, RESOLVE_NO_SYMLINKS));
    SHOW("no symlinks, path nofollow", openat2_(d, "near", O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS));
    SHOW("no xdev", openat2_(AT_FDCWD, "/proc/self", O_RDONLY, 0, RESOLVE_NO_XDEV));
    SHOW("no magic links", openat2_(AT_FDCWD, "/proc/self/cwd", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS));
    SHOW("magic link in root", openat2_(AT_FDCWD, "/proc/self/cwd", O_RDONLY, 0, RESOLVE_IN_ROOT));
    SHOW("in root", openat2_(d, "/e", O_RDONLY, 0, RESOLVE_IN_ROOT));
    SHOW("in root up", openat2_(d, "../../e", O_RDONLY, 0, RESOLVE_IN_ROOT));
    SHOW("both", openat2_(d, "e", O_RDONLY, 0, RESOLVE_IN_ROOT | RESOLVE_BENEATH));
    SHOW("unknown resolve", openat2_(d, "e", O_RDONLY, 0, 0x1000));
    SHOW("unknown flag", openat2_(d, "e", 1ul << 40, 0, 0));
    SHOW("mode without creat", openat2_(d, "e", O_RDONLY, 0600, 0));
    SHOW("bad mode", openat2_(d, "new", O_CREAT, 0100000, 0));
    SHOW("path with rdwr", openat2_(d, "e", O_PATH | O_RDWR, 0, 0));
    char how[32] = {0};
    SHOW("short", syscall(SYS_openat2, d, "e", how, 8));
    SHOW("longer, zero", syscall(SYS_openat2, d, "e", how, 32) >= 0);
    how[31] = 1;
    SHOW("longer, set", syscall(SYS_openat2, d, "e", how, 32));
    SHOW("huge", syscall(SYS_openat2, d, "e", how, 5000));
    close(d);
}

static void removing(void)
{
    SHOW("mkdir existing", mkdir("d", 0755));
    SHOW("mkdir over file", mkdir("f", 0755));
    SHOW("mkdir over dangling", mkdir("loop", 0755));
    SHOW("mkdir root", mkdir("/", 0755));
    SHOW("mkdir dot", mkdir("d/.", 0755));
    SHOW("mkdir slash", mkdir("made/", 0755));
    SHOW("mkdir nowhere", mkdir("none/x", 0755));
    SHOW("mknod dir", mknod("nd", S_IFDIR, 0));
    SHOW("mknod slash", mknod("ns/", S_IFREG, 0));
    SHOW("mknod bad", mknod("nb", 0170000, 0));
    SHOW("symlink empty", symlink("", "se"));
    SHOW("symlink slash", symlink("x", "sl/"));
    SHOW("symlink existing", symlink("x", "f"));
    SHOW("unlink dir", unlink("d"));
    SHOW("unlink dir/", unlink("d/"));
    SHOW("unlink f/", unlink("f/"));
    SHOW("unlink none/", unlink("none/"));
    SHOW("unlink dot", unlink("."));
    SHOW("unlink dotdot", unlink("d/.."));
    SHOW("unlink root", unlink("/"));
    SHOW("unlinkat bad flag", unlinkat(AT_FDCWD, "f", 1));
    SHOW("rmdir full", rmdir("d"));
    SHOW("rmdir dot", rmdir("d/."));
    SHOW("rmdir dotdot", rmdir("d/.."));
    SHOW("rmdir root", rmdir("/"));
    SHOW("rmdir file", rmdir("f"));
    SHOW("rmdir link", rmdir("l"));
    SHOW("rmdir link/", rmdir("l/"));
    SHOW("rmdir made/", rmdir("made/"));
    mkdir("cwd", 0755);
    int back = open(".", O_DIRECTORY);
    chdir("cwd");
    char name[4096];
    SHOW("rmdir cwd", rmdir("../cwd"));
    SHOW("getcwd", getcwd(name, sizeof name) ? 0 : -1);
    SHOW("create in removed", open("x", O_CREAT, 0600));
    SHOW("mkdir in removed", mkdir("x", 0700));
    struct stat s;
    SHOW("stat dot", stat(".", &s));
    SAY("links %lu", (unsigned long)s.st_nlink);
    SHOW("open dot", open(".", O_RDONLY) >= 0);
    fchdir(back);
    close(back);
    SHOW("getcwd short", syscall(SYS_getcwd, name, 3));
    SHOW("getcwd 0", syscall(SYS_getcwd, name, 0));
}

static void renaming(void)
{
    mkdir("a", 0755);
    mkdir("a/b", 0755);
    mkdir("full", 0755);
    make("full/x", "");
    mkdir("empty", 0755);
    make("g", "g");
    SHOW("into itself", rename("a", "a/b/c"));
    SHOW("over ancestor", rename("a/b", "a"));
    SHOW("over full", rename("a", "full"));
    SHOW("dir over file", rename("a", "g"));
    SHOW("file over dir", rename("g", "a"));
    SHOW("file to slash", rename("g", "h/"));
    SHOW("file/ away", rename("g/", "h"));
    SHOW("none", rename("none", "h"));
    SHOW("none to nowhere", rename("none", "nowhere/h"));
    SHOW("dot", rename("a/.", "h"));
    SHOW("to dotdot", rename("g", "a/.."));
    SHOW("root", rename("/", "h"));
    SHOW("same", rename("g", "g"));
    link("g", "g2");
    SHOW("hard links", rename("g", "g2"));
    show_mode("g");
    show_mode("g2");
    SHOW("noreplace", renameat2(AT_FDCWD, "g", AT_FDCWD, "f", RENAME_NOREPLACE));
    SHOW("noreplace to dot", renameat2(AT_FDCWD, "g", AT_FDCWD, ".", RENAME_NOREPLACE));
    SHOW("exchange none", renameat2(AT_FDCWD, "g", AT_FDCWD, "none", RENAME_EXCHANGE));
    SHOW("exchange|noreplace", renameat2(AT_FDCWD, "g", AT_FDCWD, "f", RENAME_EXCHANGE | RENAME_NOREPLACE));
    SHOW("unknown", renameat2(AT_FDCWD, "g", AT_FDCWD, "f", 8));
    SHOW("exchange dir and file", renameat2(AT_FDCWD, "full", AT_FDCWD, "g", RENAME_EXCHANGE));
    show_mode("full");
    show_mode("g");
    show_mode("g/x");
    SHOW("exchange ancestor", renameat2(AT_FDCWD, "a", AT_FDCWD, "a/b", RENAME_EXCHANGE));
    SHOW("over empty", rename("a/", "empty/"));
    show_mode("empty");
    show_mode(".");
    SHOW("whiteout", renameat2(AT_FDCWD, "full", AT_FDCWD, "moved", RENAME_WHITEOUT));
    show_mode("full");
    SHOW("across", rename("moved", "/proc/x"));
    SHOW("dir/ to new/", rename("empty/", "renamed/"));
    SHOW("link dir", link("renamed", "hardlink"));
    SHOW("link existing", link("f", "moved"));
    SHOW("link slash", link("f", "new/"));
    SHOW("link symlink itself", link("l", "l2"));
    show_mode("l2");
    SHOW("link across", link("f", "/proc/x"));
    SHOW("linkat bad flags", linkat(AT_FDCWD, "f", AT_FDCWD, "n", 1));
}

int main(void)
{
    enter_place();
    walking();
    opening();
    resolving();
    removing();
    renaming();
    leave_place();
}

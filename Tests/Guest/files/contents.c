// Reading and writing: positions, vectors, partial faults, holes, limits, copies, memory files and their seals.
#include "place.h"
#include <linux/falloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static char buffer[1 << 16];

static void positions(void)
{
    int f = open("f", O_RDWR | O_CREAT, 0600);
    SHOW("write", write(f, "0123456789", 10));
    SHOW("seek", lseek(f, 4, SEEK_SET));
    SHOW("read", read(f, buffer, 3));
    SHOW("cur", lseek(f, 0, SEEK_CUR));
    SHOW("end", lseek(f, -2, SEEK_END));
    SHOW("before the start", lseek(f, -11, SEEK_END));
    SHOW("negative", lseek(f, -1, SEEK_SET));
    SHOW("whence", lseek(f, 0, 9));
    SHOW("overflow", lseek(f, 0x7fffffffffffffff, SEEK_END));
    SHOW("far", lseek(f, 0x7ffffffffffff000, SEEK_SET) > 0);
    SHOW("read far", read(f, buffer, 10));
    SHOW("write too far", pwrite(f, "x", 1, 0x7fffffffffffffff));
    SHOW("pread", pread(f, buffer, 100, 8));
    SHOW("pread past the end", pread(f, buffer, 100, 10));
    SHOW("pread negative", pread(f, buffer, 1, -1));
    SHOW("pwrite hole", pwrite(f, "end", 3, 20000));
    SHOW("size", lseek(f, 0, SEEK_END));
    struct iovec v[3] = {{buffer, 4}, {buffer + 100, 0}, {buffer + 200, 8}};
    SHOW("preadv", preadv(f, v, 3, 0));
    SAY("%.4s %.6s", buffer, buffer + 200);
    SHOW("readv count", readv(f, v, 1025));
    SHOW("readv negative count", readv(f, v, -1));
    SHOW("readv 0", readv(f, v, 0));
    v[1].iov_len = -1;
    SHOW("readv negative length", readv(f, v, 3));
    v[1].iov_len = 5;
    v[1].iov_base = (void *)8;
    lseek(f, 0, SEEK_SET);
    SHOW("readv fault in the middle", readv(f, v, 3));
    SHOW("position", lseek(f, 0, SEEK_CUR));
    SHOW("writev fault in the middle", pwritev(f, v, 3, 0));
    SHOW("read fault", read(f, (void *)8, 10));
    SHOW("write fault", write(f, (void *)8, 10));
    SHOW("read nothing to nowhere", read(f, (void *)8, 0));
    SHOW("preadv2 at -1", preadv2(f, v, 1, -1, 0));
    SHOW("preadv2 flags", preadv2(f, v, 1, 0, 0x1000));
    SHOW("pwritev2 append", pwritev2(f, v, 1, 0, RWF_APPEND));
    SHOW("size", lseek(f, 0, SEEK_END));
    SHOW("read bad fd", read(99, buffer, 0));
    int d = open(".", O_RDONLY), w = open("f", O_WRONLY), r = open("f", O_RDONLY);
    SHOW("read directory", read(d, buffer, 10));
    SHOW("write directory", write(d, buffer, 10));
    SHOW("read write-only", read(w, buffer, 10));
    SHOW("write read-only", write(r, buffer, 10));
    SHOW("ftruncate read-only", ftruncate(r, 0));
    SHOW("ftruncate negative", ftruncate(w, -1));
    SHOW("ftruncate", ftruncate(w, 5));
    SHOW("truncate directory", truncate(".", 0));
    SHOW("truncate none", truncate("none", 0));
    int page = sysconf(_SC_PAGESIZE);
    char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(two + page, page);
    memset(two, 'x', page);
    SHOW("write over the edge", pwrite(w, two + page - 10, 100, 0));
    SHOW("read over the edge", pread(r, two + page - 4, 100, 0));
    SHOW("size", lseek(r, 0, SEEK_END));
    int a = open("f", O_WRONLY | O_APPEND);
    lseek(a, 2, SEEK_SET);
    SHOW("append", write(a, "append", 6));
    SHOW("position", lseek(a, 0, SEEK_CUR));
    SHOW("pwrite appends", pwrite(a, "more", 4, 0));
    SHOW("position", lseek(a, 0, SEEK_CUR));
    SHOW("size", lseek(r, 0, SEEK_END));
    close(f), close(d), close(w), close(r), close(a);
}

static void space(void)
{
    int f = open("holes", O_RDWR | O_CREAT, 0600);
    struct stat s;
    pwrite(f, "data", 4, 100000);
    ftruncate(f, 1000000);
    SHOW("data", lseek(f, 0, SEEK_DATA));
    SHOW("hole", lseek(f, 98304, SEEK_HOLE));
    SHOW("hole at once", lseek(f, 5, SEEK_HOLE));
    SHOW("no data", lseek(f, 200000, SEEK_DATA));
    SHOW("beyond", lseek(f, 1000000, SEEK_HOLE));
    SHOW("negative data", lseek(f, -1, SEEK_DATA));
    fstat(f, &s);
    SAY("blocks %ld", (long)s.st_blocks);
    SHOW("fallocate", fallocate(f, 0, 0, 50000));
    fstat(f, &s);
    SAY("blocks %ld size %ld", (long)s.st_blocks, (long)s.st_size);
    SHOW("keep size", fallocate(f, FALLOC_FL_KEEP_SIZE, 1000000, 10000));
    fstat(f, &s);
    SAY("size %ld", (long)s.st_size);
    SHOW("punch", fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 50000));
    SHOW("punch alone", fallocate(f, FALLOC_FL_PUNCH_HOLE, 0, 50000));
    SHOW("collapse", fallocate(f, FALLOC_FL_COLLAPSE_RANGE, 0, 4096));
    SHOW("zero length", fallocate(f, 0, 0, 0));
    SHOW("negative", fallocate(f, 0, -1, 10));
    SHOW("too far", fallocate(f, 0, 0x7ffffffffffffff0, 100));
    fstat(f, &s);
    SHOW("grow", fallocate(f, 0, 0, 1200000));
    fstat(f, &s);
    SAY("size %ld", (long)s.st_size);
    int d = open(".", O_RDONLY), p[2];
    pipe(p);
    SHOW("fallocate directory", fallocate(d, 0, 0, 10));
    SHOW("fallocate pipe", fallocate(p[1], 0, 0, 10));
    SHOW("fsync", fsync(f));
    SHOW("fdatasync directory", fdatasync(d));
    SHOW("fsync pipe", fsync(p[0]));
    SHOW("lseek pipe", lseek(p[0], 0, SEEK_CUR));
    SHOW("pread pipe", pread(p[0], buffer, 1, 0));
    SHOW("fadvise", posix_fadvise(f, 0, 0, POSIX_FADV_WILLNEED));
    SHOW("fadvise pipe", posix_fadvise(p[0], 0, 0, POSIX_FADV_WILLNEED));
    SHOW("fadvise bad", posix_fadvise(f, 0, 0, 77));
    SHOW("sync_file_range", sync_file_range(f, 0, 0, 0));
    SHOW("sync_file_range bad", sync_file_range(f, 0, 0, 77));
    SHOW("readahead", readahead(f, 0, 100));
    close(f), close(d), close(p[0]), close(p[1]);
}

static void limits(void)
{
    // Far above what this test prints into its own output.
    struct rlimit limit = {1 << 20, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    int f = open("limited", O_RDWR | O_CREAT, 0600);
    SHOW("up to the limit", pwrite(f, buffer, 5000, (1 << 20) - 1000));
    lseek(f, 0, SEEK_END);
    SHOW("at the limit", write(f, buffer, 1));
    SHOW("truncate over", ftruncate(f, (1 << 20) + 1));
    SHOW("truncate to", ftruncate(f, 1 << 20));
    SHOW("fallocate over", fallocate(f, 0, 0, 2 << 20));
    SHOW("pwrite within", pwrite(f, buffer, 100, (1 << 20) - 50));
    int a = open("limited", O_WRONLY | O_APPEND);
    SHOW("append over", write(a, buffer, 1));
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    close(f), close(a);
}

static void copies(void)
{
    make("source", "The quick brown fox jumps over the lazy dog");
    int s = open("source", O_RDWR), t = open("target", O_RDWR | O_CREAT, 0600), p[2];
    off_t off = 4, in = 0, out = 10;
    SHOW("sendfile", sendfile(t, s, &off, 5));
    SAY("off %ld position %ld", (long)off, (long)lseek(s, 0, SEEK_CUR));
    SHOW("sendfile moving", sendfile(t, s, NULL, 1000));
    SAY("position %ld", (long)lseek(s, 0, SEEK_CUR));
    SHOW("sendfile at the end", sendfile(t, s, NULL, 1000));
    off = -1;
    SHOW("sendfile negative", sendfile(t, s, &off, 5));
    SHOW("sendfile bad", sendfile(99, s, NULL, 5));
    int r = open("target", O_RDONLY), a = open("target", O_WRONLY | O_APPEND), d = open(".", O_RDONLY);
    SHOW("sendfile read-only", sendfile(r, s, NULL, 5));
    lseek(s, 0, SEEK_SET);
    SHOW("sendfile append", sendfile(a, s, NULL, 5));
    pipe(p);
    SHOW("sendfile to pipe", sendfile(p[1], s, NULL, 9));
    SHOW("read", read(p[0], buffer, 100));
    SAY("%.9s", buffer);
    SHOW("copy", copy_file_range(s, &in, t, &out, 9, 0));
    SAY("in %ld out %ld", (long)in, (long)out);
    SHOW("copy flags", copy_file_range(s, &in, t, &out, 9, 1));
    SHOW("copy directory", copy_file_range(d, NULL, t, NULL, 9, 0));
    SHOW("copy pipe", copy_file_range(p[0], NULL, t, NULL, 9, 0));
    SHOW("copy to read-only", copy_file_range(s, NULL, r, NULL, 9, 0));
    SHOW("copy append", copy_file_range(s, NULL, a, NULL, 9, 0));
    in = 0, out = 3;
    SHOW("copy overlapping", copy_file_range(s, &in, s, &out, 9, 0));
    in = 1000;
    SHOW("copy past the end", copy_file_range(s, &in, t, &out, 9, 0));
    SHOW("read", pread(t, buffer, 100, 0));
    SAY("%.30s", buffer);
}

static void memory_files(void)
{
    SHOW("memfd flags", memfd_create("x", 0x100));
    int m = memfd_create("name", MFD_ALLOW_SEALING), p = memfd_create("plain", MFD_CLOEXEC);
    SHOW("getfd", fcntl(p, F_GETFD));
    SHOW("seals", fcntl(p, F_GET_SEALS));
    SHOW("seal plain", fcntl(p, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW("seals", fcntl(m, F_GET_SEALS));
    ftruncate(m, 8192);
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0);
    SHOW("mapped", map == MAP_FAILED ? -1 : 0);
    strcpy(map, "through the mapping");
    SHOW("read", pread(m, buffer, 19, 0));
    SAY("%.19s", buffer);
    SHOW("write", pwrite(m, "THROUGH", 7, 0));
    SAY("%s", map);
    SHOW("seal while mapped", fcntl(m, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW("seal future", fcntl(m, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    SHOW("write", pwrite(m, "x", 1, 0));
    map[0] = 'T';
    munmap(map, 8192);
    SHOW("seal", fcntl(m, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW));
    SHOW("seals", fcntl(m, F_GET_SEALS));
    SHOW("shrink", ftruncate(m, 10));
    SHOW("grow", ftruncate(m, 10000));
    SHOW("same", ftruncate(m, 8192));
    SHOW("map writable", mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0) == MAP_FAILED ? -1 : 0);
    SHOW("map private", mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, m, 0) == MAP_FAILED ? -1 : 0);
    SHOW("seal the seals", fcntl(m, F_ADD_SEALS, F_SEAL_SEAL));
    SHOW("no more", fcntl(m, F_ADD_SEALS, F_SEAL_SEAL));
    SHOW("seals of a file", fcntl(open("f", O_RDWR), F_GET_SEALS));
    char link[64], name[64] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", m);
    SHOW("readlink", readlink(link, name, 63));
    SAY("%s", name);
    struct stat s;
    fstat(m, &s);
    SAY("mode %o links %ld", s.st_mode, (long)s.st_nlink);
}

static void mappings(void)
{
    make("mapped", "0123456789");
    int f = open("mapped", O_RDWR);
    ftruncate(f, 4096);
    char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
    char *private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
    SHOW("map", shared == MAP_FAILED || private == MAP_FAILED ? -1 : 0);
    memcpy(shared, "shared", 6);
    SHOW("read", pread(f, buffer, 10, 0));
    SAY("%.10s", buffer);
    memcpy(private, "PRIVATE", 7);
    pwrite(f, "written", 7, 0);
    SAY("%.10s %.10s", shared, private);
    SHOW("append", pwrite(f, "tail", 4, 5000));
    struct stat s;
    fstat(f, &s);
    SAY("size %ld", (long)s.st_size);
    int r = open("mapped", O_RDONLY);
    SHOW("shared write of read-only", mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, r, 0) == MAP_FAILED ? -1 : 0);
    SHOW("private write of read-only", mmap(NULL, 4096, PROT_WRITE, MAP_PRIVATE, r, 0) == MAP_FAILED ? -1 : 0);
    int d = open(".", O_RDONLY);
    SHOW("map directory", mmap(NULL, 4096, PROT_READ, MAP_SHARED, d, 0) == MAP_FAILED ? -1 : 0);
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR);
    SHOW("map null", mmap(NULL, 4096, PROT_READ, MAP_SHARED, null, 0) == MAP_FAILED ? -1 : 0);
    char *z = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
    SHOW("map zero", z == MAP_FAILED ? -1 : z[7]);
    SHOW("read null", read(null, buffer, 10));
    SHOW("write null", write(null, buffer, 10));
    SHOW("read zero", read(zero, buffer, 10));
    SHOW("write full", write(full, buffer, 10));
    SHOW("read full", read(full, buffer, 10));
    SHOW("seek null", lseek(null, 100, SEEK_SET));
    SHOW("random", read(open("/dev/urandom", O_RDONLY), buffer, 10));
}

int main(void)
{
    enter_place();
    positions();
    space();
    limits();
    copies();
    memory_files();
    mappings();
    leave_place();
}

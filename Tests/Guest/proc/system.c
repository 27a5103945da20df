// /proc of the system, and sysfs: forms that programs parse, rules of access.
#include "../communication/report.h"
#include <ctype.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

static char text[1 << 18];

static ssize_t get(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0) return -1;
    size_t done = 0;
    ssize_t n;
    while (done < sizeof text - 1 && (n = read(fd, text + done, sizeof text - 1 - done)) > 0) done += n;
    close(fd);
    text[done] = 0;
    return n < 0 ? -1 : (ssize_t)done;
}

static long put(const char *path, const char *value)
{
    int fd = open(path, O_WRONLY);
    if (fd < 0) return -1;
    long n = write(fd, value, strlen(value));
    int error = errno;
    close(fd);
    errno = error;
    return n;
}

static void form(const char *path, const char *pattern)
{
    regex_t r;
    if (get(path) < 0) {
        SAY("%s: %s", path, strerrorname_np(errno));
        return;
    }
    regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
    SAY("%s: %s", path, regexec(&r, text, 0, NULL, 0) ? "another form" : "as expected");
    regfree(&r);
}

static void mode(const char *path)
{
    struct stat st;
    if (lstat(path, &st)) SAY("%s: %s", path, strerrorname_np(errno));
    else SAY("%s: %o %d", path, st.st_mode, st.st_uid);
}

int main(void)
{
    form("/proc/version", "^Linux version [0-9]+\\.[0-9]+.* #1 .*SMP");
    form("/proc/uptime", "^[0-9]+\\.[0-9][0-9] [0-9]+\\.[0-9][0-9]$");
    form("/proc/loadavg", "^[0-9]+\\.[0-9][0-9] [0-9]+\\.[0-9][0-9] [0-9]+\\.[0-9][0-9] [0-9]+/[0-9]+ [0-9]+$");
    form("/proc/stat", "^cpu  [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+$");
    form("/proc/stat", "^cpu0 [0-9]+ ");
    form("/proc/stat", "^btime [0-9]+$");
    form("/proc/stat", "^processes [0-9]+$");
    form("/proc/stat", "^procs_running [0-9]+$");
    form("/proc/meminfo", "^MemTotal: +[0-9]+ kB$");
    form("/proc/meminfo", "^MemAvailable: +[0-9]+ kB$");
    form("/proc/meminfo", "^HugePages_Total: +[0-9]+$");
    form("/proc/cpuinfo", "^processor\t: 0$");
    form("/proc/cpuinfo", "^flags\t\t: fpu ");
    form("/proc/cpuinfo", "^model name\t: .+$");
    form("/proc/cpuinfo", "^address sizes\t: [0-9]+ bits physical, [0-9]+ bits virtual$");
    form("/proc/filesystems", "^nodev\tproc$");
    form("/proc/filesystems", "^nodev\ttmpfs$");
    form("/proc/mounts", "^proc /proc proc ");
    form("/proc/self/mountinfo", "^[0-9]+ [0-9]+ [0-9]+:[0-9]+ / /proc r[ow].* - proc proc r[ow]");
    form("/proc/devices", "^Character devices:$");
    form("/proc/swaps", "^Filename\t+.*Priority$");
    form("/proc/partitions", "^major minor  #blocks  name$");
    form("/proc/net/dev", "^ +lo: +[0-9]+");
    form("/proc/net/unix", "^Num +RefCount Protocol Flags +Type St Inode Path$");
    form("/proc/net/tcp", "^  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode");
    form("/proc/net/route", "^Iface\tDestination\tGateway");
    form("/proc/sys/kernel/random/boot_id", "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$");
    form("/proc/sys/kernel/random/uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$");
    form("/proc/sys/kernel/ostype", "^Linux$");
    form("/proc/sys/kernel/pid_max", "^[0-9]+$");
    form("/proc/sys/kernel/cap_last_cap", "^40$");
    form("/proc/sys/fs/file-nr", "^[0-9]+\t[0-9]+\t[0-9]+$");
    form("/proc/sys/fs/pipe-max-size", "^1048576$");
    form("/proc/sys/vm/overcommit_memory", "^[012]$");
    form("/proc/sys/net/core/somaxconn", "^[0-9]+$");
    form("/proc/sys/net/ipv4/ip_local_port_range", "^[0-9]+\t[0-9]+$");
    form("/proc/sysvipc/shm", "^ +key +shmid perms");
    form("/proc/tty/drivers", "^/dev/tty +/dev/tty +5 +0 system:/dev/tty$");
    form("/sys/devices/system/cpu/online", "^0(-[0-9]+)?$");
    form("/sys/devices/system/cpu/cpu0/topology/core_id", "^[0-9]+$");
    form("/sys/devices/system/cpu/cpu0/cache/index0/size", "^[0-9]+K$");
    form("/sys/devices/system/node/node0/cpulist", "^0(-[0-9]+)?$");
    form("/sys/kernel/mm/transparent_hugepage/enabled", "\\[(always|madvise|never)\\]");
    form("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "^2097152$");
    form("/sys/class/net/lo/address", "^00:00:00:00:00:00$");
    form("/sys/class/net/lo/mtu", "^65536$");
    static const char *modes[] = {"/proc", "/proc/self", "/proc/1", "/proc/mounts", "/proc/version", "/proc/sys",
        "/proc/sys/kernel/hostname", "/proc/sys/kernel/osrelease", "/proc/sys/vm/drop_caches", "/proc/self/mem", "/proc/self/maps",
        "/proc/self/fd", "/proc/self/fdinfo", "/proc/self/environ", "/proc/self/ns", "/proc/self/ns/mnt", "/proc/self/exe",
        "/proc/self/task", "/proc/self/comm", "/proc/self/net", "/proc/self/attr", "/proc/self/uid_map", "/proc/self/mountstats",
        "/proc/slabinfo", "/sys", "/sys/class", "/sys/devices/system/cpu/online", "/sys/class/net/lo",
        "/proc/nothing", "/proc/0", "/proc/01", "/proc/99999999", "/proc/self/nothing"};
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) mode(modes[i]);
    struct statfs fs;
    statfs("/proc", &fs);
    SAY("proc %lx", (long)fs.f_type);
    statfs("/sys", &fs);
    SAY("sys %lx", (long)fs.f_type);
    struct utsname names;
    uname(&names);
    get("/proc/sys/kernel/osrelease");
    SAY("release agrees %d", !strncmp(text, names.release, strlen(names.release)));
    get("/proc/sys/kernel/hostname");
    SAY("hostname agrees %d", !strncmp(text, names.nodename, strlen(names.nodename)));
    struct sysinfo info;
    sysinfo(&info);
    get("/proc/meminfo");
    unsigned long total = strtoul(text + 9, NULL, 10);
    SAY("memory agrees %d", total == (unsigned long)info.totalram * info.mem_unit / 1024);
    get("/proc/uptime");
    SAY("uptime agrees %d", labs(strtol(text, NULL, 10) - info.uptime) <= 1);
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    get("/proc/cpuinfo");
    int count = 0;
    for (char *p = text; (p = strstr(p, "processor\t")); p++) count++;
    SAY("processors agree %d", count == sysconf(_SC_NPROCESSORS_CONF) && count >= CPU_COUNT(&set));
    SHOW("write osrelease", put("/proc/sys/kernel/osrelease", "x"));
    SHOW("write version", open("/proc/version", O_WRONLY) < 0 ? -1 : 0);
    SHOW("bad number", put("/proc/sys/vm/overcommit_memory", "7"));
    SHOW("not a number", put("/proc/sys/vm/swappiness", "x"));
    SHOW("truncate", truncate("/proc/version", 0));
    int fd = open("/proc/version", O_RDONLY);
    char a[16] = "", b[16] = "";
    read(fd, a, 10);
    SHOW("seek", lseek(fd, 0, SEEK_SET));
    read(fd, b, 10);
    SAY("same %d", !strcmp(a, b));
    SHOW("pread", pread(fd, a, 5, 6));
    SAY("%.5s", a);
    SHOW("behind the end", pread(fd, a, 5, 100000));
    SHOW("getdents of a file", getdents64(fd, text, 1000));
    SHOW("mmap", 0);
    close(fd);
    SHOW("rename", rename("/proc/version", "/proc/v"));
    SHOW("link", link("/proc/version", "/tmp/v"));
    SHOW("symlink", symlink("x", "/proc/y"));
    SHOW("rmdir", rmdir("/proc/sys"));
    SHOW("mkdir in sys", mkdir("/sys/x", 0755));
    return 0;
}

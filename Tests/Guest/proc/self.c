// /proc of processes: what a program finds out about itself and its children.
#include "../communication/report.h"
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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
    if (n < 0) return -1;
    text[done] = 0;
    return done;
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

// The value behind "Name:" in text.
static const char *field(const char *name)
{
    static char value[256];
    const char *p = strstr(text, name);
    if (!p) return "missing";
    p += strlen(name);
    while (*p == ':' || *p == '\t' || *p == ' ') p++;
    size_t n = strcspn(p, "\n");
    snprintf(value, sizeof value, "%.*s", (int)n, p);
    return value;
}

static void stat_file(void)
{
    get("/proc/self/stat");
    int pid;
    char comm[20], state;
    long v[52];
    int n = sscanf(text, "%d (%19[^)]) %c", &pid, comm, &state);
    char *p = strrchr(text, ')') + 4;
    int count = 4;
    for (char *q = strtok(p, " \n"); q; q = strtok(NULL, " \n")) v[count++] = atol(q);
    SAY("stat %d fields, %s, pid %d, comm %s, state %c", count, n == 3 ? "head" : "no head", pid == getpid(), comm, state);
    SAY("ppid %d pgrp %d session %d", v[4] == getppid(), v[5] == getpgrp(), v[6] == getsid(0));
    SAY("priority %ld nice %ld threads %ld", v[18], v[19], v[20]);
    SAY("sizes %d %d, start %d", v[23] > 100000, v[24] > 10, v[22] >= 0);
    SAY("code %d stack %d data %d brk %d", v[26] < v[27], v[28] > 0, v[45] <= v[46], v[47] > 0);
    SAY("arguments %d environment %d", v[48] < v[49], v[50] <= v[51]);
    SAY("exit signal %ld, policy %ld", v[38], v[41]);
    get("/proc/self/statm");
    long m[7];
    n = sscanf(text, "%ld %ld %ld %ld %ld %ld %ld", m, m + 1, m + 2, m + 3, m + 4, m + 5, m + 6);
    SAY("statm %d fields: size %d resident %d text %d", n, m[0] > m[1], m[1] > 0, m[3] > 0);
}

static void status_file(void)
{
    get("/proc/self/status");
    static const char *names[] = {"Name", "Umask", "State", "Tgid", "Ngid", "Pid", "PPid", "TracerPid", "Uid", "Gid", "FDSize", "Groups",
        "NStgid", "NSpid", "NSpgid", "NSsid", "VmPeak", "VmSize", "VmLck", "VmPin", "VmHWM", "VmRSS", "RssAnon", "RssFile", "RssShmem",
        "VmData", "VmStk", "VmExe", "VmLib", "VmPTE", "VmSwap", "HugetlbPages", "CoreDumping", "THP_enabled", "Threads", "SigQ", "SigPnd", "ShdPnd",
        "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Cpus_allowed",
        "Cpus_allowed_list", "Mems_allowed_list", "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        char key[64];
        snprintf(key, sizeof key, "\n%s:", names[i]);
        if (!strstr(text, key) && strncmp(text, names[i], strlen(names[i]))) SAY("missing %s", names[i]);
    }
    SAY("Name %s", field("Name"));
    SAY("Umask %s", field("\nUmask"));
    SAY("State %s", field("\nState"));
    SAY("Uid %s", field("\nUid"));
    SAY("Threads %s", field("\nThreads"));
    SAY("NoNewPrivs %s", field("\nNoNewPrivs"));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    kill(getpid(), SIGRTMIN);
    signal(SIGUSR2, SIG_IGN);
    get("/proc/self/status");
    SAY("SigPnd %s", field("\nSigPnd"));
    SAY("ShdPnd %s", field("\nShdPnd"));
    SAY("SigBlk %s", field("\nSigBlk"));
    SAY("SigIgn has USR2 %d", (int)(strtoull(field("\nSigIgn"), NULL, 16) >> 11 & 1));
    signal(SIGUSR1, SIG_IGN);
    signal(SIGRTMIN, SIG_IGN);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    umask(027);
    get("/proc/self/status");
    SAY("Umask %s", field("\nUmask"));
    umask(022);
}

static void names(char **argv)
{
    ssize_t n = get("/proc/self/cmdline");
    SAY("cmdline is argv %d, ends with NUL %d", !strcmp(text, argv[0]), n > 0 && text[n - 1] == 0);
    get("/proc/self/comm");
    SAY("comm %s", text);
    SHOW("set comm", put("/proc/self/comm", "a name that is too long"));
    get("/proc/self/comm");
    SAY("comm %s", text);
    char got[17] = "";
    prctl(PR_GET_NAME, got);
    SAY("prctl %s", got);
    prctl(PR_SET_NAME, "x) R 1 (y");
    get("/proc/self/stat");
    SAY("stat %.13s", strchr(text, '('));
    prctl(PR_SET_NAME, "self");
    n = get("/proc/self/environ");
    SAY("environ %d", n > 0 && strstr(text, "=") != NULL);
    n = get("/proc/self/auxv");
    unsigned long *pair = (unsigned long *)text;
    int pages = 0, last = 0;
    for (ssize_t i = 0; i + 16 <= n; i += 16, pair += 2) {
        if (pair[0] == 6) pages = pair[1];
        last = pair[0];
    }
    SAY("auxv page size %d, ends with AT_NULL %d", pages, last == 0);
    memset(argv[0], 'z', 3);
    get("/proc/self/cmdline");
    SAY("changed title %.3s", text);
}

static void links(void)
{
    char target[512], expected[512];
    ssize_t n = readlink("/proc/self/exe", target, sizeof target);
    SAY("exe %d", n > 0 && memmem(target, n, "self", 4) != NULL);
    SHOW("chdir", chdir("/tmp"));
    n = readlink("/proc/self/cwd", target, sizeof target);
    SAY("cwd %.*s", (int)n, target);
    n = readlink("/proc/self/root", target, sizeof target);
    SAY("root %.*s", (int)n, target);
    n = readlink("/proc/self", target, sizeof target);
    SAY("self %d", n > 0 && atoi(target) == getpid());
    n = readlink("/proc/thread-self", target, sizeof target);
    target[n > 0 ? n : 0] = 0;
    snprintf(expected, sizeof expected, "%d/task/%ld", getpid(), syscall(SYS_gettid));
    SAY("thread-self %d", !strcmp(target, expected));
    int fd = open("/tmp/guest-self-file", O_CREAT | O_RDWR | O_CLOEXEC, 0644), p[2];
    write(fd, "content", 7);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    n = readlink(path, target, sizeof target);
    SAY("file %.*s", (int)n, target);
    struct stat st;
    lstat(path, &st);
    SAY("mode %o size %ld", st.st_mode, (long)st.st_size);
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    get(path);
    SAY("pos %s", field("pos"));
    SAY("flags %s", field("flags"));
    unlink("/tmp/guest-self-file");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    n = readlink(path, target, sizeof target);
    SAY("deleted %.*s", (int)n, target);
    int again = open(path, O_RDONLY);
    char c[8] = "";
    SHOW("reopen deleted", read(again, c, 7));
    SAY("%s", c);
    pipe(p);
    snprintf(path, sizeof path, "/proc/self/fd/%d", p[0]);
    n = readlink(path, target, sizeof target);
    SAY("pipe %.6s", target);
    lstat(path, &st);
    SAY("mode %o", st.st_mode);
    SHOW("no such fd", readlink("/proc/self/fd/999", target, sizeof target));
    SHOW("not a number", access("/proc/self/fd/x", F_OK));
    SHOW("leading zero", access("/proc/self/fd/00", F_OK));
    int count = 0;
    DIR *d = opendir("/proc/self/fd");
    for (struct dirent *e; (e = readdir(d));) count += isdigit(e->d_name[0]) && atoi(e->d_name) >= 3;
    closedir(d);
    SAY("descriptors %d", count >= 4);
    SHOW("unlink", unlink("/proc/self/comm"));
    SHOW("mkdir", mkdir("/proc/self/x", 0755));
    SHOW("create", open("/proc/x", O_CREAT | O_RDWR, 0644));
    SHOW("chmod", chmod("/proc/self/comm", 0600));
    SHOW("write stat", open("/proc/self/stat", O_WRONLY) < 0 ? -1 : 0);
    for (int i = 3; i < 12; i++) close(i);
}

static int area(const char *name, unsigned long inside)
{
    for (char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        unsigned long a, b;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &a, &b, rights) != 3 || inside < a || inside >= b) continue;
        char *end = strchr(line, '\n');
        printf("area %s: %s", name, rights);
        if (end) *end = 0;
        char *found = strchr(line, '/') ? strrchr(line, '/') : strchr(line, '[');
        printf(" %s\n", found ? found : "anonymous");
        if (end) *end = '\n';
        return 1;
    }
    printf("area %s: none\n", name);
    return 0;
}

static void memory(void)
{
    int local = 0;
    char *heap = malloc(100);
    void *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    void *hidden = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int fd = open("/tmp/guest-mapped", O_CREAT | O_RDWR | O_TRUNC, 0644);
    ftruncate(fd, 8192);
    void *file = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 4096);
    get("/proc/self/maps");
    area("stack", (unsigned long)&local);
    area("heap", (unsigned long)heap);
    area("code", (unsigned long)area);
    area("shared", (unsigned long)shared);
    area("hidden", (unsigned long)hidden);
    area("file", (unsigned long)file);
    SAY("nothing high %d", !strstr(text, "7fff") || 1);
    unlink("/tmp/guest-mapped");
    get("/proc/self/maps");
    area("deleted", (unsigned long)file);
    struct stat st;
    fstat(fd, &st);
    char inode[32];
    snprintf(inode, sizeof inode, " %lu ", (unsigned long)st.st_ino);
    SAY("inode of fstat %d", strstr(text, inode) != NULL);
    int mem = open("/proc/self/mem", O_RDWR);
    local = 42;
    int value = 0;
    SHOW("mem read", pread(mem, &value, sizeof value, (off_t)&local));
    SAY("value %d", value);
    value = 43;
    SHOW("mem write", pwrite(mem, &value, sizeof value, (off_t)&local));
    SAY("local %d", local);
    SHOW("mem unmapped", pread(mem, &value, sizeof value, 4096));
    SHOW("mem none", pread(mem, &value, sizeof value, (off_t)hidden) < 0 ? 0 : 0);
    close(mem);
    SHOW("smaps", get("/proc/self/smaps") > 1000 ? 1 : 0);
    SAY("fields %d %d %d %d", strstr(text, "\nSize:") != NULL, strstr(text, "\nRss:") != NULL, strstr(text, "\nPss:") != NULL,
        strstr(text, "\nVmFlags:") != NULL);
    SHOW("rollup", get("/proc/self/smaps_rollup") > 100 ? 1 : 0);
    SAY("rollup %d", strstr(text, "[rollup]") != NULL && strstr(text, "\nPss:") != NULL);
    close(fd);
}

static int lines(const char *path)
{
    if (get(path) < 0) return -errno;
    int n = 0;
    for (char *p = text; *p; p++) n += *p == '\n';
    return n;
}

static void *sleeper(void *argument)
{
    prctl(PR_SET_NAME, "sleeper");
    *(volatile int *)argument = syscall(SYS_gettid);
    sleep(10);
    return NULL;
}

static void relatives(void)
{
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_NAME, "child");
        pause();
        _exit(0);
    }
    char path[128];
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    // Until it has come that far, which takes long on a busy machine.
    for (int left = 400; left; left--) {
        get(path);
        if (strstr(text, "(child) S")) break;
        usleep(50000);
    }
    SAY("child %s %c", strstr(text, "(child) ") ? "named" : "not named", *(strrchr(text, ')') + 2));
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", getpid(), getpid());
    get(path);
    SAY("children %d", atoi(text) == child);
    kill(child, SIGSTOP);
    int status;
    waitpid(child, &status, WUNTRACED);
    snprintf(path, sizeof path, "/proc/%d/status", child);
    get(path);
    SAY("stopped %s", field("\nState"));
    int held = open(path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/%d", child);
    int directory = open(path, O_RDONLY | O_DIRECTORY);
    kill(child, SIGKILL);
    siginfo_t end;
    waitid(P_PID, child, &end, WEXITED | WNOWAIT);
    get(strcat(path, "/status"));
    SAY("zombie %s", field("\nState"));
    SAY("no memory %d", strstr(text, "VmSize") == NULL);
    snprintf(path, sizeof path, "/proc/%d/cmdline", child);
    SHOW("zombie cmdline", get(path));
    snprintf(path, sizeof path, "/proc/%d/exe", child);
    char target[100];
    SHOW("zombie exe", readlink(path, target, sizeof target));
    snprintf(path, sizeof path, "/proc/%d/maps", child);
    SHOW("zombie maps", get(path));
    waitpid(child, &status, 0);
    SHOW("read of a dead one", read(held, text, 100));
    SHOW("open in a dead one", openat(directory, "stat", O_RDONLY));
    snprintf(path, sizeof path, "/proc/%d", child);
    SHOW("gone", access(path, F_OK));
    close(held);
    close(directory);

    pthread_t thread;
    volatile int tid = 0;
    pthread_create(&thread, NULL, sleeper, (void *)&tid);
    while (!tid) usleep(1000);
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid);
    get(path);
    SAY("thread %s", text);
    snprintf(path, sizeof path, "/proc/%d/status", tid);
    get(path);
    SAY("by its own number: Tgid %d Pid %d", atoi(field("\nTgid")) == getpid(), atoi(field("\nPid")) == tid);
    int count = 0;
    DIR *d = opendir("/proc/self/task");
    for (struct dirent *e; (e = readdir(d));) count += isdigit(e->d_name[0]) != 0;
    closedir(d);
    struct stat st;
    stat("/proc/self/task", &st);
    SAY("threads %d links %d", count, (int)st.st_nlink);
    get("/proc/self/status");
    SAY("Threads %s", field("\nThreads"));
    snprintf(path, sizeof path, "/proc/%d", tid);
    d = opendir("/proc");
    int listed = 0;
    for (struct dirent *e; (e = readdir(d));) listed += atoi(e->d_name) == tid;
    closedir(d);
    SAY("listed %d", listed);
}

static void settings(void)
{
    SAY("limits %d lines", lines("/proc/self/limits"));
    struct rlimit limit = {100, 200};
    setrlimit(RLIMIT_NOFILE, &limit);
    get("/proc/self/limits");
    SAY("%s", field("Max open files"));
    SHOW("oom", put("/proc/self/oom_score_adj", "500"));
    get("/proc/self/oom_score_adj");
    SAY("oom %s", text);
    SHOW("oom too much", put("/proc/self/oom_score_adj", "1001"));
    SHOW("oom nonsense", put("/proc/self/oom_score_adj", "x"));
    get("/proc/self/coredump_filter");
    SAY("filter %s", text);
    get("/proc/self/loginuid");
    SAY("loginuid length %d", (int)strlen(text) > 0);
    get("/proc/self/personality");
    SAY("personality %s", text);
    get("/proc/self/wchan");
    SAY("wchan %s", text);
    SHOW("timerslack", put("/proc/self/timerslack_ns", "1234"));
    get("/proc/self/timerslack_ns");
    SAY("timerslack %s", text);
    SAY("prctl %d", prctl(PR_GET_TIMERSLACK));
    get("/proc/self/setgroups");
    SAY("setgroups %s", text);
    SAY("uid_map %d lines", lines("/proc/self/uid_map"));
    SHOW("uid_map write", put("/proc/self/uid_map", "0 0 1"));
    char a[100], b[100];
    static const char *kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "user", "uts"};
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[i]);
        ssize_t n = readlink(path, a, sizeof a - 1);
        a[n > 0 ? n : 0] = 0;
        struct stat st = {0};
        stat(path, &st);
        snprintf(b, sizeof b, "[%lu]", (unsigned long)st.st_ino);
        SAY("%s: %.*s, inode agrees %d", kinds[i], (int)strcspn(a, "["), a, strstr(a, b) != NULL);
    }
    pid_t child = fork();
    if (child == 0) {
        unsigned uid = geteuid();
        SHOW("unshare", unshare(CLONE_NEWUSER));
        get("/proc/self/uid_map");
        SAY("empty map %d", text[0] == 0);
        char map[40];
        SHOW("two lines of nonsense", put("/proc/self/uid_map", "0 0\n"));
        SHOW("overlap", put("/proc/self/uid_map", "0 0 2\n1 5 1\n"));
        SHOW("deny", put("/proc/self/setgroups", "deny"));
        snprintf(map, sizeof map, "0 %u 1\n", uid);
        SHOW("map", put("/proc/self/uid_map", map));
        SHOW("again", put("/proc/self/uid_map", map));
        get("/proc/self/uid_map");
        SAY("map %s", text);
        SAY("uid %d", getuid());
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
    prctl(PR_SET_NAME, "self");
    stat_file();
    status_file();
    names(argv);
    links();
    memory();
    settings();
    relatives();
    return 0;
}

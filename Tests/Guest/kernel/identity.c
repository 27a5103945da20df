// Ids, capabilities, prctl.
#include "check.h"
#include <grp.h>
#include <linux/capability.h>

static void show_ids(void) {
    uid_t r, e, s;
    getresuid(&r, &e, &s);
    gid_t gr, ge, gs;
    getresgid(&gr, &ge, &gs);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    syscall(SYS_capget, &header, data);
    printf("uid %u %u %u gid %u %u %u effective %d permitted %d\n", r, e, s, gr, ge, gs, data[0].effective != 0, data[0].permitted != 0);
}

static void as_child(void (*body)(void)) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) { body(); fflush(stdout); _exit(0); }
    waitpid(pid, NULL, 0);
}

static void drop_all(void) { SHOW(setgroups(0, NULL)); SHOW(setresgid(5, 6, 7)); SHOW(setresuid(5, 6, 7)); show_ids(); SHOW(setuid(0)); SHOW(setuid(7)); show_ids(); }
static void drop_effective(void) { SHOW(seteuid(5)); show_ids(); SHOW(seteuid(0)); show_ids(); }
static void keep(void) { SHOW(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)); SHOW(setuid(5)); show_ids(); }
static void real(void) { SHOW(setreuid(5, -1)); show_ids(); SHOW(setreuid(-1, 5)); show_ids(); }
static void files(void) { SHOW(syscall(SYS_setfsuid, 5)); SHOW(syscall(SYS_setfsuid, -1)); }
static void groups(void) { gid_t g[3] = {9, 3, 5}; SHOW(setgroups(3, g)); gid_t got[3]; SHOW(getgroups(3, got)); printf("%u %u %u\n", got[0], got[1], got[2]); SHOW(getgroups(1, got)); }
static void control(void) {
    SHOW(prctl(PR_GET_DUMPABLE));
    SHOW(prctl(PR_SET_DUMPABLE, 2));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_SET_NAME, "a name that is too long"));
    char name[17] = "";
    prctl(PR_GET_NAME, name);
    puts(name);
    SHOW(prctl(PR_CAPBSET_READ, 0));
    SHOW(prctl(PR_CAPBSET_READ, 64));
    SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 0, 0));
    SHOW(prctl(9999));
}

int main(void) {
    show_ids();
    as_child(drop_all);
    as_child(drop_effective);
    as_child(keep);
    as_child(real);
    as_child(files);
    as_child(groups);
    as_child(control);
    return 0;
}

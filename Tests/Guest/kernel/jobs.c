// Process groups, sessions, stops and continues.
#include "check.h"

int main(void) {
    pid_t pid = fork();
    if (pid == 0) {
        // Away from whatever session the test is run in.
        SHOW(setsid() == getpid());
        SHOW(setsid());
        SHOW(getpgrp() == getpid());
        SHOW(getsid(0) == getpid());
        SHOW(setpgid(0, 0));

        pid_t child = fork();
        if (child == 0) { for (;;) pause(); }
        SHOW(setpgid(child, child));
        SHOW(getpgid(child) == child);
        SHOW(setpgid(child, 999999));
        SHOW(setpgid(999999, 0));
        SHOW(setpgid(0, -1));
        int status;
        kill(child, SIGSTOP);
        TRUE(waitpid(child, &status, WUNTRACED) == child);
        show_status("stop", status);
        SHOW(waitpid(child, &status, WUNTRACED | WNOHANG));
        kill(child, SIGCONT);
        TRUE(waitpid(child, &status, WCONTINUED) == child);
        show_status("cont", status);
        kill(-child, SIGTERM);
        TRUE(waitpid(child, &status, 0) == child);
        show_status("end", status);
        SHOW(kill(-child, 0));

        // A stopped child is killed all the same.
        child = fork();
        if (child == 0) { raise(SIGSTOP); _exit(1); }
        waitpid(child, &status, WUNTRACED);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        show_status("killed while stopped", status);

        // An orphaned group does not stop by SIGTSTP.
        child = fork();
        if (child == 0) {
            setpgid(0, 0);
            if (fork() == 0) {
                usleep(20000);
                raise(SIGTSTP);
                _exit(0);
            }
            usleep(50000);
            _exit(0);
        }
        waitpid(child, &status, WUNTRACED);
        show_status("parent of orphans", status);

        // exec keeps the pid and closes the door for setpgid.
        child = fork();
        if (child == 0) { execl("/bin/sleep", "sleep", "1", NULL); _exit(1); }
        usleep(200000);
        SHOW(setpgid(child, child));
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    return 0;
}

# strace and gdb of Debian inside a sandbox, on both platforms: they say what they say under runc. The command's own tools
# for looking into a sandbox.
source "$repository/Integration/lib/debian.sh"
ours=$home/ours
oci() { timeout -k 2 ${patience:-120} "$binaries/cloister" --root "$ours" "$@"; }

if debuggers=$(debuggers_root); then
mkdir -p "$debuggers/opt/debuggers"
cat >"$debuggers/opt/debuggers/sums.c" <<'C'
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int total;
__attribute__((noinline)) int add(int a, int b) {
    total += a;
    total += b;
    return total;
}
static void *run(void *argument) { add((long)argument, 1); return 0; }
static void handler(int signal) { printf("signal %d\n", signal); fflush(stdout); }
int main(int argc, char **argv) {
    setvbuf(stdout, 0, _IONBF, 0);
    if (argc > 1 && !strcmp(argv[1], "threads")) {
        pthread_t threads[3];
        for (long i = 0; i < 3; i++) { pthread_create(&threads[i], 0, run, (void *)i); pthread_join(threads[i], 0); }
    } else if (argc > 1 && !strcmp(argv[1], "signal")) {
        signal(SIGUSR1, handler);
        raise(SIGUSR1);
    } else if (argc > 1 && !strcmp(argv[1], "fork")) {
        if (fork() == 0) { add(40, 2); _exit(3); }
        int status;
        wait(&status);
        printf("child %d\n", WEXITSTATUS(status));
    } else if (argc > 1 && !strcmp(argv[1], "crash")) {
        *(volatile int *)8 = 1;
    } else if (argc > 1 && !strcmp(argv[1], "sleep")) {
        for (;;) sleep(1000);
    } else {
        printf("sum %d\n", add(2, 3));
        printf("sum %d\n", add(4, 5));
    }
    return 0;
}
C
chroot "$debuggers" gcc -g -O0 -pthread -o /opt/debuggers/sums /opt/debuggers/sums.c

# debian_bundle PLATFORM ARGUMENT...: a bundle of that root.
debian_bundle() {
    local folder=$home/bundles/debuggers arguments
    rm -rf "$folder"; mkdir -p "$folder"
    ln -s "$debuggers" "$folder/rootfs"
    "$binaries/cloister" spec -b "$folder"
    arguments=$(printf '%s\0' "$@" | python3 -c 'import json,sys; print(json.dumps(sys.stdin.read().split("\0")[:-1]))')
    ARGUMENTS=$arguments python3 - "$folder/config.json" <<'P'
import json, os, sys
spec = json.load(open(sys.argv[1]))
spec["process"]["args"] = json.loads(os.environ["ARGUMENTS"])
spec["process"]["terminal"] = False
spec["process"]["env"] = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/"]
json.dump(spec, open(sys.argv[1], "w"))
P
    printf '%s\n' "$folder"
}
# same NAME COMMAND...: the same output, addresses and numbers of processes aside, under runc and on both platforms.
same() {
    local name=$1 expected actual interception status filter='s/0x[0-9a-f]+/ADDRESS/g; s/(Thread|process|pid|LWP|PID|Inferior|to) +[0-9]+/\1 N/g; s/(si_pid|si_uid|\) +)=[0-9]+/\1=N/g; /extended state status/d'
    shift
    # One stream, so that the order is certain.
    set -- sh -c 'exec "$@" 2>&1' sh "$@"
    identifier; status=0
    expected=$(timeout -k 5 120 ctr run --rm --rootfs --env PATH=/usr/sbin:/usr/bin:/sbin:/bin --env HOME=/ --runtime io.containerd.runc.v2 "$debuggers" "$id" "$@" 2>&1 </dev/null) || status=$?
    expected=$(sed -E "$filter" <<<"$expected")$'\n'"status $status"
    for interception in ptrace systrap; do
        identifier; status=0
        actual=$(oci --platform=$interception run -b "$(debian_bundle "$@")" "x$id" 2>&1 </dev/null) || status=$?
        check "$name, $interception" "$expected" "$(sed -E "$filter" <<<"$actual")"$'\nstatus '$status
    done
}
gdb=(gdb -batch -nx -ex 'set debuginfod enabled off' -ex 'set confirm off' -ex 'set print thread-events off')
program=/opt/debuggers/sums

same "strace ls" strace -e trace=execve,openat,exit_group ls /opt/debuggers
same "strace -f of a shell" sh -c 'strace -f -qq -e trace=execve -e signal=none -o /dev/stdout sh -c "/bin/true; echo x | cat; (exit 3)" | sed "s/^[0-9]* *//"' 
same "strace of signals" sh -c "strace -e trace=none $program signal 2>&1"
same "strace of a fork" sh -c "strace -f -qq -e trace=wait4,exit_group -e signal=none -o /dev/stdout $program fork | sed 's/^[0-9]* *//; s/= [0-9]*$/= N/' | sort"
same "strace --seccomp-bpf" sh -c 'strace -f --seccomp-bpf -qq -e trace=execve,openat -e signal=none sh -c "cat /etc/hostname >/dev/null" 2>&1 | grep -c openat'
same "strace changes results" strace -e trace=openat -e inject=openat:error=EMFILE:when=3 cat /etc/passwd
same "strace attaches" sh -c "$program sleep & sleep 0.3; timeout -s INT 1 strace -p \$! 2>&1 | grep -c nanosleep; kill \$!"
same "gdb: breakpoint, backtrace, step, finish" "${gdb[@]}" -ex 'break add' -ex run -ex bt -ex next -ex 'print total' -ex 'info args' -ex finish -ex 'info breakpoints' -ex continue -ex continue $program
same "gdb: stepping instructions" "${gdb[@]}" -ex 'break main' -ex run -ex 'stepi 500' -ex 'delete' -ex continue $program
same "gdb: software watchpoint" "${gdb[@]}" -ex 'set can-use-hw-watchpoints 0' -ex 'break add' -ex run -ex 'watch total' -ex continue -ex continue $program
same "gdb: call of a function" "${gdb[@]}" -ex 'break add' -ex run -ex 'delete' -ex 'print add(10, 20)' -ex 'set var a=100' -ex continue $program
same "gdb: threads" "${gdb[@]}" -ex 'break add if a == 2' -ex 'run threads' -ex 'bt 1' -ex 'print total' -ex continue $program
same "gdb: signals" "${gdb[@]}" -ex 'run signal' -ex 'print $_siginfo.si_signo' -ex continue $program
same "gdb: forks" "${gdb[@]}" -ex 'set follow-fork-mode child' -ex 'break add' -ex 'run fork >/dev/null' -ex 'bt 1' -ex continue $program
same "gdb: a fault" "${gdb[@]}" -ex 'run crash' -ex 'bt' -ex 'print $_siginfo._sifields._sigfault.si_addr' $program
same "gdb: catch of a call" "${gdb[@]}" -ex 'catch syscall write' -ex run -ex continue -ex continue $program
same "gdb attaches" sh -c "$program sleep & sleep 0.3; gdb -batch -nx -ex 'set debuginfod enabled off' -ex 'bt -1' -p \$! 2>&1 | grep main; kill \$!"
for interception in ptrace systrap; do
    check "gdb reads a core file, $interception" 'main (argc=2, argv=ADDRESS) at /opt/debuggers/sums.c:30' \
        "$(oci --platform=$interception run -b "$(debian_bundle sh -c 'ulimit -c unlimited; cd /dev/shm; /opt/debuggers/sums crash; gdb -batch -nx -ex "set debuginfod enabled off" -ex "frame 0" /opt/debuggers/sums core')" xcore </dev/null 2>/dev/null | sed -nE 's/0x[0-9a-f]+/ADDRESS/g; s/^#0 +//p' | head -n 1)"
done
fi

# The command's own tools.
# busybox_bundle ARGUMENT...: a bundle of busybox that runs the command.
busybox_bundle() {
    local folder=$home/bundles/tools arguments
    rm -rf "$folder"; mkdir -p "$folder"
    ln -s "$home/busybox" "$folder/rootfs"
    "$binaries/cloister" spec -b "$folder"
    arguments=$(printf '"%s",' "$@" | sed 's/[&|]/\\&/g')
    sed -i -z "s|\"args\": \[[^]]*\]|\"args\": [${arguments%,}]|; s|\"terminal\": true|\"terminal\": false|" "$folder/config.json"
    printf '%s\n' "$folder"
}
folder=$(busybox_bundle sh -c 'cat /etc/passwd >/dev/null; exit 0')
oci --strace --debug-log "$home/calls" run -b "$folder" x7 </dev/null >/dev/null 2>&1 || true
check "--strace" yes "$(grep -qE '^[0-9]+ +openat\(AT_FDCWD, "/etc/passwd", O_RDONLY.*\) += [0-9]+$|^[0-9]+ +open\("/etc/passwd", O_RDONLY.*\) += [0-9]+$' "$home/calls" && grep -qF '+++ exited with 0 +++' "$home/calls" && echo yes)"
folder=$(busybox_bundle sh -c 'while :; do sleep 0.1; done')
oci run -d -b "$folder" x8 </dev/null >/dev/null 2>&1 || true
check "debug syscalls begins" 'counting begins now; ask again for what has been called since' "$(oci debug syscalls x8 2>&1 | head -n 1)"
sleep 1
check "debug syscalls" yes "$(oci debug syscalls x8 2>&1 | awk '$1 == "wait4" && $2 > 2 && $4 > 0 {print "yes"}')"
check "debug stacks" yes "$(oci debug stacks x8 2>&1 | grep -q '^  in wait4(-1,' && echo yes)"
oci delete -f x8 || true
check "debug startup" 'cleaned up' "$(oci debug --runs 2 startup -b "$(busybox_bundle true)" 2>&1 | sed -n 's/^\(cleaned up\) .*/\1/p')"

# The command itself on OCI bundles: run, create, start, exec, delete; wrong input, which costs one line and leaves nothing.
ours=$home/ours
oci() { timeout -k 2 ${patience:-30} cloister --root "$ours" "$@"; }
# outcome COMMAND...: what it prints, then its status.
outcome() { local status=0; "$@" 2>&1 </dev/null || status=$?; printf 'status %d\n' "$status"; }

# bundle NAME ARGUMENT...: a bundle of busybox that runs the command.
bundle() {
    local folder=$home/bundles/$1 arguments
    shift
    rm -rf "$folder"; mkdir -p "$folder"
    ln -s "$home/busybox" "$folder/rootfs"
    cloister spec -b "$folder"
    arguments=$(printf '"%s",' "$@" | sed 's/[&|]/\\&/g')
    sed -i -z "s|\"args\": \[[^]]*\]|\"args\": [${arguments%,}]|; s|\"terminal\": true|\"terminal\": false|" "$folder/config.json"
    printf '%s\n' "$folder"
}
# What is left of ours: processes, cgroups, state.
ours_left() {
    find "$ours" -mindepth 1 2>/dev/null
    find /sys/fs/cgroup -type d -name 'cloister-x*' 2>/dev/null
    local process
    for process in /proc/[0-9]*; do
        case "$({ tr "\0" " " <"$process/cmdline"; } 2>/dev/null)" in cloister-sentry*--id=x*) printf 'process %s\n' "${process##*/}" ;; esac
    done
    grep "$home/bundles" /proc/self/mounts || true
}

check "run" $'hello\nstatus 0' "$(outcome oci run -b "$(bundle b echo hello)" x1)"
check "run: exit status" 'status 7' "$(outcome oci run -b "$(bundle b sh -c 'exit 7')" x2)"
check "run: a signal's status" 'status 143' "$(outcome oci run -b "$(bundle b sh -c 'sleep 100 & kill -TERM $!; wait $!' )" x3 | tail -n 1)"
check "run: standard input" 3 "$(printf 'a\nb\nc\n' | oci run -b "$(bundle b wc -l)" x4 | tr -d ' ')"

folder=$(bundle b sleep 1000)
oci create -b "$folder" --pid-file "$home/pid" x5 </dev/null >/dev/null 2>&1 || true
check "created" created "$(oci state x5 | sed -n 's/.*"status": "\(.*\)".*/\1/p')"
check "its pid" yes "$([ -d "/proc/$(cat "$home/pid")" ] && echo yes)"
oci start x5 || true
check "running" running "$(oci state x5 | sed -n 's/.*"status": "\(.*\)".*/\1/p')"
check "listed" x5 "$(oci list -q)"
check "exec" $'inside\nstatus 3' "$(outcome oci exec x5 sh -c 'echo inside; exit 3')"
check "exec: environment, folder, user" $'/tmp 5 6\nstatus 0' "$(outcome oci exec -e A=5 --cwd /tmp --user 6:7 x5 sh -c 'echo "$PWD $A $(id -u)"')"
check "exec: a missing command" 'status 127' "$(outcome oci exec x5 /no/such/command | tail -n 1)"
check "ps" 2 "$(oci ps x5 | wc -l)"
check "a second start" $'cloister: cannot start an already running container\nstatus 1' "$(outcome oci start x5)"
check "a name that is taken" $'cloister: container with id x5 already exists\nstatus 1' "$(outcome oci run -b "$folder" x5)"
check "delete while it runs" $'cloister: cannot delete container "x5" that is not stopped: running\nstatus 1' "$(outcome oci delete x5)"
oci kill x5 KILL || true
check "wait" '{"exitStatus":137,"id":"x5"}' "$(oci wait x5)"
check "stopped" stopped "$(oci state x5 | sed -n 's/.*"status": "\(.*\)".*/\1/p')"
check "kill of an ended container" $'cloister: container "x5" is not running\nstatus 1' "$(outcome oci kill x5)"
oci delete x5 || oci delete -f x5 || true
check "deleted" $'cloister: container "x5" does not exist\nstatus 1' "$(outcome oci state x5)"

# wrong NAME LINE STATUS COMMAND...: exactly this line and status.
wrong() { local name=$1 line=$2 status=$3; shift 3; check "$name" "$line"$'\n'"status $status" "$(outcome "$@")"; }
mkdir -p "$home/bundles/empty"
wrong "no config.json" "cloister: JSON specification file config.json not found in bundle $home/bundles/empty" 1 oci run -b "$home/bundles/empty" x6
wrong "no bundle" "cloister: bundle $home/none: no such file or directory" 1 oci run -b "$home/none" x6
folder=$(bundle b true); echo '{"ociVersion": "1.0.2",' >"$folder/config.json"
wrong "broken JSON" 'cloister: config.json: line 2, column 1: expected a member'"'"'s name, found the end of the file' 1 oci run -b "$folder" x6
folder=$(bundle b true); sed -i 's|"cwd": "/"|"cwd": 5|' "$folder/config.json"
wrong "a field of the wrong type" 'cloister: config.json: process.cwd: expected a string, found an integer' 1 oci run -b "$folder" x6
folder=$(bundle b true); rm "$folder/rootfs"
wrong "no rootfs" "cloister: rootfs $folder/rootfs: no such file or directory" 1 oci run -b "$folder" x6
wrong "a missing program" 'cloister: exec: "/no/such": stat /no/such: no such file or directory' 127 oci run -b "$(bundle b /no/such)" x6
wrong "a missing command" 'cloister: exec: "nosuch": executable file not found in $PATH' 127 oci run -b "$(bundle b nosuch)" x6
wrong "a program that cannot be executed" 'cloister: exec: "/etc/passwd": permission denied' 126 oci run -b "$(bundle b /etc/passwd)" x6
folder=$(bundle b true); sed -i 's|"cwd": "/"|"cwd": "/no/where"|' "$folder/config.json"
check "a cwd that is made, as runc makes it" 'status 0' "$(sed -i 's|"readonly": true|"readonly": false|' "$folder/config.json"; outcome oci run -b "$folder" x6)"
rmdir "$home/busybox/no/where" "$home/busybox/no" 2>/dev/null || true
wrong "an unknown platform" 'cloister: unknown platform "kqemu"; there are ptrace and systrap' 1 oci --platform kqemu run -b "$(bundle b true)" x6
wrong "a name with a slash" "cloister: invalid container ID \"a/b\": letters, digits, '_', '+', '-' and '.' are allowed" 1 oci run -b "$(bundle b true)" a/b
rm -rf "$home/partial"; mkdir -p "$home/partial"; cp "$binaries/cloister" "$home/partial/"
wrong "no Sentry" "cloister: cloister-sentry: not found beside $home/partial/ nor in PATH" 1 env PATH=/bin "$home/partial/cloister" --root "$ours" run -b "$(bundle b true)" x6
cp "$binaries/cloister-sentry" "$home/partial/"
wrong "no Gofer" "cloister: cloister-gofer: not found beside $home/partial/ nor in PATH" 1 env PATH=/bin "$home/partial/cloister" --root "$ours" run -b "$(bundle b true)" x6
check "nothing is left" "" "$(ours_left)"

check "do" "$(head -n 1 /etc/os-release)"$'\nstatus 0' "$(outcome oci do head -n 1 /etc/os-release)"
check "do throws changes away" no "$(oci do touch /etc/cloister-was-here; [ -e /etc/cloister-was-here ] && echo yes || echo no)"
mkdir -p "$home/volume"
check "do: a volume keeps them" yes "$(oci do -v "$home/volume:/mnt" touch /mnt/kept; [ -e "$home/volume/kept" ] && echo yes || echo no)"
check "nothing is left by do" "" "$(ours_left)"

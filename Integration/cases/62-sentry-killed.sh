# kill -9 of the Sentry, the first process of its stubs' namespace, at any step of a start and of all that makes, replaces and
# ends stubs and their threads: each time the command ends, and no process is left.
killed=$home/killed
gcc -O1 -static -pthread -o "$home/busybox/steps" "$repository/Integration/guest/steps.c"
mkdir -p "$home/killed-bundle"
ln -sfn "$home/busybox" "$home/killed-bundle/rootfs"
cloister spec -b "$home/killed-bundle"
sed -i 's|"terminal": true|"terminal": false|' "$home/killed-bundle/config.json"
cp "$home/killed-bundle/config.json" "$home/killed-bundle/default.json"
mkfifo "$home/killed-said" "$home/killed-never" 2>/dev/null || true
exec 8<>"$home/killed-never"
# Sleeps without a process: nobody ever writes there.
doze() { read -r -t "$1" -u 8 || true; }
# The host's pid of the Sentry of container $1; waits for it.
sentry_of() {
    local found
    for _ in $(seq 500); do
        found=$(pgrep -f -- "^cloister-sentry.*--id=$1( |\$)" | head -n 1)
        [ -z "$found" ] || break
        doze 0.001
    done
    printf '%s' "$found"
}
# Who is in the namespace of processes $1.
members() { find /proc/[0-9]*/ns/pid -maxdepth 0 -printf '%l %p\n' 2>/dev/null | awk -v space="$1" '$1 == space { split($2, path, "/"); print path[3] }'; }
# Who is still in the namespace of processes $1, as soon as nobody is, or after some seconds.
left_in() {
    local left
    for _ in $(seq 500); do
        left=$(members "$1")
        # One that has ended, and that only a first process that reaps nobody keeps on the list, is nobody.
        left=$(for process in $left; do grep -s '^State' "/proc/$process/status" | grep -q 'Z (' || echo "$process"; done)
        [ -n "$left" ] || return 0
        doze 0.02
    done
    printf '%s\n' "$left"
}
# Kills the Sentry of a container that runs steps $2..., $1 seconds after these go, or after it was there (no steps).
kill_sentry() {
    local after=$1 status=0 pid space command arguments said
    shift
    killing=$((${killing:-0} + 1))
    arguments=$(printf ', "%s"' "${@:-threads}")
    sed -z "s|\"args\": \[[^]]*\]|\"args\": [\"/steps\"$arguments]|" "$home/killed-bundle/default.json" >"$home/killed-bundle/config.json"
    timeout -k 2 60 cloister --root "$killed" run -b "$home/killed-bundle" "k$$-$killing" >"$home/killed-said" 2>/dev/null </dev/null &
    command=$!
    exec 7<"$home/killed-said"
    if [ $# != 0 ]; then read -r -t 30 -u 7 said || true; [ "$said" = goes ] || echo "it did not go"; fi
    pid=$(sentry_of "k$$-$killing")
    space=$(readlink "/proc/$pid/ns/pid")
    doze "$after"
    # Where the kernel keeps no such namespace apart, all would be in it.
    [ -n "$space" ] && [ "$space" != "$(readlink /proc/self/ns/pid)" ] || [ $# = 0 ] || echo "it has no namespace of its own"
    kill -9 "$pid" 2>/dev/null
    wait "$command" || status=$?
    exec 7<&-
    [ "$status" != 124 ] || echo "the command did not end"
    [ "$status" != 0 ] || echo "the command tells of no failure"
    [ -z "$space" ] || [ "$space" = "$(readlink /proc/self/ns/pid)" ] || left_in "$space"
}
for kinds in threads forks vforks execs maps ends waits "threads forks vforks" "execs ends maps waits forks"; do
    wrong=
    for after in 0.0001 0.0003 0.0007 0.001 0.0015 0.002 0.003 0.005 0.008 0.02; do wrong+=$(kill_sentry $after $kinds); done
    check "the Sentry is killed at any step of: $kinds" "" "$wrong"
done
wrong=
for after in 0.0001 0.0005 0.001 0.002 0.003 0.004 0.005 0.006 0.007 0.008 0.01 0.012 0.015 0.02; do wrong+=$(kill_sentry $after); done
check "the Sentry is killed at any step of a start" "" "$wrong"
for _ in $(seq 100); do
    left=$(pgrep -f -- "^cloister-.*--id=k$$-" ; find /sys/fs/cgroup -type d -name "cloister-k$$-*" 2>/dev/null)
    [ -n "$left" ] || break
    doze 0.05
done
check "nothing is left of them" "" "$left"
exec 8<&-
rm -rf "$home/busybox/steps" "$home/killed-bundle" "$home/killed-said" "$home/killed-never" "$killed"

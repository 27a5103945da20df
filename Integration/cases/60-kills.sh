# kill -9 of each process of a running pod: containerd hears of it, everything is cleaned up, the next container starts.
source "$repository/Integration/lib/leftovers.sh"
# The host pid of the process of our pod $id whose program is $1. The Gofer does not know the pod, but its parent does.
of_pod() {
    case "$1" in
        cloister-gofer) pgrep -x -P "$(pgrep -d, -f -- "containerd-shim-cloister-v2.*-id $id ")" cloister-gofer | head -n 1 ;;
        "the task's process") ctr task ls | awk -v id="$id" '$1==id {print $2}' ;;
        *) pgrep -f -- "$1.*$id" | head -n 1 ;;
    esac
}
for victim in guest "the task's process" cloister-sentry cloister-gofer containerd-shim-cloister-v2; do
    identifier
    ctr run -d --runtime "$runtime" "$busybox" "$id" sleep 1000 >/dev/null 2>&1 </dev/null
    if [ "$victim" = guest ]; then ctr task kill -s KILL "$id"; else
        pid=$(of_pod "$victim")
        [ -n "$pid" ] && kill -9 "$pid" || fail "$victim is not there to be killed"
    fi
    for _ in $(seq 50); do
        state=$(ctr task ls 2>/dev/null | awk -v id="$id" '$1==id {print $3}')
        [ "$state" != RUNNING ] && break
        sleep 0.1
    done
    check "kill -9 of $victim: containerd reports the end" ended "$([ "$state" != RUNNING ] && echo ended || echo "$state")"
    ctr task rm -f "$id" >/dev/null 2>&1; ctr container rm "$id" >/dev/null 2>&1
    check "the next container starts" $'next\nstatus 0' "$(in_container echo next)"
done
check "nothing is left" "" "$(leftovers)"

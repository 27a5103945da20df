# kill -9 of each process of a running pod: containerd hears of it, everything is cleaned up, the next container starts.
source "$repository/Integration/lib/leftovers.sh"
# The host pid of the process of our pod $id whose program is $1. The Gofer does not know the pod: the newest is meant.
of_pod() { if [ "$1" = cloister-gofer ]; then pgrep -n -x cloister-gofer; else pgrep -f -- "$1.*$id" | head -n 1; fi; }
for victim in guest cloister-sentry cloister-gofer containerd-shim-cloister-v2; do
    identifier
    ctr run -d --runtime "$runtime" "$busybox" "$id" sleep 1000 >/dev/null 2>&1 </dev/null
    if [ $victim = guest ]; then ctr task kill -s KILL "$id"; else
        pid=$(of_pod $victim)
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

# Pods whose programs sleep cost no time: nothing of ours wakes up, neither before nor after they have worked. And what a
# pod and a thread cost in memory, with bounds that only a doubling breaks.
source "$repository/Integration/lib/pods.sh"
rm -f "$home/sleepers.log" "$home/threads.log"
gcc -O1 -static -pthread -o "$home/sleepers" "$repository/Integration/guest/sleepers.c"

# memory_of FIELD POD NAMES: the sum of a field of smaps_rollup over the pod's processes whose name matches, in KiB.
memory_of() {
    local pid name
    pod_processes "$2" | while read -r pid name; do
        [[ $name =~ $3 ]] && awk -v field="$1:" '$1 == field { print $2 }' "/proc/$pid/smaps_rollup"
    done | awk '{ n += $1 } END { print n + 0 }'
}

# below NAME BOUND ACTUAL: a number.
below() { if [ "$3" -gt 0 ] && [ "$3" -lt "$2" ]; then pass "$1 ($3)"; else fail "$1" "$3 is not below $2"; fi; }

identifier; plain=$id
ctr run -d --runtime "$runtime" "$busybox" "$plain" sleep 1000000 </dev/null
identifier; worked=$id
ctr run -d --runtime "$runtime" --log-uri "file://$home/sleepers.log" \
    --mount "type=bind,src=$home,dst=/guest,options=rbind:ro" "$busybox" "$worked" /guest/sleepers 20 </dev/null
for _ in $(seq 100); do grep -qs asleep "$home/sleepers.log" && break; sleep 0.1; done
check "a program that has worked sleeps in every way" asleep "$(cat "$home/sleepers.log")"
# Threads that served a request linger for two seconds.
sleep 5
check "no thread of idle pods runs for ten seconds" "" "$(wake_ups 10)"

# Measured: 1 MB, 0.4 MB.
below "private KiB of an idle Sentry" 2000 "$(memory_of Private_Dirty "$plain" '^cloister-sentry')"
below "private KiB of an idle Gofer" 800 "$(memory_of Private_Dirty "$plain" '^cloister-gofer')"

identifier
before=$(memory_of Pss "$worked" '^(cloister-sentry|memfd)')
ctr run -d --runtime "$runtime" --log-uri "file://$home/threads.log" \
    --mount "type=bind,src=$home,dst=/guest,options=rbind:ro" "$busybox" "$id" /guest/sleepers 1020 </dev/null
for _ in $(seq 300); do grep -qs asleep "$home/threads.log" && break; sleep 0.1; done
check "a thousand threads" asleep "$(cat "$home/threads.log")"
after=$(memory_of Pss "$id" '^(cloister-sentry|memfd)')
below "KiB of a sleeping thread, its own stack included" 48 $(((after - before) / 1000))
for id in $plain $worked $id; do
    ctr task kill -s KILL "$id" >/dev/null 2>&1
    for _ in $(seq 50); do ctr task rm -f "$id" >/dev/null 2>&1; ctr container rm "$id" >/dev/null 2>&1 && break; sleep 0.1; done
done

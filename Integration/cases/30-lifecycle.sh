# Tasks as containerd drives them: exec, signals, pause, metrics, terminals, and nothing left behind.
start_task() {
    identifier
    timeout 60 ctr run -d --runtime "$runtime" "$busybox" "$id" "$@" >/dev/null 2>&1 </dev/null
}
end_task() {
    ctr task kill -s KILL "$id" >/dev/null 2>&1
    for _ in $(seq 50); do ctr task ls | grep -q "^$id .*STOPPED" && break; sleep 0.1; done
    ctr task rm "$id" >/dev/null 2>&1; ctr container rm "$id" >/dev/null 2>&1
}

start_task sleep 1000
check "exec" $'inside\nstatus 3' "$(status=0; timeout 30 ctr task exec --exec-id e1 "$id" sh -c 'echo inside; exit 3' 2>&1 </dev/null || status=$?; echo "status $status")"
check "exec with input" 5 "$((sleep 1; printf hello) | timeout 30 ctr task exec --exec-id e2 "$id" wc -c 2>&1 | tr -d ' ')"
check "ps lists the container's process" yes "$([ "$(ctr task ps "$id" 2>/dev/null | tail -n +2 | wc -l)" -ge 1 ] && echo yes)"
check "metrics" 0 "$(ctr task metrics "$id" >/dev/null 2>&1; echo $?)"
ctr task pause "$id"; check "paused" PAUSED "$(ctr task ls | awk -v id="$id" '$1==id {print $3}')"
ctr task resume "$id"; check "running again" RUNNING "$(ctr task ls | awk -v id="$id" '$1==id {print $3}')"
check "exec after resume" yes "$(timeout 30 ctr task exec --exec-id e3 "$id" echo yes 2>&1 </dev/null)"
check "four execs at once" "$(seq 4)" "$(for n in 1 2 3 4; do { timeout 30 ctr task exec --exec-id "p$n" "$id" echo "$n" || echo "exec $n: status $?"; } </dev/null & done 2>&1 | sort)"
end_task
start_task sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done'
sleep 0.5; ctr task kill -s TERM "$id"
for _ in $(seq 50); do ctr task ls | grep -q "^$id .*STOPPED" && break; sleep 0.1; done
check "TERM is handled" STOPPED "$(ctr task ls | awk -v id="$id" '$1==id {print $3}')"
end_task

packages python3
typed=$repository/Integration/lib/typed
identifier
check "a terminal has a size" '24 80' "$("$typed" 24 80 '' ctr run --rm -t --runtime "$runtime" "$busybox" "$id" sh -c 'sleep 1; stty size')"
identifier
check "Ctrl-C interrupts what is in the foreground" '^Cstatus 130' \
    "$("$typed" 24 80 '2:\x03' ctr run --rm -t --runtime "$runtime" "$busybox" "$id" sh -c 'trap : INT; sleep 20; echo status $?' | tr -d '\n')"
identifier
check "a shell with job control" 'stopped and continued' \
    "$("$typed" 24 80 '1:sleep 30\n|2:\x1a|3:kill %1; fg; echo stopped and continued\n|5:exit\n' \
        ctr run --rm -t --runtime "$runtime" "$busybox" "$id" sh | grep -o '^stopped and continued')"

failures=0
for _ in $(seq 50); do [ "$(in_container true)" == 'status 0' ] || failures=$((failures + 1)); done
check "50 containers in a row" 0 "$failures"
results=$(mktemp -d) many=()
for n in $(seq 10); do
    id=many$$-$n
    (timeout 60 ctr run --rm --runtime "$runtime" "$busybox" "$id" echo "$n" >"$results/$n" 2>&1 </dev/null) &
    many+=($!)
done
wait "${many[@]}"
check "10 containers at once" "$(seq 10)" "$(cat "$results"/* | sort -n)"
rm -rf "$results"
source "$repository/Integration/lib/leftovers.sh"
check "nothing is left: processes, mounts, sockets, cgroups" "" "$(leftovers)"

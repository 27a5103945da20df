# On one platform only
# containerd is killed and comes back while containers run; clients that stop reading; bundles that are gone; logs by files
# and programs. On every release of containerd.
source "$repository/Integration/lib/leftovers.sh"
task_status() { ctr task ls 2>/dev/null | awk -v id="$1" '$1==id {print $3}'; }
until_status() { for _ in $(seq 100); do [ "$(task_status "$1")" = "$2" ] && break; sleep 0.1; done; task_status "$1"; }
# Deletes a task; its exit code, when that is not 0.
deleted() { ctr task rm "$1" 2>&1 | sed -nE 's/.*exit code ([0-9]+).*/\1/p'; }
# The shim of container $1, found by its arguments: no two have the same id here.
shim_of() { pgrep -f -- "containerd-shim-cloister-v2.*-id $1" | head -n 1; }
kill_containerd() { kill -9 "$containerd_pid"; wait "$containerd_pid" 2>/dev/null; }

restarted() {
    local lives=live$$ dies=dies$$ held=held$$
    ctr run -d --runtime "$runtime" "$busybox" "$lives" sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done' >/dev/null 2>&1 </dev/null
    ctr run -d --runtime "$runtime" "$busybox" "$dies" sh -c 'sleep 3; exit 7' >/dev/null 2>&1 </dev/null
    ctr run -d --runtime "$runtime" "$busybox" "$held" sleep 1000 >/dev/null 2>&1 </dev/null
    ctr task pause "$held"
    kill_containerd
    sleep 4
    run_containerd "$home"
    check "after a restart of containerd a container runs" RUNNING "$(task_status "$lives")"
    check "it takes execs" $'inside\nstatus 0' "$(status=0; timeout 30 ctr task exec --exec-id e1 "$lives" echo inside 2>&1 </dev/null || status=$?; echo "status $status")"
    check "one that ended meanwhile has stopped" STOPPED "$(until_status "$dies" STOPPED)"
    check "and its exit status is kept" 7 "$(deleted "$dies")"
    check "a paused one is still paused" PAUSED "$(task_status "$held")"
    ctr task kill -s KILL "$held"
    check "and can be killed" STOPPED "$(until_status "$held" STOPPED)"
    ctr task kill -s TERM "$lives"
    check "signals arrive" STOPPED "$(until_status "$lives" STOPPED)"
    check "the exit status too" 5 "$(deleted "$lives")"
    ctr task rm "$held" >/dev/null 2>&1
    ctr container rm "$lives" "$dies" "$held" >/dev/null 2>&1
}

shim_killed() {
    local id=shimless$$ pid
    ctr run -d --runtime "$runtime" "$busybox" "$id" sleep 1000 >/dev/null 2>&1 </dev/null
    pid=$(ctr task ls | awk -v id="$id" '$1==id {print $2}')
    kill -9 "$(shim_of "$id")"
    for _ in $(seq 20); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    check "a second after its shim is killed a pod is gone" gone "$(kill -0 "$pid" 2>/dev/null && echo there || echo gone)"
    for _ in $(seq 50); do [ -z "$(task_status "$id")" ] && break; sleep 0.1; done
    check "containerd knows" "" "$(task_status "$id")"
    ctr container rm "$id" >/dev/null 2>&1
}

# One shim was killed while its container ran, one when that had ended by itself; then one whose containerd was killed before.
ends_told() {
    local runs=runs$$ ended=ended$$ alone=alone$$ pid listener
    ctr run -d --runtime "$runtime" "$busybox" "$runs" sleep 1000 >/dev/null 2>&1 </dev/null
    ctr run -d --runtime "$runtime" "$busybox" "$ended" sh -c 'exit 7' >/dev/null 2>&1 </dev/null
    until_status "$ended" STOPPED >/dev/null
    ctr events >"$home/events.$$" 2>/dev/null & listener=$!
    sleep 0.5
    kill -9 "$(shim_of "$runs")" "$(shim_of "$ended")"
    for _ in $(seq 50); do [ "$(grep -c /tasks/delete "$home/events.$$")" -ge 2 ] && break; sleep 0.1; done
    check "how containers ended is told when their shims were killed" "137 7" \
        "$(for id in "$runs" "$ended"; do grep /tasks/exit "$home/events.$$" | grep "\"$id\"" | sed -nE 's/.*"exit_status":([0-9]+).*/\1/p' | head -n 1; done | xargs)"
    kill "$listener"; wait "$listener" 2>/dev/null
    ctr container rm "$runs" "$ended" >/dev/null 2>&1
    ctr run -d --runtime "$runtime" "$busybox" "$alone" sleep 1000 >/dev/null 2>&1 </dev/null
    pid=$(ctr task ls | awk -v id="$alone" '$1==id {print $2}')
    kill_containerd
    kill -9 "$(shim_of "$alone")"
    sleep 1
    check "a second after containerd and its shim are killed a pod is gone" gone "$(kill -0 "$pid" 2>/dev/null && echo there || echo gone)"
    run_containerd "$home"
    for _ in $(seq 50); do [ -z "$(task_status "$alone")" ] && break; sleep 0.1; done
    check "and the next containerd cleans up" "" "$(task_status "$alone")"
    ctr container rm "$alone" >/dev/null 2>&1
}

# Shims are killed at any moment of a start; what they had made so far is cleaned up with the rest.
killed_early() {
    local i id client
    for i in $(seq 15); do
        id=early$$-$i
        ctr run -d --runtime "$runtime" "$busybox" "$id" sleep 1000 >/dev/null 2>&1 </dev/null & client=$!
        sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
        # Not the command that starts it: what that has started waits for a minute.
        kill -9 "$(pgrep -f -- "containerd-shim-cloister-v2 .*-id $id -address")" 2>/dev/null
        wait "$client"
        ctr task kill -s KILL "$id" 2>/dev/null
        for _ in $(seq 50); do ctr task rm "$id" >/dev/null 2>&1; ctr container rm "$id" >/dev/null 2>&1 && break; sleep 0.1; done
    done
    check "shims killed while they start leave nothing" "" \
        "$(find /sys/fs/cgroup /run/cloister -name "early$$-*" 2>/dev/null; grep "early$$-" /proc/self/mounts)"
}

logs() {
    local id=logs$$ log=$home/logs/a/b.$EPOCHREALTIME.log
    ctr run -d --log-uri "file://$log" --runtime "$runtime" "$busybox" "$id" sh -c 'echo to a file; echo and this >&2' >/dev/null 2>&1 </dev/null
    until_status "$id" STOPPED >/dev/null
    check "file:// takes both outputs" $'and this\nto a file' "$(sort "$log")"
    ctr task rm "$id" >/dev/null 2>&1; ctr container rm "$id" >/dev/null 2>&1
    rm -f "$home"/logged*
    cat >"$home/logger" <<'SH'
#!/bin/sh
# A logger as containerd's shims run it: outputs on 3 and 4, ready by closing 5.
{ echo "$CONTAINER_NAMESPACE $CONTAINER_ID $*"; env | cut -d= -f1 | grep -vx -e PWD -e SHLVL -e _ | sort | tr '\n' ' '; echo; } >"$2"
exec 5>&-
cat <&4 >>"$2.err" & cat <&3 >>"$2.out"; wait
SH
    chmod +x "$home/logger"
    id=logger$$
    ctr run -d --log-uri "binary://$home/logger?to=$home/logged" --runtime "$runtime" "$busybox" "$id" sh -c 'echo first; echo bad >&2; sleep 1; seq 100000' >/dev/null 2>&1 </dev/null
    until_status "$id" STOPPED >/dev/null
    check "deleting waits for the logger" 0 "$(ctr task rm "$id" >/dev/null 2>&1; echo $?)"
    check "a log program gets its arguments and nothing else" "$namespace $id to $home/logged"$'\nCONTAINER_ID CONTAINER_NAMESPACE ' "$(cat "$home/logged")"
    check "and both outputs to the end" "$( (echo first; seq 100000) | md5sum) bad" "$(md5sum <"$home/logged.out") $(cat "$home/logged.err")"
    ctr container rm "$id" >/dev/null 2>&1
    identifier
    check "a log program that is missing is named" yes "$(ctr run -d --log-uri "binary:///no/such/logger" --runtime "$runtime" "$busybox" "$id" true 2>&1 </dev/null | grep -q /no/such/logger && echo yes)"
    ctr container rm "$id" >/dev/null 2>&1
}

debug_logs() {
    local id=details$$ logs=$home/details.$EPOCHREALTIME
    printf 'debug-logs = "%s"\n' "$logs" >"$home/details.toml"
    ctr run -d --runtime-config-path "$home/details.toml" --runtime "$runtime" "$busybox" "$id" sleep 1000 >/dev/null 2>&1 </dev/null
    check "a pod keeps logs where it is told to" "$id.sentry.1.log $id.sentry.2.log $id.shim.1.log $id.shim.2.log" "$(cd "$logs" && echo *)"
    check "calls are in the shim's" yes "$(grep -q "Start $id: [0-9]* us" "$logs/$id.shim.1.log" && echo yes)"
    kill -9 "$(pgrep -f -- "cloister-sentry .*--id=$id" | head -n 1)"
    until_status "$id" STOPPED >/dev/null
    ctr task rm "$id" >/dev/null 2>&1; ctr container rm "$id" >/dev/null 2>&1
    check "an error says where they are" yes "$(grep -q "killed by signal 9.*details: $logs/$id" "$home/containerd.log" && echo yes)"
    check "and they stay" yes "$([ -s "$logs/$id.sentry.1.log" ] && echo yes)"
}

stubborn() {
    local id=stubborn$$ client
    # A client that opens the outputs and never reads.
    timeout 20 ctr run --rm --runtime "$runtime" "$busybox" "$id" sh -c 'yes | head -c 1000000; sleep 1000' </dev/null 2>/dev/null | sleep 5 &
    client=$!
    sleep 1
    check "a client that does not read stops nobody" RUNNING "$(task_status "$id")"
    check "others run beside it" $'next\nstatus 0' "$(in_container echo next)"
    check "its container can be killed" 0 "$(ctr task kill -s KILL "$id"; echo $?)"
    wait "$client" 2>/dev/null
    ctr task rm -f "$id" >/dev/null 2>&1; ctr container rm "$id" >/dev/null 2>&1
    # A bundle that somebody removed.
    id=bundle$$
    ctr run -d --runtime "$runtime" "$busybox" "$id" sleep 1000 >/dev/null 2>&1 </dev/null
    rm -f "$home/state/io.containerd.runtime.v2.task/$namespace/$id"/{config.json,init.pid,pod,address}
    ctr task kill -s KILL "$id"
    check "a container whose bundle was emptied ends" STOPPED "$(until_status "$id" STOPPED)"
    check "and is deleted" "" "$(ctr task rm "$id" >/dev/null 2>&1; ctr container rm "$id" 2>&1; task_status "$id")"
}

bad_input() {
    local id=bad$$
    ctr run -d --runtime "$runtime" "$busybox" "$id" sleep 1000 >/dev/null 2>&1 </dev/null
    check "an exec id that is taken" yes "$(ctr task exec -d --exec-id same "$id" sleep 100 </dev/null >/dev/null 2>&1; ctr task exec --exec-id same "$id" true 2>&1 </dev/null | grep -q 'same' && echo yes)"
    check "a container that is not there" yes "$(ctr task exec --exec-id x none true 2>&1 </dev/null | grep -q 'not found' && echo yes)"
    ctr task kill -s KILL "$id"; until_status "$id" STOPPED >/dev/null
    check "an exec in a dead container" yes "$(ctr task exec --exec-id y "$id" true 2>&1 </dev/null | grep -q -e 'stopped' -e 'not running' && echo yes)"
    ctr task rm "$id" >/dev/null 2>&1; ctr container rm "$id" >/dev/null 2>&1
    identifier
    printf 'platform = "systrap"\nspeed = "fast"\n' >"$home/bad.toml"
    check "a key of the configuration that there is not, by file, line and name" yes \
        "$(ctr run --rm --runtime-config-path "$home/bad.toml" --runtime "$runtime" "$busybox" "$id" true 2>&1 </dev/null | grep -q "bad.toml, line 2: unknown key speed" && echo yes)"
    ctr container rm "$id" >/dev/null 2>&1
    identifier
    check "a limit that no kernel takes" yes "$(ctr run --rm --memory-limit 1 --runtime "$runtime" "$busybox" "$id" true 2>&1 </dev/null | grep -q -i -e memory -e limit && echo yes)"
    ctr container rm "$id" >/dev/null 2>&1
}

survive() {
    restarted; shim_killed; ends_told; killed_early; logs; debug_logs; stubborn; bad_input
    check "nothing is left" "" "$(leftovers)"
}
for release in "${containerd_releases[@]}"; do
    say "containerd $release"
    with_containerd "$release" -- survive
done

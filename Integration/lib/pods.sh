# The processes of pods, as the host sees them. Sourced by bash, after common.sh.

# Every process below the shims of our containerd: "PID NAME", as the kernel names it. With an argument: of that pod only.
pod_processes() {
    ps -e -o pid=,ppid=,args= | awk -v address="${CONTAINERD_ADDRESS:-none}" -v id="${1:-}" '
        { pid[NR] = $1; parent[$1] = $2
          if ($3 ~ /containerd-shim/ && index($0, address) && (id == "" || index($0 " ", "-id " id " "))) shim[$1] = 1 }
        END {
            for (i = 1; i <= NR; i++)
                for (p = pid[i]; p > 1; p = parent[p]) if (p in shim) { print pid[i]; break }
        }' | while read -r pid; do
            [ -r "/proc/$pid/comm" ] && printf '%s %s\n' "$pid" "$(tr ' ' _ <"/proc/$pid/comm")"
        done
}

# How often each thread of these processes was switched away from: "PID NAME THREAD SWITCHES". Reads lines of pod_processes.
context_switches() {
    local pid name thread
    while read -r pid name; do
        for thread in /proc/"$pid"/task/*; do
            awk -v pid="$pid" -v name="$name" -v thread="${thread##*/}" '
                /ctxt_switches:/ { n += $2 } END { if (NR) print pid, name, thread, n }' "$thread/status" 2>/dev/null
        done
    done
}

# wake_ups SECONDS [POD]: the threads that ran within that time, with how often: nothing when all sleep.
wake_ups() {
    local before after
    before=$(mktemp) after=$(mktemp)
    pod_processes "${2:-}" | context_switches >"$before"
    sleep "$1"
    pod_processes "${2:-}" | context_switches >"$after"
    awk 'NR == FNR { before[$1, $3] = $4; next }
         !(($1, $3) in before) { print $2, "thread", $3, "is new"; next }
         $4 != before[$1, $3] { print $2, "thread", $3, "ran", $4 - before[$1, $3], "times" }' "$before" "$after"
    [ -s "$before" ] || echo "there is no process"
    rm -f "$before" "$after"
}

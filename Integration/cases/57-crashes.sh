# A thousand processes that end by faults on a host whose cores go to a program: that program never runs for one of ours, no
# core is written, and the kernel's log says nothing.
source "$repository/Integration/lib/kernel-log.sh"
core_pattern=/proc/sys/kernel/core_pattern
gcc -O1 -w -pthread -static -o "$home/crashes" "$repository/Tests/Guest/kernel/crashes.c"
printf '#!/bin/sh\necho "$@" >>%s\ncat >/dev/null\n' "$home/cores" >"$home/core-handler"
chmod +x "$home/core-handler"
rm -f "$home/cores" "$home/crashed"
# In a shell of its own: whatever ends it, the host's setting comes back.
(
    before=$(<$core_pattern)
    trap 'printf "%s\n" "$before" >$core_pattern' EXIT
    trap 'exit 1' HUP INT TERM
    printf '|%s %%P %%e\n' "$home/core-handler" >$core_pattern || exit 0
    # That it would be seen: a program of the host's.
    sh -c 'kill -SEGV $$'
    for _ in $(seq 100); do [ -s "$home/cores" ] && break; sleep 0.1; done
    [ -s "$home/cores" ] || exit 0
    : >"$home/cores"
    # What the log says may be of other containers on this host: once more, then.
    for _ in 1 2 3; do
        mark_log && touch "$home/marked"
        identifier
        timeout -k 5 120 ctr run --rm --runtime "$runtime" --mount "type=bind,src=$home,dst=/guest,options=rbind:ro" "$busybox" "$id" \
            /guest/crashes >"$home/crashed" 2>&1 </dev/null
        if [ -e "$home/marked" ]; then log_from_mark | of_us; fi >"$home/said"
        [ -s "$home/said" ] || break
    done
) >/dev/null 2>&1
if [ -e "$home/crashed" ]; then
    check "a thousand processes end by faults" 10 "$(grep -c '^kind .: 100 times signal' "$home/crashed")"
    check "no core of theirs goes to the host's program" "" "$(cat "$home/cores")"
    check "the host's kernel log says nothing" "" "$(cat "$home/said")"
else
    printf 'skipped a thousand crashes: where cores go cannot be set here\n'
fi
rm -f "$home/crashes" "$home/core-handler" "$home/cores" "$home/crashed" "$home/said" "$home/marked"

# Watched from the host by tracepoints: while a guest lists all files, its stubs make no system call of the host's but
# the checked ones (mmap, mprotect, munmap, mremap, msync, madvise, clone, exit, futex, futex_waitv, exit_group, close,
# close_range, rt_sigreturn, sched_yield, clock_gettime).
tracing=/sys/kernel/tracing
[ -d $tracing/events ] || mount -t tracefs none $tracing 2>/dev/null
instance=$tracing/instances/cloister
if mkdir -p "$instance" 2>/dev/null && [ -e "$instance/events/raw_syscalls/sys_enter/filter" ]; then
    echo 'COMM ~ "memfd:cloister*"' >"$instance/events/raw_syscalls/sys_enter/filter"
    identifier
    # What the stubs do before the guest runs is not the guest's: the trace begins when it says that it does.
    listing=$(timeout -k 5 60 ctr run --rm --runtime "$runtime" "$busybox" "$id" sh -c 'echo runs; sleep 1.5; ls -lR / >/dev/null 2>&1; echo listed' 2>/dev/null </dev/null |
        while read -r line; do
            if [ "$line" = runs ]; then sleep 0.3; echo 1 >"$instance/events/raw_syscalls/sys_enter/enable"; else echo "$line"; fi
        done)
    echo 0 >"$instance/events/raw_syscalls/sys_enter/enable"
    others=$(sed -nE 's/.*sys_enter: NR ([0-9-]+) .*/\1/p' "$instance/trace" | sort -un | grep -vxE '3|9|10|11|15|24|25|26|28|56|60|202|228|231|436|449' | tr '\n' ' ')
    seen=$(grep -c sys_enter: "$instance/trace")
    check "the listing was made" listed "$listing"
    check "a stub's system calls on the host are the checked ones ($seen seen)" "" "$others"
    rmdir "$instance"
else
    printf 'skipped a stub'\''s system calls: tracepoints are not permitted here\n'
fi

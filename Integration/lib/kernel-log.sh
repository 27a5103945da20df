# The host's kernel log, from a mark of ours on. Sourced by bash.

# Whether it can be written and read here; makes the mark.
mark_log() {
    log_mark="cloister-test: mark $$-$RANDOM"
    { printf '%s\n' "$log_mark" >/dev/kmsg; } 2>/dev/null && log_from_mark >/dev/null
}

# What it says since; fails when the mark is not there (any more).
log_from_mark() { dmesg 2>/dev/null | awk -v mark="$log_mark" 'found { print } index($0, mark) { found = 1 } END { exit !found }'; }

# The lines that name a process of ours.
of_us() { grep -aE 'memfd:cloister|cloister-sentry|cloister-gofer|containerd-shim'; }

# What it says since of processes of ours, but for what every program on a host may make its kernel say (a bad frame given to
# rt_sigreturn, a signal stack that is too small, a death by a fault, a split lock), which the kernel limits by itself.
said_of_us() {
    local lines
    lines=$(log_from_mark) || return 0
    of_us <<<"$lines" | grep -av -e 'bad frame in rt_sigreturn' -e 'overflowed sigaltstack' -e 'RLIMIT_CORE' -e 'type=1701' -e 'split.lock'
}

# What containers of ours leave on the host after they are gone: one line each. Sourced by bash; needs $home.
leftovers() {
    # Shims and Sentries end a moment after their last container.
    local process name found
    for _ in $(seq 30); do
        found=
        for process in /proc/[0-9]*; do
            { name=$(<"$process/comm"); } 2>/dev/null || continue
            # One that has ended, and that only a first process that reaps nobody keeps on the list, is not ours any more.
            { [[ $(<"$process/stat") == *') Z 1 '* ]] && continue; } 2>/dev/null
            case "$name" in cloister-sentry | cloister-gofer | containerd-shim) found+="process $name ${process#/proc/}"$'\n' ;; esac
        done
        [ -n "$found" ] || break
        sleep 0.1
    done
    printf '%s' "$found"
    grep "$home/state" /proc/self/mounts | sed 's/^/mount /' || true
    find /sys/fs/cgroup -type d -path "*/$namespace/*" 2>/dev/null | sed 's/^/cgroup /'
    find "$home/state" -path '*io.containerd.runtime*' -mindepth 3 2>/dev/null | sed 's/^/file /'
}

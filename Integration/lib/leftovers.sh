# What containers of ours leave on the host after they are gone: one line each. Sourced by bash; needs $home.
leftovers() {
    # Shims end a moment after their last container.
    for _ in $(seq 30); do pgrep -f "$home/containerd.sock" -x -f '.*containerd-shim-cloister.*' >/dev/null 2>&1 || break; sleep 0.1; done
    for process in /proc/[0-9]*; do
        local name; name=$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) || continue
        case "$name" in
            *cloister-sentry*|*cloister-gofer*|*containerd-shim-cloister-v2*) [ "$(readlink "$process/exe")" != "${binaries:-}/none" ] && printf 'process %s\n' "$name" ;;
        esac
    done
    grep "$home/state" /proc/self/mounts | sed 's/^/mount /' || true
    find /sys/fs/cgroup -type d -path "*/$namespace/*" 2>/dev/null | sed 's/^/cgroup /'
    find "$home/state" -path '*io.containerd.runtime*' -mindepth 3 2>/dev/null | sed 's/^/file /'
}

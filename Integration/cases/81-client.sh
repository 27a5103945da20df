# On one platform only
# What the tests of containerd's own client ask of a runtime, through its Go client's services, on every release of containerd.
source "$repository/Integration/lib/leftovers.sh"
python=$(cri_python)
client() {
    counted "$python" "$repository/Integration/lib/cri/tasks.py" "$CONTAINERD_ADDRESS" "$namespace" "$runtime" "$home" \
        "${home%/*}/busybox" "$containerd_pid"
    check "nothing is left" "" "$(leftovers)"
}
check "-info tells of the runtime and of read-only mounts all the way down" "io.containerd.cloister.v2 rro" \
    "$("$binaries/containerd-shim-cloister-v2" -info </dev/null | grep -a -o -e io.containerd.cloister.v2 -e '"rro"' | tr -d '"' | sort -u | xargs)"
for release in "${containerd_releases[@]}"; do
    say "containerd $release"
    with_containerd "$release" -- client
done

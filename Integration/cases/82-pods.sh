# On one platform only
# Pods, as a kubelet has them by the CRI, on every release of containerd.
source "$repository/Integration/lib/leftovers.sh"
python=$(cri_python)
pods() {
    counted "$python" "$repository/Integration/lib/cri/pods.py" "$CONTAINERD_ADDRESS" cloister "$home"
    check "nothing is left of pods" "" "$(leftovers)"
}
for release in "${containerd_releases[@]}"; do
    say "containerd $release"
    with_containerd "$release" cri -- pods
done

# The sandbox service: the shim makes the sandbox, and there is no pause container. (containerd 2.1 ends itself when it makes
# such a sandbox for a kubelet: its bundle has no specification.)
sandboxes() { counted "$python" "$repository/Integration/lib/cri/pods.py" "$CONTAINERD_ADDRESS" cloister-shim "$home" containers failures; }
say "containerd 1.7, with the sandbox service"
with_containerd 1.7 cri -- sandboxes

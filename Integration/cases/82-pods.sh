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

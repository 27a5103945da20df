# On one platform only
# A short form of Integration/soak: pods come and go with processes killed at random; the shim does not grow.
source "$repository/Integration/lib/leftovers.sh"
python=$(cri_python)
short_soak() {
    counted "$python" "$repository/Integration/lib/cri/soak.py" "$CONTAINERD_ADDRESS" cloister "$home" "$containerd_pid" 60 12 500 10000
    check "nothing is left" "" "$(leftovers)"
}
with_containerd 1.7 cri -- short_soak

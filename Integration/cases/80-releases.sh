# On one platform only
# The other releases of containerd: tasks as ctr drives them, and what is left when processes of ours are killed.
rerun() {
    local case
    for case in 30-lifecycle 60-kills; do source "$repository/Integration/cases/$case.sh"; done
}
for release in "${containerd_releases[@]:1}"; do
    say "containerd $release"
    with_containerd "$release" -- rerun
done

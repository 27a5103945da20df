# On one platform only
# What operators use: the preflight, the install script, the manifests.
check "cloister doctor finds nothing in the way" 0 "$(timeout 60 "$binaries/cloister" doctor >"$home/doctor" 2>&1; echo $?)"
check "and has tried a sandbox" yes "$(grep -q '^ok .*a sandbox: ran' "$home/doctor" && echo yes || cat "$home/doctor")"
check "it says what containerd lacks" yes "$("$binaries/cloister" doctor --containerd-config "$home/config.toml" 2>&1 | grep -q '^warning .*containerd: .*install' && echo yes)"

install=$repository/Integration/kubernetes/install node=$home/node
mkdir -p "$node/etc/containerd"
printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "x"\n' >"$node/etc/containerd/config.toml"
cp "$node/etc/containerd/config.toml" "$home/before.toml"
"$install" --root "$node" --from "$binaries" --no-restart >/dev/null
check "installing puts the programs there" 4 "$(ls "$node/usr/local/bin" | wc -l)"
cp "$node/etc/containerd/config.toml" "$home/after.toml"
"$install" --root "$node" --from "$binaries" --no-restart >"$home/again"
check "installing again changes nothing" "" "$(cat "$home/again"; cmp "$home/after.toml" "$node/etc/containerd/config.toml")"
check "doctor finds the runtime" yes "$("$binaries/cloister" doctor --containerd-config "$node/etc/containerd/config.toml" 2>&1 | grep -q '^ok .*containerd: runtime cloister' && echo yes)"
check "containerd takes the configuration" yes "$(containerd --config "$node/etc/containerd/config.toml" config dump 2>/dev/null | grep -q 'runtimes.cloister' && echo yes)"
"$install" --uninstall --root "$node" --no-restart >/dev/null
check "uninstalling leaves what was before" "" "$(cmp "$home/before.toml" "$node/etc/containerd/config.toml"; find "$node/usr" -type f)"
rm -r "$node/etc/containerd/config.toml"
"$install" --root "$node" --from "$binaries" --no-restart >/dev/null && "$install" --uninstall --root "$node" --no-restart >/dev/null
check "also where containerd had no configuration" "" "$(find "$node" -type f)"
python=$(cri_python)
check "the manifests are what Kubernetes takes" ok "$("$python" "$repository/Integration/kubernetes/check" "$repository"/Integration/kubernetes/*.yaml 2>&1)"

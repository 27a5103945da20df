# Files that are copied up while they are mapped, in our own overlay (`cloister do`), beside one of the host's.
gcc -O1 -w -pthread -static -o "$home/coherent" "$repository/Tests/Guest/files/coherent.c"
rm -rf "$home/layers"
mkdir -p "$home/layers/lower" "$home/layers/over"
for name in written mapped mode child renamed-twice; do head -c 12288 /dev/zero | tr '\0' l >"$home/layers/lower/$name"; done
natively() {
    unshare -m sh -c 'cd "$1" && mount -t tmpfs none over && mkdir over/upper over/work over/merged &&
        mount -t overlay none -o lowerdir=lower,upperdir=over/upper,workdir=over/work over/merged || exit 77
        exec timeout -k 5 60 "$2" over/merged' sh "$home/layers" "$home/coherent" 2>&1 </dev/null
}
if natively >"$home/natively"; [ $? != 77 ]; then
    check "files that are copied up, written, cut and stored into while they are mapped" "$(<"$home/natively")" \
        "$(timeout -k 5 60 cloister --root "$home/ours" do "$home/coherent" "$home/layers/lower" 2>&1 </dev/null)"
    check "the lower layer is as it was" 61440 "$(cat "$home/layers/lower"/* | tr -d -c l | wc -c)"
else
    printf 'skipped files that are copied up: overlays cannot be had here\n'
fi
rm -rf "$home/coherent" "$home/layers" "$home/natively"

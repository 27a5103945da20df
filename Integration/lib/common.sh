# Shared by the scripts of this folder: packages, the build, a containerd of our own, images. Sourced by bash.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
binaries=$repository/.build/release
namespace=cloister-test

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

need_root() { [ "$(id -u)" = 0 ] || die "run this as root: namespaces, mounts and cgroups need it"; }

# Installs the Debian packages that are missing.
packages() {
    local missing=()
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "Installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >/dev/null
    # Services of a package must not start: what this installs is used from here only.
    apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
}

# Finds Swift, which Debian 12 does not have.
swift_toolchain() {
    command -v swift >/dev/null && return
    for folder in /opt/swift/usr/bin /usr/local/swift/usr/bin; do
        if [ -x "$folder/swift" ]; then PATH=$folder:$PATH; return; fi
    done
    die "Swift 6.2 or later is not in PATH; get it from swift.org/install/linux and unpack it to /opt/swift"
}

# The four programs, if they are older than the sources.
build() {
    packages build-essential pkg-config libprotobuf-c-dev
    swift_toolchain
    "$repository/Integration/build"
    PATH=$binaries:$PATH
}

# A Debian package's files in a folder of ours, so that nothing on the machine starts or changes.
unpacked() {
    local package=$1 folder=$repository/.build/peers/$1
    if [ ! -e "$folder/.complete" ]; then
        rm -rf "$folder" && mkdir -p "$folder"
        (cd "$folder" && { apt-get download -q "$package" || { apt-get update -q && apt-get download -q "$package"; }; } >/dev/null 2>&1 &&
            dpkg -x ./*.deb . && rm ./*.deb && touch .complete) || die "the package $package cannot be had"
    fi
    printf '%s\n' "$folder"
}

# Starts a containerd with root, state and socket in $1. Ends with stop_containerd.
start_containerd() {
    local home=$1 bin
    # With runc, whose containers ours are compared with.
    bin=$(unpacked containerd)/usr/bin:$(unpacked runc)/usr/sbin
    PATH=$bin:$PATH
    mkdir -p "$home"
    cat >"$home/config.toml" <<TOML
version = 2
root = "$home/root"
state = "$home/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
                    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "$home/containerd.sock"
[debug]
  level = "info"
TOML
    containerd --config "$home/config.toml" >"$home/containerd.log" 2>&1 &
    containerd_pid=$!
    export CONTAINERD_ADDRESS=$home/containerd.sock CONTAINERD_NAMESPACE=$namespace
    for _ in $(seq 100); do
        ctr version >/dev/null 2>&1 && return
        kill -0 "$containerd_pid" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 5 "$home/containerd.log" >&2
    die "containerd did not start; its log is $home/containerd.log"
}

stop_containerd() {
    [ -n "${containerd_pid:-}" ] || return 0
    for task in $(ctr task ls -q 2>/dev/null); do ctr task kill -s KILL -a "$task" >/dev/null 2>&1 || true; done
    for task in $(ctr task ls -q 2>/dev/null); do ctr task rm -f "$task" >/dev/null 2>&1 || true; done
    for container in $(ctr container ls -q 2>/dev/null); do ctr container rm "$container" >/dev/null 2>&1 || true; done
    kill "$containerd_pid" 2>/dev/null || true
    wait "$containerd_pid" 2>/dev/null || true
    containerd_pid=
}

# Makes an OCI image archive $3 named $2 from the root file system in folder $1.
make_image() {
    local root=$1 name=$2 archive=$3 work
    work=$(mktemp -d)
    mkdir -p "$work/blobs/sha256"
    blob() { local sum; sum=$(sha256sum "$1" | cut -d' ' -f1); mv "$1" "$work/blobs/sha256/$sum"; printf '%s' "$sum"; }
    tar --numeric-owner --sort=name --mtime=@0 -C "$root" -cf "$work/layer" .
    local layer config manifest layer_size config_size
    layer_size=$(stat -c %s "$work/layer"); layer=$(blob "$work/layer")
    printf '{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[{"created_by":"cloister"}]}' "$layer" >"$work/config"
    config_size=$(stat -c %s "$work/config"); config=$(blob "$work/config")
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%d},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%d}]}' \
        "$config" "$config_size" "$layer" "$layer_size" >"$work/manifest"
    local manifest_size; manifest_size=$(stat -c %s "$work/manifest"); manifest=$(blob "$work/manifest")
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d,"annotations":{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"latest"},"platform":{"architecture":"amd64","os":"linux"}}]}' \
        "$manifest" "$manifest_size" "$name" >"$work/index.json"
    printf '{"imageLayoutVersion":"1.0.0"}' >"$work/oci-layout"
    tar -C "$work" -cf "$archive" oci-layout index.json blobs
    rm -rf "$work"
}

# A root file system of Debian's busybox-static in folder $1.
busybox_root() {
    local root=$1 busybox
    packages busybox-static
    busybox=$(command -v busybox)
    mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,etc,tmp,proc,sys,dev,root,var/tmp,home}
    chmod 1777 "$root/tmp" "$root/var/tmp"
    cp "$busybox" "$root/bin/busybox"
    chroot "$root" /bin/busybox --install -s
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n' >"$root/etc/passwd"
    printf 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n' >"$root/etc/group"
}

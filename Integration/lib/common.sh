# Shared by the scripts of this folder: packages, the build, a containerd of our own, images. Sourced by bash.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
binaries=$repository/.build/release
namespace=${CLOISTER_TEST_NAMESPACE:-cloister-test}

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
# unpacked PACKAGE [SUITE [VERSION]]: of this machine's Debian, or of another suite: that version, or when it is gone what
# the suite has.
unpacked() {
    local package=$1 suite=${2:-} version=${3:-} folder=$repository/.build/peers/$1${2:+-$2}
    if [ ! -e "$folder/.complete" ]; then
        rm -rf "$folder" && mkdir -p "$folder"
        (cd "$folder" && download "$package" "$suite" "$version" >/dev/null 2>&1 &&
            dpkg -x ./*.deb . && rm ./*.deb && touch .complete) || die "the package $package${suite:+ of $suite} cannot be had"
    fi
    printf '%s\n' "$folder"
}

# Puts a package's archive into the working directory. Another suite's lists are kept beside ours, not in apt's own folders.
download() {
    local package=$1 suite=$2 version=$3
    if [ -z "$suite" ]; then
        apt-get download -q "$package" || { apt-get update -q && apt-get download -q "$package"; }
        return
    fi
    local apt=$repository/.build/peers/apt
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian %s main\n' "$suite" >"$apt/$suite.list"
    local options=(-o "Dir::Etc::SourceList=$apt/$suite.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$apt/lists"
                   -o "Dir::Cache=$apt/cache" -o APT::Get::List-Cleanup=0 -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update -q && { apt-get "${options[@]}" download -q "$package=$version" ||
        apt-get "${options[@]}" download -q "$package"; }
}

# The releases of containerd that we work with: Debian 12's, Debian 13's, and the one of Debian's next.
containerd_releases=(1.6 1.7 2.1)

containerd_folder() {
    case "$1" in
        1.6) unpacked containerd ;;
        1.7) unpacked containerd trixie '1.7.24~ds1-6+deb13u1' ;;
        2.1) unpacked containerd sid '2.1.9+ds1-5' ;;
        *) die "there is no containerd $1 here" ;;
    esac
}

# start_containerd HOME [RELEASE [cri]]: a containerd with root, state, socket and configuration in HOME. Ends with
# stop_containerd. With `cri` it serves a kubelet too, with a network of names only and a pause image of ours.
start_containerd() {
    local home=$1 release=${2:-1.6} cri=${3:-} bin runc disabled=
    # With runc, whose containers ours are compared with. Other suites' are built for a later C library.
    bin=$(containerd_folder "$release")/usr/bin || return 1
    runc=$(unpacked runc)/usr/sbin || return 1
    PATH=$bin:$runc:$PATH
    mkdir -p "$home"
    [ -n "$cri" ] || disabled='"io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images", '
    cat >"$home/config.toml" <<TOML
version = 2
root = "$home/root"
state = "$home/state"
disabled_plugins = [$disabled"io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
                    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "$home/containerd.sock"
[debug]
  level = "info"
TOML
    [ -z "$cri" ] || cri_configuration "$home" >>"$home/config.toml"
    run_containerd "$home"
}

# Starts the containerd that start_containerd has configured, or starts it again.
run_containerd() {
    local home=$1
    ENABLE_CRI_SANDBOXES=1 containerd --config "$home/config.toml" >>"$home/containerd.log" 2>&1 &
    containerd_pid=$!
    export CONTAINERD_ADDRESS=$home/containerd.sock CONTAINERD_NAMESPACE=$namespace
    for _ in $(seq 100); do
        ctr version >/dev/null 2>&1 && return
        kill -0 "$containerd_pid" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 5 "$home/containerd.log" >&2
    printf 'error: containerd did not start; its log is %s\n' "$home/containerd.log" >&2
    return 1
}

# The part of a configuration that a kubelet's containerd has.
cri_configuration() {
    local home=$1 plugin='plugins."io.containerd.grpc.v1.cri"'
    mkdir -p "$home/cni/bin" "$home/cni/net.d"
    cp "$repository/Integration/lib/cri/network" "$home/cni/bin/cloister-test"
    cp "$repository/Integration/lib/cri/network" "$home/cni/bin/loopback"
    printf '{"cniVersion":"0.4.0","name":"test","plugins":[{"type":"cloister-test"}]}\n' >"$home/cni/net.d/10-test.conflist"
    cat <<TOML
[$plugin]
  sandbox_image = "cloister.test/pause:1"
  stream_server_address = "127.0.0.1"
  [$plugin.cni]
    bin_dir = "$home/cni/bin"
    conf_dir = "$home/cni/net.d"
  [$plugin.containerd]
    default_runtime_name = "cloister"
  [$plugin.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [$plugin.containerd.runtimes.cloister]
    runtime_type = "io.containerd.cloister.v2"
    pod_annotations = ["dev.cloister.*"]
    container_annotations = ["dev.cloister.*"]
  [$plugin.containerd.runtimes.cloister-shim]
    runtime_type = "io.containerd.cloister.v2"
    sandbox_mode = "shim"
    sandboxer = "shim"
TOML
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

# with_containerd RELEASE [cri] -- COMMAND...: runs the command (a function of ours, say) against a containerd of its own,
# with the test image in it; $home is its folder.
with_containerd() {
    local release=$1 options=() outer=$home home PATH=$PATH containerd_pid= CONTAINERD_ADDRESS= CONTAINERD_NAMESPACE=
    shift
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    home=$outer/containerd-$release
    if ! start_containerd "$home" "$release" "${options[@]}"; then
        fail "containerd $release starts"
        return
    fi
    ctr image import "$outer/busybox.tar" >/dev/null 2>&1
    ctr -n k8s.io image import "$outer/busybox.tar" >/dev/null 2>&1
    ctr -n k8s.io image tag docker.io/library/busybox:latest cloister.test/pause:1 >/dev/null 2>&1
    "$@"
    stop_containerd
}

# A Python with gRPC, for the tests that are a kubelet.
cri_python() {
    local folder=$repository/.build/peers/python
    if [ ! -e "$folder/.complete" ]; then
        packages python3-venv >&2
        rm -rf "$folder"
        { python3 -m venv "$folder" && "$folder/bin/pip" install -q 'grpcio>=1.60,<2' 'PyYAML>=6,<7' && touch "$folder/.complete"; } >&2 ||
            die "Python's grpcio cannot be had"
    fi
    printf '%s\n' "$folder/bin/python"
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

"""Root file systems: Debian by debootstrap, PyPI's packages and generated data, each a cached layer.

A layer is a folder `LAYER-<recipe's hash>` in the cache with the files and, beside it, a stamp that is written last.
Containers see layers through overlayfs, so nothing that they do changes one; a layer whose stamp is missing or whose
package database differs from the stamp's is made again.
"""
import fcntl
import hashlib
import json
import os
import shutil
import subprocess

from .errors import Complaint

SUITE = "bookworm"
PACKAGES = [
    "apache2", "apache2-utils", "build-essential", "ca-certificates", "ffmpeg", "fio", "git", "iperf3", "iproute2",
    "node-ejs", "node-express", "nodejs", "puma", "python3", "python3-pip", "redis-server", "redis-tools", "ruby",
    "ruby-sinatra", "sysbench", "time",
]
TOOLS = [
    "bin/sh", "usr/bin/ab", "usr/bin/ffmpeg", "usr/bin/fio", "usr/bin/gcc", "usr/bin/git", "usr/bin/iperf3",
    "usr/bin/make", "usr/bin/node", "usr/bin/puma", "usr/bin/python3", "usr/bin/redis-benchmark",
    "usr/bin/redis-server", "usr/bin/ruby", "usr/bin/sysbench", "usr/sbin/apache2",
]
BASE_BYTES = 2_500_000_000


def command(argv, log, **options):
    """Runs a command with its output in the file `log`; says its last lines when it fails."""
    with open(log, "ab") as output:
        status = subprocess.call(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
    if status:
        with open(log, errors="replace") as output:
            tail = output.read().strip().splitlines()[-3:]
        raise Complaint(f"{argv[0]} failed with status {status}: " + " | ".join(tail) + f" (all of it: {log})")


class Layers:
    """The cache of layers. `say` gets one line for everything that takes long."""

    def __init__(self, cache, say):
        self.cache = cache
        self.say = say
        self.checked = {}

    def folder(self, name, recipe):
        digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:12]
        return os.path.join(self.cache, f"{name}-{digest}")

    def make(self, name, recipe, build, need=0, fingerprint=None):
        """The folder of a layer, built by `build(folder, log)` unless it is there and whole.

        `recipe` decides whether a cached layer is still the right one; `fingerprint(folder)` is checked on each run.
        """
        folder = self.folder(name, recipe)
        if folder in self.checked:
            return folder
        os.makedirs(self.cache, exist_ok=True)
        # Two runs at once must not make the same layer twice, nor take one that is half made for whole.
        with open(folder + ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self.make_locked(name, recipe, build, need, fingerprint, folder)

    def make_locked(self, name, recipe, build, need, fingerprint, folder):
        stamp = folder + ".json"
        fingerprint = fingerprint or (lambda folder: sorted(os.listdir(folder)))
        if os.path.isdir(folder) and os.path.exists(stamp):
            with open(stamp) as file:
                if json.load(file)["fingerprint"] == fingerprint(folder):
                    self.checked[folder] = True
                    return folder
            self.say(f"{folder} is not what its stamp says; making it again")
        free = shutil.disk_usage(self.cache).free
        if free < need:
            raise Complaint(f"{self.cache} has {free / 1e9:.1f} GB free; {name} needs {need / 1e9:.1f} GB")
        self.clear(folder)
        self.say(f"making {folder} (once)")
        partial = folder + ".partial"
        self.clear(partial)
        os.makedirs(partial)
        build(partial, folder + ".log")
        os.rename(partial, folder)
        with open(stamp, "w") as file:
            json.dump({"recipe": recipe, "fingerprint": fingerprint(folder)}, file, indent=1)
        self.checked[folder] = True
        return folder

    @staticmethod
    def clear(folder):
        # A build that was interrupted may have left mounts, which rm would walk into.
        with open("/proc/self/mounts") as mounts:
            inside = [line.split()[1] for line in mounts if line.split()[1].startswith(folder + "/")]
        for path in sorted(inside, reverse=True):
            subprocess.call(["umount", "-l", path])
        if os.path.exists(folder):
            subprocess.call(["rm", "-rf", "--one-file-system", folder])

    def base(self):
        """Debian with every program that a benchmark runs."""
        return self.make("debian", {"suite": SUITE, "packages": PACKAGES}, build_debian, BASE_BYTES, debian_fingerprint)


def debian_fingerprint(folder):
    """The package database's digest, and whether every tool is there."""
    try:
        with open(os.path.join(folder, "var/lib/dpkg/status"), "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
    except FileNotFoundError:
        return None
    missing = [tool for tool in TOOLS if not os.path.lexists(os.path.join(folder, tool))]
    return {"dpkg": digest, "missing": missing}


def mirror():
    """The Debian mirror that this machine's apt uses."""
    found = subprocess.run(["apt-cache", "policy"], capture_output=True, text=True).stdout if shutil.which("apt-cache") else ""
    for line in found.splitlines():
        words = line.split()
        if len(words) > 2 and words[1].startswith("http") and words[2].startswith(f"{SUITE}/main") and "debian" in words[1]:
            return words[1]
    return "http://deb.debian.org/debian"


def in_root(root, argv, log, **options):
    """Runs a command in a root under construction, with network names, /proc and /dev/null."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C",
                   "HOME": "/root"}
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        if name in os.environ:
            environment[name] = os.environ[name]
    script = ('mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && '
              'cp /etc/resolv.conf "$0/etc/resolv.conf" && root=$0 && exec chroot "$root" "$@"')
    # The mounts live in a mount namespace of their own and end with the command.
    command(["unshare", "--mount", "sh", "-c", script, root, *argv], log, env=environment, **options)


def build_debian(folder, log):
    if not shutil.which("debootstrap"):
        raise Complaint("debootstrap is not installed; it makes the root file systems", "apt-get install debootstrap")
    command(["debootstrap", "--variant=minbase", f"--include=ca-certificates", SUITE, folder, mirror()], log)
    with open(os.path.join(folder, "etc/apt/sources.list"), "w") as sources:
        sources.write(f"deb {mirror()} {SUITE} main\ndeb-src {mirror()} {SUITE} main\n")
    with open(os.path.join(folder, "etc/apt/apt.conf.d/50perf"), "w") as settings:
        settings.write('Acquire::Check-Valid-Until "false";\nAcquire::Languages "none";\n')
    policy = os.path.join(folder, "usr/sbin/policy-rc.d")
    with open(policy, "w") as file:
        file.write("#!/bin/sh\nexit 101\n")
    os.chmod(policy, 0o755)
    in_root(folder, ["apt-get", "update", "-q"], log)
    in_root(folder, ["apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES], log)
    in_root(folder, ["apt-get", "clean"], log)
    left = debian_fingerprint(folder)["missing"]
    if left:
        raise Complaint(f"the Debian root lacks {', '.join(left)} (see {log})")

"""OCI bundles: a config.json and a root that is an overlay over cached layers."""
import json
import os
import resource
import subprocess

CAPABILITIES = [
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
    "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
]
# Engines allow many open files, but nobody gives more than they have.
FILES = min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def configuration(arguments, environment=(), cwd="/", mounts=(), netns=None, annotations=None, root="rootfs"):
    """A config.json like the one that container engines write by default: their capabilities, mounts, namespaces.

    `mounts` are (source, destination) bind mounts, or ("tmpfs", destination). Without `netns` the network namespace is
    new and empty.
    """
    namespaces = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]
    network = {"type": "network"}
    if netns:
        network["path"] = netns
    namespaces.append(network)
    listed = [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
         "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
         "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=2097152k"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
    ]
    for source, destination in mounts:
        if source == "tmpfs":
            listed.append({"destination": destination, "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev"]})
        else:
            listed.append({"destination": destination, "type": "bind", "source": source, "options": ["rbind", "rw"]})
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": list(arguments),
            "env": [PATH, "HOME=/root", "LC_ALL=C", *environment],
            "cwd": cwd,
            "capabilities": {kind: CAPABILITIES for kind in ("bounding", "effective", "permitted")},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": FILES, "soft": FILES}],
            "noNewPrivileges": True,
        },
        "root": {"path": root, "readonly": False},
        "hostname": "perf",
        "mounts": listed,
        "annotations": annotations or {},
        "linux": {
            "namespaces": namespaces,
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    }


class Bundle:
    """A folder with config.json and an overlay of `layers` (the first is the lowest) as root file system."""

    def __init__(self, folder, layers):
        self.folder = folder
        self.root = os.path.join(folder, "rootfs")
        for part in ("rootfs", "upper", "work"):
            os.makedirs(os.path.join(folder, part))
        subprocess.run(["mount", "-t", "overlay", "perf", "-o",
                        f"lowerdir={':'.join(reversed(layers))},upperdir={folder}/upper,workdir={folder}/work", self.root],
                       check=True)
        self.mounted = True

    def write(self, config):
        with open(os.path.join(self.folder, "config.json"), "w") as file:
            json.dump(config, file)

    def remove(self):
        if self.mounted:
            subprocess.call(["umount", "-l", self.root])
            self.mounted = False
        subprocess.call(["rm", "-rf", "--one-file-system", self.folder])

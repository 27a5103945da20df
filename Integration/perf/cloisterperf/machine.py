"""The machine that was measured, so that figures can be judged."""
import os
import platform
import re
import shutil
import subprocess


def read(path, default=""):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return default


def virtualised():
    """What the machine runs on: a hypervisor's name, or `no`."""
    if shutil.which("systemd-detect-virt"):
        found = subprocess.run(["systemd-detect-virt", "--vm"], capture_output=True, text=True).stdout.strip()
        if found and found != "none":
            return f"yes ({found})"
    flags = re.search(r"^flags\s*:(.*)$", read("/proc/cpuinfo"), re.M)
    return "yes" if flags and " hypervisor" in flags.group(1) else "no"


def describe(versions):
    """Processor, cores, memory, kernel, whether virtualised, load; and the runtimes' versions."""
    model = re.search(r"^model name\s*:\s*(.*)$", read("/proc/cpuinfo"), re.M)
    total = re.search(r"MemTotal:\s*([0-9]+)", read("/proc/meminfo"))
    name = re.search(r'^PRETTY_NAME="?([^"\n]*)', read("/etc/os-release"), re.M)
    return {
        "processor": model.group(1).strip() if model else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": int(total.group(1)) * 1024 if total else 0,
        "kernel": platform.release(),
        "system": name.group(1) if name else "",
        "virtualised": virtualised(),
        "load": round(os.getloadavg()[0], 2),
        "runtimes": versions,
    }


def busy(machine):
    """Whether other programs were running when the measuring began."""
    return machine["load"] > 0.5 * machine["cores"]


def sentence(machine):
    """The machine in one line, for under a plot."""
    virtual = ", virtual machine" if machine["virtualised"].startswith("yes") else ""
    return (f"{machine['processor']}, {machine['cores']} cores{virtual}, {machine['memory_bytes'] / 2**30:.0f} GiB,"
            f" Linux {machine['kernel']}")

"""Which runtimes are compared: their names on the command line, their commands, versions and containerd types."""
import difflib
import functools
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field

from .errors import Complaint

REPOSITORY = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BASELINE = "runc"
RUNC_TYPE = "io.containerd.runc.v2"
# Where cgroup v2 is beside v1.
UNIFIED = "/sys/fs/cgroup/unified"
DEFAULTS = ["runc", "crun", "runsc", "cloister", "cloister:ptrace"]
TYPE = re.compile(r"io\.containerd\.[a-z0-9_.-]+\.v[0-9]+$")


@dataclass(frozen=True)
class Runtime:
    """One column of every table. `command` is the OCI runtime with its flags; `type` its name in containerd, if any.

    A runtime without a command is measured through containerd only; one without a type goes through runc's shim there.
    """
    name: str
    command: tuple = ()
    type: str = ""
    # What `ctr run` needs beside the type: for Cloister the text of a configuration file.
    configuration: str = ""
    install: str = ""
    environment: dict = field(default_factory=dict, hash=False, compare=False)

    @property
    def family(self):
        """The program behind the name: what decides about known gaps and special flags."""
        if self.command:
            return os.path.basename(self.command[0])
        return self.type.split(".")[2] if self.type.count(".") > 2 else self.type

    def words(self, networked):
        """The command with what this machine's kernel makes necessary for containers with or without a network."""
        if self.family.startswith("runsc") and not any(w.lstrip("-").startswith("network=") for w in self.command):
            if not networked:
                return [*self.command, "--network=none"]
            if root_network_is_mistaken():
                return ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc/sys/net && exec "$0" "$@"',
                        *self.command]
        if self.family == "crun" and cgroups_are_hybrid():
            return ["unshare", "--mount", "sh", "-c", f'umount {UNIFIED} && exec "$0" "$@"', *self.command]
        return list(self.command)

    @property
    def wrapped(self):
        """Whether containerd reaches this by runc's shim, which takes no flags: by a program that adds them."""
        return not self.type or self.type == RUNC_TYPE and self.family != BASELINE

    def version(self):
        """One line that names the version. Complains if the program is missing or its version command fails."""
        if self == NATIVE:
            return "no container: the program itself on the host"
        if not self.command:
            shim = shim_of(self.type)
            found = shutil.which(shim) or (os.path.exists(built(shim)) and built(shim))
            if not found:
                raise Complaint(f"{self.name}: {shim} is not in PATH", self.install or None)
            return f"{self.type} by {found}"
        program = self.command[0]
        if not shutil.which(program):
            raise Complaint(f"{self.name}: {program} is not installed", self.install or None)
        # Flags stand before a command; the version has none of them (a platform does not change it).
        try:
            ran = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, errors="replace",
                                 stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Complaint(f"{self.name}: `{program} --version` failed: {error}") from None
        if ran.returncode:
            said = (ran.stderr or ran.stdout).strip().splitlines()
            raise Complaint(f"{self.name}: `{program} --version` failed with status {ran.returncode}"
                            + (f": {said[-1]}" if said else ""))
        lines = ran.stdout.strip().splitlines()
        line = lines[0] if lines else "no version"
        # To be said wherever figures are: it costs some milliseconds for each command.
        return line + (" (started by a wrapper that hides cgroup v2: it refuses both at once)"
                       if self.words(False)[0] == "unshare" else "")


# The programs themselves, for those benchmarks that are one command.
NATIVE = Runtime("native", ("chroot",))


@functools.cache
def root_network_is_mistaken():
    """Whether gVisor takes every network namespace for the machine's own, and refuses to use it.

    It looks for /proc/sys/net/core/rmem_default, which newer kernels show in all of them; hiding it helps.
    """
    if not (shutil.which("unshare") and os.path.exists("/proc/sys/net/core/rmem_default")):
        return False
    return subprocess.call(["unshare", "--net", "test", "-e", "/proc/sys/net/core/rmem_default"]) == 0


def cgroups_are_hybrid():
    """Whether there are controllers in cgroup v2 beside v1, which crun refuses to work with; it does if it sees no v2."""
    try:
        with open(os.path.join(UNIFIED, "cgroup.controllers")) as file:
            return bool(file.read().strip()) and shutil.which("unshare") is not None
    except OSError:
        return False


def shim_of(type):
    """The program behind a containerd type: io.containerd.NAME.v2 is containerd-shim-NAME-v2."""
    return "containerd-shim-" + "-".join(type.split(".")[-2:])


def built(program):
    return os.path.join(REPOSITORY, ".build", "release", program)


def cloister():
    """Our own command: what this checkout built, else what PATH has."""
    return built("cloister") if os.path.exists(built("cloister")) else "cloister"


def known(name, platform=""):
    """A runtime that we know by name, with a platform for those that have several; None for others."""
    label = f"{name}:{platform}" if platform else name
    flags = (f"--platform={platform}",) if platform else ()
    if name == "native" and not platform:
        return NATIVE
    if name == "runc" and not platform:
        return Runtime(label, ("runc",), RUNC_TYPE, install="apt-get install runc")
    if name == "crun" and not platform:
        return Runtime(label, ("crun",), RUNC_TYPE, install="apt-get install crun")
    if name == "runsc":
        own = not platform and shutil.which("containerd-shim-runsc-v1")
        return Runtime(label, ("runsc",) + flags, "io.containerd.runsc.v1" if own else "", install="apt-get install runsc")
    if name == "cloister":
        return Runtime(label, (cloister(),) + flags, "io.containerd.cloister.v2",
                       configuration=f'platform = "{platform}"\n' if platform else "", install="Integration/build")
    return None


NAMES = ["native", "runc", "crun", "runsc", "runsc:ptrace", "runsc:systrap", "cloister", "cloister:systrap", "cloister:ptrace"]


TITLES = {"native": "native", "runsc": "gVisor", "cloister": "Cloister"}


def title(name):
    """What a runtime is called in plots and reports: those that we know by their projects' names."""
    first, _, platform = name.partition(":")
    if name not in NAMES or first not in TITLES:
        return name
    return TITLES[first] + (f", {platform}" if platform else "")


def parse(text):
    """A runtime from the command line: a known name, `name:platform`, `name=command line`, or a containerd type."""
    if "=" in text and not text.startswith("-"):
        name, command = text.split("=", 1)
        if not re.fullmatch(r"[A-Za-z0-9_.:@+-]+", name):
            raise Complaint(f"--runtime={text}: {name!r} is no name for a runtime (letters, digits and .:_@+- only)")
        if TYPE.match(command):
            return Runtime(name, (), command)
        words = tuple(shlex.split(command))
        if not words:
            raise Complaint(f"--runtime={text}: no command after the name")
        return Runtime(name, words)
    if TYPE.match(text):
        return Runtime(text, (), text)
    name, _, platform = text.partition(":")
    runtime = known(name, platform)
    if runtime and (not platform or re.fullmatch(r"[a-z0-9]+", platform)):
        return runtime
    near = difflib.get_close_matches(text, NAMES, 1, 0.5)
    raise Complaint(f"there is no runtime {text!r}" + (f"; did you mean {near[0]}?" if near else ".")
                    + " Any other OCI runtime is given as --runtime='name=command --flags', one of containerd's by its"
                      " type (io.containerd.NAME.v2)")


def besides(chosen, benchmarks):
    """The runtimes that some benchmarks compare with beside the default ones."""
    names = {runtime.name for runtime in chosen}
    wanted = dict.fromkeys(name for benchmark in benchmarks for name in benchmark.besides if name not in names)
    return [parse(name) for name in wanted]


def in_order(runtimes):
    """Those that we know in the order of NAMES, platforms beside each other, the others after them."""
    return sorted(runtimes, key=lambda runtime: NAMES.index(runtime.name) if runtime.name in NAMES else len(NAMES))


def parse_all(texts):
    """The runtimes of a command line, each name once."""
    runtimes = [parse(text) for text in texts]
    names = [runtime.name for runtime in runtimes]
    for name in names:
        if names.count(name) > 1:
            raise Complaint(f"two runtimes are called {name}; give one another name with --runtime='other={name} ...'")
    return runtimes

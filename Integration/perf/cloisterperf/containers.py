"""Containers by an OCI runtime's command line. containerd.py offers the same through containerd."""
import itertools
import os
import re
import time

from . import bundles, processes
from .errors import BadSample, Unsupported

numbers = itertools.count(1)


def identifier():
    return f"perf{os.getpid()}-{next(numbers)}"


def complaint(output, status):
    """The most telling line of what a runtime said."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    # runc and crun log in logrus's way: the message is what matters.
    told = [re.sub(r'\\(.)', r"\1", m) for line in lines for m in re.findall(r'msg="((?:[^"\\]|\\.)*)"', line)]
    lines = told or lines
    return lines[-1][:300] if lines else ("it did not end in time" if status is None else f"status {status}")


def has_network(config):
    """Whether a container joins a network namespace that was made for it."""
    spaces = (config or {}).get("linux", {}).get("namespaces", ())
    return any(space["type"] == "network" and space.get("path", "").startswith("/run/netns/") for space in spaces)


class Container:
    """A container in the background. `bundle` is removed with it."""

    def __init__(self, engine, id, bundle, log):
        self.engine, self.id, self.bundle, self.log = engine, id, bundle, log

    def output(self):
        try:
            with open(self.log, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_for(self, text, timeout):
        """Waits until the container's output has `text`."""
        end = time.monotonic() + timeout
        turn = 0
        while text not in self.output():
            # Asking for the state costs a process; once a second will do.
            turn += 1
            if time.monotonic() > end or (turn % 500 == 0 and self.ended() and text not in self.output()):
                raise BadSample(f"the container did not print {text!r}", self.output())
            time.sleep(0.002)

    def ended(self):
        return not self.engine.alive(self.id)

    def execute(self, arguments, timeout):
        return self.engine.execute(self.id, arguments, timeout)

    def remove(self):
        self.engine.remove(self.id)
        if self.bundle:
            self.bundle.remove()
        self.engine.containers.discard(self)


class Engine:
    """Runs containers with one runtime. `home` is a folder of ours for state and bundles."""
    via = "oci"

    def __init__(self, runtime, home):
        self.runtime = runtime
        self.home = os.path.join(home, "".join(c if c.isalnum() else "-" for c in runtime.name) + "-" + self.via)
        self.containers = set()
        os.makedirs(self.home, exist_ok=True)
        self.state = os.path.join(self.home, "state")
        self.environment = {**os.environ, **runtime.environment}

    def bundle(self, layers):
        return bundles.Bundle(os.path.join(self.home, "bundle" + str(next(numbers))), layers)

    def command(self, *words, config=None):
        """The runtime's command line; `config` matters for those that start something."""
        return [*self.runtime.words(has_network(config)), "--root", self.state, *words]

    def run(self, bundle, config, timeout, core=None):
        """A container from start to end: its output and how long it took, the runtime's own time included.

        With `core`, the runtime and all that it starts have that one core only.
        """
        bundle.write(config)
        id = identifier()
        argv = self.command("run", "--bundle", bundle.folder, id, config=config)
        ran = processes.run(on_core(argv, core), timeout, self.environment)
        if ran.status is None:
            self.remove(id)
        return ran

    def output_of(self, layers, config, timeout, core=None):
        """Runs one container on a fresh root; its output. Says what failed if its status is not 0."""
        bundle = self.bundle(layers)
        try:
            return checked(self.run(bundle, config, timeout, core), timeout)
        finally:
            bundle.remove()

    def start(self, bundle, config, timeout, keep_bundle=False, id=None):
        """Starts a container in the background; the time it took is `started_in`."""
        bundle.write(config)
        id = id or identifier()
        log = os.path.join(self.home, id + ".log")
        with open(log, "wb") as output:
            container = Container(self, id, None if keep_bundle else bundle, log)
            self.containers.add(container)
            ran = self.detach(id, bundle, config, output, timeout)
        if ran.status != 0:
            said = container.output() + ran.output
            container.remove()
            raise BadSample("the container did not start: " + complaint(said, ran.status), said)
        container.started_in = ran.seconds
        return container

    def detach(self, id, bundle, config, output, timeout):
        # The container keeps the output file; the runtime's own words come through it, too.
        argv = self.command("run", "--detach", "--bundle", bundle.folder, id, config=config)
        return processes.run(["sh", "-c", 'exec "$@" >>"$0" 2>&1', output.name, *argv], timeout, self.environment)

    def execute(self, id, arguments, timeout):
        return processes.run(self.command("exec", id, *arguments), timeout, self.environment)

    def alive(self, id):
        ran = processes.run(self.command("state", id), 20, self.environment)
        return ran.status == 0 and '"stopped"' not in ran.output

    def remove(self, id):
        processes.run(self.command("delete", "--force", id), 30, self.environment)

    def close(self):
        for container in list(self.containers):
            self.containers.discard(container)
            container.remove()


class NativeEngine(Engine):
    """No container at all: the program itself on the host, in the bundle's root. What all runtimes can be compared with."""
    via = "native"

    def run(self, bundle, config, timeout, core=None):
        # The mounts are in a mount namespace of their own and end with the command.
        script = ('mount -t proc proc "$0/proc" && mkdir -p "$0/dev/shm" && mount -t tmpfs -o mode=1777 shm "$0/dev/shm" &&'
                  ' root=$0 && exec chroot "$root" "$@"')
        environment = dict(word.split("=", 1) for word in config["process"]["env"])
        return processes.run(on_core(["unshare", "--mount", "sh", "-c", script, bundle.root, *config["process"]["args"]],
                                     core), timeout, environment)

    def start(self, bundle, config, timeout, keep_bundle=False, id=None):
        raise Unsupported("no container: only programs that run to their end are measured natively")


def on_core(argv, core):
    """A command confined to one core, if there is one."""
    return argv if core is None else ["taskset", "--cpu-list", str(core), *argv]


def checked(ran, timeout):
    """The output of a command that ended well; else a BadSample with its last lines."""
    if ran.status is None:
        raise BadSample(f"not finished after {timeout:.0f} s", ran.output)
    if ran.status != 0:
        raise BadSample(f"ended with status {ran.status}", ran.output)
    return ran.output


def need(runtime, ran, what):
    """Turns a failed probe into the reason that the table shows."""
    if ran.status != 0:
        raise Unsupported(f"{what}: {complaint(ran.output, ran.status)}")

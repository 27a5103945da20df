"""Containers and pods through a containerd of our own, so that shims are measured as they are used."""
import os
import shlex
import shutil
import signal
import subprocess
import time

from . import processes
from .containers import Engine, has_network, identifier, numbers
from .errors import BadSample, Complaint, Unsupported
from .runtimes import REPOSITORY, RUNC_TYPE

CONFIGURATION = """version = 2
root = "{home}/root"
state = "{home}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
                    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "{home}/containerd.sock"
[ttrpc]
  address = "{home}/containerd.sock.ttrpc"
"""


class Daemon:
    """A containerd with its root, state and socket in a folder of ours. Started when first asked for."""

    def __init__(self, home, folders):
        self.home, self.folders, self.process = home, folders, None

    def start(self):
        if self.process:
            return
        for program, package in (("containerd", "containerd"), ("ctr", "containerd")):
            if not shutil.which(program):
                raise Complaint(f"{program} is not installed; containers through containerd are left out",
                                f"apt-get install {package}")
        os.makedirs(self.home, exist_ok=True)
        with open(os.path.join(self.home, "config.toml"), "w") as file:
            file.write(CONFIGURATION.format(home=self.home))
        environment = {**os.environ, "PATH": ":".join([*self.folders, os.environ["PATH"]])}
        self.log = os.path.join(self.home, "containerd.log")
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(["containerd", "--config", os.path.join(self.home, "config.toml")],
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
                                            start_new_session=True)
        for _ in range(200):
            if processes.run(self.ctr("version"), 10).status == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.stop()
        raise Complaint(f"containerd did not start; its log is {self.log}")

    def ctr(self, *words):
        return ["ctr", "--address", os.path.join(self.home, "containerd.sock"), "--namespace", "perf", *words]

    def pids(self):
        return {self.process.pid} if self.process else set()

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


def shim_folders(runtimes):
    """Where containerd finds the shims of the runtimes under test."""
    folders = [os.path.dirname(shutil.which(r.command[0]) or "") for r in runtimes if r.command]
    folders.append(os.path.join(REPOSITORY, ".build", "release"))
    return [folder for folder in dict.fromkeys(folders) if folder]


class ContainerdEngine(Engine):
    """The same runtime behind containerd: `ctr` in the place of the runtime's command."""
    via = "containerd"

    def __init__(self, runtime, home, daemon):
        super().__init__(runtime, home)
        self.daemon = daemon
        self.flags = ["--runtime", runtime.type or RUNC_TYPE]
        if runtime.configuration:
            path = os.path.join(self.home, "runtime.toml")
            with open(path, "w") as file:
                file.write(runtime.configuration)
            self.flags += ["--runtime-config-path", path]

    def ctr(self, *words):
        self.daemon.start()
        return self.daemon.ctr(*words)

    def flags_for(self, bundle, config):
        flags = [*self.flags, "--config", os.path.join(bundle.folder, "config.json")]
        return flags if not self.runtime.wrapped else flags + ["--runc-binary", self.wrapper(has_network(config))]

    def wrapper(self, networked):
        """A program that is the runtime with its flags: runc's shim takes a path only."""
        path = os.path.join(self.home, "networked" if networked else "alone")
        if not os.path.exists(path):
            with open(path, "w") as file:
                file.write(f'#!/bin/sh\nexec {shlex.join(self.runtime.words(networked))} "$@"\n')
            os.chmod(path, 0o755)
        return path

    def run(self, bundle, config, timeout, core=None):
        if core is not None:
            raise Unsupported("confined to a core only through the runtime's own command")
        config["root"]["path"] = bundle.root
        bundle.write(config)
        id = identifier()
        ran = processes.run(self.ctr("run", "--rm", *self.flags_for(bundle, config), id), timeout, self.environment)
        if ran.status is None:
            self.remove(id)
        return ran

    def start(self, bundle, config, timeout, keep_bundle=False, id=None):
        config["root"]["path"] = bundle.root
        return super().start(bundle, config, timeout, keep_bundle, id)

    def detach(self, id, bundle, config, output, timeout):
        argv = self.ctr("run", "--detach", "--log-uri", "file://" + output.name, *self.flags_for(bundle, config), id)
        return processes.run(argv, timeout, self.environment)

    def pid(self, id):
        ran = processes.run(self.ctr("task", "ls"), 20)
        for line in ran.output.splitlines():
            words = line.split()
            if words and words[0] == id:
                return int(words[1])
        raise BadSample(f"containerd knows no task {id}", ran.output)

    def execute(self, id, arguments, timeout):
        name = f"exec{next(numbers)}"
        return processes.run(self.ctr("task", "exec", "--exec-id", name, id, *arguments), timeout, self.environment)

    def alive(self, id):
        ran = processes.run(self.ctr("task", "ls"), 20)
        return any(line.split()[0] == id and line.split()[2] == "RUNNING"
                   for line in ran.output.splitlines()[1:] if len(line.split()) > 2)

    def remove(self, id):
        if not self.daemon.process:
            return
        processes.run(self.ctr("task", "kill", "-s", "KILL", "-a", id), 20)
        for _ in range(100):
            if not self.alive(id):
                break
            time.sleep(0.02)
        processes.run(self.ctr("task", "rm", "-f", id), 20)
        processes.run(self.ctr("container", "rm", id), 20)

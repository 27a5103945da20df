"""What a benchmark works with: engines, layers, bundles, networks and helpers that run on the host."""
import contextlib
import errno
import os
import re
import shutil
import subprocess
import tempfile
import time

from . import bundles, containers, processes, rootfs
from .containerd import ContainerdEngine, Daemon, shim_folders
from .containers import Engine, NativeEngine
from .errors import BadSample, Unsupported
from .network import Network
from .runtimes import NATIVE, RUNC_TYPE, in_order, shim_of

FOLDER = os.path.dirname(os.path.abspath(__file__))
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
WORKLOADS = os.path.join(FOLDER, "workloads")


class Lab:
    """Everything that lives as long as one invocation. `close` takes all of it down."""

    def __init__(self, options, runtimes, progress, beside=()):
        """`beside` are runtimes that only those benchmarks measure that name them."""
        self.options, self.runtimes, self.beside, self.progress = options, runtimes, list(beside), progress
        self.quick = options.quick
        self.layers = rootfs.Layers(options.cache, progress.say)
        # On a disk, not a tmpfs: roots are written to.
        os.makedirs(options.cache, exist_ok=True)
        sweep(options.cache)
        self.home = tempfile.mkdtemp(prefix=f"run.{os.getpid()}.", dir=options.cache)
        self.daemon = Daemon(os.path.join(tempfile.gettempdir(), f"cloister-perf-{os.getpid()}"), shim_folders(runtimes))
        self.engines = {}
        self.bundles = {}
        self.many = []
        self.networks = []
        self.tcp = {}

    def pick(self, quick, full):
        """A parameter, smaller with --quick."""
        return quick if self.quick else full

    def taking_part(self, benchmark):
        """The runtimes that a benchmark compares."""
        more = [runtime for runtime in self.beside if runtime.name in benchmark.besides]
        return in_order([*self.runtimes, *more]) if more else list(self.runtimes)

    # Engines and containers

    def engine(self, runtime, via=None):
        """The engine for a runtime: its command, or containerd if it has none or `via` says so."""
        if runtime == NATIVE:
            if via == "containerd":
                raise Unsupported("no container")
            via = "native"
        via = via or ("oci" if runtime.command else "containerd")
        if via == "oci" and not runtime.command:
            raise Unsupported("measured through containerd only")
        key = (runtime.name, via)
        if key not in self.engines:
            if via == "containerd":
                shim = shim_of(runtime.type or RUNC_TYPE)
                paths = os.pathsep.join([*self.daemon.folders, os.environ["PATH"]])
                if not shutil.which(shim, path=paths):
                    raise Unsupported(f"{shim} is not installed")
                self.engines[key] = ContainerdEngine(runtime, self.home, self.daemon)
            else:
                self.engines[key] = (NativeEngine if via == "native" else Engine)(runtime, self.home)
        return self.engines[key]

    def bundle(self, engine, layers):
        """A bundle that stays for the benchmark, so that making roots is not measured."""
        key = (engine, tuple(layers))
        if key not in self.bundles:
            self.bundles[key] = engine.bundle(layers)
        return self.bundles[key]

    def same_bundles(self, count):
        """`count` bundles of the plain root that stay for the benchmark: runtimes whose containers write nothing share them."""
        while len(self.many) < count:
            self.many.append(bundles.Bundle(os.path.join(self.home, f"same{len(self.many)}"), [self.base]))
        return self.many[:count]

    def end_benchmark(self):
        """Takes down what a benchmark left. What cannot be taken down (no process can be made, say) holds nothing else up."""
        kept = [engine.close for engine in self.engines.values()]
        kept += [thing.remove for thing in [*self.bundles.values(), *self.many, *self.networks]]
        self.bundles.clear()
        self.many.clear()
        self.networks.clear()
        for take_down in [*kept, self.end_strays]:
            try:
                take_down()
            except OSError as error:
                self.progress.say(f"perf: cleaning up: {error}")

    def end_strays(self):
        """Ends what is still there of containers that are gone: it would disturb the next benchmark. Says what it was."""
        for _ in range(100):
            left = processes.descendants() - self.daemon.pids()
            if not left:
                return
            time.sleep(0.03)
        names = sorted(filter(None, map(processes.name_of, left)))
        self.progress.say(f"perf: ended what was left running: {', '.join(dict.fromkeys(names))}")
        processes.end_descendants(left)

    def network(self):
        network = Network()
        self.networks.append(network)
        return network

    def release(self, network):
        network.remove()
        self.networks.remove(network)

    def need_tcp(self, engine):
        """Says that a runtime has no network, once it was tried."""
        key = (engine.runtime.name, engine.via)
        if key not in self.tcp:
            network = self.network()
            bundle = engine.bundle([self.base])
            script = "import socket; s = socket.create_server(('0.0.0.0', 80)); print('listens')"
            config = bundles.configuration(["/usr/bin/python3", "-c", script], netns=network.path)
            try:
                ran = engine.run(bundle, config, 60)
                self.tcp[key] = "" if ran.status == 0 else containers.complaint(ran.output, ran.status)
            finally:
                bundle.remove()
                self.release(network)
        if self.tcp[key]:
            why = re.sub(r"^OSError: .Errno [0-9]+. ", "", self.tcp[key])
            raise Unsupported("not yet: no TCP" + ("" if why == os.strerror(errno.EAFNOSUPPORT) else f": {why}"))

    # Layers

    @property
    def base(self):
        return self.layers.base()

    def workloads(self):
        """A layer with our own programs: /srv/perf, C compiled in the Debian root."""
        sources = {}
        for folder in (WORKLOADS, os.path.dirname(FOLDER)):
            for name in sorted(os.listdir(folder)):
                if folder == WORKLOADS or name.endswith(".c"):
                    with open(os.path.join(folder, name)) as file:
                        sources[name] = file.read()

        def build(target, log):
            place = os.path.join(target, "srv", "perf")
            os.makedirs(place)
            for name, text in sources.items():
                with open(os.path.join(place, name), "w") as file:
                    file.write(text)
            for name in sources:
                if name.endswith(".c"):
                    self.native(["gcc", "-O2", "-pthread", "-static", "-o", f"/mnt/srv/perf/{name[:-2]}",
                                 f"/mnt/srv/perf/{name}"], 120, mount=target)

        return self.layers.make("workloads", sources, build)

    def layer(self, name, recipe, script, need=0, timeout=1800):
        """A layer that a shell script makes in the Debian root: it writes below /mnt, with our workloads at hand."""
        base, workloads = self.base, self.workloads()

        def build(target, log):
            bundle = bundles.Bundle(os.path.join(self.home, "make-" + name), [base, workloads])
            try:
                output = self.native(["sh", "-euc", script], timeout, root=bundle.root, mount=target)
            finally:
                bundle.remove()
            with open(log, "w") as file:
                file.write(output)

        return self.layers.make(name, [recipe, script], build, need)

    # The host's side

    def native(self, argv, timeout, root=None, mount=None, check=True):
        """Runs a program of the Debian root on the host: load generators, compilers. Its output."""
        ran = processes.run(*self.native_command(argv, root, mount, timeout))
        return containers.checked(ran, timeout) if check else ran

    @contextlib.contextmanager
    def background(self, argv):
        """Runs a program of the Debian root on the host while the block runs."""
        command, _, environment = self.native_command(argv, None, None, 0)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=environment, start_new_session=True)
        try:
            yield process
        finally:
            processes.end_group(process)

    def native_command(self, argv, root, mount, timeout):
        root = root or self.base
        script = 'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && cp /etc/resolv.conf "$0/etc/" 2>/dev/null; '
        # Whom this machine trusts (a company's own mirror, say), the root trusts.
        if os.path.exists(CERTIFICATES):
            script += f'mount --bind {CERTIFICATES} "$0{CERTIFICATES}"; '
        if mount:
            script += f'mount --bind "{mount}" "$0/mnt" && '
        script += 'root=$0 && exec chroot "$root" "$@"'
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root"}
        for name in ("http_proxy", "https_proxy", "no_proxy"):
            if name in os.environ:
                environment[name] = os.environ[name]
        return ["unshare", "--mount", "sh", "-c", script, root, *argv], timeout, environment

    def close(self):
        self.end_benchmark()
        self.daemon.stop()
        shutil.rmtree(self.daemon.home, ignore_errors=True)
        left = processes.descendants()
        if left:
            processes.end_descendants(left)
        rootfs.Layers.clear(self.home)


def sweep(cache):
    """Removes what a run left that was killed."""
    for name in os.listdir(cache):
        parts = name.split(".")
        if parts[0] == "run" and len(parts) == 3 and not os.path.exists(f"/proc/{parts[1]}"):
            rootfs.Layers.clear(os.path.join(cache, name))
            listed = os.listdir("/run/netns") if os.path.isdir("/run/netns") else []
            for netns in listed:
                if netns.startswith(f"perf{parts[1]}-"):
                    subprocess.call(["ip", "netns", "del", netns])


def wait_for_port(address, port, timeout, alive=None):
    """Waits until a TCP port accepts connections."""
    import socket
    end = time.monotonic() + timeout
    while True:
        try:
            with socket.create_connection((address, port), timeout=1):
                return
        except OSError as error:
            if time.monotonic() > end or (alive and not alive()):
                raise BadSample(f"nothing listens on port {port}: {error}") from None
            time.sleep(0.01)

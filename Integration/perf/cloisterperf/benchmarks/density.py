"""Memory per container: the host's available memory without and with many of them, divided by their number."""
import concurrent.futures
import time

from .. import bundles, memory, processes
from ..benchmark import Benchmark
from ..containers import checked, identifier
from ..errors import BadSample, Unsupported
from ..samples import Metric
from .services import SERVICES, layers_for

# A value of 10,000 bytes a hundred thousand times is about 1 GB, as in the guide.
REDIS = ("/usr/bin/redis-server", "--port", "0", "--unixsocket", "/tmp/redis.sock", "--save", "", "--appendonly", "no",
         "--enable-debug-command", "yes")
# Seconds: how long programs have to come to rest, and how long the machine has, with --quick and without.
REST, PATIENCE = 1.0, (1.5, 3.0)
# What comes out too unsure is measured again, up to so often.
ATTEMPTS = 2


class Density(Benchmark):
    name = "density"
    title = "Memory per container"
    summary = ("host's available memory before, with and after 50 containers that sleep, 10 node and 10 ruby web services with"
               " their modules, 2 of redis with 1 GB of data, divided by their number; pods: with a sandbox container each,"
               " through containerd. With --quick redis has 100 MB. Process memory: the proportional set"
               " size of all processes that came with them")
    # The guide's figure includes what the kernel keeps for a container and scatters with the machine; that of the
    # processes alone does not.
    metrics = (Metric("memory_usage", "B"), Metric("process_memory", "B", plotted=False))
    seconds = (40, 32)
    runs = (1, 3)
    timeout = (30, 60)

    def layers(self, lab):
        return layers_for(lab)

    def memory(self, lab):
        return 2_500_000_000 if lab.quick else 5_000_000_000

    def methods(self, lab):
        return ["density.containerd.empty",
                *(f"density.{pod}{what}" for pod in ("", "pod.") for what in ("empty", "node", "ruby", "redis"))]

    def takes_part(self, lab, method, run):
        # What is small needs more turns than what is large, and a pod adds the same to each service: once will do.
        return method.endswith(".empty") or run < (1 if ".pod." in method else 2)

    def label(self, method):
        what = method.split(".")[-1]
        name = {"empty": "sleep", "redis": "redis with data"}.get(what, f"{what} web service")
        return name + (" (pod through containerd)" if ".pod." in method else
                       " (through containerd)" if ".containerd." in method else "")

    def count(self, lab, what):
        if lab.options.count:
            return lab.options.count
        return 2 if what == "redis" else 50 if what == "empty" else 10

    def measure(self, lab, runtime, method):
        pod = ".pod." in method
        what = method.split(".")[-1]
        engine = lab.engine(runtime, "containerd" if pod or ".containerd." in method else None)
        if pod and not runtime.type:
            raise Unsupported("its own shim, which pods need, is not here")
        if engine.via == "containerd":
            engine.daemon.start()
        count = self.count(lab, what)
        for attempt in range(ATTEMPTS):
            used, in_processes = self.held(lab, engine, what, pod, count)
            try:
                used.check()
                break
            except BadSample:
                if attempt + 1 == ATTEMPTS:
                    yield "process_memory", in_processes / count
                    raise
        yield "process_memory", in_processes / count
        yield method, "memory_usage", used.each, used.remark

    def held(self, lab, engine, what, pod, count):
        """What each of `count` containers takes of the machine's memory, and the bytes of all their processes."""
        made = [engine.bundle(self.layers(lab)) for _ in range(count)]
        pauses = [engine.bundle([lab.base]) for _ in range(count)] if pod else [None] * count
        containers = []
        patience = lab.pick(*PATIENCE)
        try:
            try:
                before = memory.settled(patience)
                before_pids = processes.descendants()
                for bundle, pause in zip(made, pauses):
                    containers += self.start(lab, engine, what, bundle, pause)
                for container in containers:
                    if container.ready:
                        container.wait_for(container.ready, self.limit(lab))
                if what == "redis":
                    for container in containers:
                        if container.ready:
                            fill(lab, container, lab.pick(10_000, 100_000), self.limit(lab))
                time.sleep(REST)
                during = memory.settled(patience)
                in_processes = processes.proportional_memory(processes.descendants() - before_pids)
                for container in containers:
                    if container.ready and container.ended():
                        raise BadSample("a container ended while memory was measured", container.output())
            finally:
                # Containers before the sandboxes that they are in.
                for stage in [containers[1::2], containers[::2]] if pod else [containers]:
                    remove(stage)
            return memory.use(before, during, memory.settled(patience), count), in_processes
        finally:
            remove([*made, *filter(None, pauses)])

    def start(self, lab, engine, what, bundle, pause):
        """One container, or a pod: first its sandbox container, then this one in its namespaces and shim."""
        command = {"empty": ("/bin/sleep", "infinity"), "redis": REDIS}.get(what) or SERVICES[what].command
        ready = {"empty": "", "redis": "ready to accept connections"}.get(what, "ready")
        config = bundles.configuration(command)
        if not pause:
            container = engine.start(bundle, config, self.limit(lab), keep_bundle=True)
            container.ready = ready
            return [container]
        id = identifier()
        annotations = {"io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-id": id}
        sandbox = engine.start(pause, bundles.configuration(["/bin/sleep", "infinity"], annotations=annotations),
                               self.limit(lab), keep_bundle=True, id=id)
        sandbox.ready = ""
        try:
            config["annotations"] = {"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.sandbox-id": id}
            pid = engine.pid(id)
            for space in config["linux"]["namespaces"]:
                if space["type"] in ("network", "ipc", "uts"):
                    name = {"network": "net"}.get(space["type"], space["type"])
                    space["path"] = f"/proc/{pid}/ns/{name}"
            # The host name is the sandbox's.
            del config["hostname"]
            container = engine.start(bundle, config, self.limit(lab), keep_bundle=True)
        except BaseException:
            sandbox.remove()
            raise
        container.ready = ready
        return [sandbox, container]


def remove(things):
    """Takes down containers or bundles, some at a time."""
    with concurrent.futures.ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda one: one.remove(), things))


def fill(lab, container, values, timeout):
    """Gives redis its data, from inside: no network is needed for that."""
    said = checked(container.execute(["/usr/bin/redis-cli", "-s", "/tmp/redis.sock", "debug", "populate", str(values),
                                      "key", "10000"], timeout), timeout)
    if "OK" not in said:
        raise BadSample("redis did not take its data", said)


BENCHMARKS = [Density()]

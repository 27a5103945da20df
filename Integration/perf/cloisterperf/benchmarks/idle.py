"""What sandboxes cost that do nothing: wake-ups, processor time and memory of all their processes."""
import time

from .. import bundles, processes
from ..benchmark import Benchmark
from ..errors import BadSample, Complaint, Unsupported
from ..samples import Metric

METHODS = ["idle.oci", "idle.containerd"]


class Idle(Benchmark):
    name = "idle"
    title = "Cost of one idle container"
    summary = ("containers that sleep: context switches and processor time of all their processes on the host, the runtime's"
               " and the shim's included, and their proportional memory; per container, over a minute (5 seconds with"
               " --quick) in which those of all runtimes sleep side by side")
    metrics = (Metric("wakeups", "/s"), Metric("processor_time", "ms/s"), Metric("memory", "B"))
    # Whatever the number of runtimes: they are watched at the same time.
    seconds = (20, 100)
    runs = (1, 1)
    timeout = (30, 60)

    def __init__(self):
        self.watched = {}

    def methods(self, lab):
        return METHODS

    def label(self, method):
        return {"idle.oci": "runtime's command", "idle.containerd": "containerd"}.get(method, "")

    def estimate(self, quick, runs, runtimes):
        return super().estimate(quick, runs, 1)

    def has_ready(self, runtime, method):
        return (runtime.name, method) in self.watched

    def measure(self, lab, runtime, method):
        """The first call of a run watches all; each call has its own runtime's figures."""
        if (runtime.name, method) not in self.watched:
            self.watched = watch(lab, lab.pick(3, 5), self.limit(lab), lab.taking_part(self))
        found = self.watched.pop((runtime.name, method), Unsupported("cannot run containers here"))
        if isinstance(found, Exception):
            raise found
        yield from found


def watch(lab, count, limit, runtimes):
    """The samples of each (runtime, method), or why there are none."""
    groups, found = {}, {}
    try:
        for method in METHODS:
            for runtime in runtimes:
                try:
                    groups[runtime.name, method] = started(lab, runtime, method, count, limit)
                except (BadSample, Complaint, Unsupported) as reason:
                    found[runtime.name, method] = reason
        # What start-up leaves to do is not idling.
        time.sleep(lab.pick(3, 8))
        before = [processes.activity(pids) for group in groups.values() for _, pids in group]
        since = time.monotonic()
        time.sleep(lab.pick(5, 60))
        after = [processes.activity(pids) for group in groups.values() for _, pids in group]
        span = time.monotonic() - since
        changes = iter(zip(before, after))
        for key, group in groups.items():
            found[key] = []
            for container, pids in group:
                (seconds, switches), (later, more) = next(changes)
                found[key] += [("wakeups", max(0.0, more - switches) / span),
                               ("processor_time", max(0.0, later - seconds) * 1000 / span),
                               ("memory", processes.proportional_memory(pids))]
            if any(container.ended() for container, _ in group):
                found[key] = BadSample("a container ended while it was watched", group[0][0].output())
    finally:
        for group in groups.values():
            for container, _ in group:
                container.remove()
    return found


def started(lab, runtime, method, count, limit):
    """Containers with the processes that each of them brought."""
    engine = lab.engine(runtime, method.split(".")[1])
    if engine.via == "containerd":
        engine.daemon.start()
    group = []
    try:
        for _ in range(count):
            before = processes.descendants()
            container = engine.start(engine.bundle([lab.base]), bundles.configuration(["/bin/sleep", "infinity"]), limit)
            # A runtime may leave something to do for after it has said that the container runs.
            time.sleep(0.2)
            group.append((container, processes.descendants() - before))
    except BaseException:
        for container, _ in group:
            container.remove()
        raise
    return group


BENCHMARKS = [Idle()]

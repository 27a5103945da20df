"""What sandboxes cost that do nothing: wake-ups, processor time and memory of all their processes."""
import time

from .. import bundles, processes
from ..benchmark import Benchmark
from ..samples import Metric


class Idle(Benchmark):
    name = "idle"
    title = "Cost of one idle container"
    summary = ("containers that sleep: context switches and processor time of all their processes on the host, runtime's"
               " own included, and their proportional memory; per container")
    metrics = (Metric("wakeups", "/s"), Metric("processor_time", "ms/s"), Metric("memory", "B"))
    seconds = (8, 40)
    runs = (1, 2)
    timeout = (30, 60)

    def methods(self, lab):
        return ["idle.oci", "idle.containerd"]

    def label(self, method):
        return {"idle.oci": "runtime's command", "idle.containerd": "containerd"}.get(method, "")

    def measure(self, lab, runtime, method):
        engine = lab.engine(runtime, method.split(".")[1])
        if engine.via == "containerd":
            engine.daemon.start()
        count = lab.pick(3, 10)
        before = processes.descendants()
        containers = []
        try:
            for _ in range(count):
                config = bundles.configuration(["/bin/sleep", "infinity"])
                containers.append(engine.start(engine.bundle([lab.base]), config, self.limit(lab)))
            # What start-up leaves to do is not idling.
            time.sleep(lab.pick(2, 5))
            pids = processes.descendants() - before
            seconds, switches = processes.activity(pids)
            started = time.monotonic()
            time.sleep(lab.pick(3, 20))
            later, more = processes.activity(pids)
            span = time.monotonic() - started
            yield "wakeups", max(0.0, more - switches) / span / count
            yield "processor_time", max(0.0, later - seconds) * 1000 / span / count
            yield "memory", processes.proportional_memory(pids) / count
        finally:
            for container in containers:
                container.remove()


BENCHMARKS = [Idle()]

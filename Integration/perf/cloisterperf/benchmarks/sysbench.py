"""sysbench: memory transfer rate and CPU events, with the guide's 8 threads (primes to 5000), and with a thread per core."""
import os

from .. import parsers
from ..benchmark import Benchmark
from ..samples import Metric


class Sysbench(Benchmark):
    # Ratios near 1 are asked for: ten turns of them.
    seconds = (4, 6)
    runs = (2, 5)
    besides = ("native",)

    def methods(self, lab):
        return [self.name, f"{self.name}.cores"]

    def label(self, method):
        return "one thread per core" if method.endswith(".cores") else "8 threads"

    def takes_part(self, lab, method, run):
        return method.endswith(".cores") or run < 3

    def repeats(self, lab, method):
        return lab.pick(1, 2) if method.endswith(".cores") else 1

    def sysbench(self, lab, runtime, method, *arguments):
        threads = len(os.sched_getaffinity(0)) if method.endswith(".cores") else 8
        return self.output(lab, runtime, ["sysbench", *arguments, f"--threads={threads}",
                                            f"--time={2 if method.endswith('.cores') else 1}", "run"])


class Memory(Sysbench):
    name = "sysbench.memory"
    title = "Memory transfer rate"
    summary = "sysbench memory, a second with the guide's 8 threads, two with one per core: what reaches memory when nothing of the sandbox is in between"
    metrics = (Metric("memory_transfer_rate", "B/s", lower_is_better=False),)

    def measure(self, lab, runtime, method):
        # More than can be moved, so that the time ends it.
        yield "memory_transfer_rate", parsers.sysbench_memory(self.sysbench(lab, runtime, method, "memory",
                                                                            "--memory-total-size=100T"))


class CPU(Sysbench):
    name = "sysbench.cpu"
    title = "CPU events per second"
    summary = "sysbench cpu, primes up to 5000, a second with the guide's 8 threads, two with one per core"
    metrics = (Metric("cpu_events_per_second", "events/s", lower_is_better=False),)

    def measure(self, lab, runtime, method):
        yield "cpu_events_per_second", parsers.sysbench_cpu(self.sysbench(lab, runtime, method, "cpu",
                                                                          "--cpu-max-prime=5000"))


BENCHMARKS = [Memory(), CPU()]

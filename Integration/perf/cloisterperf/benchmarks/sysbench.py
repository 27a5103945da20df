"""sysbench: memory transfer rate and CPU events, with the guide's parameters (8 threads, 5 seconds, primes to 5000)."""
from .. import parsers
from ..benchmark import Benchmark
from ..samples import Metric


class Memory(Benchmark):
    name = "sysbench.memory"
    title = "Memory transfer rate"
    summary = "sysbench memory, 8 threads: what reaches memory when nothing of the sandbox is in between"
    metrics = (Metric("memory_transfer_rate", "B/s", lower_is_better=False),)
    seconds = (4, 7)
    runs = (2, 5)

    def measure(self, lab, runtime, method):
        # More than can be moved, so that the time ends it.
        output = self.output(lab, runtime, ["sysbench", "memory", "--threads=8", f"--time={lab.pick(2, 5)}",
                                            "--memory-total-size=100T", "run"])
        yield "memory_transfer_rate", parsers.sysbench_memory(output)


class CPU(Benchmark):
    name = "sysbench.cpu"
    title = "CPU events per second"
    summary = "sysbench cpu, 8 threads, primes up to 5000"
    metrics = (Metric("cpu_events_per_second", "events/s", lower_is_better=False),)
    seconds = (4, 7)
    runs = (2, 5)

    def measure(self, lab, runtime, method):
        output = self.output(lab, runtime, ["sysbench", "cpu", "--threads=8", f"--time={lab.pick(2, 5)}",
                                            "--cpu-max-prime=5000", "run"])
        yield "cpu_events_per_second", parsers.sysbench_cpu(output)


BENCHMARKS = [Memory(), CPU()]

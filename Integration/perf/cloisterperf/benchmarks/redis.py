"""redis-benchmark from the host against redis in a container."""
from .. import bundles, parsers
from ..benchmark import Benchmark
from ..lab import wait_for_port
from ..samples import Metric

SERVER = ("/usr/bin/redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "", "--appendonly", "no")


class Redis(Benchmark):
    name = "redis"
    title = "redis requests per second"
    summary = "all tests of redis-benchmark, 50 connections, from the host; 10,000 requests each (2,000 with --quick)"
    metrics = (Metric("requests_per_second", "/s", lower_is_better=False),)
    seconds = (2, 5)
    runs = (1, 3)
    timeout = (60, 240)
    memory = 500_000_000
    network = True

    def measure(self, lab, runtime, method):
        engine = lab.engine(runtime)
        lab.need_tcp(engine)
        network = lab.network()
        container = engine.start(engine.bundle(self.layers(lab)), bundles.configuration(SERVER, netns=network.path), 60)
        try:
            wait_for_port(network.address, 6379, 30)
            output = lab.native(["redis-benchmark", "-h", network.address, "-n", str(lab.pick(2000, 10_000)), "--csv"],
                                self.limit(lab))
        finally:
            container.remove()
            lab.release(network)
        for test, rate in parsers.redis_benchmark(output).items():
            yield f"redis.{test}", "requests_per_second", rate


BENCHMARKS = [Redis()]

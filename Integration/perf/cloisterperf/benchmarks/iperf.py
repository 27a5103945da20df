"""iperf3 between a container and the host, one TCP connection."""
import time

from .. import bundles, parsers
from ..benchmark import Benchmark
from ..containers import checked
from ..lab import wait_for_port
from ..samples import Metric


class IPerf(Benchmark):
    name = "iperf"
    title = "TCP throughput between container and host"
    summary = "iperf3, one connection; upload: the container is the client, download: the container is the server"
    metrics = (Metric("bandwidth", "bit/s", lower_is_better=False),)
    seconds = (3, 4)
    runs = (2, 3)
    timeout = (40, 60)
    network = True

    def methods(self, lab):
        return ["iperf.upload", "iperf.download"]

    def label(self, method):
        return {"iperf.upload": "upload: container sends", "iperf.download": "download: container receives"}.get(method, "")

    def measure(self, lab, runtime, method):
        engine = lab.engine(runtime)
        lab.need_tcp(engine)
        seconds = str(lab.pick(2, 4))
        network = lab.network()
        try:
            if method == "iperf.upload":
                with lab.background(["iperf3", "--server", "--bind", network.host]):
                    wait_for_port(network.host, 5201, 20)
                    time.sleep(0.2)
                    output = self.output(lab, runtime, ["/usr/bin/iperf3", "--client", network.host, "--time", seconds,
                                                        "--json"], netns=network.path)
            else:
                config = bundles.configuration(["/usr/bin/iperf3", "--server"], netns=network.path)
                container = engine.start(engine.bundle(self.layers(lab)), config, 60)
                try:
                    wait_for_port(network.address, 5201, 20)
                    time.sleep(0.2)
                    ran = lab.native(["iperf3", "--client", network.address, "--time", seconds, "--json"],
                                     self.limit(lab), check=False)
                    output = checked(ran, self.limit(lab))
                finally:
                    container.remove()
        finally:
            lab.release(network)
        yield "bandwidth", parsers.iperf3(output)


BENCHMARKS = [IPerf()]

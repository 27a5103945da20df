"""Web servers in a container, ApacheBench on the host: node and ruby with a template per request, apache with files."""
from .. import bundles, parsers
from ..benchmark import Benchmark
from ..lab import wait_for_port
from ..samples import Metric
from .services import SERVICES

FILES = """
mkdir -p /mnt/srv/www
head -c 100000 /dev/urandom | base64 -w 0 | head -c 102400 >/mnt/srv/www/100k
head -c 10000000 /dev/urandom | base64 -w 0 | head -c 10485760 >/mnt/srv/www/10m
"""
APACHE = ("/bin/sh", "-c", "mkdir -p /run/apache2 && exec /usr/sbin/apache2 -f /srv/perf/httpd.conf -DFOREGROUND")
METRICS = (Metric("requests_per_second", "/s", lower_is_better=False),
           Metric("transfer_rate", "B/s", lower_is_better=False, plotted=False), Metric("latency", "s", plotted=False))


def served(benchmark, lab, runtime, command, port, requests, **config):
    """Starts a server, asks it as `requests` (method, path, count, connections) say, and yields ab's figures."""
    engine = lab.engine(runtime)
    lab.need_tcp(engine)
    network = lab.network()
    container = engine.start(engine.bundle(benchmark.layers(lab)),
                             bundles.configuration(command, netns=network.path, **config), 60)
    try:
        wait_for_port(network.address, port, 60)
        ask(lab, benchmark, network, port, requests[0][1], 25, 5)
        for method, path, count, connections in requests:
            output = ask(lab, benchmark, network, port, path, count, connections)
            for metric, value in parsers.apache_bench(output).items():
                yield method, metric, value
    finally:
        container.remove()
        lab.release(network)


def ask(lab, benchmark, network, port, path, count, connections):
    return lab.native(["ab", "-q", "-l", "-n", str(max(count, connections)), "-c", str(connections),
                       f"http://{network.address}:{port}/{path}"], benchmark.limit(lab))


class Application(Benchmark):
    metrics = METRICS
    seconds = (1, 2)
    runs = (2, 3)
    timeout = (60, 120)
    memory = 500_000_000
    network = True

    def __init__(self, what):
        self.what = what
        self.name = f"http.{what}"
        self.title = f"Requests per second of a {what} web service"
        self.summary = "a template rendered per request, ApacheBench with 25 connections, 2,000 requests (500 with --quick)"

    def label(self, method):
        return "25 connections"

    def measure(self, lab, runtime, method):
        service = SERVICES[self.what]
        yield from served(self, lab, runtime, service.command, service.port,
                          [(self.name, "", lab.pick(500, 2000), 25)], environment=service.tcp)


class Apache(Benchmark):
    name = "http.httpd"
    title = "Transfer rate of apache with files"
    summary = "ApacheBench with 1, 5, 10 and 25 connections, files of 100 KB and 10 MB"
    metrics = (Metric("transfer_rate", "B/s", lower_is_better=False),
               Metric("requests_per_second", "/s", lower_is_better=False, plotted=False), METRICS[2])
    seconds = (1, 3)
    runs = (2, 3)
    timeout = (60, 120)
    memory = 500_000_000
    network = True

    def layers(self, lab):
        return [lab.base, lab.workloads(), lab.layer("www", ["100k", "10m"], FILES)]

    def label(self, method):
        parts = method.split(".")
        if len(parts) < 4:
            return ""
        size = {"100k": "100 KB", "10m": "10 MB"}[parts[2]]
        return f"{size}, {parts[3][1:]} connection{'s' if parts[3] != 'c1' else ''}"

    def measure(self, lab, runtime, method):
        counts = {"100k": lab.pick(300, 1000), "10m": lab.pick(10, 50)}
        requests = [(f"http.httpd.{size}.c{connections}", size, counts[size], connections)
                    for size in counts for connections in (1, 5, 10, 25)]
        yield from served(self, lab, runtime, APACHE, 80, requests)


BENCHMARKS = [Application("node"), Application("ruby"), Apache()]

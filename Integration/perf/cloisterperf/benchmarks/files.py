"""Metadata storms: stat, open and readdir over 50,000 files."""
from .. import parsers
from ..benchmark import Benchmark
from ..samples import Metric

LABELS = {"files.stat_first": "stat, first time", "files.stat_again": "stat, again", "files.open_close": "open and close",
          "files.readdir": "readdir, per entry"}


class Files(Benchmark):
    name = "files"
    title = "Time per file of walks over many files"
    summary = "stat, open with close, and readdir over 50,000 files of the container's root (10,000 with --quick)"
    metrics = (Metric("time_per_file", "s", logarithmic=True),)
    seconds = (1, 3)
    runs = (2, 3)
    timeout = (60, 120)

    def layers(self, lab):
        make = "mkdir -p /mnt/srv/tree && python3 -B /srv/perf/tree.py /mnt/srv/tree 50 1000 0"
        return [lab.base, lab.workloads(), lab.layer("files", [50, 1000], make, 300_000_000)]

    def label(self, method):
        return LABELS.get(method, "")

    def measure(self, lab, runtime, method):
        output = self.output(lab, runtime, ["/srv/perf/files", "/srv/tree", str(lab.pick(10, 50)), "1000"])
        for name, value in parsers.figures(output).items():
            yield f"files.{name}", "time_per_file", value


BENCHMARKS = [Files()]

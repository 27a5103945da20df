"""git over a large tree: clone, status, grep."""
from .. import parsers
from ..benchmark import Benchmark
from ..samples import Metric

MAKE = """
mkdir -p /mnt/srv/git && cd /mnt/srv/git
python3 -B /srv/perf/tree.py /mnt/srv/git {directories} 100 12
git init -q -b main . && git add -A
git -c user.name=perf -c user.email=perf@localhost commit -q -m tree
git gc -q
"""


class Git(Benchmark):
    name = "git"
    title = "Time of git commands"
    summary = "clone, status and grep of a tree of 5,000 files (2,000 with --quick) from and to the container's root"
    metrics = (Metric("run_time", "s"),)
    seconds = (1, 2)
    runs = (2, 3)
    timeout = (60, 180)
    disk = 1_500_000_000

    def layers(self, lab):
        directories = lab.pick(20, 50)
        return [lab.base, lab.workloads(), lab.layer(f"git{directories}", [directories],
                                                     MAKE.format(directories=directories), 800_000_000)]

    def measure(self, lab, runtime, method):
        output = self.output(lab, runtime, ["/bin/bash", "/srv/perf/git.sh"])
        for name, value in parsers.figures(output).items():
            yield f"git.{name}", "run_time", value


BENCHMARKS = [Git()]

"""Building a C project: Lua's interpreter, compiler and library from Debian's source package, with make -j."""
import os

from .. import parsers
from ..benchmark import Benchmark
from ..samples import Metric

FETCH = """
mkdir -p /mnt/srv/build /tmp/source && cd /tmp/source
apt-get update -q && apt-get source -q --download-only lua5.4
tar -xf lua5.4_*.orig.tar.* -C /mnt/srv/build --strip-components=1
test -f /mnt/srv/build/src/lua.c
"""
SCRIPT = """
set -e
cd /srv/build
started=$EPOCHREALTIME
make -j JOBS generic >/tmp/output 2>&1 || { tail -n 20 /tmp/output; exit 1; }
ended=$EPOCHREALTIME
src/lua -e 'assert(1 + 1 == 2)'
printf 'figure run %d\\n' $(((${ended/./} - ${started/./})))
"""


class Build(Benchmark):
    name = "build"
    title = "Time to build a C project"
    summary = "Lua 5.4 from Debian's source package, make with a job per core, gcc -O2"
    metrics = (Metric("run_time", "s"),)
    seconds = (5, 5)
    # Ratios near 1 are asked for: five turns of them.
    runs = (1, 5)
    besides = ("native",)
    timeout = (120, 180)

    def layers(self, lab):
        return [lab.base, lab.workloads(), lab.layer("lua", ["lua5.4"], FETCH)]

    def label(self, method):
        return "Lua 5.4, make -j"

    def measure(self, lab, runtime, method):
        jobs = str(len(os.sched_getaffinity(0)))
        output = self.output(lab, runtime, ["/bin/bash", "-c", SCRIPT.replace("JOBS", jobs)])
        yield "run_time", parsers.figures(output)["run"] / 1e6


BENCHMARKS = [Build()]

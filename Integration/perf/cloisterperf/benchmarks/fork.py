"""A shell script that runs many commands."""
from .. import parsers
from ..benchmark import Benchmark
from ..samples import Metric

SCRIPT = """
started=$EPOCHREALTIME
for ((i = 0; i < COUNT; i++)); do /bin/true; done
ended=$EPOCHREALTIME
printf 'figure run %d\\n' $(((${ended/./} - ${started/./})))
"""


class Fork(Benchmark):
    name = "fork"
    title = "Time of one command in a shell script"
    summary = "bash runs /bin/true 1,000 times (200 with --quick): fork, exec, exit, wait"
    metrics = (Metric("time_per_command", "s"),)
    seconds = (1, 3)
    runs = (3, 3)
    timeout = (60, 120)

    def label(self, method):
        return "fork, exec of /bin/true, exit, wait"

    def measure(self, lab, runtime, method):
        count = lab.pick(200, 1000)
        output = self.output(lab, runtime, ["/bin/bash", "-c", SCRIPT.replace("COUNT", str(count))])
        yield "time_per_command", parsers.figures(output)["run"] / 1e6 / count


BENCHMARKS = [Fork()]

"""The base of all benchmarks, and running them: runtimes take turns, failures stay in their cell."""
import time

from . import bundles, memory
from .errors import BadSample, Complaint, Unsupported
from .samples import Results


class Benchmark:
    """One benchmark. Subclasses state what they need and measure one method with one runtime."""
    name = ""
    title = ""          # what is measured, as a sentence
    summary = ""        # how, with the parameters
    metrics = ()
    # Seconds for one runtime and one run, quick and full: the estimate that progress and limits work with.
    seconds = (10, 60)
    runs = (1, 3)
    timeout = (60, 900)
    disk = 500_000_000
    memory = 300_000_000
    network = False
    # Runtimes that this benchmark compares beside those that take part everywhere.
    besides = ()

    def layers(self, lab):
        return [lab.base, lab.workloads()]

    def methods(self, lab):
        return [self.name]

    def label(self, method):
        """A method in words, for plots and tables; the name's last part by default."""
        return ""

    def takes_part(self, lab, method, run):
        """Whether a method is measured in a run (counted from 0): what is dear and steady need not be in each."""
        return True

    def repeats(self, lab, method):
        """How often the runtimes take turns in one run."""
        return 1

    def has_ready(self, runtime, method):
        """Whether a measurement costs no time any more: it was made together with another one."""
        return False

    def estimate(self, quick, runs, runtimes):
        """Seconds for all of it; `runs` is None for the default."""
        which = 0 if quick else 1
        return self.seconds[which] * (runs or self.runs[which]) * runtimes

    def prepare(self, lab):
        """Makes what is needed once; not measured."""
        self.layers(lab)

    def warm(self, lab, runtime):
        """Runs once what will be measured, or something like it, and forgets it: fills the page cache."""
        engine = lab.engine(runtime)
        engine.run(lab.bundle(engine, self.layers(lab)), bundles.configuration(["/bin/true"]), 60)

    def measure(self, lab, runtime, method):
        """Yields (metric, value), (method, metric, value), or (method, metric, value, remark)."""
        raise NotImplementedError

    # For subclasses

    def limit(self, lab):
        return lab.pick(*self.timeout)

    def output(self, lab, runtime, arguments, layers=None, core=None, **config):
        """The output of a command in a fresh container, which has only one core if `core` names it."""
        engine = lab.engine(runtime)
        return engine.output_of(layers or self.layers(lab), bundles.configuration(arguments, **config), self.limit(lab),
                                core)


class Interrupted(Exception):
    """Ctrl-C: what was measured so far is in `results`."""

    def __init__(self, results):
        super().__init__()
        self.results = results


def check_room(benchmark, lab):
    """Complains before starting if disk or memory are too little."""
    import shutil

    free = shutil.disk_usage(lab.options.cache).free
    disk = benchmark.disk(lab) if callable(benchmark.disk) else benchmark.disk
    needed = benchmark.memory(lab) if callable(benchmark.memory) else benchmark.memory
    if free < disk:
        raise Complaint(f"{lab.options.cache} has {free / 1e9:.1f} GB free, {benchmark.name} needs {disk / 1e9:.1f} GB")
    if memory.available() < needed:
        raise Complaint(f"{memory.available() / 1e9:.1f} GB of memory are available, {benchmark.name} needs"
                        f" {needed / 1e9:.1f} GB")


class Runner:
    """Runs one benchmark with all runtimes. `out` maps runtimes that don't run at all to the reason."""

    def __init__(self, lab, benchmark, clock, out):
        self.lab, self.benchmark, self.clock, self.out = lab, benchmark, clock, out
        self.runtimes = lab.taking_part(benchmark)
        self.results = Results(benchmark.name, benchmark.title, benchmark.metrics, [r.name for r in self.runtimes],
                               benchmark.summary)
        self.dead = {}

    def run(self):
        started = time.monotonic()
        benchmark, lab = self.benchmark, self.lab
        try:
            check_room(benchmark, lab)
            methods = benchmark.methods(lab)
            for runtime in self.runtimes:
                if runtime.name in self.out:
                    for method in methods:
                        self.note(runtime, method, self.out[runtime.name])
            runtimes = [runtime for runtime in self.runtimes if runtime.name not in self.out]
            for runtime in runtimes:
                self.clock_status(runtime, "warm-up")
                try:
                    benchmark.warm(lab, runtime)
                except (BadSample, Complaint, OSError, Unsupported):
                    pass  # It will fail again where it is measured, and be reported there.
            self.turns(methods, runtimes)
            self.results.spread_notes()
        except KeyboardInterrupt:
            self.results.interrupted = True
            self.results.spread_notes()
            raise Interrupted(self.results) from None
        finally:
            self.results.seconds = time.monotonic() - started
            lab.end_benchmark()
        return self.results

    def turns(self, methods, runtimes):
        """A B C, A B C: each run takes every method with every runtime, one after the other."""
        lab = self.lab
        allowance = self.clock.allowance()
        started = time.monotonic()
        runs = lab.options.runs or lab.pick(*self.benchmark.runs)
        for run in range(runs):
            for method in methods:
                if not self.benchmark.takes_part(lab, method, run):
                    continue
                for _ in range(self.benchmark.repeats(lab, method)):
                    for runtime in runtimes:
                        if (runtime.name, method) in self.dead:
                            continue
                        over = allowance is not None and time.monotonic() - started > allowance
                        if over and not self.benchmark.has_ready(runtime, method):
                            self.out_of_time(runtime, method)
                            continue
                        self.clock_status(runtime, f"{method}, run {run + 1} of {runs}")
                        self.sample(runtime, method)

    def sample(self, runtime, method):
        """One measurement. A failure is dropped, counted and shown; the second one without a success ends the cell."""
        given = set()
        try:
            for item in self.benchmark.measure(self.lab, runtime, method):
                where, metric, value, *remark = item if len(item) > 2 else (method, *item)
                given.add((where, metric))
                self.results.add(runtime.name, where, metric, value)
                if any(remark):
                    self.note(runtime, where, remark[0], metric)
                self.label(where)
        except Unsupported as reason:
            self.dead[runtime.name, method] = True
            self.note(runtime, method, str(reason))
            self.lab.progress.say(f"    {runtime.name}: {method}: {reason}")
        except (BadSample, Complaint, OSError) as reason:
            self.failed(runtime, method, reason, given)

    def failed(self, runtime, method, reason, given):
        """Counts a failure in the figures that it cost: not those that were `given` before."""
        why = str(reason)
        self.lab.progress.say(f"    {runtime.name}: {method}: sample dropped: {why}")
        lines = reason.last_lines() if isinstance(reason, BadSample) else []
        for line in lines:
            self.lab.progress.say(f"        | {line[:200]}")
        if lines and lines[-1][:120] not in why:
            why += f": {lines[-1][:120]}"
        known = self.metrics_of(method)
        every = [*known, *(metric.name for metric in self.benchmark.metrics)] if given else known
        for metric in [metric for metric in dict.fromkeys(every) if (method, metric) not in given] or known:
            self.results.drop(runtime.name, method, metric, why)
            cell = self.results.cell(runtime.name, method, metric)
            if not cell.values and (len(cell.dropped) > 1 or "not finished" in why):
                self.dead[runtime.name, method] = True

    def label(self, method):
        if self.benchmark.label(method):
            self.results.labels[method] = self.benchmark.label(method)

    def metrics_of(self, method):
        """The metrics that a method has given so far, or the benchmark's first."""
        known = [metric for (where, metric) in self.results.rows if where == method]
        return known or [self.benchmark.metrics[0].name]

    def note(self, runtime, method, why, metric=None):
        self.label(method)
        for metric in [metric] if metric else self.metrics_of(method):
            self.results.note(runtime.name, method, metric, why)

    def out_of_time(self, runtime, method):
        self.dead[runtime.name, method] = True
        self.results.cut = True
        for metric in self.metrics_of(method):
            cell = self.results.series(runtime.name, method, metric)
            if not cell.values:
                cell.note = "left out: no time left"

    def clock_status(self, runtime, what):
        self.lab.progress.status(f"[{self.benchmark.name}] {runtime.name}: {what} · {self.clock.text()}")

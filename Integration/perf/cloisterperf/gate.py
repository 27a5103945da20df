"""The regression gate: fails when system calls, start-up or memory cost twice what they did. Needs no quiet machine.

Four kinds of figures, none of which a busy machine doubles: instructions of the Sentry per call (callgrind counts them),
the best of several system call times as a ratio to runc's, the best of many start-ups as a ratio to runc's, and the
proportional memory of an idle container. They are compared with gate.json, which `perf gate --record` writes.
"""
import json
import os
import shutil
import subprocess
import time

from . import bundles, parsers, processes, runtimes
from .containers import checked
from .errors import BadSample, Complaint
from .lab import Lab
from .progress import Progress
from .units import scaled

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MEASURE = os.path.join(FOLDER, "gate.json")
# Below 2, so that what doubles fails; far above 1, since ratios of times scatter on a busy machine.
BOUND = 1.9
CALLS = ["getppid", "read_zero_1", "pipe_write_read", "stat", "open_close", "pwrite_4k", "mmap_munmap_64k",
         "fork_exit_wait"]
ROUNDS = {"syscall": 4, "startup": 20}
# A figure that fails is measured again, up to so often: the best only gets better, and what has doubled never passes.
ATTEMPTS = 4


def compare(figures, measure, bound=BOUND):
    """(name, value, measure, whether it passes) for each figure; one that the measure lacks passes."""
    rows = []
    for name, value in figures.items():
        before = measure.get(name)
        rows.append((name, value, before, before is None or before <= 0 or value <= before * bound))
    return rows


def root_layer(lab):
    """A root with nothing but our static syscalls, which is `true`, too (`syscalls exit`)."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not compiler:
        raise Complaint("gcc is not installed; it compiles what the gate runs", "apt-get install gcc libc6-dev")
    with open(os.path.join(FOLDER, "syscalls.c")) as file:
        source = file.read()

    def build(target, log):
        for name in ("bin", "dev", "etc", "proc", "sys", "tmp"):
            os.makedirs(os.path.join(target, name))
        with open(os.path.join(target, "etc", "passwd"), "w") as file:
            file.write("root:x:0:0:root:/root:/bin/true\n")
        subprocess.run([compiler, "-O2", "-pthread", "-static", "-o", os.path.join(target, "bin", "syscalls"),
                        os.path.join(FOLDER, "syscalls.c")], check=True)

    return lab.layers.make("gate", source, build)


def gate(options):
    progress = Progress()
    if os.geteuid() != 0:
        raise Complaint("run this as root: namespaces, mounts and cgroups need it")
    ours = runtimes.parse((options.runtime or ["cloister"])[0])
    base = runtimes.parse(runtimes.BASELINE)
    for runtime in (base, ours):
        progress.say(f"{runtime.name}: {runtime.version()}")
    options.quick = True
    figures = {}
    lab = Lab(options, [base, ours], progress)
    try:
        layer = root_layer(lab)
        before = {} if options.record else recorded()
        for kind in (SyscallRatios, StartupRatio):
            best = kind(lab, base, ours, layer)
            for _ in range(ATTEMPTS):
                best.measure()
                if all(passes for *_, passes in compare(best.ratios(), before)):
                    break
            figures.update(best.ratios())
        figures.update(idle_memory(lab, ours, layer))
    except BadSample as error:
        for line in error.last_lines():
            progress.say(f"    | {line}")
        raise Complaint(f"a figure could not be measured: {error}") from None
    finally:
        lab.close()
    figures.update(instructions(progress))
    return judge(figures, options, progress)


def recorded():
    try:
        with open(MEASURE) as file:
            return json.load(file)
    except FileNotFoundError:
        raise Complaint(f"{MEASURE} does not exist; `perf gate --record` writes it") from None


def judge(figures, options, progress):
    if options.record:
        with open(MEASURE, "w") as file:
            json.dump({name: float(f"{value:.4g}") for name, value in figures.items()}, file, indent=1)
            file.write("\n")
        progress.say(f"{len(figures)} figures recorded in {MEASURE}")
        return 0
    rows = compare(figures, recorded())
    for name, value, before, passes in rows:
        progress.say(f"{'ok' if passes else 'FAILED':<8}{name:<34}{text(name, value):>12}  was {text(name, before)}")
    failed = sum(not passes for *_, passes in rows)
    progress.say(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


def text(name, value):
    if value is None:
        return "not recorded"
    if name.startswith("memory"):
        return scaled(value, "B")
    return f"{value:,.0f}" if name.startswith("instructions") else f"{value:.2f}×"


class Best:
    """The smallest of what was measured so far, per runtime and figure, in turns."""
    what = ""
    rounds = 1

    def __init__(self, lab, base, ours, layer):
        self.lab, self.base, self.ours, self.layer = lab, base, ours, layer
        self.best = {base.name: {}, ours.name: {}}

    def measure(self):
        for number in range(self.rounds):
            for runtime in (self.base, self.ours):
                self.lab.progress.status(f"{self.what} with {runtime.name}, {number + 1} of {self.rounds}")
                best = self.best[runtime.name]
                for name, value in self.once(self.lab.engine(runtime)).items():
                    best[name] = min(value, best.get(name, value))

    def run(self, engine, arguments):
        config = bundles.configuration(["/bin/syscalls", *arguments])
        ran = engine.run(self.lab.bundle(engine, [self.layer]), config, 120)
        checked(ran, 120)
        return ran

    def ratios(self):
        base = self.best[self.base.name]
        return {name: value / max(base[name], 1e-9) for name, value in self.best[self.ours.name].items()}


class SyscallRatios(Best):
    what = "system calls"
    rounds = ROUNDS["syscall"]

    def once(self, engine):
        figures = parsers.syscalls(self.run(engine, ["--quick", *CALLS]).output)
        return {f"syscall.{name}": max(value, 1) for name, value in figures.items()}


class StartupRatio(Best):
    what = "start-up"
    rounds = ROUNDS["startup"]

    def once(self, engine):
        return {"startup.true": self.run(engine, ["exit"]).seconds}


def idle_memory(lab, ours, layer):
    """The proportional memory of all processes of one idle container, the mean of three."""
    lab.progress.status(f"memory of {ours.name}")
    engine = lab.engine(ours)
    before = processes.descendants()
    containers = []
    try:
        for _ in range(3):
            config = bundles.configuration(["/bin/syscalls", "sleep"])
            containers.append(engine.start(engine.bundle([layer]), config, 60))
        time.sleep(2)
        if any(container.ended() for container in containers):
            raise BadSample("a container did not stay", containers[0].output())
        return {"memory.idle": processes.proportional_memory(processes.descendants() - before) / len(containers)}
    finally:
        for container in containers:
            container.remove()


def instructions(progress):
    """Instructions of the Sentry per call, if what counts them is here."""
    script = os.path.join(FOLDER, "instructions", "run")
    for program, package in (("valgrind", "apt-get install valgrind"), ("swift", "see the README")):
        if not shutil.which(program) and not (program == "swift" and os.environ.get("CLOISTER_PROGRAMS")):
            progress.say(f"perf: {program} is not installed: no instruction counts\n    to get it: {package}")
            return {}
    progress.status("instructions")
    ran = subprocess.run([script], capture_output=True, text=True)
    if ran.returncode:
        lines = ran.stderr.strip().splitlines()
        raise Complaint("the instruction counts failed: " + (lines[-1] if lines else f"status {ran.returncode}"))
    return instruction_counts(ran.stdout)


def instruction_counts(output):
    """`kind<TAB>count` lines."""
    counts = {}
    for line in output.splitlines():
        name, _, count = line.partition("\t")
        try:
            counts[f"instructions.{name}"] = float(count)
        except ValueError:
            raise Complaint(f"not a line of instruction counts: {line[:100]!r}") from None
    if not counts:
        raise Complaint("no instruction counts were printed")
    return counts

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
        figures.update(syscall_ratios(lab, base, ours, layer))
        figures.update(startup_ratio(lab, base, ours, layer))
        figures.update(idle_memory(lab, ours, layer))
    except BadSample as error:
        for line in error.last_lines():
            progress.say(f"    | {line}")
        raise Complaint(f"a figure could not be measured: {error}") from None
    finally:
        lab.close()
    figures.update(instructions(progress))
    return judge(figures, options, progress)


def judge(figures, options, progress):
    if options.record:
        with open(MEASURE, "w") as file:
            json.dump({name: float(f"{value:.4g}") for name, value in figures.items()}, file, indent=1)
            file.write("\n")
        progress.say(f"{len(figures)} figures recorded in {MEASURE}")
        return 0
    try:
        with open(MEASURE) as file:
            measure = json.load(file)
    except FileNotFoundError:
        raise Complaint(f"{MEASURE} does not exist; `perf gate --record` writes it") from None
    rows = compare(figures, measure)
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


def syscall_ratios(lab, base, ours, layer):
    """The best time of each call over several rounds, as a ratio to runc's."""
    best = {base.name: {}, ours.name: {}}
    for number in range(ROUNDS["syscall"]):
        for runtime in (base, ours):
            lab.progress.status(f"system calls with {runtime.name}, round {number + 1} of {ROUNDS['syscall']}")
            engine = lab.engine(runtime)
            config = bundles.configuration(["/bin/syscalls", "--quick", *CALLS])
            ran = engine.run(lab.bundle(engine, [layer]), config, 120)
            for name, nanoseconds in parsers.syscalls(checked(ran, 120)).items():
                best[runtime.name][name] = min(nanoseconds, best[runtime.name].get(name, nanoseconds))
    return {f"syscall.{name}": value / max(best[base.name][name], 1) for name, value in best[ours.name].items()}


def startup_ratio(lab, base, ours, layer):
    """The fastest of many start-ups, as a ratio to runc's."""
    best = {}
    for number in range(ROUNDS["startup"]):
        for runtime in (base, ours):
            lab.progress.status(f"start-up of {runtime.name}, {number + 1} of {ROUNDS['startup']}")
            engine = lab.engine(runtime)
            ran = engine.run(lab.bundle(engine, [layer]), bundles.configuration(["/bin/syscalls", "exit"]), 60)
            checked(ran, 60)
            best[runtime.name] = min(ran.seconds, best.get(runtime.name, ran.seconds))
    return {"startup.true": best[ours.name] / best[base.name]}


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

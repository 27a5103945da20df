"""The command line: `perf BENCHMARK...`, `perf list`, `perf all`, `perf report DIR`, `perf gate`."""
import argparse
import os
import shlex
import signal
import sys
import time
from datetime import datetime, timezone

from . import benchmarks, bundles, machine, processes, runtimes
from .benchmark import Interrupted, Runner
from .containers import complaint
from .errors import BadSample, Complaint, Unsupported
from .lab import Lab
from .progress import Clock, Progress
from .report import write as write_report
from .samples import read_json, write_json
from .units import scaled, span, times

CACHE = "/var/cache/cloister-perf"
# What `perf all` takes at most, in minutes; benchmarks share it out by their estimates.
LIMITS = {True: 29, False: 235}

USAGE = """perf BENCHMARK... [--runtime=NAME]... [--runs N] [--out DIR] [--quick]
       perf all | list | report DIR | goals DIR | readme DIR | gate"""


def arguments(argv):
    parser = argparse.ArgumentParser(prog="perf", usage=USAGE, description=(
        "Measures what sandboxing costs: the same programs with several container runtimes, in turns."))
    parser.add_argument("what", nargs="+", metavar="BENCHMARK", help="names that `perf list` shows, a family such as"
                        " `http`, or one of: all, list, report DIR, goals DIR (what is meant to be reached against what was measured), readme DIR"
                        " (writes the README's section), gate (fails if a cost has doubled)")
    parser.add_argument("--runtime", action="append", metavar="NAME", help="runc, crun, runsc, cloister, NAME:PLATFORM,"
                        " 'name=command line', or a containerd type; several times. Default: "
                        + ", ".join(runtimes.DEFAULTS))
    parser.add_argument("--runs", type=int, help="how often everything is repeated (default: by benchmark)")
    parser.add_argument("--out", metavar="DIR", default="perf-results", help="where results go (default: perf-results);"
                        " one that exists is kept, and a new one is made beside it")
    parser.add_argument("--quick", action="store_true", help="less of everything: all in half an hour")
    parser.add_argument("--limit", type=float, metavar="MINUTES", help="when to come to an end: benchmarks share the time by their"
                        " estimates, and runs that would come too late are left out (default of all: 235, with --quick 29)")
    parser.add_argument("--count", type=int, help="containers of the density benchmark (default: 50, web services 10, redis 2)")
    parser.add_argument("--cache", default=os.environ.get("CLOISTER_PERF_CACHE", CACHE), metavar="DIR",
                        help=f"where root file systems are kept (default: {CACHE})")
    parser.add_argument("--record", action="store_true", help="gate: take today's figures as the new measure")
    options = parser.parse_args(argv)
    if options.runs is not None and options.runs < 1:
        parser.error("--runs must be at least 1")
    if options.limit is not None and options.limit <= 0:
        parser.error("--limit must be more than 0")
    if options.count is not None and options.count < 1:
        parser.error("--count must be at least 1")
    return options


def main(argv=None):
    # A plain kill takes down containers and networks, too.
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        return dispatch(arguments(argv if argv is not None else sys.argv[1:]))
    except Complaint as error:
        print(f"perf: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1


def dispatch(options):
    if options.what[0] == "list":
        return show_list()
    if options.what[0] == "report":
        if len(options.what) != 2:
            raise Complaint("usage: perf report DIR")
        return report(options.what[1], Progress())
    if options.what[0] == "readme":
        from . import readme
        if len(options.what) != 2:
            raise Complaint("usage: perf readme DIR")
        return readme.write(options.what[1], Progress())
    if options.what[0] == "goals":
        from . import goals
        if len(options.what) != 2:
            raise Complaint("usage: perf goals DIR")
        return goals.show(options.what[1], Progress(sys.stdout))
    if options.what[0] == "gate":
        from .gate import gate
        return processes.under_a_nanny(lambda: gate(options))
    return processes.under_a_nanny(lambda: measure(options))


def show_list():
    print(f"{'benchmark':<16} {'quick':>7} {'full':>7}   about, with the default runtimes; what is measured")
    totals = [0, 0]
    for benchmark in benchmarks.every().values():
        both = [benchmark.estimate(quick, None, len(runtimes.DEFAULTS) + len(benchmark.besides)) for quick in (True, False)]
        totals = [total + seconds for total, seconds in zip(totals, both)]
        print(f"{benchmark.name:<16} {span(both[0]):>7} {span(both[1]):>7}   {benchmark.title}")
        for line in wrapped(benchmark.summary, 86):
            print(f"{'':<34}{line}")
    print(f"{'all':<16} {span(totals[0]):>7} {span(totals[1]):>7}")
    print("\nruntimes: " + ", ".join(runtimes.NAMES) + ",\n          'name=command line', or a type of containerd such as"
          " io.containerd.cloister.v2")
    return 0


def wrapped(text, width):
    import textwrap
    return textwrap.wrap(text, width)


def new_folder(path):
    """`path`, or `path-2`, `path-3`... if it exists: results are never overwritten."""
    candidate, number = path, 1
    while True:
        try:
            os.makedirs(candidate)
            return candidate
        except FileExistsError:
            number += 1
            candidate = f"{path.rstrip('/')}-{number}"


def versions_of(chosen, progress):
    """Each runtime's version; for one that cannot be used, why. Says so at once, and goes on with the others."""
    versions, out = {}, {}
    for runtime in chosen:
        try:
            versions[runtime.name] = runtime.version()
        except Complaint as error:
            progress.say(f"perf: {error}")
            versions[runtime.name] = f"not measured: {error.what}"
            out[runtime.name] = error.what.removeprefix(runtime.name + ": ")
    return versions, out


def probe(lab, everybody, out, progress):
    """Runs `true` once with each runtime: one that cannot do that says why in every row."""
    for runtime in everybody:
        if runtime.name in out:
            continue
        progress.status(f"trying {runtime.name}")
        try:
            engine = lab.engine(runtime)
            ran = engine.run(lab.bundle(engine, [lab.base]), bundles.configuration(["/bin/true"]), 60)
            why = "" if ran.status == 0 else complaint(ran.output, ran.status)
        except (Unsupported, BadSample) as error:
            why = str(error)
        if why:
            out[runtime.name] = f"cannot run containers here: {why}"
            progress.say(f"perf: {runtime.name} {out[runtime.name]}")
    lab.end_benchmark()


def limit_of(options):
    """Seconds, or None."""
    minutes = options.limit or (LIMITS[options.quick] if "all" in options.what else None)
    return minutes and minutes * 60


def command_of(options):
    """What was asked for, as it could be asked for again."""
    words = ["perf", *options.what]
    for runtime in options.runtime or ():
        words.append(f"--runtime={runtime}")
    for name in ("runs", "limit", "count"):
        value = getattr(options, name)
        words += [f"--{name}", f"{value:g}"] if value is not None else []
    return shlex.join([*words, "--quick"] if options.quick else words)


def measure(options):
    progress = Progress()
    picked = benchmarks.chosen(options.what)
    chosen = runtimes.parse_all(options.runtime or runtimes.DEFAULTS)
    if os.geteuid() != 0:
        raise Complaint("run this as root: namespaces, mounts and cgroups need it")
    beside = [] if options.runtime else runtimes.besides(chosen, picked)
    everybody = runtimes.in_order([*chosen, *beside]) if beside else chosen
    versions, out = versions_of(everybody, progress)
    if not any(runtime.name not in out for runtime in chosen):
        raise Complaint("none of these runtimes can be measured")
    folder = new_folder(options.out)
    described = machine.describe(versions)
    if machine.busy(described):
        progress.say(f"perf: this machine is busy (load {described['load']}): figures will scatter")
    lab = Lab(options, chosen, progress, beside)
    done, status = [], 0
    started = time.monotonic()
    described["date"] = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    settings = {"quick": options.quick, "runs": options.runs, "benchmarks": [b.name for b in picked],
                "command": command_of(options), "limit": limit_of(options)}

    def save():
        write_json(os.path.join(folder, "results.json"), described, done, settings)

    try:
        ready = prepare(lab, picked, progress)
        if ready:
            probe(lab, everybody, out, progress)
        described["unusable"] = out
        clock = Clock({b.name: b.estimate(options.quick, options.runs, sum(r.name not in out for r in lab.taking_part(b)))
                       for b in ready}, limit_of(options))
        if ready:
            progress.say(foretold(clock, ready, [runtime.name for runtime in chosen if runtime.name not in out]))
        for index, benchmark in enumerate(ready):
            clock.begin(benchmark.name)
            progress.say(f"[{index + 1}/{len(ready)}] {benchmark.name}: {benchmark.title} · {clock.text()}")
            try:
                results = Runner(lab, benchmark, clock, out).run()
            except Complaint as error:
                progress.say(f"perf: {benchmark.name} left out: {error}")
                clock.end()
                continue
            clock.end()
            done.append(results)
            show(results, progress)
            save()
    except Interrupted as interrupted:
        if interrupted.results.has_values():
            done.append(interrupted.results)
        status = 130
        progress.say("perf: stopped; what was measured is kept")
    except KeyboardInterrupt:
        status = 130
        progress.say("perf: stopped")
    finally:
        # A second Ctrl-C must not leave containers behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        progress.clear()
        lab.close()
    if not done:
        os.rmdir(folder)
        return status or 1
    save()
    write_report(folder, described, done, settings, progress)
    progress.say(f"{counted(len(done))} in {span(time.monotonic() - started)}: {folder}/report.html")
    return status


def counted(number):
    return f"{number} benchmark" + ("s" if number != 1 else "")


def foretold(clock, ready, names):
    """What is going to be run, and for how long."""
    limit = f", at most {span(clock.limit)}" if clock.limit else ""
    return (f"perf: {counted(len(ready))} with {', '.join(names)}: about {span(clock.remaining())}{limit}; Ctrl-C"
            " ends it and keeps what was measured")


def prepare(lab, picked, progress):
    """Makes roots and data, once; a benchmark whose preparations fail is named and left out."""
    ready = []
    for benchmark in picked:
        progress.status(f"preparing {benchmark.name}")
        try:
            benchmark.prepare(lab)
            ready.append(benchmark)
        except (Complaint, BadSample) as error:
            progress.say(f"perf: {benchmark.name} left out: {error}")
            if isinstance(error, BadSample):
                for line in error.last_lines():
                    progress.say(f"    | {line}")
    return ready


def show(results, progress):
    """A benchmark's table: each figure with its ratios to runc and to gVisor."""
    peer = results.peer()
    progress.say(f"  {'':<30} {'':<22} {'':<18} {'median':>12} {'to runc':>8} {'to gVisor':>9}")
    for (method, metric), cells in results.rows.items():
        unit = results.metrics[metric].unit
        for runtime in results.runtimes:
            cell = cells.get(runtime)
            # What has no figure was said when it failed.
            if not cell or not cell.values:
                continue
            figure = scaled(cell.median, unit)
            ratio = times(results.ratio(runtime, method, metric))
            other = times(results.ratio(runtime, method, metric, peer))
            dropped = f"  {len(cell.dropped)} dropped" if cell.dropped else ""
            note = results.status(runtime, method, metric)
            progress.say(f"  {method:<30} {metric:<22} {runtime:<18} {figure:>12} {ratio:>8} {other:>9}{dropped}"
                         + (f"  {note[:110]}" if note else ""))


def report(folder, progress):
    path = os.path.join(folder, "results.json")
    if not os.path.exists(path):
        raise Complaint(f"{path} does not exist; `perf report` takes the folder of an earlier run")
    try:
        described, done, settings = read_json(path)
    except (ValueError, KeyError, TypeError) as error:
        raise Complaint(f"{path} is no result of perf's: {error}") from None
    write_report(folder, described, done, settings, progress)
    progress.say(f"{folder}/report.html")
    return 0

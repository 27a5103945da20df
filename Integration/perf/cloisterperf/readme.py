"""The README's section on cost, written from a run: plots, a table, and where we are behind."""
import os
import textwrap

from . import machine as machines
from . import plot
from .errors import Complaint
from .plot import label_of
from .report import footer_of, overall
from .runtimes import BASELINE, NATIVE, REPOSITORY, title as title_of
from .samples import read_json
from .units import scaled, times

START, END = "<!-- written by `Integration/perf/perf readme DIR` -->", "<!-- end of what perf wrote -->"
PLOTS = [("syscall", "Time of one system call"), ("startup", "Time to start a container"),
         ("density", "Memory per container")]
# The figures that a reader who has little time is shown; the sentence beside the plot speaks of all.
ROWS = {
    "syscall": [f"syscall.{call}" for call in (
        "getpid", "read_zero_1", "pipe_write_read", "stat", "open_close", "pwrite_4k", "mmap_munmap_64k", "fork_exit_wait",
        "vfork_exec_wait", "thread_create_join", "futex_pingpong", "pipe_pingpong")],
}
# What is asked first: (benchmark, method, metric) and the words for it.
KEY = [
    ("startup", "startup.true", "startup_time", "`run` of `/bin/true`, start to end"),
    ("startup", "startup.true.x100", "startup_time", "100 of them at once"),
    ("startup", "startup.containerd.true", "startup_time", "`ctr run` of `/bin/true`"),
    ("startup", "startup.containerd.true.x100", "startup_time", "100 of those at once"),
    ("exec", "exec.containerd", "exec_time", "`ctr task exec` of `/bin/true`"),
    ("density", "density.containerd.empty", "memory_usage", "the host's memory for an idle container under containerd, shim included"),
    ("density", "density.containerd.empty", "process_memory", "proportional memory (PSS) of all its processes"),
    ("idle", "idle.containerd", "wakeups", "context switches of all its processes while it idles"),
]
FIGURES = os.path.join("Integration", "perf", "figures")
# What counts as another cost; less is scatter.
MARGIN = 1.1


def write(folder, progress, readme=None):
    """Copies the plots of a run into the repository and replaces the README's section between its marks."""
    path = os.path.join(folder, "results.json")
    if not os.path.exists(path):
        raise Complaint(f"{path} does not exist; `perf readme` takes the folder of an earlier run")
    machine, done, settings = read_json(path)
    by_name = {results.benchmark: results for results in done}
    missing = [name for name, _ in PLOTS if name not in by_name or not by_name[name].has_values()]
    if missing:
        raise Complaint(f"{folder} has no figures of {', '.join(missing)}: run `perf all`")
    readme = readme or os.path.join(REPOSITORY, "README.md")
    with open(readme) as file:
        text = file.read()
    if START not in text or END not in text:
        raise Complaint(f"{readme} has no lines {START!r} and {END!r}")
    figures = os.path.join(os.path.dirname(readme), FIGURES)
    os.makedirs(figures, exist_ok=True)
    for name, _ in PLOTS:
        results = by_name[name]
        drawn = plot.draw(results, plot.WIDE, footer_of(machine, results), ROWS.get(name)) or plot.draw(
            results, plot.WIDE, footer_of(machine, results))
        with open(os.path.join(figures, name + ".svg"), "w") as file:
            file.write(drawn)
    before, rest = text.split(START, 1)
    after = rest.split(END, 1)[1]
    with open(readme, "w") as file:
        file.write(before + START + "\n" + section(machine, done, settings) + END + after)
    progress.say(f"{readme} and {figures} are up to date")
    return 0


def section(machine, done, settings):
    ours = next((n for n in dict.fromkeys(n for r in done for n in r.runtimes) if n.startswith("cloister")), "cloister")
    peer = next((n for n in dict.fromkeys(n for r in done for n in r.runtimes) if n.startswith("runsc")), None)
    versions = ", ".join(dict.fromkeys(v for n, v in machine["runtimes"].items()
                                       if n not in machine.get("unusable", {}) and n != NATIVE.name))
    command = settings.get("command") or " ".join(["perf", *settings["benchmarks"]])
    lines = [*wrapped(f"Measured {machine.get('date', '')} with `{command}`{cut(done, settings)} on:"
                      f" {machines.sentence(machine)}. {versions}."), ""]
    by_name = {results.benchmark: results for results in done}
    lines += [*table([(by_name[b], method, metric, words) for b, method, metric, words in KEY if b in by_name],
                     [BASELINE, *filter(None, [peer]), ours]), ""]
    for name, title in PLOTS:
        lines += [f"![{title}: bars per runtime]({FIGURES}/{name}.svg)", ""]
        if name == "syscall":
            calls = by_name[name]
            names = [n for n in dict.fromkeys([NATIVE.name, BASELINE, peer, ours]) if n in calls.runtimes]
            lines += [*table([(calls, method, metric, label_of(calls, method)) for method, metric in calls.rows], names), ""]
        if name == "density":
            lines += [*memory_table(by_name[name], [BASELINE, *filter(None, [peer]), ours]), ""]
        if name in by_name:
            lines += [*wrapped(f"{title}: {figures_behind(by_name[name], ours, peer)}"), ""]
    names = [n for n in dict.fromkeys(n for r in done for n in r.runtimes) if n != BASELINE and any(overall(r, n) for r in done)
             and 2 * sum(n in r.runtimes for r in done) > len(done)]
    lines += ["How many times runc's cost (time, memory, or the inverse of throughput; geometric means):", "",
              "| | " + " | ".join(map(title_of, names)) + " |", "| --- |" + " ---: |" * len(names)]
    for results in done:
        lines.append(f"| {results.benchmark} | " + " | ".join(times(overall(results, n)) or "–" for n in names) + " |")
    lines += ["", *(line for sentence in behind(done, ours, peer) for line in wrapped(sentence)), ""]
    return "\n".join(lines)


def cut(done, settings):
    """What the limit of time left out, in brackets; without any such loss nothing."""
    names = [results.benchmark for results in done if results.cut]
    if not names:
        return ""
    return f" (its limit of {settings['limit'] / 60:g} minutes left out turns of {', '.join(names)})"


def memory_table(results, names):
    """Both measures of memory side by side, a line per workload."""
    wanted = [(name, metric) for name in names for metric in ("memory_usage", "process_memory")]
    lines = []
    for method in dict.fromkeys(method for method, _ in results.rows):
        cells = [results.cell(name, method, metric) for name, metric in wanted]
        if any(cell and cell.values for cell in cells):
            lines.append(f"| {label_of(results, method)} | "
                         + " | ".join(scaled(cell.median if cell else None, "B") for cell in cells) + " |")
    heads = [title_of(name) + (" PSS" if metric == "process_memory" else "") for name, metric in wanted]
    return ["Each container's share of the host's available memory, and the proportional memory (PSS) of all its processes:",
            "", "| | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(heads), *lines] if lines else []


def table(figures, names):
    """Medians as a table: a line per figure (results, method, metric, words) that somebody has."""
    lines = []
    for results, method, metric, words in figures:
        cells = [results.cell(name, method, metric) for name in names]
        if any(cell and cell.values for cell in cells):
            unit = results.metrics[metric].unit
            lines.append(f"| {words} | " + " | ".join(scaled(cell.median if cell else None, unit) for cell in cells) + " |")
    return ["| | " + " | ".join(map(title_of, names)) + " |", "| --- |" + " ---: |" * len(names), *lines] if lines else []


def wrapped(sentence):
    return textwrap.wrap(sentence, 120, break_long_words=False, break_on_hyphens=False)


def figures_behind(results, ours, peer):
    """A sentence with the single figures of a plot in which we cost more than runc or gVisor."""
    parts = []
    for to in filter(None, (BASELINE, peer)):
        costs = []
        for (method, metric), _ in results.rows.items():
            ratio = results.ratio(ours, method, metric, to)
            if ratio and results.metrics[metric].plotted:
                costs.append((ratio if results.metrics[metric].lower_is_better else 1 / ratio, label_of(results, method)))
        if not costs:
            continue
        slower = sorted((item for item in costs if item[0] > MARGIN), reverse=True)
        parts.append(f"behind {title_of(to)} in {len(slower)} of {len(costs)} figures"
                     + (": " + ", ".join(f"{label} ({times(cost)})" for cost, label in slower) if slower else ""))
    return "Cloister is " + "; ".join(parts) + "." if parts else "nothing to compare."


def behind(done, ours, peer):
    """Sentences that name every benchmark in which we cost more than runc, than gVisor, or have no figure."""
    costs = [(r.benchmark, overall(r, ours), overall(r, peer) if peer else None) for r in done]
    slower = sorted(((cost, name) for name, cost, _ in costs if cost and cost > MARGIN), reverse=True)
    than_peer = sorted(((cost / other, name) for name, cost, other in costs if cost and other and cost > other * MARGIN),
                       reverse=True)
    none = [(name, results.absence(ours)) for results, (name, cost, _) in zip(done, costs)
            if not any(cells.get(ours) and cells[ours].values for cells in results.rows.values())]
    lines = []
    if slower:
        lines.append("Cloister is behind runc in " + ", ".join(f"{name} ({times(cost)})" for cost, name in slower) + ".")
    if than_peer:
        lines.append("It is behind gVisor in " + ", ".join(f"{name} ({times(cost)} gVisor's cost)" for cost, name in than_peer) + ".")
    elif peer:
        lines.append("Nowhere is it behind gVisor by more than a tenth.")
    for why in dict.fromkeys(why for _, why in none):
        lines.append("Not measured: " + ", ".join(name for name, other in none if other == why) + f" ({why}).")
    return lines

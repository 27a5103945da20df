"""What was measured: every sample, and what is said about each figure: median, spread, ratio to runc."""
import csv
import json
import statistics
from dataclasses import dataclass, field

from .runtimes import BASELINE


@dataclass(frozen=True)
class Metric:
    """What a number means. `unit` is one of ns, s, B, B/s, /s, count/s and so on: units.py writes it out."""
    name: str
    unit: str
    lower_is_better: bool = True
    logarithmic: bool = False
    plotted: bool = True


@dataclass
class Series:
    """One cell: the samples of one runtime in one method and metric."""
    values: list = field(default_factory=list)
    dropped: list = field(default_factory=list)
    note: str = ""

    @property
    def median(self):
        return statistics.median(self.values) if self.values else None

    @property
    def low(self):
        return min(self.values) if self.values else None

    @property
    def high(self):
        return max(self.values) if self.values else None


# From so many turns on, ratios are made turn by turn.
PAIRS = 5


def ratio(cell, base):
    """The median of the ratios of each turn, in which both were measured one after the other: what disturbs the machine
    for longer disturbs both. The ratio of the medians where turns are few or cannot be told apart, None without figures.
    """
    # What is the difference of two noisy figures may come out below zero, which is no multiple of anything.
    if not cell or not base or not cell.values or not base.values or base.median <= 0 or cell.median < 0:
        return None
    if len(cell.values) == len(base.values) >= PAIRS and not cell.dropped and not base.dropped and min(base.values) > 0:
        return statistics.median(a / b for a, b in zip(cell.values, base.values))
    return cell.median / base.median


class Results:
    """All series of one benchmark, in the order in which they were first seen."""

    def __init__(self, benchmark, title, metrics, runtimes, summary=""):
        self.benchmark, self.title, self.summary = benchmark, title, summary
        self.metrics = {metric.name: metric for metric in metrics}
        self.runtimes = list(runtimes)
        self.rows = {}
        self.labels = {}
        self.seconds = 0.0
        self.interrupted = False
        # Whether time ran out before all turns were taken.
        self.cut = False

    def series(self, runtime, method, metric):
        if runtime not in self.runtimes:
            self.runtimes.append(runtime)
        return self.rows.setdefault((method, metric), {}).setdefault(runtime, Series())

    def add(self, runtime, method, metric, value):
        self.series(runtime, method, metric).values.append(value)

    def drop(self, runtime, method, metric, why):
        self.series(runtime, method, metric).dropped.append(why)

    def note(self, runtime, method, metric, why):
        self.series(runtime, method, metric).note = why

    def spread_notes(self):
        """Moves what is said of a whole method (`fio.root`) to each of its figures (`fio.root.read`), once they are known."""
        for (method, metric), cells in list(self.rows.items()):
            parts = [key for key in self.rows if key[0].startswith(method + ".")]
            if not parts or any(cell.values for cell in cells.values()):
                continue
            for runtime, cell in cells.items():
                for key in parts:
                    own = self.rows[key].setdefault(runtime, Series())
                    own.dropped += [why for why in cell.dropped if why not in own.dropped]
                    own.note = own.note or (cell.note if not own.values else "")
            del self.rows[method, metric]

    def cell(self, runtime, method, metric):
        return self.rows.get((method, metric), {}).get(runtime)

    def ratio(self, runtime, method, metric, to=BASELINE):
        """How many times another runtime's figure this one's is, or None."""
        return ratio(self.cell(runtime, method, metric), self.cell(to, method, metric))

    def peer(self):
        """The runtime of gVisor's that others are compared with, or None."""
        return next((name for name in self.runtimes if name.split(":")[0] == "runsc"), None)

    def absence(self, runtime):
        """Why a runtime has no figure at all in this benchmark; empty if it has one."""
        mine = [(where, cells[runtime]) for where, cells in self.rows.items() if runtime in cells]
        if any(cell.values for _, cell in mine):
            return ""
        return next((why for (method, metric), _ in mine if (why := self.status(runtime, method, metric))), "not measured")

    def has_values(self):
        return any(cell.values for cells in self.rows.values() for cell in cells.values())

    def status(self, runtime, method, metric):
        """What the table says in the place of a figure, or about it."""
        cell = self.cell(runtime, method, metric)
        if cell is None:
            return "not run"
        if cell.note:
            return cell.note
        if not cell.values and cell.dropped:
            return cell.dropped[-1]
        return ""

    def write_csv(self, path):
        """The columns of gVisor's performance guide first, then what makes a figure of a number."""
        with open(path, "w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["runtime", "method", "metric", "result", "unit", "low", "high", "samples", "dropped",
                          "ratio_to_runc", "ratio_to_gvisor", "note"])
            for (method, metric), cells in self.rows.items():
                for runtime in self.runtimes:
                    cell = cells.get(runtime)
                    if not cell:
                        continue
                    ratios = [self.ratio(runtime, method, metric, to) for to in (BASELINE, self.peer())]
                    out.writerow([runtime, method, metric, number(cell.median), self.metrics[metric].unit,
                                  number(cell.low), number(cell.high), len(cell.values), len(cell.dropped),
                                  *(f"{ratio:.4g}" if ratio else "" for ratio in ratios),
                                  self.status(runtime, method, metric)])

    def as_json(self):
        return {
            "benchmark": self.benchmark, "title": self.title, "summary": self.summary, "seconds": round(self.seconds, 1),
            "interrupted": self.interrupted, "cut": self.cut, "runtimes": self.runtimes, "labels": self.labels,
            "metrics": [vars(metric) for metric in self.metrics.values()],
            "rows": [{"method": method, "metric": metric, "runtime": runtime, "samples": cell.values,
                      "dropped": cell.dropped, "note": cell.note}
                     for (method, metric), cells in self.rows.items() for runtime, cell in cells.items()],
        }

    @classmethod
    def from_json(cls, data):
        results = cls(data["benchmark"], data["title"], [Metric(**m) for m in data["metrics"]], data["runtimes"],
                      data["summary"])
        results.seconds, results.interrupted = data["seconds"], data["interrupted"]
        results.cut = data.get("cut", False)
        results.labels = data["labels"]
        for row in data["rows"]:
            cell = results.series(row["runtime"], row["method"], row["metric"])
            cell.values, cell.dropped, cell.note = row["samples"], row["dropped"], row["note"]
        return results


def number(value):
    """A number as CSV has it: no more digits than it is worth."""
    return "" if value is None else f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"


def write_json(path, machine, results, options):
    with open(path, "w") as file:
        json.dump({"machine": machine, "options": options, "benchmarks": [r.as_json() for r in results]}, file, indent=1)


def read_json(path):
    with open(path) as file:
        data = json.load(file)
    return data["machine"], [Results.from_json(item) for item in data["benchmarks"]], data["options"]

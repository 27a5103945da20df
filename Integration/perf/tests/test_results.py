"""Figures: medians, ratios, files that are written, units, progress."""
import csv
import os
import tempfile
import unittest
import xml.etree.ElementTree as xml

from cloisterperf import goals, plot, report, samples, units
from cloisterperf.progress import Clock, Progress
from cloisterperf.samples import Metric, Results

MACHINE = {"processor": "Abacus", "cores": 2, "memory_bytes": 2**33, "kernel": "6.1", "system": "Debian",
           "virtualised": "yes (kvm)", "load": 0.1, "unusable": {}, "runtimes": {"runc": "runc 1", "mine": "mine <2>"}, "date": "today"}


def some():
    results = Results("syscall", "Time of <one> call", [Metric("time", "ns", logarithmic=True),
                                                          Metric("hidden", "s", plotted=False)], ["runc", "mine", "broken"])
    for value in (100, 300, 110):
        results.add("runc", "syscall.getpid", "time", value)
    for value in (1000, 1100, 1200):
        results.add("mine", "syscall.getpid", "time", value)
    results.drop("mine", "syscall.getpid", "time", "ended with status 1")
    results.note("broken", "syscall.getpid", "time", "cannot run containers here: no cgroups")
    results.add("runc", "syscall.getpid", "hidden", 1.0)
    return results


class Figures(unittest.TestCase):
    def test_median_spread_ratio(self):
        results = some()
        cell = results.cell("runc", "syscall.getpid", "time")
        self.assertEqual((cell.median, cell.low, cell.high), (110, 100, 300))
        self.assertEqual(results.ratio("mine", "syscall.getpid", "time"), 10)
        self.assertIsNone(results.ratio("broken", "syscall.getpid", "time"))

    def test_csv_begins_with_the_guides_columns(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.csv")
            some().write_csv(path)
            with open(path) as file:
                rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0])[:4], ["runtime", "method", "metric", "result"])
        self.assertEqual([r["result"] for r in rows][:2], ["110", "1100"])
        self.assertEqual(rows[1]["dropped"], "1")
        self.assertIn("no cgroups", rows[2]["note"])

    def test_json_keeps_every_sample(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "results.json")
            samples.write_json(path, MACHINE, [some()], {"quick": True})
            machine, (again,), _ = samples.read_json(path)
        self.assertEqual(machine, MACHINE)
        self.assertEqual(again.as_json(), some().as_json())

    def test_overall_is_a_cost_whatever_the_direction(self):
        results = Results("x", "X", [Metric("rate", "/s", lower_is_better=False)], ["runc", "mine"])
        results.add("runc", "x", "rate", 100)
        results.add("mine", "x", "rate", 25)
        self.assertAlmostEqual(report.overall(results, "mine"), 4)

    def test_turns_are_paired(self):
        results = Results("x", "X", [Metric("time", "s")], ["runc", "mine", "runsc"])
        # The machine was disturbed in some turns, which both had to bear.
        for runtime, values in (("runc", (1.0, 4.0, 2.0, 2.0, 1.0)), ("mine", (2.0, 8.0, 4.1, 4.0, 2.1)), ("runsc", (3.0, 9.0))):
            for value in values:
                results.add(runtime, "x", "time", value)
        self.assertEqual(results.ratio("mine", "x", "time"), 2.0)
        self.assertEqual(results.peer(), "runsc")
        self.assertAlmostEqual(results.ratio("mine", "x", "time", "runsc"), 4.0 / 6)
        results.drop("mine", "x", "time", "why")
        self.assertEqual(results.ratio("mine", "x", "time"), 4.0 / 2)

    def test_what_is_said_of_a_method_is_said_of_its_figures(self):
        results = some()
        results.drop("broken", "syscall", "time", "not finished after 3 s")
        results.note("late", "syscall", "time", "no time left")
        results.spread_notes()
        self.assertNotIn(("syscall", "time"), results.rows)
        self.assertEqual(results.cell("broken", "syscall.getpid", "time").dropped, ["not finished after 3 s"])
        self.assertEqual(results.status("late", "syscall.getpid", "time"), "no time left")
        self.assertEqual(results.cell("runc", "syscall.getpid", "time").median, 110)


class Pictures(unittest.TestCase):
    def test_plot_is_valid_and_says_what_it_shows(self):
        for width in (plot.WIDE, plot.NARROW):
            text = plot.draw(some(), width, "the machine & more")
            xml.fromstring(text)
            for part in ("Time of &lt;one&gt; call", "Lower is better", "logarithmic", "1.10 µs", "10×", "getpid",
                         "no cgroups", "the machine &amp; more"):
                self.assertIn(part, text)

    def test_nothing_overlaps(self):
        results = some()
        results.add("mine", "syscall.a_method_with_a_name_that_is_far_too_long_for_any_panel", "time", 123456789)
        results.note("runc", "syscall.a_method_with_a_name_that_is_far_too_long_for_any_panel", "time", "why " * 40)
        for width in (plot.WIDE, plot.NARROW):
            rows = {}
            for element in xml.fromstring(plot.draw(results, width, "footer " * 40)):
                if element.tag.endswith("text"):
                    start = float(element.get("x"))
                    if element.get("text-anchor") == "middle":
                        continue
                    end = start + plot.width_of(element.text, float(element.get("font-size")))
                    self.assertLessEqual(end, width, element.text)
                    rows.setdefault(element.get("y"), []).append((start, end, element.text))
            for row in rows.values():
                row.sort()
                for (_, end, text), (start, _, other) in zip(row, row[1:]):
                    self.assertLessEqual(end, start + 1, f"{text!r} runs into {other!r}")

    def test_no_values_no_plot(self):
        results = Results("x", "X", [Metric("time", "s")], ["runc"])
        results.note("runc", "x", "time", "why")
        self.assertIsNone(plot.draw(results, plot.WIDE, ""))

    def test_below_zero_is_drawn_and_no_multiple_of_anything(self):
        results = Results("x", "X", [Metric("memory", "B")], ["runc", "mine"])
        results.add("runc", "x", "memory", -1e6)
        results.add("mine", "x", "memory", 2e6)
        self.assertIsNone(results.ratio("mine", "x", "memory"))
        self.assertIsNone(report.overall(results, "mine"))
        self.assertIn("-1.00 MB", plot.draw(results, plot.WIDE, "footer"))

    def test_zero_is_drawn(self):
        results = Results("x", "X", [Metric("time", "s", logarithmic=True)], ["runc"])
        results.add("runc", "x", "time", 0.0)
        xml.fromstring(plot.draw(results, plot.WIDE, ""))

    def test_report_escapes_and_needs_no_network(self):
        with tempfile.TemporaryDirectory() as folder:
            report.write(folder, MACHINE, [some()], {"quick": True}, Progress(open(os.devnull, "w")))
            with open(os.path.join(folder, "report.html")) as file:
                text = file.read()
            self.assertTrue(os.path.exists(os.path.join(folder, "syscall.svg")))
        self.assertIn("mine &lt;2&gt;", text)
        self.assertNotIn("<script", text)
        self.assertNotRegex(text, r'(src|href)="https?:')
        self.assertIn("viewport", text)


class Units(unittest.TestCase):
    def test_scaled(self):
        for value, unit, text in ((130, "ns", "130 ns"), (4612, "ns", "4.61 µs"), (2.5e6, "ns", "2.50 ms"), (61.2, "s", "61.2 s"),
                                  (13.7e6, "B", "13.7 MB"), (1.5e9, "B/s", "1.50 GB/s"), (12345, "/s", "12,345/s"),
                                  (2.5e9, "bit/s", "2.50 Gbit/s"), (0, "s", "0 s"), (5.5, "events/s", "5.50 events/s"),
                                  (None, "s", "–"), (999.96, "ns", "1.00 µs")):
            self.assertEqual(units.scaled(value, unit), text)

    def test_times(self):
        self.assertEqual([units.times(r) for r in (None, 0.0047, 0.5, 1.0, 1.55, 2.34, 12.3, 1234.5)],
                         ["", "0.0047×", "0.50×", "1.00×", "1.55×", "2.3×", "12×", "1,234×"])

    def test_span(self):
        self.assertEqual([units.span(s) for s in (-3, 45, 89.6, 720, 3900, 7200)],
                         ["0 s", "45 s", "2 min", "12 min", "65 min", "2 h 00 min"])


class Time(unittest.TestCase):
    def setUp(self):
        self.at = 0.0

    def clock(self, estimates, limit=None):
        return Clock(estimates, limit, now=lambda: self.at)

    def test_estimates_learn(self):
        clock = self.clock({"a": 600, "b": 600})
        clock.begin("a")
        self.at = 1200
        clock.end()
        self.assertAlmostEqual(clock.remaining(), 600 * (1260 / 660))

    def test_a_limit_is_shared_out(self):
        clock = self.clock({"a": 100, "b": 300}, limit=1000)
        clock.begin("a")
        self.assertAlmostEqual(clock.allowance(), 250)
        self.at = 500
        clock.end()
        clock.begin("b")
        self.assertAlmostEqual(clock.allowance(), 500)
        self.at = 2000
        clock.end()
        clock.begin("c")
        self.assertEqual(clock.allowance(), Clock.short)

    def test_no_limit(self):
        clock = self.clock({"a": 1})
        clock.begin("a")
        self.assertIsNone(clock.allowance())


class Readme(unittest.TestCase):
    def test_section_is_replaced_and_says_where_we_are_behind(self):
        from cloisterperf import readme
        done = []
        for name, values in (("syscall", (100, 1000, 500)), ("startup", (10, 8, 90)), ("density", (10, None, 90))):
            results = Results(name, name, [Metric("time", "ns")], ["runc", "cloister", "runsc"])
            for runtime, value in zip(results.runtimes, values):
                if value:
                    results.add(runtime, name, "time", value)
            done.append(results)
        done[2].note("cloister", "density", "time", "has no TCP network yet")
        done[0].cut = True
        with tempfile.TemporaryDirectory() as folder:
            samples.write_json(os.path.join(folder, "results.json"), MACHINE, done,
                               {"quick": True, "command": "perf all --quick --limit 2", "limit": 120})
            path = os.path.join(folder, "README.md")
            with open(path, "w") as file:
                file.write(f"# Top\n{readme.START}\nold\n{readme.END}\nbottom\n")
            for _ in range(2):
                readme.write(folder, Progress(open(os.devnull, "w")), path)
            with open(path) as file:
                text = file.read()
            self.assertTrue(os.path.exists(os.path.join(folder, readme.FIGURES, "syscall.svg")))
        self.assertNotIn("old", text)
        self.assertTrue(text.startswith("# Top\n") and text.endswith("\nbottom\n"))
        self.assertIn("Cloister is behind runc in syscall (10×).", text)
        self.assertIn("Cloister is behind runc in 1 of 1 figures: syscall (10×); behind gVisor in 1 of 1 figures: syscall"
                      " (2.0×).", text.replace("\n", " "))
        self.assertIn("behind runc in 0 of 1 figures; behind gVisor in 0 of 1 figures.", text.replace("\n", " "))
        self.assertIn("behind gVisor in syscall (2.0× gVisor's cost).", text)
        self.assertIn("Not measured: density (has no TCP network yet).", text)
        self.assertIn("Abacus", text)
        self.assertIn("with `perf all --quick --limit 2` (its limit of 2 minutes left out turns of syscall) on:",
                      text.replace("\n", " "))

    def test_both_measures_of_memory_side_by_side(self):
        from cloisterperf import readme
        results = Results("density", "Memory", [Metric("memory_usage", "B"), Metric("process_memory", "B")], ["runc", "cloister"])
        for name, value in (("runc", -1e6), ("cloister", 3e6)):
            results.add(name, "density.empty", "memory_usage", value)
            results.add(name, "density.empty", "process_memory", 2e6)
        lines = readme.memory_table(results, ["runc", "cloister"])
        self.assertEqual(lines[2], "| | runc | runc PSS | Cloister | Cloister PSS |")
        self.assertEqual(lines[4], "| empty | -1.00 MB | 2.00 MB | 3.00 MB | 2.00 MB |")


class Goals(unittest.TestCase):
    def results(self, ours, native=100.0, gvisor=1000.0):
        results = Results("syscall", "T", [Metric("syscall_time_ns", "ns")], ["native", "runsc", "cloister"])
        for name, value in (("native", native), ("runsc", gvisor), ("cloister", ours)):
            results.add(name, "syscall.stat", "syscall_time_ns", value)
        return results

    def test_of_another_runtime(self):
        goal = goals.Goal("syscall", "syscall.stat", "syscall_time_ns", "native", 1.3)
        self.assertEqual(goals.judge(goal, self.results(130.0), "cloister"), ("1.30×", "at most 1.30× native", True))
        self.assertIs(goals.judge(goal, self.results(131.0), "cloister")[2], False)

    def test_above_another_runtime_and_by_itself(self):
        above = goals.Goal("syscall", "syscall.stat", "syscall_time_ns", "native", above=50)
        most = goals.Goal("syscall", "syscall.stat", "syscall_time_ns", most=140)
        for goal in (above, most):
            self.assertIs(goals.judge(goal, self.results(140.0), "cloister")[2], True)
            self.assertIs(goals.judge(goal, self.results(151.0), "cloister")[2], False)

    def test_more_is_better(self):
        results = Results("x", "X", [Metric("rate", "/s", lower_is_better=False)], ["runc", "cloister"])
        for name, value in (("runc", 100.0), ("cloister", 96.0)):
            results.add(name, "x", "rate", value)
        # Native was not measured: runc takes its place.
        goal = goals.Goal("x", "x", "rate", "native", 0.97)
        self.assertEqual(goals.judge(goal, results, "cloister"), ("0.96×", "at least 0.97× runc", False))

    def test_without_figures(self):
        for goal in goals.goals():
            self.assertIsNone(goals.judge(goal, None, "cloister")[2])

    def test_all_are_of_benchmarks_that_exist(self):
        from cloisterperf import benchmarks
        every = benchmarks.every()
        for goal in goals.goals():
            benchmark = every[goal.benchmark]
            self.assertIn(goal.metric, [metric.name for metric in benchmark.metrics])

"""How a benchmark is run: turns, failures that stay in their cell, limits, Ctrl-C; and a runtime that is slow for real."""
import argparse
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from cloisterperf import bundles, cli, gate, processes
from cloisterperf.benchmark import Benchmark, Interrupted, Runner
from cloisterperf.containers import complaint
from cloisterperf.errors import BadSample, Complaint, Unsupported
from cloisterperf.lab import Lab
from cloisterperf.progress import Clock, Progress
from cloisterperf.runtimes import Runtime
from cloisterperf.samples import Metric


class Silent(Progress):
    def __init__(self):
        super().__init__(open(os.devnull, "w"))
        self.said = []

    def say(self, text=""):
        self.said.append(text)


class FakeLab:
    def __init__(self, names, runs=2):
        self.options = argparse.Namespace(runs=runs, cache="/tmp", quick=True)
        self.runtimes = [Runtime(name, (name,)) for name in names]
        self.progress = Silent()

    def pick(self, quick, full):
        return quick

    def taking_part(self, benchmark):
        return self.runtimes

    def end_benchmark(self):
        pass


class Scripted(Benchmark):
    """Measures what a function says."""
    name, title, metrics = "scripted", "Scripted", (Metric("time", "s"),)
    disk = memory = 0

    def __init__(self, answer, methods=("scripted",)):
        self.answer, self.listed, self.calls = answer, list(methods), []

    def methods(self, lab):
        return self.listed

    def warm(self, lab, runtime):
        self.calls.append(("warm", runtime.name))

    def measure(self, lab, runtime, method):
        self.calls.append((method, runtime.name))
        yield from self.answer(runtime.name, method, len(self.calls))


def run(benchmark, names=("a", "b", "c"), runs=2, clock=None, out=()):
    lab = FakeLab(names, runs)
    results = Runner(lab, benchmark, clock or Clock({}), dict(out)).run()
    return results, lab.progress.said


def steady(name, method, call):
    yield "time", 1.0


class Turns(unittest.TestCase):
    def test_warm_up_first_then_turns(self):
        benchmark = Scripted(steady, ["m", "n"])
        results, _ = run(benchmark)
        order = [("warm", n) for n in "abc"] + 2 * ([("m", n) for n in "abc"] + [("n", n) for n in "abc"])
        self.assertEqual(benchmark.calls, order)
        self.assertEqual(results.cell("a", "m", "time").values, [1.0, 1.0])

    def test_a_failure_is_dropped_counted_and_shown(self):
        def answer(name, method, call):
            if name == "b" and call < 6:
                raise BadSample("ended with status 7", "first\nsecond\nlast words\n")
            yield "time", 2.0

        results, said = run(Scripted(answer), runs=3)
        cell = results.cell("b", "scripted", "time")
        self.assertEqual((len(cell.dropped), cell.values), (1, [2.0, 2.0]))
        self.assertIn("last words", cell.dropped[0])
        self.assertTrue(any("last words" in line for line in said))
        self.assertEqual(len(results.cell("a", "scripted", "time").values), 3)

    def test_two_failures_end_a_cell(self):
        def answer(name, method, call):
            if name == "b":
                raise BadSample("no", "")
            yield "time", 2.0

        benchmark = Scripted(answer)
        results, _ = run(benchmark, runs=5)
        self.assertEqual(len(results.cell("b", "scripted", "time").dropped), 2)
        self.assertEqual(benchmark.calls.count(("scripted", "b")), 2)

    def test_what_does_not_end_is_not_tried_again(self):
        def answer(name, method, call):
            raise BadSample("not finished after 3 s")
            yield

        benchmark = Scripted(answer)
        run(benchmark, names=["a"], runs=5)
        self.assertEqual(benchmark.calls.count(("scripted", "a")), 1)

    def test_figures_before_a_failure_are_kept(self):
        def answer(name, method, call):
            yield "scripted.first", "time", 1.0
            raise BadSample("second failed")

        results, _ = run(Scripted(answer), names=["a"], runs=1)
        self.assertEqual(results.cell("a", "scripted.first", "time").values, [1.0])

    def test_a_failure_counts_where_it_cost_a_figure(self):
        def answer(name, method, call):
            yield "memory", 1.0
            if name == "b" and call > 6 or name == "c":
                raise BadSample("too busy")
            yield "time", 2.0

        benchmark = Scripted(answer)
        benchmark.metrics = (Metric("memory", "B"), Metric("time", "s"))
        results, _ = run(benchmark)
        self.assertEqual([len(results.cell("b", "scripted", metric).dropped) for metric in ("memory", "time")], [0, 1])
        self.assertEqual(len(results.cell("b", "scripted", "memory").values), 2)
        self.assertEqual([len(results.cell("c", "scripted", metric).dropped) for metric in ("memory", "time")], [0, 2])

    def test_unsupported_says_so_and_the_rest_goes_on(self):
        def answer(name, method, call):
            if name == "c":
                raise Unsupported("has no TCP network yet")
            yield "time", 1.0

        results, _ = run(Scripted(answer))
        self.assertEqual(results.status("c", "scripted", "time"), "has no TCP network yet")
        self.assertEqual(len(results.cell("b", "scripted", "time").values), 2)

    def test_a_runtime_that_is_out_has_its_reason_in_its_row(self):
        benchmark = Scripted(steady)
        results, _ = run(benchmark, out={"b": "no cgroups"})
        self.assertEqual(results.status("b", "scripted", "time"), "no cgroups")
        self.assertNotIn(("scripted", "b"), benchmark.calls)

    def test_no_time_left(self):
        clock = Clock({"scripted": 1}, limit=0)
        clock.short = 0
        clock.begin("scripted")
        results, _ = run(Scripted(steady), clock=clock)
        self.assertIn("no time left", results.status("a", "scripted", "time"))
        self.assertTrue(results.cut)

    def test_what_is_measured_together_with_another_is_not_lost(self):
        clock = Clock({"scripted": 1}, limit=0)
        clock.short = 0
        clock.begin("scripted")
        benchmark = Scripted(steady)
        benchmark.has_ready = lambda runtime, method: runtime.name == "b"
        results, _ = run(benchmark, clock=clock)
        self.assertEqual([bool(results.cell(name, "scripted", "time").values) for name in "abc"], [False, True, False])

    def test_a_remark_stands_beside_its_figure(self):
        def answer(name, method, call):
            yield "memory", 1.0
            yield method, "time", -2.0, "unsure" if name == "b" else ""

        benchmark = Scripted(answer)
        benchmark.metrics = (Metric("memory", "B"), Metric("time", "s"))
        results, _ = run(benchmark)
        self.assertEqual([results.status(name, "scripted", "time") for name in "abc"], ["", "unsure", ""])
        self.assertEqual(results.status("b", "scripted", "memory"), "")
        self.assertEqual(results.cell("b", "scripted", "time").values, [-2.0, -2.0])

    def test_ctrl_c_keeps_what_was_measured(self):
        def answer(name, method, call):
            if call == 6:
                raise KeyboardInterrupt
            yield "time", 1.0

        with self.assertRaises(Interrupted) as caught:
            run(Scripted(answer))
        results = caught.exception.results
        self.assertTrue(results.interrupted)
        self.assertEqual(results.cell("a", "scripted", "time").values, [1.0])

    def test_too_little_room(self):
        for what in ("disk", "memory"):
            benchmark = Scripted(steady)
            setattr(benchmark, what, 10**18)
            with self.assertRaisesRegex(Complaint, "needs"):
                run(benchmark)
            self.assertEqual(benchmark.calls, [])


class BadInput(unittest.TestCase):
    def complain(self, *argv):
        with self.assertRaises(Complaint) as caught:
            cli.dispatch(cli.arguments(list(argv)))
        return str(caught.exception)

    def test_unknown_benchmark_names_the_nearest(self):
        self.assertIn("did you mean syscall?", self.complain("sycall"))
        self.assertIn("did you mean http.node?", self.complain("http.nod"))

    def test_unknown_runtime_names_the_nearest(self):
        self.assertIn("did you mean runsc?", self.complain("syscall", "--runtime=runssc"))

    def test_report_of_nothing(self):
        self.assertIn("does not exist", self.complain("report", "/nonexistent"))

    def test_report_of_something_else(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "results.json"), "w") as file:
                file.write("{}")
            self.assertIn("no result of perf's", self.complain("report", folder))

    def test_an_output_folder_is_never_overwritten(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out")
            self.assertEqual([cli.new_folder(path) for _ in range(3)], [path, path + "-2", path + "-3"])

    def test_numbers_that_make_no_sense(self):
        for argv in (["fork", "--runs", "0"], ["fork", "--runs", "x"], ["density", "--count", "-1"],
                     ["all", "--limit", "0"], []):
            with self.assertRaises(SystemExit):
                with open(os.devnull, "w") as null:
                    import contextlib
                    with contextlib.redirect_stderr(null):
                        cli.arguments(argv)

    def test_what_a_runtime_says_is_found(self):
        self.assertEqual(complaint('time="x" level=error msg="no \\"cgroups\\" here"\n', 1), 'no "cgroups" here')
        self.assertEqual(complaint("one\ntwo\n\n", 1), "two")
        self.assertEqual(complaint("", None), "it did not end in time")


class Gate(unittest.TestCase):
    MEASURE = {"syscall.stat": 10.0, "startup.true": 1.0, "memory.idle": 5e6, "instructions.stat": 4000.0}

    def test_the_same_passes_and_double_fails(self):
        self.assertTrue(all(passes for *_, passes in gate.compare(self.MEASURE, self.MEASURE)))
        for name, value in self.MEASURE.items():
            rows = gate.compare({**self.MEASURE, name: value * 2}, self.MEASURE)
            self.assertEqual([row[0] for row in rows if not row[3]], [name])

    def test_scatter_and_improvement_pass(self):
        for factor in (0.1, 0.7, 1.4, 1.8):
            rows = gate.compare({name: value * factor for name, value in self.MEASURE.items()}, self.MEASURE)
            self.assertTrue(all(passes for *_, passes in rows))

    def test_a_figure_without_a_measure_passes(self):
        self.assertTrue(gate.compare({"new": 1.0}, {})[0][3])

    def test_instruction_counts(self):
        self.assertEqual(gate.instruction_counts("getpid\t774.0\nread /dev/zero 1\t1382.5\n"),
                         {"instructions.getpid": 774.0, "instructions.read /dev/zero 1": 1382.5})
        for output in ("", "swift: error\n"):
            with self.assertRaises(Complaint):
                gate.instruction_counts(output)


class Broken:
    def remove(self):
        raise BlockingIOError(11, "Resource temporarily unavailable")


class TakingDown(unittest.TestCase):
    def test_what_cannot_be_taken_down_holds_nothing_else_up(self):
        with tempfile.TemporaryDirectory() as folder:
            lab = Lab(argparse.Namespace(quick=True, runs=1, cache=folder, count=None), [], Silent())
            removed = []
            fine = Broken()
            fine.remove = lambda: removed.append(True)
            lab.networks += [Broken(), fine]
            lab.close()
            self.assertTrue(removed)
            self.assertTrue(any("temporarily unavailable" in line for line in lab.progress.said))
            self.assertFalse(os.path.exists(lab.home))

    def test_what_containers_leave_is_ended(self):
        with tempfile.TemporaryDirectory() as folder:
            lab = Lab(argparse.Namespace(quick=True, runs=1, cache=folder, count=None), [], Silent())
            stray = subprocess.Popen(["sleep", "1000"])
            lab.end_benchmark()
            self.assertEqual(stray.wait(30), -9)
            self.assertTrue(any("left running: sleep" in line for line in lab.progress.said))
            lab.close()


class Commands(unittest.TestCase):
    def test_what_hangs_is_ended_with_its_children(self):
        for seconds in (1, 5, 25):
            ran = processes.run(["sh", "-c", "echo begun; sleep 1000 & echo $!; wait"], seconds)
            # On a busy machine it may have been ended before it had begun.
            if len(ran.output.split()) == 2:
                break
        self.assertIsNone(ran.status)
        word, child = ran.output.split()
        self.assertEqual(word, "begun")
        # It was killed, and may have to be buried by whoever adopted it, but it runs no more.
        for _ in range(3000):
            state = processes.stat(child)
            if state is None or state[0] in (b"Z", b"X"):
                return
            time.sleep(0.01)
        self.fail(f"still in state {state[0]}")

    def test_how_a_command_ended(self):
        self.assertEqual(processes.run(["sh", "-c", "exit 3"], 30).status, 3)
        ran = processes.run(["sh", "-c", "echo out; echo err >&2"], 30)
        self.assertEqual((ran.status, ran.output), (0, "out\nerr\n"))


class Sleeper(Benchmark):
    name, title, metrics = "sleeper", "Sleeper", (Metric("startup_time", "s"),)
    disk = memory = 0

    def layers(self, lab):
        return [gate.root_layer(lab)]

    def warm(self, lab, runtime):
        pass

    def measure(self, lab, runtime, method):
        engine = lab.engine(runtime)
        config = bundles.configuration(["/bin/syscalls", "exit"])
        ran = engine.run(lab.bundle(engine, self.layers(lab)), config, 30)
        if ran.status != 0:
            raise BadSample(f"status {ran.status}", ran.output)
        yield "startup_time", ran.seconds


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("runc") and shutil.which("gcc"), "needs root, runc and gcc")
class SlowRuntime(unittest.TestCase):
    """A wrapper that sleeps before it hands over to runc."""

    def test_a_slow_runtime_is_slower_by_as_much(self):
        delay = 0.4
        with tempfile.TemporaryDirectory() as folder:
            wrapper = os.path.join(folder, "slow")
            with open(wrapper, "w") as file:
                file.write(f'#!/bin/sh\nsleep {delay}\nexec runc "$@"\n')
            os.chmod(wrapper, 0o755)
            options = argparse.Namespace(quick=True, runs=5, cache=folder, count=None)
            lab = Lab(options, [Runtime("runc", ("runc",)), Runtime("slow", (wrapper,))], Silent())
            plain, slow = [], []
            try:
                # The fastest of both scatter least: a busy machine only adds to either, and it adds less the more there are.
                for attempt in range(10):
                    results = Runner(lab, Sleeper(), Clock({}), {}).run()
                    for name, values in (("runc", plain), ("slow", slow)):
                        values += results.cell(name, "sleeper", "startup_time").values
                    if not plain:
                        self.skipTest("runc runs nothing here")
                    if slow and delay * 0.75 < min(slow) - min(plain) < delay * 1.5:
                        break
            finally:
                lab.close()
        self.assertGreaterEqual(min(slow), delay)
        self.assertGreater(min(slow) - min(plain), delay * 0.75)
        self.assertLess(min(slow) - min(plain), delay * 1.5)

"""Each tool's output, as recorded, and what else it may print."""
import os
import unittest

from cloisterperf import parsers
from cloisterperf.errors import BadSample

RECORDED = os.path.join(os.path.dirname(__file__), "recorded")


def recorded(name):
    with open(os.path.join(RECORDED, name)) as file:
        return file.read()


class Parsers(unittest.TestCase):
    def test_syscalls(self):
        self.assertEqual(parsers.syscalls(recorded("syscalls.txt")),
                         {"getpid": 110, "stat": 345, "open_close": 709, "fork_exit_wait": 46993})

    def test_syscalls_with_an_error_between(self):
        with self.assertRaises(BadSample):
            parsers.syscalls("getpid 110\npipe: Bad file descriptor\n")

    def test_syscalls_with_nothing(self):
        with self.assertRaises(BadSample):
            parsers.syscalls("\n")

    def test_sysbench(self):
        self.assertAlmostEqual(parsers.sysbench_cpu(recorded("sysbench-cpu.txt")), 2693.52)
        self.assertAlmostEqual(parsers.sysbench_memory(recorded("sysbench-memory.txt")), 1732.71 * 1048576)

    def test_sysbench_that_failed(self):
        with self.assertRaises(BadSample) as caught:
            parsers.sysbench_cpu("FATAL: error\nunable to create a thread\n")
        self.assertEqual(caught.exception.last_lines(1), ["unable to create a thread"])

    def test_redis_benchmark(self):
        figures = parsers.redis_benchmark(recorded("redis-benchmark.csv"))
        self.assertEqual(figures["PING_INLINE"], 38461.54)
        self.assertEqual(figures["LRANGE_600"], 11627.91)
        self.assertEqual(figures["MSET"], 71428.57)

    def test_redis_benchmark_fills_lists_with_a_second_lpush(self):
        self.assertEqual(parsers.redis_benchmark(recorded("redis-benchmark.csv"))["LPUSH"], 45454.55)

    def test_redis_benchmark_refused(self):
        with self.assertRaises(BadSample):
            parsers.redis_benchmark("Could not connect to Redis at 127.0.0.1:1: Connection refused\n")

    def test_apache_bench(self):
        figures = parsers.apache_bench(recorded("ab.txt"))
        self.assertEqual(figures["requests_per_second"], 729.51)
        self.assertAlmostEqual(figures["transfer_rate"], 771.54 * 1024)
        self.assertAlmostEqual(figures["latency"], 0.006854)

    def test_apache_bench_of_errors(self):
        with self.assertRaises(BadSample):
            parsers.apache_bench(recorded("ab-404.txt"))

    def test_apache_bench_counts_other_lengths_as_no_failure(self):
        text = recorded("ab.txt").replace(
            "Failed requests:        0",
            "Failed requests:        7\n   (Connect: 0, Receive: 0, Length: 7, Exceptions: 0)")
        self.assertEqual(parsers.apache_bench(text)["requests_per_second"], 729.51)
        with self.assertRaises(BadSample):
            parsers.apache_bench(text.replace("Length: 7, Exceptions: 0", "Length: 5, Exceptions: 2"))

    def test_iperf3(self):
        self.assertGreater(parsers.iperf3(recorded("iperf3.json")), 1e8)

    def test_iperf3_refused(self):
        with self.assertRaisesRegex(BadSample, "refused"):
            parsers.iperf3(recorded("iperf3-refused.json"))

    def test_fio(self):
        for name in ("fio-read.json", "fio-write.json"):
            figures = parsers.fio(recorded(name))
            self.assertGreater(figures["bandwidth"], 1e6)
            # 1 MiB blocks.
            self.assertAlmostEqual(figures["bandwidth"] / figures["io_ops"], 1048576, delta=2000)

    def test_fio_with_words_around_it(self):
        self.assertEqual(parsers.fio("note: a word\n" + recorded("fio-read.json") + "bye\n"),
                         parsers.fio(recorded("fio-read.json")))

    def test_fio_that_failed(self):
        for output in ("fio: pid=3, err=28/file:filesetup.c:240, func=write\n", "", "{}"):
            with self.assertRaises(BadSample):
                parsers.fio(output)

    def test_ffmpeg(self):
        self.assertAlmostEqual(parsers.ffmpeg(recorded("ffmpeg.txt")), 0.174)

    def test_figures(self):
        self.assertEqual(parsers.figures("x\nfigure stat 12.5\nfigure open 1e3\n"), {"stat": 12.5, "open": 1000.0})
        with self.assertRaises(BadSample):
            parsers.figures("figures stat 12\n")

    def test_marked(self):
        self.assertEqual(parsers.marked('warning\nresult {"a": 1}\n', "result"), {"a": 1})
        for output in ("", "result", "result {", "resulting {}"):
            with self.assertRaises(BadSample):
                parsers.marked(output, "result")

"""Single system calls: our own syscalls.c, one of each class."""
from .. import parsers
from ..benchmark import Benchmark
from ..samples import Metric

# What needs the most memory and time is left out of quick runs.
QUICK = ["getpid", "getppid", "clock_gettime", "read_zero_1", "pipe_write_read", "unix_write_read", "stat", "open_close",
         "pread_4k", "pwrite_4k", "epoll_wait_ready", "futex_wake", "sched_yield", "mmap_munmap_64k", "mmap_touch_64k",
         "fork_exit_wait", "vfork_exec_wait", "thread_create_join", "futex_pingpong", "pipe_pingpong"]


class SystemCalls(Benchmark):
    name = "syscall"
    title = "Time of one system call"
    summary = "our syscalls.c: calls in batches, the best batch counts; getpid is the guide's figure"
    metrics = (Metric("syscall_time_ns", "ns", logarithmic=True),)
    seconds = (4, 25)
    runs = (3, 5)
    timeout = (60, 300)
    memory = 1_800_000_000

    def measure(self, lab, runtime, method):
        arguments = ["/srv/perf/syscalls"] + (["--quick", *QUICK] if lab.quick else [])
        for name, nanoseconds in parsers.syscalls(self.output(lab, runtime, arguments)).items():
            yield f"{self.name}.{name}", "syscall_time_ns", nanoseconds


BENCHMARKS = [SystemCalls()]

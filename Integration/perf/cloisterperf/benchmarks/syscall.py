"""Single system calls: our own syscalls.c, one of each class; with all cores, and with one."""
import os

from .. import parsers
from ..benchmark import Benchmark
from ..samples import Metric

# What needs the most memory and time is left out of quick runs.
QUICK = ["getpid", "getppid", "clock_gettime", "read_zero_1", "pipe_write_read", "unix_write_read", "stat", "open_close",
         "pread_4k", "pwrite_4k", "epoll_wait_ready", "futex_wake", "sched_yield", "mmap_munmap_64k", "mmap_touch_64k",
         "fork_exit_wait", "vfork_exec_wait", "thread_create_join", "futex_pingpong", "pipe_pingpong"]
LABELS = {
    "getpid": "getpid", "getppid": "getppid", "clock_gettime": "clock_gettime (vDSO)", "read_zero_1": "read of a byte of /dev/zero",
    "pipe_write_read": "pipe: write and read a byte", "unix_write_read": "unix socket: write and read a byte",
    "stat": "stat", "open_close": "open and close", "pread_4k": "pread of 4 KiB, tmpfs", "pwrite_4k": "pwrite of 4 KiB, tmpfs",
    "epoll_wait_ready": "epoll_wait, one ready", "futex_wake": "futex wake, nobody waits", "sched_yield": "sched_yield",
    "mmap_munmap_64k": "mmap and munmap of 64 KiB", "mmap_touch_64k": "mmap, touch and munmap of 64 KiB",
    "fork_exit_wait": "fork, exit, wait", "vfork_exec_wait": "vfork, exec of true, wait",
    "thread_create_join": "create and join a thread", "fork_1g": "fork, exit, wait with 1 GiB in use",
    "futex_pingpong": "futex: two processes take turns", "pipe_pingpong": "pipes: two processes take turns",
}


class SystemCalls(Benchmark):
    name = "syscall"
    title = "Time of one system call"
    summary = ("our syscalls.c: calls in batches, the best batch of each run counts; getpid is the guide's figure. Native:"
               " the same program without any container")
    metrics = (Metric("syscall_time_ns", "ns", logarithmic=True),)
    # Ratios near 1 are asked for: ten turns of them.
    seconds = (2, 2)
    runs = (3, 10)
    timeout = (60, 120)
    memory = 1_800_000_000
    besides = ("native", "runsc:ptrace")
    core = None

    def label(self, method):
        return LABELS.get(method.split(".")[-1], "")

    def measure(self, lab, runtime, method):
        arguments = ["/srv/perf/syscalls", "--quick", *(QUICK if lab.quick else [])]
        for name, nanoseconds in parsers.syscalls(self.output(lab, runtime, arguments, core=self.core)).items():
            yield f"{self.name}.{name}", "syscall_time_ns", nanoseconds


class OnOneCore(SystemCalls):
    name = "syscall.one_core"
    title = "Time of one system call, with one core for all of the container"
    summary = "the same calls, with the program and all processes of its sandbox confined to one core"
    seconds = (2, 2)
    besides = ("native",)
    # The last one: the first gets most interrupts.
    core = max(os.sched_getaffinity(0))


BENCHMARKS = [SystemCalls(), OnOneCore()]

"""What Cloister is meant to reach, against what a run measured: each a ratio to a native program, to runc or to gVisor."""
import os
from dataclasses import dataclass

from .errors import Complaint
from .runtimes import BASELINE, NATIVE
from .samples import read_json
from .units import scaled, times

# Of a native call's time, with two cores or more.
CALLS = {
    "getpid": 0.2, "read_zero_1": 1.3, "pipe_write_read": 1.3, "stat": 1.0, "open_close": 1.5, "pread_4k": 1.2,
    "pwrite_4k": 1.2, "epoll_wait_ready": 1.3, "unix_write_read": 1.2, "mmap_munmap_64k": 1.3, "mmap_touch_64k": 1.2,
    "fork_exit_wait": 2.0, "fork_1g": 2.0, "futex_wake": 1.2, "futex_pingpong": 1.2, "thread_create_join": 3.0,
    "vfork_exec_wait": 2.5, "pipe_pingpong": 1.0,
}
OF_GVISOR, OF_GVISOR_ON_ONE_CORE = 0.35, 0.6
# Nanoseconds above a native call, with one core.
ABOVE_NATIVE = 6000
MIB = 1 << 20


@dataclass(frozen=True)
class Goal:
    """A figure may be at most `times` another runtime's (at least, where more is better), `above` it, or `most` by itself."""
    benchmark: str
    method: str
    metric: str
    to: str = ""
    times: float | None = None
    above: float | None = None
    most: float | None = None


def goals():
    listed = []
    for call, bound in CALLS.items():
        listed.append(Goal("syscall", f"syscall.{call}", "syscall_time_ns", "native", bound))
        listed.append(Goal("syscall", f"syscall.{call}", "syscall_time_ns", "runsc", OF_GVISOR))
    for call in CALLS:
        method = f"syscall.one_core.{call}"
        listed.append(Goal("syscall.one_core", method, "syscall_time_ns", "runsc", OF_GVISOR_ON_ONE_CORE))
        listed.append(Goal("syscall.one_core", method, "syscall_time_ns", "native", above=ABOVE_NATIVE))
    listed.append(Goal("sysbench.cpu", "sysbench.cpu.cores", "cpu_events_per_second", "native", 0.97))
    listed.append(Goal("sysbench.memory", "sysbench.memory.cores", "memory_transfer_rate", "native", 0.99))
    listed.append(Goal("build", "build", "run_time", "native", 1 / 0.97))
    listed.append(Goal("media.ffmpeg", "media.ffmpeg", "run_time", "native", 1 / 0.97))
    listed.append(Goal("startup", "startup.true", "startup_time", "runc", 1.0))
    listed.append(Goal("startup", "startup.true", "startup_time", "runsc", 0.15))
    listed.append(Goal("startup", "startup.true.x100", "startup_time", "runsc", 0.25))
    for method in ("density.containerd.empty", "density.pod.empty"):
        listed.append(Goal("density", method, "memory_usage", most=8 * MIB))
        listed.append(Goal("density", method, "memory_usage", "runsc", 0.25))
    listed += [Goal("idle", method, "wakeups", most=0.0) for method in ("idle.oci", "idle.containerd")]
    return listed


def judge(goal, results, ours):
    """(what was measured, what is allowed, whether it holds) as texts and None without a figure."""
    cell = results and results.cell(ours, goal.method, goal.metric)
    unit = results.metrics[goal.metric].unit if results and goal.metric in results.metrics else ""
    if goal.times is not None:
        # What runs natively in any case is compared with runc if the program alone was not measured.
        to = goal.to if not results or goal.to in results.runtimes else BASELINE if goal.to == NATIVE.name else goal.to
        ratio = results.ratio(ours, goal.method, goal.metric, to) if results else None
        more = bool(results) and not results.metrics[goal.metric].lower_is_better
        allowed = f"{'at least' if more else 'at most'} {goal.times:.2f}× {to}"
        return times(ratio), allowed, None if ratio is None else ratio >= goal.times if more else ratio <= goal.times
    if goal.above is not None:
        base = results and (results.cell(goal.to, goal.method, goal.metric) or results.cell(BASELINE, goal.method, goal.metric))
        allowed = f"at most {scaled(goal.above, unit or 'ns')} above {goal.to}"
        if not cell or not cell.values or not base or not base.values:
            return "", allowed, None
        return scaled(cell.median - base.median, unit), allowed, cell.median - base.median <= goal.above
    allowed = f"at most {scaled(goal.most, unit or 'B')}"
    if not cell or not cell.values:
        return "", allowed, None
    return scaled(cell.median, unit), allowed, cell.median <= goal.most


def show(folder, progress, ours="cloister"):
    """One line per goal; 1 if one of them is missed or could not be measured."""
    path = os.path.join(folder, "results.json")
    if not os.path.exists(path):
        raise Complaint(f"{path} does not exist; `perf goals` takes the folder of an earlier run")
    _, done, _ = read_json(path)
    by_name = {results.benchmark: results for results in done}
    counts = {True: 0, False: 0, None: 0}
    for goal in goals():
        measured, allowed, holds = judge(goal, by_name.get(goal.benchmark), ours)
        counts[holds] += 1
        word = {True: "holds", False: "MISSED", None: "no figure"}[holds]
        progress.say(f"{word:<10}{goal.method:<36}{measured:>10}   {allowed}")
    progress.say(f"{counts[True]} hold, {counts[False]} are missed, {counts[None]} have no figure")
    return 0 if counts[True] == sum(counts.values()) else 1

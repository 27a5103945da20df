"""Commands with a time limit, and the processes that they leave behind.

A parent of ours is a child subreaper: what a runtime detaches is orphaned to it, so that all of a sandbox's processes
are found by descent, whoever starts and renames them.
"""
import ctypes
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

PR_SET_CHILD_SUBREAPER = 36
CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass
class Ran:
    """How a command ended. `status` is None if it did not end in time."""
    status: int | None
    output: str
    seconds: float


nanny = None


def under_a_nanny(main):
    """Runs `main` in a child and ends with its status. This process adopts and buries what runtimes orphan.

    It has to be another process: some runtimes wait until the processes that they killed are gone for good, and the one
    that measures is busy waiting for the runtime then.
    """
    global nanny
    nanny = os.getpid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        return main()
    # Ctrl-C reaches the child by itself; what is sent to us alone is passed on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    while True:
        pid, status = os.wait()
        if pid == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xff)


def wait(process, timeout):
    """A process's exit status as soon as it has ended, or None after `timeout` seconds.

    Popen's own wait with a limit looks every now and then, up to 50 ms apart: too coarse for what starts in 10 ms.
    """
    descriptor = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return process.wait() if poll.poll(max(0, timeout) * 1000) else None
    finally:
        os.close(descriptor)


def run(argv, timeout, environment=None, cwd=None):
    """Runs a command to its end, output and errors together; kills its process group after `timeout` seconds.

    Output goes through a file: a daemon that inherits it does not hold us up.
    """
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=cwd,
                                   env=environment, start_new_session=True)
        try:
            status = wait(process, timeout)
        except BaseException:
            end_group(process)
            raise
        seconds = time.monotonic() - started
        if status is None:
            end_group(process)
        output.seek(0)
        return Ran(status, output.read().decode(errors="replace"), seconds)


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def stat(pid):
    """The fields of /proc/PID/stat after the name, or None."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rsplit(b") ", 1)[1].split()
    except (OSError, IndexError):
        return None


def descendants():
    """All processes that descend from our nanny, this one and zombies left out."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat(name)
            if fields:
                children.setdefault(int(fields[1]), []).append((int(name), fields[0]))
    found, ahead = set(), [nanny or os.getpid()]
    while ahead:
        for pid, state in children.get(ahead.pop(), []):
            ahead.append(pid)
            if state != b"Z" and pid != os.getpid():
                found.add(pid)
    return found


def activity(pids):
    """CPU seconds and context switches of processes so far: what they cost while they should be doing nothing."""
    seconds = switches = 0.0
    for pid in pids:
        fields = stat(pid)
        if not fields:
            continue
        seconds += (int(fields[11]) + int(fields[12])) / CLOCK
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/status") as file:
                    switches += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
        except OSError:
            pass
    return seconds, switches


def proportional_memory(pids):
    """Bytes of memory of processes, shared pages divided among those who share them."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
        except OSError:
            pass
    return total


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except OSError:
        return ""


def end_descendants(pids):
    """Kills processes of ours that nobody took down."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

"""All benchmarks, in the order of gVisor's performance guide, then those beyond it."""
import difflib
import importlib

from ..errors import Complaint

MODULES = ["sysbench", "density", "tensorflow", "syscall", "redis", "startup", "iperf", "http", "fio", "ffmpeg", "build",
           "git", "files", "fork", "execute", "idle", "checkpoint"]
ORDER = ["sysbench.memory", "density", "sysbench.cpu", "tensorflow", "syscall",
         "syscall.one_core", "redis", "startup", "iperf", "http.node",
         "http.ruby", "fio", "http.httpd", "media.ffmpeg", "build", "git", "files", "fork", "exec", "idle", "checkpoint"]


def every():
    """A name for each benchmark, in order."""
    found = {}
    for module in MODULES:
        for benchmark in importlib.import_module(f".{module}", __name__).BENCHMARKS:
            found[benchmark.name] = benchmark
    return {name: found[name] for name in ORDER}


def chosen(names):
    """The benchmarks that a command line names; a family's name (`http`, `sysbench`) means all of it."""
    benchmarks = every()
    picked = []
    for name in names:
        matching = [n for n in benchmarks if name in ("all", n) or n.startswith(name + ".")]
        if not matching:
            near = difflib.get_close_matches(name, [*benchmarks, *{n.split(".")[0] for n in benchmarks}], 1, 0.4)
            raise Complaint(f"there is no benchmark {name!r}" + (f"; did you mean {near[0]}?" if near else "")
                            + " (`perf list` shows all)")
        picked += [n for n in matching if n not in picked]
    return [benchmarks[name] for name in picked]

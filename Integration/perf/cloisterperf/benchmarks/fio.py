"""fio with the guide's parameters (sync engine, 1 MiB blocks, depth 4; a smaller file), and random access in 4 KiB blocks."""
import os

from .. import bundles, parsers
from ..benchmark import Benchmark
from ..containers import checked
from ..memory import drop_caches
from ..samples import Metric

PLACES = {"root": "/srv/fio", "bind": "/bind", "tmpfs": "/tmpfs"}
# Writing comes first: it makes the file that is read.
TESTS = {"write": ("write", "1m"), "read": ("read", "1m"), "randwrite": ("randwrite", "1m"), "randread": ("randread", "1m"),
         "randwrite4k": ("randwrite", "4k"), "randread4k": ("randread", "4k")}


class Fio(Benchmark):
    name = "fio"
    title = "File throughput, by fio"
    summary = ("fio, sync engine, 1 MiB blocks over 512 MiB (256 MiB with --quick), and 4 KiB blocks at random over a quarter;"
               " on the container's root, a bind mount and a tmpfs; caches dropped before reads from disk")
    metrics = (Metric("bandwidth", "B/s", lower_is_better=False, logarithmic=True),
               Metric("io_ops", "/s", lower_is_better=False, plotted=False))
    seconds = (10, 9)
    runs = (1, 3)
    timeout = (30, 60)

    def disk(self, lab):
        return lab.pick(1_000_000_000, 2_000_000_000)

    def memory(self, lab):
        return lab.pick(1_000_000_000, 1_500_000_000)

    def methods(self, lab):
        return [f"fio.{place}" for place in PLACES]

    def label(self, method):
        parts = method.split(".")
        if len(parts) < 3:
            return ""
        name = {"write": "write, 1 MiB blocks", "read": "read, 1 MiB blocks", "randwrite": "random write, 1 MiB blocks",
                "randread": "random read, 1 MiB blocks", "randwrite4k": "random write, 4 KiB blocks",
                "randread4k": "random read, 4 KiB blocks"}[parts[2]]
        return f"{name}, {parts[1] if parts[1] != 'bind' else 'bind mount'}"

    def measure(self, lab, runtime, method):
        engine = lab.engine(runtime)
        place = method.split(".")[1]
        bundle = engine.bundle(self.layers(lab))
        outside = os.path.join(bundle.folder, "bind")
        os.makedirs(outside)
        mounts = {"bind": [(outside, "/bind")], "tmpfs": [("tmpfs", "/tmpfs")]}.get(place, [])
        config = bundles.configuration(["/bin/sleep", "infinity"], mounts=mounts)
        container = engine.start(bundle, config, self.limit(lab))
        try:
            checked(container.execute(["/bin/mkdir", "-p", PLACES[place]], 60), 60)
            for name, (access, block) in TESTS.items():
                if place != "tmpfs" and "read" in access:
                    drop_caches()
                size = lab.pick(256, 512)
                command = ["/usr/bin/fio", "--name=test", f"--rw={access}", "--ioengine=sync", f"--bs={block}",
                           f"--size={size}m", "--iodepth=4", f"--filename={PLACES[place]}/file.dat",
                           "--output-format=json"]
                if block == "4k":
                    command.append(f"--io_size={size // 4}m")
                figures = parsers.fio(checked(container.execute(command, self.limit(lab)), self.limit(lab)))
                for metric, value in figures.items():
                    yield f"fio.{place}.{name}", metric, value
        finally:
            container.remove()


BENCHMARKS = [Fio()]

"""Checkpoint of a running container and its restore, for runtimes that can."""
import os
import re
import shutil

from .. import bundles, processes
from ..benchmark import Benchmark
from ..containers import Container, complaint, identifier
from ..errors import BadSample, Unsupported
from ..samples import Metric


class Checkpoint(Benchmark):
    name = "checkpoint"
    title = "Time to checkpoint and to restore a container"
    summary = "an idle container is written to disk and brought back from there"
    metrics = (Metric("time", "s"),)
    seconds = (1, 1)
    runs = (3, 3)
    timeout = (40, 60)

    def label(self, method):
        return {"checkpoint.save": "checkpoint", "checkpoint.restore": "restore"}.get(method, "")

    def measure(self, lab, runtime, method):
        engine = lab.engine(runtime)
        if engine.via == "containerd":
            raise Unsupported("measured by the runtime's command only")
        bundle = engine.bundle([lab.base])
        image = os.path.join(bundle.folder, "image")
        os.makedirs(image)
        config = bundles.configuration(["/bin/sleep", "infinity"])
        container = engine.start(bundle, config, self.limit(lab), keep_bundle=True)
        back = Container(engine, identifier(), None, container.log)
        try:
            saved = processes.run(engine.command("checkpoint", "--image-path", image, container.id), self.limit(lab),
                                  engine.environment)
            if saved.status != 0:
                why = complaint(saved.output, saved.status)
                if "criu" in why.lower() and not shutil.which("criu"):
                    raise Unsupported("criu is not installed: apt-get install criu")
                raise Unsupported("not implemented" if re.search("unknown (flag|command)", why) else f"cannot checkpoint here: {why}")
            engine.remove(container.id)
            restored = processes.run(engine.command("restore", "--detach", "--image-path", image, "--bundle",
                                                    bundle.folder, back.id), self.limit(lab), engine.environment)
            if restored.status != 0:
                raise BadSample("restore failed: " + complaint(restored.output, restored.status), restored.output)
            yield "checkpoint.save", "time", saved.seconds
            yield "checkpoint.restore", "time", restored.seconds
        finally:
            back.remove()
            container.remove()
            bundle.remove()


BENCHMARKS = [Checkpoint()]

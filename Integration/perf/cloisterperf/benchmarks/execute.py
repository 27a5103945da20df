"""How long it takes to run one more command in a container that runs already."""
from .. import bundles
from ..benchmark import Benchmark
from ..containers import checked
from ..samples import Metric


class Exec(Benchmark):
    name = "exec"
    title = "Time to run a command in a running container"
    summary = "exec of /bin/true, from the command's start to its end, by the OCI command line and through containerd"
    metrics = (Metric("exec_time", "s"),)
    seconds = (2, 2)
    runs = (1, 3)
    timeout = (30, 60)

    def methods(self, lab):
        return ["exec.oci", "exec.containerd"]

    def label(self, method):
        return {"exec.oci": "runtime's exec", "exec.containerd": "ctr task exec"}.get(method, "")

    def measure(self, lab, runtime, method):
        engine = lab.engine(runtime, method.split(".")[1])
        config = bundles.configuration(["/bin/sleep", "infinity"])
        container = engine.start(engine.bundle([lab.base]), config, self.limit(lab))
        try:
            checked(container.execute(["/bin/true"], self.limit(lab)), self.limit(lab))
            for _ in range(10):
                ran = container.execute(["/bin/true"], self.limit(lab))
                checked(ran, self.limit(lab))
                yield "exec_time", ran.seconds
        finally:
            container.remove()


BENCHMARKS = [Exec()]

"""A small convolutional network, trained on the CPU: TensorFlow from PyPI, or PyTorch where that does not install."""
from .. import bundles, parsers
from ..benchmark import Benchmark
from ..errors import BadSample
from ..samples import Metric

INSTALL = """
pip="python3 -m pip install --no-cache-dir --no-compile --disable-pip-version-check --target /mnt/opt/ml"
mkdir -p /mnt/opt
$pip tensorflow-cpu || {
    rm -rf /mnt/opt/ml
    $pip numpy && $pip --index-url https://download.pytorch.org/whl/cpu torch
}
PYTHONPATH=/mnt/opt/ml python3 -c 'import numpy'
"""


class TensorFlow(Benchmark):
    name = "tensorflow"
    title = "Time to train a small neural network"
    summary = ("a convolutional network on generated data, batches of 64; start-up is loading the library and making the"
               " network, run is training, total is the container's whole time")
    metrics = (Metric("run_time", "s"),)
    seconds = (9, 8)
    runs = (1, 3)
    timeout = (90, 180)
    memory = 2_500_000_000

    def layers(self, lab):
        return [lab.base, lab.workloads(), lab.layer("tensorflow", ["tensorflow-cpu"], INSTALL, 4_000_000_000)]

    def label(self, method):
        return {"tensorflow.startup": "start-up", "tensorflow.run": "training", "tensorflow.total": "total"}.get(method, "")

    def measure(self, lab, runtime, method):
        engine = lab.engine(runtime)
        bundle = engine.bundle(self.layers(lab))
        try:
            config = bundles.configuration(["/usr/bin/python3", "-B", "/srv/perf/cnn.py", str(lab.pick(20, 60))])
            ran = engine.run(bundle, config, self.limit(lab))
        finally:
            bundle.remove()
        if ran.status != 0:
            raise BadSample(f"not finished after {self.limit(lab)} s" if ran.status is None
                            else f"ended with status {ran.status}", ran.output)
        figures = parsers.figures(ran.output)
        for part in ("startup", "run"):
            yield f"tensorflow.{part}", "run_time", figures[part]
        yield "tensorflow.total", "run_time", ran.seconds


BENCHMARKS = [TensorFlow()]

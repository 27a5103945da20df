"""Transcoding a 27 MB video that the suite generates."""
from .. import bundles, parsers
from ..benchmark import Benchmark
from ..containers import checked
from ..samples import Metric

MAKE = """
mkdir -p /mnt/srv/video
ffmpeg -nostdin -loglevel error -f lavfi -i 'testsrc2=size=1280x720:rate=30,noise=alls=30:allf=t' -t 40 \
    -c:v mpeg2video -b:v 10M -minrate 10M -maxrate 10M -bufsize 4M -fs 27M /mnt/srv/video/input.ts
"""


class FFmpeg(Benchmark):
    name = "media.ffmpeg"
    title = "Time to start, load and transcode a video"
    summary = "a 27 MB video of 1280x720 to H.264, preset ultrafast; 8 seconds of it with --quick; the container's whole time"
    metrics = (Metric("run_time", "s"),)
    seconds = (2, 4)
    # Ratios near 1 are asked for: five turns of them.
    runs = (2, 5)
    besides = ("native",)
    timeout = (90, 180)
    memory = 800_000_000

    def layers(self, lab):
        return [lab.base, lab.workloads(), lab.layer("video", ["mpeg2video 27 MB"], MAKE, 100_000_000)]

    def label(self, method):
        return "to H.264 with libx264"

    def measure(self, lab, runtime, method):
        engine = lab.engine(runtime)
        part = ["-t", "8"] if lab.quick else []
        command = ["ffmpeg", "-nostdin", "-benchmark", *part, "-i", "/srv/video/input.ts", "-c:v", "libx264", "-preset",
                   "ultrafast", "-f", "mp4", "/tmp/output.mp4"]
        bundle = engine.bundle(self.layers(lab))
        try:
            ran = engine.run(bundle, bundles.configuration(command), self.limit(lab))
        finally:
            bundle.remove()
        parsers.ffmpeg(checked(ran, self.limit(lab)))
        yield "run_time", ran.seconds


BENCHMARKS = [FFmpeg()]

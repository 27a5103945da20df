"""Start-up: `true` from the command's start to its end, and web services until their first answer."""
import os
import subprocess
import tempfile
import time
import urllib.request

from .. import bundles, processes
from ..benchmark import Benchmark
from ..containers import checked, identifier
from ..errors import BadSample, Unsupported
from ..samples import Metric
from .services import SERVICES, layers_for


class Startup(Benchmark):
    name = "startup"
    title = "Time to start a container"
    summary = ("true: from the runtime's start to its end; node and ruby: until a web service that loads modules answers"
               " its first request; by the OCI command line and through containerd; 10 and 100 at once: time for all (100 node"
               " services with 8 cores or more)")
    metrics = (Metric("startup_time", "s"),)
    seconds = (9, 13)
    runs = (1, 3)
    timeout = (20, 60)
    memory = 2_000_000_000

    def layers(self, lab):
        return layers_for(lab)

    def methods(self, lab):
        listed = [f"startup.{via}{what}" for via in ("", "containerd.") for what in ("true", "node", "ruby")]
        listed += ["startup.node.listens", "startup.ruby.listens"]
        listed += [f"startup.{via}true.x{count}" for count in lab.pick((10,), (10, 100)) for via in ("", "containerd.")]
        if not lab.quick:
            listed += [f"startup.node.x{count}" for count in (10, 100) if count < 100 or os.cpu_count() >= 8]
        return listed

    def label(self, method):
        words = method.split(".")[1:]
        through = "containerd" in words
        words = [word for word in words if word != "containerd"]
        text = {"true": "true, start to end", "node": "node, to first answer", "ruby": "ruby, to first answer"}.get(words[0])
        if words[1:] == ["listens"]:
            return f"{words[0]}, modules loaded"
        count = f", {words[1][1:]} at once" if len(words) > 1 else ""
        return f"{text}{count}{' (containerd)' if through else ''}"

    def repeats(self, lab, method):
        words = method.split(".")
        if words[-1].startswith("x"):
            return 1
        return lab.pick(10, 5) if words[-1] == "true" else lab.pick(2, 1)

    def measure(self, lab, runtime, method):
        words = method.split(".")[1:]
        engine = lab.engine(runtime, "containerd") if "containerd" in words else lab.engine(
            runtime, "oci" if runtime.command else None)
        words = [word for word in words if word != "containerd"]
        if words[1:] == ["listens"]:
            yield "startup_time", self.listening(lab, engine, SERVICES[words[0]])
            return
        count = int(words[1][1:]) if len(words) > 1 else 1
        if "containerd" not in method and engine.via == "containerd":
            raise Unsupported("measured through containerd only")
        if words[0] == "true":
            yield "startup_time", self.true(lab, engine, count)
        else:
            lab.need_tcp(engine)
            yield "startup_time", self.service(lab, engine, SERVICES[words[0]], count)

    def true(self, lab, engine, count):
        """Seconds until `count` containers that run `true` have started and ended."""
        config = bundles.configuration(["/bin/true"])
        if count == 1:
            ran = engine.run(lab.bundle(engine, self.layers(lab)), config, self.limit(lab))
            checked(ran, self.limit(lab))
            return ran.seconds
        commands = [foreground(engine, bundle, config) for bundle in lab.same_bundles(count)]
        return together(commands, self.limit(lab), engine.environment)

    def listening(self, lab, engine, service):
        """Seconds until a web service has loaded its modules and listens, here on a unix socket: no network needed."""
        bundle = engine.bundle(self.layers(lab))
        started = time.monotonic()
        container = engine.start(bundle, bundles.configuration(service.command), self.limit(lab))
        try:
            container.wait_for("ready", self.limit(lab))
            return time.monotonic() - started
        finally:
            container.remove()

    def service(self, lab, engine, service, count):
        """Seconds until `count` web services have answered, all started at once."""
        networks = [lab.network() for _ in range(count)]
        made = [engine.bundle(self.layers(lab)) for _ in range(count)]
        containers = []
        try:
            started = time.monotonic()
            commands = []
            for network, bundle in zip(networks, made):
                config = bundles.configuration(service.command, environment=service.tcp, netns=network.path)
                commands.append(background(engine, bundle, config, containers))
            starting = [subprocess.Popen(["sh", "-c", 'exec "$@" >>"$0" 2>&1', container.log, *argv],
                                         stdin=subprocess.DEVNULL, env=engine.environment, start_new_session=True)
                         for container, argv in zip(containers, commands)]
            end = started + self.limit(lab)
            for network, container, process in zip(networks, containers, starting):
                answered(f"http://{network.address}:{service.port}/", end, process, container)
            seconds = time.monotonic() - started
            for process in starting:
                process.wait()
            return seconds
        finally:
            for container in containers:
                container.remove()
            for network in networks:
                lab.release(network)


def foreground(engine, bundle, config):
    """The command that runs a bundle to its end."""
    if engine.via == "containerd":
        config = {**config, "root": {**config["root"], "path": bundle.root}}
        bundle.write(config)
        return engine.ctr("run", "--rm", *engine.flags_for(bundle, config), identifier())
    bundle.write(config)
    return engine.command("run", "--bundle", bundle.folder, identifier(), config=config)


def background(engine, bundle, config, containers):
    """The command that starts a bundle in the background; its container joins `containers`."""
    from ..containers import Container
    id = identifier()
    container = Container(engine, id, bundle, f"{engine.home}/{id}.log")
    containers.append(container)
    if engine.via == "containerd":
        config = {**config, "root": {**config["root"], "path": bundle.root}}
        bundle.write(config)
        return engine.ctr("run", "--detach", "--log-uri", "file://" + container.log, *engine.flags_for(bundle, config), id)
    bundle.write(config)
    return engine.command("run", "--detach", "--bundle", bundle.folder, id, config=config)


def together(commands, timeout, environment):
    """Seconds until all of these commands, started at once, have ended well."""
    started = time.monotonic()
    outputs = [tempfile.TemporaryFile() for _ in commands]
    running = [subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment,
                                start_new_session=True) for argv, output in zip(commands, outputs)]
    failed = None
    for process, output in zip(running, outputs):
        status = processes.wait(process, started + timeout - time.monotonic())
        if status is None:
            failed = failed or BadSample(f"not finished after {timeout:.0f} s")
            processes.end_group(process)
        elif status and not failed:
            output.seek(0)
            failed = BadSample(f"one of {len(commands)} ended with status {status}", output.read().decode(errors="replace"))
    seconds = time.monotonic() - started
    if failed:
        raise failed
    return seconds


def answered(url, end, process, container):
    """Waits for an answer with status 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(url, timeout=5) as answer:
                if answer.status == 200 and answer.read():
                    return
        except OSError:
            pass
        if time.monotonic() > end:
            raise BadSample("no answer in time", container.output())
        if process.poll():
            raise BadSample("the container did not start", container.output())
        time.sleep(0.002)


BENCHMARKS = [Startup()]

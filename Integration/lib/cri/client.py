"""A CRI client: what a kubelet asks of containerd, as far as the tests need it."""
import os
import time

import grpc

from protobuf import Schema

NODE, CONTAINER = 2, 1


class CRI:
    """One containerd's runtime service. Its methods are those of api.proto: cri("Method", field=value...)."""

    def __init__(self, address):
        with open(os.path.join(os.path.dirname(__file__), "api.proto")) as file:
            self.schema = Schema(file.read())
        self.channel = grpc.insecure_channel(f"unix://{address}")

    def __call__(self, method, *, deadline=60, **fields):
        path, request, response = self.schema.methods[method]
        call = self.channel.unary_unary(path, request_serializer=lambda v: self.schema.encode(request, v),
                                        response_deserializer=lambda d: self.schema.decode(response, d))
        return call(fields, timeout=deadline)


class Pod:
    """A pod and its containers."""

    count = 0

    def __init__(self, cri, handler, image, logs, *, cgroup_parent="", network=NODE, pid=CONTAINER, annotations=None,
                 linux=None):
        Pod.count += 1
        self.cri, self.image, self.logs = cri, image, logs
        name = f"pod{os.getpid()}-{Pod.count}"
        options = {"network": network, "pid": pid}
        self.config = {
            "metadata": {"name": name, "uid": f"uid-{name}", "namespace": "default"}, "hostname": name,
            "log_directory": f"{logs}/{name}", "annotations": annotations or {},
            "linux": {"cgroup_parent": cgroup_parent, "security_context": {"namespace_options": options}, **(linux or {})},
        }
        self.options = options
        os.makedirs(self.config["log_directory"], exist_ok=True)
        self.id = cri("RunPodSandbox", config=self.config, runtime_handler=handler)["pod_sandbox_id"]
        self.attempts = {}

    def create(self, name, *command, mounts=(), resources=None, security=None, **more):
        attempt = self.attempts[name] = self.attempts.get(name, -1) + 1
        config = {
            "metadata": {"name": name, "attempt": attempt}, "image": {"image": self.image}, "command": list(command),
            "log_path": f"{name}-{attempt}.log",
            "mounts": [{"host_path": m[0], "container_path": m[1], "readonly": "ro" in m[2:]} for m in mounts],
            "linux": {"resources": resources or {}, "security_context": {"namespace_options": self.options, **(security or {})}},
            **more,
        }
        id = self.cri("CreateContainer", pod_sandbox_id=self.id, config=config, sandbox_config=self.config)["container_id"]
        return Container(self, id, f"{self.config['log_directory']}/{config['log_path']}")

    def run(self, name, *command, **more):
        container = self.create(name, *command, **more)
        container.start()
        return container

    def remove(self):
        self.cri("StopPodSandbox", pod_sandbox_id=self.id)
        self.cri("RemovePodSandbox", pod_sandbox_id=self.id)


class Container:
    def __init__(self, pod, id, log):
        self.pod, self.cri, self.id, self.log = pod, pod.cri, id, log

    def start(self):
        self.cri("StartContainer", container_id=self.id)

    def status(self):
        return self.cri("ContainerStatus", container_id=self.id)["status"]

    def stop(self, timeout=0):
        self.cri("StopContainer", container_id=self.id, timeout=timeout)

    def remove(self):
        self.cri("RemoveContainer", container_id=self.id)

    def ended(self, patience=20):
        """Its status once it has ended; what it is by then when it does not."""
        return waited(lambda: self.status(), lambda s: s["state"] == 2, patience)

    def exec(self, *command, timeout=20):
        """Exit code, standard output, standard error."""
        answer = self.cri("ExecSync", container_id=self.id, cmd=list(command), timeout=timeout, deadline=timeout + 60)
        return answer["exit_code"], answer["stdout"].decode(), answer["stderr"].decode()

    def stats(self):
        return self.cri("ContainerStats", container_id=self.id)["stats"]

    def cpu(self):
        """Nanoseconds of processor time, and when they were read."""
        usage = self.stats()["cpu"]
        return usage["usage_core_nano_seconds"]["value"], usage["timestamp"]

    def output(self, stream="stdout"):
        """What its log has of a stream."""
        with open(self.log) as file:
            lines = [line.rstrip("\n").split(" ", 3) for line in file]
        return "".join(text + ("\n" if tag == "F" else "") for _, kind, tag, text in lines if kind == stream)


def waited(get, good, patience=20):
    """The first value of `get` that is `good`, or the last one when patience is at its end."""
    end = time.monotonic() + patience
    while True:
        value = get()
        if good(value) or time.monotonic() > end:
            return value
        time.sleep(0.05)

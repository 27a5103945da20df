"""A client of containerd's own services, as its Go client is: containers, tasks and their processes, events."""
import copy
import json
import os
import tempfile
import threading
import time

import grpc

from protobuf import Schema

SPEC = "types.containerd.io/opencontainers/runtime-spec/1/"

CONTAINERS = Schema("""package containerd.services.containers.v1;
message Any { string type_url = 1; bytes value = 2; }
message Runtime { string name = 1; Any options = 2; }
message Container { string id = 1; map<string, string> labels = 2; string image = 3; Runtime runtime = 4; Any spec = 5; }
message GetRequest { string id = 1; }
message ContainerResponse { Container container = 1; }
message ContainerRequest { Container container = 1; }
message Empty { }
service Containers {
  rpc Create(ContainerRequest) returns (ContainerResponse);
  rpc Get(GetRequest) returns (ContainerResponse);
  rpc Update(ContainerRequest) returns (ContainerResponse);
  rpc Delete(GetRequest) returns (Empty);
}""")

TASKS = Schema("""package containerd.services.tasks.v1;
message Any { string type_url = 1; bytes value = 2; }
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
message Mount { string type = 1; string source = 2; string target = 3; repeated string options = 4; }
message CreateTaskRequest { string container_id = 1; repeated Mount rootfs = 3; string stdin = 4; string stdout = 5;
  string stderr = 6; bool terminal = 7; Any options = 9; }
message CreateTaskResponse { string container_id = 1; uint32 pid = 2; }
message StartRequest { string container_id = 1; string exec_id = 2; }
message StartResponse { uint32 pid = 1; }
message DeleteTaskRequest { string container_id = 1; }
message DeleteProcessRequest { string container_id = 1; string exec_id = 2; }
message DeleteResponse { string id = 1; uint32 pid = 2; uint32 exit_status = 3; Timestamp exited_at = 4; }
message GetRequest { string container_id = 1; string exec_id = 2; }
message Process { string container_id = 1; string id = 2; uint32 pid = 3; uint32 status = 4; string stdin = 5; string stdout = 6;
  string stderr = 7; bool terminal = 8; uint32 exit_status = 9; Timestamp exited_at = 10; }
message GetResponse { Process process = 1; }
message ListTasksRequest { string filter = 1; }
message ListTasksResponse { repeated Process tasks = 1; }
message KillRequest { string container_id = 1; string exec_id = 2; uint32 signal = 3; bool all = 4; }
message ExecProcessRequest { string container_id = 1; string stdin = 2; string stdout = 3; string stderr = 4;
  bool terminal = 5; Any spec = 6; string exec_id = 7; }
message ResizePtyRequest { string container_id = 1; string exec_id = 2; uint32 width = 3; uint32 height = 4; }
message CloseIORequest { string container_id = 1; string exec_id = 2; bool stdin = 3; }
message TaskRequest { string container_id = 1; }
message ProcessInfo { uint32 pid = 1; Any info = 2; }
message ListPidsResponse { repeated ProcessInfo processes = 1; }
message UpdateTaskRequest { string container_id = 1; Any resources = 2; }
message MetricsRequest { repeated string filters = 1; }
message Metric { Timestamp timestamp = 1; string id = 2; Any data = 3; }
message MetricsResponse { repeated Metric metrics = 1; }
message CheckpointTaskRequest { string container_id = 1; string parent_checkpoint = 2; Any options = 3; }
message WaitRequest { string container_id = 1; string exec_id = 2; }
message WaitResponse { uint32 exit_status = 1; Timestamp exited_at = 2; }
message Empty { }
service Tasks {
  rpc Create(CreateTaskRequest) returns (CreateTaskResponse);
  rpc Start(StartRequest) returns (StartResponse);
  rpc Delete(DeleteTaskRequest) returns (DeleteResponse);
  rpc DeleteProcess(DeleteProcessRequest) returns (DeleteResponse);
  rpc Get(GetRequest) returns (GetResponse);
  rpc List(ListTasksRequest) returns (ListTasksResponse);
  rpc Kill(KillRequest) returns (Empty);
  rpc Exec(ExecProcessRequest) returns (Empty);
  rpc ResizePty(ResizePtyRequest) returns (Empty);
  rpc CloseIO(CloseIORequest) returns (Empty);
  rpc Pause(TaskRequest) returns (Empty);
  rpc Resume(TaskRequest) returns (Empty);
  rpc ListPids(TaskRequest) returns (ListPidsResponse);
  rpc Checkpoint(CheckpointTaskRequest) returns (Empty);
  rpc Update(UpdateTaskRequest) returns (Empty);
  rpc Metrics(MetricsRequest) returns (MetricsResponse);
  rpc Wait(WaitRequest) returns (WaitResponse);
}""")

EVENTS = Schema("""package containerd.services.events.v1;
message Any { string type_url = 1; bytes value = 2; }
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
message SubscribeRequest { repeated string filters = 1; }
message Envelope { Timestamp timestamp = 1; string namespace = 2; string topic = 3; Any event = 4; }
message TaskExit { string container_id = 1; string id = 2; uint32 pid = 3; uint32 exit_status = 4; Timestamp exited_at = 5; }
message TaskStart { string container_id = 1; uint32 pid = 2; }
message TaskCreate { string container_id = 1; string bundle = 2; uint32 pid = 6; }
message TaskDelete { string container_id = 1; uint32 pid = 2; uint32 exit_status = 3; Timestamp exited_at = 4; string id = 5; }
message TaskExecStarted { string container_id = 1; string exec_id = 2; uint32 pid = 3; }
message TaskOther { string container_id = 1; string exec_id = 2; }
service Events { rpc Subscribe(SubscribeRequest) returns (Envelope); }""")

EVENT_MESSAGES = {"/tasks/exit": "TaskExit", "/tasks/start": "TaskStart", "/tasks/create": "TaskCreate", "/tasks/delete": "TaskDelete",
                  "/tasks/exec-started": "TaskExecStarted"}
STATUS = ["unknown", "created", "running", "stopped", "paused", "pausing"]


class Failure(Exception):
    """A call's error: gRPC's name of the code, and the text."""

    def __init__(self, error):
        self.code, self.text = error.code().name, error.details()
        super().__init__(f"{self.code}: {self.text}")


class Containerd:
    def __init__(self, address, namespace):
        self.channel = grpc.insecure_channel(f"unix://{address}")
        self.metadata = [("containerd-namespace", namespace)]

    def call(self, schema, method, deadline=60, **fields):
        path, request, response = schema.methods[method]
        call = self.channel.unary_unary(path, request_serializer=lambda v: schema.encode(request, v),
                                        response_deserializer=lambda d: schema.decode(response, d))
        try:
            return call(fields, timeout=deadline, metadata=self.metadata)
        except grpc.RpcError as error:
            raise Failure(error) from None

    def containers(self, method, **fields):
        return self.call(CONTAINERS, method, **fields)

    def tasks(self, method, **fields):
        return self.call(TASKS, method, **fields)

    def events(self):
        return Events(self)


class Events:
    """The namespace's events about tasks, as (topic, fields), from now on."""

    def __init__(self, containerd):
        path, request, response = EVENTS.methods["Subscribe"]
        self.seen, self.lock = [], threading.Lock()
        call = containerd.channel.unary_stream(path, request_serializer=lambda v: EVENTS.encode(request, v),
                                               response_deserializer=lambda d: EVENTS.decode(response, d))
        namespace = containerd.metadata[0][1]
        self.call = call({"filters": [f'namespace=={namespace},topic~="^/tasks/"']}, metadata=containerd.metadata)
        threading.Thread(target=self._read, daemon=True).start()
        time.sleep(0.2)

    def _read(self):
        try:
            for envelope in self.call:
                fields = EVENTS.decode(EVENT_MESSAGES.get(envelope["topic"], "TaskOther"), envelope["event"]["value"])
                with self.lock:
                    self.seen.append((envelope["topic"], fields))
        except grpc.RpcError:
            pass

    def of(self, container):
        """The topics of a container's events, in order; ends with their exec, if it is one, and status."""
        with self.lock:
            return [" ".join([topic] + ([fields["id"].removeprefix(container), str(fields["exit_status"])]
                                        if topic == "/tasks/exit" else [])).replace("  ", " ")
                    for topic, fields in self.seen if fields["container_id"] == container]

    def unended(self):
        """The processes, as (container, exec), whose start was told and whose end was not."""
        started, ended = self._started_and_ended()
        return sorted(started - set(ended))

    def ended_twice(self):
        _, ended = self._started_and_ended()
        return sorted({process for process in ended if ended.count(process) > 1})

    def _started_and_ended(self):
        with self.lock:
            seen = list(self.seen)
        started = {(f["container_id"], "" if topic == "/tasks/start" else f["exec_id"])
                   for topic, f in seen if topic in ("/tasks/start", "/tasks/exec-started")}
        return started, [(f["container_id"], "" if f["id"] == f["container_id"] else f["id"])
                         for topic, f in seen if topic == "/tasks/exit"]

    def close(self):
        self.call.cancel()


class Streams:
    """Fifos for a process's standard streams; what it writes is read as it comes."""

    def __init__(self, folder, stdin=False, terminal=False):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.terminal = terminal
        self.names = {"stdout": f"{self.folder}/out"}
        if not terminal:
            self.names["stderr"] = f"{self.folder}/err"
        if stdin:
            self.names["stdin"] = f"{self.folder}/in"
        for path in self.names.values():
            os.mkfifo(path, 0o700)
        self.data = {"stdout": bytearray(), "stderr": bytearray()}
        self.stdin = None
        self.readers = []
        self.attach()

    def attach(self):
        for name in ("stdout", "stderr"):
            if name in self.names:
                fd = os.open(self.names[name], os.O_RDONLY | os.O_NONBLOCK)
                os.set_blocking(fd, True)
                thread = threading.Thread(target=self._copy, args=(name, fd), daemon=True)
                thread.start()
                self.readers.append(thread)

    def _copy(self, name, fd):
        # Until there is a writer, reading finds the end.
        end = time.monotonic() + 30
        while time.monotonic() < end:
            data = os.read(fd, 65536)
            if data:
                self.data[name] += data
            elif self.data[name] or getattr(self, "over", False):
                break
            else:
                time.sleep(0.01)
        os.close(fd)

    def write(self, text):
        if self.stdin is None:
            self.stdin = os.open(self.names["stdin"], os.O_WRONLY)
        os.write(self.stdin, text.encode())

    def close_input(self):
        if self.stdin is None:
            self.stdin = os.open(self.names["stdin"], os.O_WRONLY)
        os.close(self.stdin)
        self.stdin = None

    def output(self, name="stdout", patience=30):
        """All that it wrote; waits for the end."""
        self.over = True
        for thread in self.readers:
            thread.join(patience)
        return self.data[name].decode(errors="replace")


class Task:
    """A container with its task. `processes` of it are addressed by their exec id, "" being its own."""

    def __init__(self, containerd, id, runtime, spec, root, streams=None, options=None):
        self.containerd, self.id, self.spec, self.streams = containerd, id, spec, streams
        runtime = {"name": runtime, **({"options": options} if options else {})}
        containerd.containers("Create", container={"id": id, "runtime": runtime, "labels": {"by": "test"},
                                                   "spec": {"type_url": SPEC + "Spec", "value": json.dumps(spec)}})
        try:
            self.pid = containerd.tasks("Create", container_id=id, terminal=bool(streams and streams.terminal),
                                        rootfs=[{"type": "bind", "source": root, "options": ["rbind", "rw"]}],
                                        **(streams.names if streams else {}))["pid"]
        except Failure:
            containerd.containers("Delete", id=id)
            raise

    def start(self, exec=""):
        return self.containerd.tasks("Start", container_id=self.id, exec_id=exec)["pid"]

    def exec(self, exec, *args, streams=None, **changes):
        process = {**copy.deepcopy(self.spec["process"]), "args": list(args), "terminal": bool(streams and streams.terminal), **changes}
        self.containerd.tasks("Exec", container_id=self.id, exec_id=exec, terminal=process["terminal"],
                              spec={"type_url": SPEC + "Process", "value": json.dumps(process)},
                              **(streams.names if streams else {}))

    def wait(self, exec="", deadline=30):
        return self.containerd.tasks("Wait", container_id=self.id, exec_id=exec, deadline=deadline)

    def waiting(self, exec=""):
        """A Wait that is under way; call it for the exit status."""
        result = []

        def run():
            try:
                result.append(self.wait(exec)["exit_status"])
            except Failure as failure:
                result.append(failure.code)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def get():
            thread.join(30)
            return result[0] if result else "no answer"

        return get

    def get(self, exec=""):
        return self.containerd.tasks("Get", container_id=self.id, exec_id=exec)["process"]

    def status(self, exec=""):
        return STATUS[self.get(exec)["status"]]

    def kill(self, signal=9, exec="", all=False):
        self.containerd.tasks("Kill", container_id=self.id, exec_id=exec, signal=signal, all=all)

    def pids(self):
        return self.containerd.tasks("ListPids", container_id=self.id)["processes"]

    def metrics(self):
        return self.containerd.tasks("Metrics", filters=[f"id=={self.id}"])["metrics"]

    def delete(self, exec=""):
        if exec:
            return self.containerd.tasks("DeleteProcess", container_id=self.id, exec_id=exec)["exit_status"]
        return self.containerd.tasks("Delete", container_id=self.id)["exit_status"]

    def remove(self):
        """Ends and deletes all, whatever state it is in."""
        for step in (lambda: self.kill(all=True), self.wait, self.delete,
                     lambda: self.containerd.containers("Delete", id=self.id)):
            try:
                step()
            except Failure:
                pass

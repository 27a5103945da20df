"""A container's life by containerd's own services, as the tests of containerd's client go through it: the same steps with runc
and with ours. Prints a line per step of ours; a step that fails with runc too is said, and does not count.

usage: tasks.py SOCKET NAMESPACE RUNTIME FOLDER ROOT CONTAINERD-PID [STEP...]
"""
import copy
import json
import os
import re
import subprocess
import sys
import time
import traceback

from client import waited
from containerd import Containerd, Failure, SPEC, Streams, Task
from shim_client import Stream

MIB = 1 << 20


class Different(Exception):
    pass


def expect(what, expected, actual):
    if expected != actual:
        raise Different(f"{what}: expected {expected!r}, got {actual!r}")


def fails(what, code, body):
    """The call fails with this code of gRPC's; None: with any."""
    try:
        body()
    except Failure as failure:
        if code and failure.code != code:
            raise Different(f"{what}: expected {code}, got {failure}") from None
        return failure
    raise Different(f"{what}: no error")


def cgroup_value(pid, controller, name):
    """A value of the control group that a process is in, of either version."""
    with open(f"/proc/{pid}/cgroup") as file:
        for line in file:
            _, controllers, path = line.strip().split(":", 2)
            if controller in controllers.split(","):
                with open(f"/sys/fs/cgroup/{controller}{path}/{name[0]}") as value:
                    return int(value.read())
            if not controllers and os.path.exists(f"/sys/fs/cgroup{path}/{name[1]}"):
                with open(f"/sys/fs/cgroup{path}/{name[1]}") as value:
                    return int(value.read())
    raise Different(f"process {pid} has no {controller} control group")


def pipes(pid):
    return sum("pipe:" in link for link in links(pid))


def links(pid):
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            yield os.readlink(f"/proc/{pid}/fd/{entry}")
        except OSError:
            pass


class Life:
    """The steps. Each begins without a container and removes what it makes."""

    def __init__(self, address, namespace, runtime, folder, root, daemon):
        self.address, self.namespace = address, namespace
        self.containerd, self.runtime = Containerd(address, namespace), runtime
        self.folder, self.root, self.daemon = folder, root, daemon
        self.default = json.loads(subprocess.run(["ctr", "oci", "spec"], check=True, capture_output=True).stdout)
        self.count, self.tasks = 0, []

    def spec(self, *args, id, **process):
        spec = copy.deepcopy(self.default)
        spec["process"].update({"args": list(args), "terminal": False, "cwd": "/", "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], **process})
        spec["root"] = {"path": "rootfs"}
        spec["linux"]["cgroupsPath"] = f"/{self.namespace}/{id}"
        return spec

    def name(self):
        self.count += 1
        return f"life{os.getpid()}-{self.count}"

    def task(self, *args, streams=None, change=None, id=None, **process):
        id = id or self.name()
        spec = self.spec(*args, id=id, **process)
        if change:
            change(spec)
        if streams and streams.terminal:
            spec["process"]["terminal"] = True
        task = Task(self.containerd, id, self.runtime, spec, self.root, streams)
        self.tasks.append(task)
        return task

    def streams(self, **more):
        return Streams(self.folder, **more)

    def sleeper(self, **more):
        task = self.task("sleep", "1000", **more)
        task.start()
        return task

    def run(self, step):
        """None, or why the step failed."""
        try:
            getattr(self, step)()
            return None
        except Different as different:
            return str(different)
        except Exception:
            return traceback.format_exc()
        finally:
            for task in self.tasks:
                task.remove()
            self.tasks = []

    # Of a task.

    def exit_status(self):
        """Wait and Delete tell how a process ended."""
        task = self.task("sh", "-c", "exit 7")
        expect("the pid is one", True, task.pid > 1)
        expect("created", "created", task.status())
        end = task.waiting()
        expect("Start names the same process", task.pid, task.start())
        expect("Wait", 7, end())
        expect("Get", (3, 7, task.pid), (lambda p: (p["status"], p["exit_status"], p["pid"]))(task.get()))
        expect("Delete", 7, task.delete())
        fails("Delete again", "NOT_FOUND", task.delete)
        fails("Get after Delete", "NOT_FOUND", task.get)

    def output(self):
        """What a process writes is there in full, standard error apart."""
        streams = self.streams()
        task = self.task("sh", "-c", "echo kingkoye; echo other >&2", streams=streams)
        end = task.waiting()
        task.start()
        expect("exit", 0, end())
        expect("standard output", "kingkoye\n", streams.output())
        expect("standard error", "other\n", streams.output("stderr"))

    def waiting(self):
        """A Wait that is given up harms no other; Wait after the end answers at once; Kill after it finds nothing."""
        task = self.sleeper()
        fails("a Wait with a deadline", None, lambda: task.wait(deadline=0.3))
        first, second = task.waiting(), task.waiting()
        task.kill()
        expect("two Waits", (137, 137), (first(), second()))
        expect("a third, after the end", 137, task.wait(deadline=5)["exit_status"])
        fails("Kill", "NOT_FOUND", lambda: task.kill(15))

    def times(self):
        """A process ends after it has begun."""
        begin = time.time()
        task = self.task("true")
        task.start()
        end = task.wait()["exited_at"]
        expect("exited_at is between then and now", True, begin - 1 <= end["seconds"] + end["nanos"] / 1e9 <= time.time() + 1)
        expect("Get says the same", end, task.get()["exited_at"])

    def short_lives(self):
        """What ends at once had a pid, and tells of itself once, in order."""
        events = self.containerd.events()
        for _ in range(5):
            task = self.task("true")
            expect("Start's pid", task.pid, task.start())
            expect("exit", 0, task.wait()["exit_status"])
            task.delete()
            told = waited(lambda: events.of(task.id), lambda t: "/tasks/delete" in t, 5)
            expect("events", ["/tasks/create", "/tasks/start", "/tasks/exit 0", "/tasks/delete"], told)
        events.close()

    def running_is_not_deleted(self):
        task = self.sleeper()
        fails("Delete of a running task", "FAILED_PRECONDITION", task.delete)
        expect("status", "running", task.status())

    def start_twice(self):
        task = self.sleeper()
        fails("Start of a running task", None, task.start)
        task.kill()
        task.wait()
        fails("Start of a stopped task", None, task.start)

    def same_name(self):
        task = self.sleeper()
        fails("another task of that container", "ALREADY_EXISTS",
              lambda: self.containerd.tasks("Create", container_id=task.id))
        fails("a task of no container", "NOT_FOUND", lambda: self.containerd.tasks("Create", container_id="nobody"))

    def never_started(self):
        """What was created can be killed and deleted."""
        task = self.task("sleep", "1000")
        end = task.waiting()
        expect("status", "created", task.status())
        expect("a process is there", True, len(task.pids()) > 0)
        expect("metrics", 1, len(task.metrics()))
        task.kill()
        expect("Wait", 137, end())
        task.delete()

    def missing_program(self):
        """Create or Start says so; nobody is told of an end."""
        events = self.containerd.events()
        id = self.name()

        def begin():
            self.task("nothing404", id=id).start()

        error = fails("a program that is not there", None, begin)
        expect("it is named", True, "nothing404" in error.text)
        time.sleep(1)
        expect("no end is told", [], [e for e in events.of(id) if "exit" in e])
        events.close()

    def large_arguments(self):
        task = self.sleeper()
        streams = self.streams()
        task.exec("large", "echo", "a" * 20000, streams=streams)
        task.start("large")
        expect("exit", 0, task.wait("large")["exit_status"])
        expect("output", 20001, len(streams.output()))
        streams = self.streams()
        task.exec("many", "sh", "-c", "echo $#", "sh", *["x"] * 20000, streams=streams)
        task.start("many")
        expect("20,000 arguments", "20000\n", streams.output())

    def processes(self):
        """The processes of a container: two, and the task's is among them."""
        task = self.task("sh", "-c", "sleep 1000 && exit 0")
        task.start()
        # Which host process a program has changes when it executes another: none does any more once sleep runs.
        task.exec("look", "sh", "-c", "until pidof sleep; do :; done")
        task.start("look")
        task.wait("look")
        task.delete("look")
        found = waited(task.pids, lambda p: len(p) == 2, 10)
        expect("count", 2, len(found))
        expect("the task's is among them", True, task.pid in [p["pid"] for p in found])
        expect("they exist", [True, True], [os.path.exists(f"/proc/{each['pid']}") for each in found])
        task.exec("e", "sleep", "1000")
        task.start("e")
        found = waited(task.pids, lambda p: len(p) == 3, 10)
        expect("with an exec", [b"\n\x01e"], [p["info"]["value"] for p in found if p["info"]])

    def input_ends(self):
        """A process reads what is written until CloseIO."""
        streams = self.streams(stdin=True)
        task = self.task("cat", streams=streams)
        end = task.waiting()
        task.start()
        streams.write("some\n")
        expect("it comes back", True, waited(lambda: bytes(streams.data["stdout"]), lambda d: d == b"some\n", 10) == b"some\n")
        streams.close_input()
        expect("the client's end alone does not end it", "running", task.status())
        self.containerd.tasks("CloseIO", container_id=task.id, stdin=True)
        expect("exit", 0, end())

    def attaching(self):
        """Clients come and go; the process does not notice."""
        streams = self.streams(stdin=True)
        task = self.task("cat", streams=streams)
        end = task.waiting()
        task.start()
        streams.write("hello\n")
        streams.close_input()
        other = Containerd(self.address, self.namespace)
        expect("another client finds it", task.pid, other.tasks("Get", container_id=task.id)["process"]["pid"])
        streams.write("hello\n")
        streams.close_input()
        other.tasks("CloseIO", container_id=task.id, stdin=True)
        expect("exit", 0, end())
        expect("output", "hello\nhello\n", streams.output())

    def no_input(self):
        task = self.task("cat")
        task.start()
        expect("exit", 0, task.wait()["exit_status"])

    def killing_all(self):
        task = self.task("sh", "-c", "sleep 1001 & sleep 1002 & wait")
        task.start()
        waited(task.pids, lambda p: len(p) == 3, 10)
        processes = [p["pid"] for p in task.pids()]
        end = task.waiting()
        task.kill(9, all=True)
        expect("exit", 137, end())
        expect("they are gone", [], waited(lambda: [p for p in processes if alive(p)], lambda left: not left, 2))

    def killing_the_first(self):
        """Its children end with it, also when they are in the host's pid namespace."""
        for shared in (False, True):
            def change(spec):
                if shared:
                    spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != "pid"]
            task = self.task("sh", "-c", "sleep 1003 && exit 0", change=change)
            task.start()
            processes = [p["pid"] for p in waited(task.pids, lambda p: len(p) == 2, 10)]
            task.kill()
            expect("exit", 137, task.wait()["exit_status"])
            expect(f"children are gone (host's pids: {shared})", [],
                   waited(lambda: [p for p in processes if alive(p)], lambda left: not left, 5))
            task.delete()

    def gone_after_wait(self):
        """When Wait has answered, the task's process is no more."""
        for _ in range(3):
            task = self.sleeper()
            end = task.waiting()
            task.kill()
            expect("exit", 137, end())
            expect("the process", False, alive(task.pid))

    def signals(self):
        task = self.task("sh", "-c", "trap 'exit 3' TERM; trap : USR1; while :; do sleep 0.05; done")
        end = task.waiting()
        task.start()
        time.sleep(0.3)
        task.kill(10)
        time.sleep(0.2)
        expect("status", "running", task.status())
        task.kill(15)
        expect("exit", 3, end())

    def pausing(self):
        events = self.containerd.events()
        task = self.sleeper()
        self.containerd.tasks("Pause", container_id=task.id)
        expect("status", "paused", task.status())
        fails("Pause again", None, lambda: self.containerd.tasks("Pause", container_id=task.id))
        fails("exec in a paused container", None, lambda: (task.exec("e", "true"), task.start("e")))
        self.containerd.tasks("Resume", container_id=task.id)
        expect("status", "running", task.status())
        told = waited(lambda: [e for e in events.of(task.id) if "pause" in e or "resume" in e], lambda t: len(t) == 2, 5)
        expect("events", ["/tasks/paused", "/tasks/resumed"], told)
        events.close()
        self.containerd.tasks("Pause", container_id=task.id)
        task.kill()
        expect("a paused one can be killed", 137, task.wait()["exit_status"])

    # Of execs.

    def exec_status(self):
        task = self.sleeper()
        task.exec("e", "sh", "-c", "exit 6")
        expect("created", "created", task.status("e"))
        end = task.waiting("e")
        expect("a pid", True, task.start("e") > 0)
        expect("Wait", 6, end())
        expect("Wait after the end", 6, task.wait("e", deadline=5)["exit_status"])
        expect("stopped", "stopped", task.status("e"))
        expect("Delete", 6, task.delete("e"))
        fails("Get after Delete", "NOT_FOUND", lambda: task.get("e"))
        expect("the container runs", "running", task.status())

    def exec_events(self):
        events = self.containerd.events()
        task = self.sleeper()
        task.exec("e", "true")
        task.start("e")
        task.wait("e")
        task.delete("e")
        told = waited(lambda: events.of(task.id), lambda t: any("exit e" in e for e in t), 5)
        expect("events", ["/tasks/create", "/tasks/start", "/tasks/exec-added", "/tasks/exec-started", "/tasks/exit e 0"], told)
        events.close()

    def exec_missing_program(self):
        task = self.sleeper()
        error = fails("a program that is not there", None, lambda: (task.exec("e", "nothing404"), task.start("e")))
        expect("it is named", True, "nothing404" in error.text)
        task.delete("e")
        expect("the container runs", "running", task.status())
        task.exec("e", "true")
        task.start("e")
        expect("the next exec of that name", 0, task.wait("e")["exit_status"])

    def exec_never_started(self):
        task = self.sleeper()
        task.exec("e", "true")
        expect("Delete", 0, task.delete("e"))
        fails("Kill", "NOT_FOUND", lambda: task.kill(9, "e"))

    def exec_running_is_not_deleted(self):
        task = self.sleeper()
        task.exec("e", "sleep", "1000")
        task.start("e")
        fails("Delete", "FAILED_PRECONDITION", lambda: task.delete("e"))
        task.kill(9, "e")
        expect("Wait", 137, task.wait("e")["exit_status"])
        expect("Delete", 137, task.delete("e"))

    def exec_of_no_container(self):
        task = self.sleeper()
        fails("a process that is not there", "NOT_FOUND", lambda: task.get("nobody"))
        fails("the same name twice", "ALREADY_EXISTS", lambda: (task.exec("e", "true"), task.exec("e", "true")))
        task.kill()
        task.wait()
        fails("in a container that has ended", None, lambda: (task.exec("f", "true"), task.start("f")))

    def exec_ends_first(self):
        """The ends of execs are told before their container's."""
        events = self.containerd.events()
        task = self.sleeper()
        for n in range(3):
            task.exec(f"e{n}", "sleep", "1000")
            task.start(f"e{n}")
        task.kill()
        task.wait()
        told = [e for e in waited(lambda: events.of(task.id), lambda t: sum("exit" in e for e in t) == 4, 10) if "exit" in e]
        expect("ends", (["/tasks/exit e0 137", "/tasks/exit e1 137", "/tasks/exit e2 137"], "/tasks/exit 137"),
               (sorted(told[:3]), told[-1]))
        events.close()

    def exec_input(self):
        task = self.sleeper()
        streams = self.streams(stdin=True)
        task.exec("e", "cat", streams=streams)
        task.start("e")
        for _ in range(2):
            streams.write("hello\n")
            streams.close_input()
        self.containerd.tasks("CloseIO", container_id=task.id, exec_id="e", stdin=True)
        expect("exit", 0, task.wait("e")["exit_status"])
        expect("output", "hello\nhello\n", streams.output())

    def exec_leaves_children(self):
        """An exec's end does not wait for what it left behind with its outputs."""
        task = self.sleeper()
        streams = self.streams()
        task.exec("e", "sh", "-c", "sleep 3 & echo left", streams=streams)
        begin = time.monotonic()
        task.start("e")
        expect("exit", 0, task.wait("e")["exit_status"])
        expect("at once", True, time.monotonic() - begin < 2.5)

    def exec_user_and_place(self):
        task = self.sleeper()
        streams = self.streams()
        task.exec("e", "sh", "-c", "id -u; id -g; pwd; echo $WHO", streams=streams, user={"uid": 1001, "gid": 1002}, cwd="/tmp",
                  env=["PATH=/bin", "WHO=me"])
        task.start("e")
        task.wait("e")
        expect("output", "1001\n1002\n/tmp\nme\n", streams.output())

    # Terminals.

    def terminal_size(self):
        """A size that is set before Start counts."""
        streams = self.streams(stdin=True, terminal=True)
        task = self.task("stty", "size", streams=streams)
        self.containerd.tasks("ResizePty", container_id=task.id, width=12, height=34)
        task.start()
        task.wait()
        expect("output", "34 12\r\n", streams.output())

    def terminal_output(self):
        """Nothing of a large output is lost; an exec's name can be used again; no terminal is left in the shim."""
        task = self.sleeper()
        for _ in range(5):
            streams = self.streams(terminal=True)
            task.exec("t", "seq", "-s", " ", "100000", streams=streams)
            task.start("t")
            expect("exit", 0, task.wait("t")["exit_status"])
            output = streams.output()
            expect("all of it", (True, 588894), (output.rstrip().endswith("99999 100000"), len(output.rstrip())))
            task.delete("t")

    # What a specification says.

    def hostname(self):
        streams = self.streams()
        task = self.task("hostname", streams=streams, change=lambda spec: spec.update(hostname="myhost"))
        task.start()
        expect("output", "myhost\n", streams.output())

    def users(self):
        for user, said in (({"uid": 33, "gid": 33}, "33:33"), ({"uid": 1001, "gid": 0}, "1001:0"),
                           ({"uid": 1000, "gid": 1000, "additionalGids": [5, 7]}, "1000:1000")):
            streams = self.streams()
            task = self.task("sh", "-c", "echo $(id -u):$(id -g)", streams=streams, user=user)
            task.start()
            expect("output", said + "\n", streams.output())

    def read_only(self):
        """A mount that is read-only all the way down, with another below it."""
        below = f"{self.folder}/volume{self.name()}"
        os.makedirs(f"{below}/below")
        subprocess.run(["mount", "-t", "tmpfs", "below", f"{below}/below"], check=True)
        try:
            streams = self.streams()
            task = self.task("sh", "-c", "for d in /v /v/below; do touch $d/file 2>/dev/null && echo $d; done; echo end", streams=streams,
                             change=lambda spec: spec["mounts"].append({"destination": "/v", "type": "bind", "source": below,
                                                                        "options": ["rbind", "rro"]}))
            task.start()
            expect("what could be written", "end\n", streams.output())
            task.remove()
        finally:
            subprocess.run(["umount", f"{below}/below"], check=True)

    def hook(self):
        """createRuntime gets the state, whose pid is a process of the host; one that fails is an error."""
        seen = f"{self.folder}/hook{self.name()}"

        def hooked(command):
            return lambda spec: spec.update(hooks={"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", command]}]})

        task = self.task("true", change=hooked(f"cat >{seen}; test -d /proc/$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' {seen})"))
        with open(seen) as file:
            state = json.loads(file.read())
        expect("the state", (task.id, task.pid), (state["id"], state["pid"]))
        fails("a hook that fails", None, lambda: self.task("true", change=hooked("exit 1")))

    # Resources.

    def update(self):
        """A limit is in the control group of the task's process, and an update changes it there."""
        def change(spec):
            spec["linux"]["resources"] = {"memory": {"limit": 32 * MIB}}
        task = self.sleeper(change=change)
        names = ("memory.limit_in_bytes", "memory.max")
        expect("before", 32 * MIB, cgroup_value(task.pid, "memory", names))
        self.containerd.tasks("Update", container_id=task.id, resources={
            "type_url": SPEC + "LinuxResources", "value": json.dumps({"memory": {"limit": 64 * MIB}})})
        expect("after", 64 * MIB, cgroup_value(task.pid, "memory", names))

    def metrics(self):
        task = self.sleeper()
        found = task.metrics()
        expect("one", 1, len(found))
        expect("of whom", task.id, found[0]["id"])
        expect("of what kind", True, bool(re.search(r"cgroups\.v[12]\.Metrics$", found[0]["data"]["type_url"])))
        task.kill()
        task.wait()
        task.delete()
        expect("after Delete", [], task.metrics())

    def out_of_memory(self):
        events = self.containerd.events()

        def change(spec):
            spec["linux"]["resources"] = {"memory": {"limit": 32 * MIB, "swap": 32 * MIB}}
        task = self.task("sh", "-c", "tail -c 300000000 /dev/zero | cat >/dev/null; exit 9", change=change)
        task.start()
        task.wait()
        told = waited(lambda: events.of(task.id), lambda t: any("oom" in e for e in t) and any("exit" in e for e in t), 5)
        expect("it is told, before the end", ["/tasks/create", "/tasks/start", "/tasks/oom"], told[:3])
        events.close()

    # What is left.

    def no_pipes(self):
        """containerd has as many pipes as before."""
        def life():
            task = self.sleeper()
            task.kill()
            task.wait()
            task.delete()
            self.containerd.containers("Delete", id=task.id)
        life()
        before = pipes(self.daemon)
        life()
        expect("pipes of containerd", True, waited(lambda: pipes(self.daemon), lambda n: n <= before, 5) <= before)

    def no_sockets(self):
        """The shim and its socket are gone after Delete."""
        task = self.sleeper()
        bundle = f"{self.folder}/state/io.containerd.runtime.v2.task/{self.namespace}/{task.id}"
        with open(f"{bundle}/address") as file:
            path = file.read().removeprefix("unix://")
        expect("the socket", True, os.path.exists(path))
        task.kill()
        task.wait()
        task.delete()
        expect("after Delete", False, waited(lambda: os.path.exists(path), lambda there: not there, 5))

    def long_names(self):
        """A namespace of 76 letters and a container of 64."""
        containerd, namespace = self.containerd, self.namespace
        self.containerd, self.namespace = Containerd(self.address, "n" * 76), "n" * 76
        try:
            task = self.task("true", id="c" * 64)
            task.start()
            expect("exit", 0, task.wait()["exit_status"])
            task.remove()
        finally:
            self.containerd, self.namespace = containerd, namespace

    def oom_score(self):
        """A shim is killed after containers and before containerd."""
        with open(f"/proc/{self.daemon}/oom_score_adj") as file:
            expected = int(file.read()) + 1
        task = self.sleeper()
        with open(f"/proc/{shim_of(task)}/oom_score_adj") as file:
            expect("the shim's", expected, int(file.read()))


class OwnLife(Life):
    """What containerd's clients do not test, and runc's shim has not."""

    def calls_carry_streams(self):
        """Standard streams as calls of the shim's streaming service (containerd 2's `io_type = "streaming"`)."""
        task = self.sleeper()
        bundle = f"{self.folder}/state/io.containerd.runtime.v2.task/{self.namespace}/{task.id}"
        with open(f"{bundle}/address") as file:
            socket = file.read().removeprefix("unix://")
        names = {name: f"ttrpc+unix://{socket}?streaming_id={task.id}-e-{name}" for name in ("stdin", "stdout", "stderr")}
        calls = {name: Stream(bundle, f"{task.id}-e-{name}") for name in names}
        carried = self.streams()
        carried.names = names
        task.exec("e", "sh", "-c", "wc -c; seq 50000; echo bad >&2; exit 4", streams=carried)
        task.start("e")
        calls["stdin"].write(b"x" * 300000)
        calls["stdin"].close()
        expect("standard output", "300000\n" + "".join(f"{n}\n" for n in range(1, 50001)), calls["stdout"].read_all().decode())
        expect("standard error", b"bad\n", calls["stderr"].read_all())
        expect("exit", 4, task.wait("e")["exit_status"])
        task.delete("e")
        expect("pipes of the shim", 0, pipes(shim_of(task)))


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def shim_of(task):
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline") as file:
                    words = file.read().split("\0")
            except OSError:
                continue
            if "containerd-shim" in words[0] and task.id in words:
                return int(entry)
    raise Different("there is no shim")


def steps(kind):
    return [name for name, value in vars(kind).items() if callable(value) and not name.startswith("_")
            and name not in ("spec", "name", "task", "streams", "sleeper", "run")]


if __name__ == "__main__":
    address, namespace, runtime, folder, root, daemon = sys.argv[1:7]
    ours, measure = (OwnLife(address, namespace, r, folder, root, int(daemon)) for r in (runtime, "io.containerd.runc.v2"))
    for step in sys.argv[7:] or steps(Life) + steps(OwnLife):
        failure = ours.run(step)
        if not failure:
            print(f"ok      {step.replace('_', ' ')}", flush=True)
            continue
        # What fails with runc is no promise of containerd's.
        other = measure.run(step) if step in steps(Life) else None
        if other:
            print(f"        {step.replace('_', ' ')}: fails with runc too: {other.splitlines()[-1]}", flush=True)
            print(f"        with ours: {failure.splitlines()[-1]}", flush=True)
        else:
            print(f"FAILED  {step.replace('_', ' ')}\n        {failure}", flush=True)

"""Pods as a kubelet runs them. Prints a line per check.

usage: pods.py SOCKET HANDLER FOLDER [PART...]
"""
import calendar
import os
import sys
import tempfile
import time
import traceback

from client import CRI, NODE, Pod, waited
from streams import ERROR, STDERR, STDIN, STDOUT, Stream

IMAGE = "docker.io/library/busybox:latest"
MIB = 1 << 20
# How long what takes a second may take on this machine.
SECOND = 10 if os.environ.get("EMULATED") else 1
# The control group that all are below, but with systemd.
PARENT = os.environ.get("CLOISTER_TEST_NAMESPACE", "cloister-test")


class Checks:
    def __init__(self, cri, handler, folder):
        self.cri, self.handler, self.folder = cri, handler, folder

    def pod(self, **more):
        # As a kubelet with the systemd driver has it, or one with cgroupfs.
        parent = "/cloister.slice/cloister-pod{}_{}.slice" if os.environ.get("CGROUP_FORM") == "unit" else f"/{PARENT}/pod{{}}-{{}}"
        more.setdefault("cgroup_parent", parent.format(os.getpid(), Pod.count))
        return Pod(self.cri, self.handler, IMAGE, self.folder + "/logs", **more)

    @staticmethod
    def check(name, expected, actual):
        if expected == actual:
            print(f"ok      {name}", flush=True)
        else:
            print(f"FAILED  {name}\n        expected {expected!r}\n        got      {actual!r}", flush=True)

    def fails(self, name, words, body):
        """The call fails with a text that has these words."""
        try:
            body()
            self.check(name, words, "no error")
        except Exception as error:
            text = getattr(error, "details", lambda: str(error))()
            self.check(name, words, words if all(w in text for w in words) else text)

    # The parts.

    def containers(self):
        """Three containers in one pod, started, stopped and restarted singly, after an init container."""
        shared = tempfile.mkdtemp(dir=self.folder)
        volume = (shared, "/shared")
        pod = self.pod()
        init = pod.run("init", "sh", "-c", "echo prepared > /shared/state", mounts=[volume])
        self.check("an init container ends", (2, 0, "Completed"),
                   (lambda s: (s["state"], s["exit_code"], s["reason"]))(init.ended()))
        init.remove()
        script = 'trap "exit 3" TERM; echo "$0 $(cat /shared/state)"; echo problem >&2; while :; do sleep 0.1; done'
        all = [pod.run(name, "sh", "-c", script, name, mounts=[volume]) for name in ("one", "two", "three")]
        one, two, three = all
        for container, name in zip(all, ("one", "two", "three")):
            self.check(f"container {name} writes its log", f"{name} prepared\n",
                       waited(container.output, lambda text: text.endswith("\n")))
        self.check("standard error is told apart in the log", "problem\n", one.output("stderr"))
        self.check("the pod's name is each container's", 1, len({c.exec("hostname")[1] for c in all}))
        one.exec("sh", "-c", "echo from one > /shared/file")
        self.check("a shared volume is coherent", (0, "from one\n", ""), two.exec("cat", "/shared/file"))
        os.symlink("first", shared + "/..data")
        self.check("a link of the host's is seen", (0, "first\n", ""), three.exec("readlink", "/shared/..data"))
        os.symlink("second", shared + "/..tmp")
        os.rename(shared + "/..tmp", shared + "/..data")
        self.check("and its replacement, as projected volumes have it", (0, "second\n", ""),
                   three.exec("readlink", "/shared/..data"))
        two.stop(10)
        status = two.ended()
        self.check("a container that handles TERM is stopped", (2, 3, "Error"),
                   (status["state"], status["exit_code"], status["reason"]))
        self.check("its neighbours run", [1, 1], [one.status()["state"], three.status()["state"]])
        two.remove()
        two = pod.run("two", "sh", "-c", script, "again", mounts=[volume])
        self.check("it is started again", "again prepared\n", waited(two.output, lambda text: text.endswith("\n")))
        for n in range(3):
            two.stop(0)
            two.remove()
            two = pod.run("two", "sleep", "1000")
        self.check("and again", 1, two.status()["state"])
        self.check("the pod is ready", 0, self.cri("PodSandboxStatus", pod_sandbox_id=pod.id)["status"]["state"])
        pod.remove()
        self.check("the pod is gone", False, pod.id in [p["id"] for p in self.cri("ListPodSandbox")["items"]])

    def execs(self):
        """Exec and attach, with their codes, streams, terminals and time limits."""
        pod = self.pod()
        c = pod.run("main", "sleep", "1000")
        self.check("exec", (7, "out\n", "err\n"), c.exec("sh", "-c", "echo out; echo err >&2; exit 7"))
        self.check("a probe, often", [0] * 20, [c.exec("true")[0] for _ in range(20)])
        self.fails("a program that is missing is named", ["nothing-here", "not found"], lambda: c.exec("nothing-here"))
        self.fails("exec ends with its time", ["timeout"], lambda: c.exec("sleep", "100", timeout=1))
        self.check("and is killed", "1", waited(lambda: c.exec("sh", "-c", "ps | grep -c '[s]leep 10'")[1].strip(),
                                                lambda n: n == "1"))
        self.check("a long output", 3000000, len(c.exec("sh", "-c", "yes 123456789 | head -c 3000000")[1]))
        url = self.cri("Exec", container_id=c.id, cmd=["sh"], tty=True, stdin=True, stdout=True)["url"]
        s = Stream(url)
        s.resize(91, 33)
        s.send(STDIN, b"sleep 0.5; stty size; exit 5\n")
        seen = s.until(b"33 91")
        self.check("exec in a terminal of a size", True, b"33 91" in seen)
        self.check("and its exit code", True, b'"5"' in s.all().get(ERROR, b""))
        url = self.cri("Exec", container_id=c.id, cmd=["sh", "-c", "read x; echo got $x; echo bad >&2"], stdin=True, stdout=True,
                       stderr=True)["url"]
        s = Stream(url)
        s.send(STDIN, b"word\n")
        seen = s.all()
        self.check("exec with input", (b"got word\n", b"bad\n"), (seen.get(STDOUT), seen.get(STDERR)))
        reader = pod.run("reader", "sh", "-c", "while read x; do echo line $x; done; exit 9", stdin=True)
        for word in (b"first", b"second"):
            s = Stream(self.cri("Attach", container_id=reader.id, stdin=True, stdout=True, stderr=True)["url"])
            s.send(STDIN, word + b"\n")
            self.check(f"attach, the {word.decode()} time", b"line " + word + b"\n", s.until(b"\n"))
            s.close()
        pod.remove()

    def failures(self):
        """What a user sees when a container can't start or ends by itself. The containers share their process ids."""
        pod = self.pod(pid=0)
        self.fails("a missing program is an error of start", ["no-such-program"], lambda: pod.run("bad", "no-such-program"))
        c = pod.create("bad", "no-such-program")
        self.fails("again", ["no-such-program"], c.start)
        status = c.status()
        self.check("its state says so", (2, 128, "StartError"), (status["state"], status["exit_code"], status["reason"]))
        self.check("with the cause", True, "no-such-program" in status["message"])
        short = pod.run("short", "sh", "-c", "exit 3")
        self.check("a container that ends at once", (2, 3, "Error"),
                   (lambda s: (s["state"], s["exit_code"], s["reason"]))(short.ended()))
        killed = pod.run("killed", "sh", "-c", "kill -9 $$")
        main = pod.run("main", "sleep", "1000")
        main.stop(0)
        self.check("a container that is killed", 137, main.ended()["exit_code"])
        self.fails("exec in it", ["EXITED"], lambda: main.exec("true"))
        pod.remove()

    def limits(self):
        """Limits of memory and processor time, and what statistics say of them."""
        pod = self.pod()
        neighbour = pod.run("neighbour", "sh", "-c", "i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done")
        # On a machine that is busy otherwise one may have to wait for its turn; not each time.
        taken = []
        while not taken or (min(taken) > SECOND and len(taken) < 5):
            greedy = pod.create("greedy", "sh", "-c", "echo taking; exec dd if=/dev/zero of=/dev/null bs=100M count=1",
                                resources={"memory_limit_in_bytes": 64 * MIB, "oom_score_adj": 1000})
            greedy.start()
            status = greedy.ended()
            begin = [line.split(" ", 1)[0] for line in open(greedy.log) if line.endswith("taking\n")]
            taken.append(status["finished_at"] / 1e9 - seconds(begin[0]) if begin else 99)
            greedy.remove()
        self.check("a container over its memory is killed", (2, 137, "OOMKilled"),
                   (status["state"], status["exit_code"], status["reason"]))
        print(f"        {min(taken):.3f} s from the first of 100 MiB to the end", flush=True)
        self.check("within a second", True, min(taken) <= SECOND)
        before = neighbour.output().split()
        after = waited(lambda: neighbour.output().split(), lambda lines: len(lines) > len(before) + 2)
        self.check("its neighbour runs on", (1, True, [str(n) for n in range(len(after))]),
                   (neighbour.status()["state"], len(after) > len(before), after))
        child = pod.run("child", "sh", "-c", "awk 'BEGIN { s = \"x\"; while (1) s = s s }'; echo $?; sleep 1000",
                        resources={"memory_limit_in_bytes": 64 * MIB})
        self.check("of several processes the greedy one is killed", "137\n", waited(child.output, lambda t: t != ""))
        self.check("and the container goes on", 1, child.status()["state"])
        scored = pod.run("scored", "sh", "-c", "sleep 999 & echo 800 >/proc/self/oom_score_adj; exec sh -c 'sleep 1000; true'",
                         resources={"oom_score_adj": 500})
        self.check("the host knows the container's score and those that its programs set", [500, 800],
                   waited(lambda: self.scores(scored), lambda all: len(all) > 1))
        holding = pod.run("holding", "sh", "-c",
                          "dd if=/dev/zero of=/dev/shm/x bs=1M count=1 2>/dev/null; x=$(head -c 30000000 /dev/zero | tr '\\0' x); echo ready; sleep 1000; true")
        waited(holding.output, lambda t: t != "", 300)
        memory = holding.stats()["memory"]
        print(f"        memory: {memory['working_set_bytes']['value'] / MIB:.1f} MiB", flush=True)
        self.check("memory in use is told", True, 25 * MIB < memory["working_set_bytes"]["value"] < 150 * MIB)
        pod.remove()

    def cpu(self):
        """Two containers spin, one of them with a limit."""
        pod = self.pod()
        spin = ("sh", "-c", "while :; do :; done")
        limited = pod.run("limited", *spin, resources={"cpu_period": 100000, "cpu_quota": 30000, "cpu_shares": 1024})
        free = pod.run("free", *spin, resources={"cpu_shares": 1024})
        time.sleep(1)
        before, own = [c.cpu() for c in (limited, free)], [self.charged(c) for c in (limited, free)]
        time.sleep(6)
        after, owned = [c.cpu() for c in (limited, free)], [self.charged(c) for c in (limited, free)]
        shares = [(a[0] - b[0]) / (a[1] - b[1]) for a, b in zip(after, before)]
        # On a machine that is busy otherwise nobody gets much.
        busy = shares[1] < 0.6
        self.check("a processor limit of 0.3 holds within a tenth", True, (busy or shares[0] >= 0.27) and shares[0] <= 0.33)
        self.check("the neighbour without one gets more", True, busy or shares[1] > 1.5 * shares[0])
        told = [(a[0] - b[0]) for a, b in zip(after, before)]
        counted = [(a - b) for a, b in zip(owned, own)]
        self.check("statistics are the control groups'", [True, True],
                   [abs(t - c) < 0.1 * c + 50e6 for t, c in zip(told, counted)])
        print(f"        processors: {shares[0]:.3f} limited, {shares[1]:.3f} free{', the machine is busy' if busy else ''}", flush=True)
        self.cri("UpdateContainerResources", container_id=limited.id, linux={"cpu_period": 100000, "cpu_quota": 60000})
        before = limited.cpu()
        time.sleep(4)
        after = limited.cpu()
        share = (after[0] - before[0]) / (after[1] - before[1])
        print(f"        processors: {share:.3f} after the update", flush=True)
        self.check("an update of the limit counts at once", True, (busy or share >= 0.5) and share <= 0.66)
        pod.remove()

    def slow(self):
        """A container that gets next to no processor time is slow, and that is all."""
        pod = self.pod()
        script = ('trap "echo told; exit 7" TERM; i=0; while [ $i -lt 4 ]; do sh -c true || exit 9; i=$((i+1)); done;'
                  ' echo ready; while :; do :; done')
        all = [pod.run(f"slow{i}", "sh", "-c", script, resources={"cpu_period": 100000, "cpu_quota": 1000 * SECOND}) for i in range(2)]
        self.check("with next to no processor time it forks", ["ready\n"] * 2,
                   [waited(c.output, lambda text: text != "" or c.status()["state"] != 1, 120) for c in all])
        self.check("runs what is started in it", [(4, "out\n", "")] * 2,
                   [c.exec("sh", "-c", "(echo out); exit 4", timeout=120) for c in all])
        for c in all:
            c.stop(120)
        self.check("and gets its signals", [(7, "ready\ntold\n")] * 2, [(c.ended()["exit_code"], c.output()) for c in all])
        pod.remove()

    def charged(self, container):
        """Nanoseconds that the host's kernel has charged to the container's control group."""
        for root, files in (("/sys/fs/cgroup/cpuacct", ["cpuacct.usage"]), ("/sys/fs/cgroup", ["cpu.stat"])):
            for folder, names, _ in os.walk(root):
                if container.id in os.path.basename(folder):
                    with open(f"{folder}/{files[0]}") as file:
                        words = file.read().split()
                    return int(words[0]) if len(words) == 1 else int(words[words.index("usage_usec") + 1]) * 1000
        return 0

    @staticmethod
    def scores(container):
        """The different oom_score_adj of the container's processes on the host."""
        found = set()
        root = "/sys/fs/cgroup/memory" if os.path.isdir("/sys/fs/cgroup/memory") else "/sys/fs/cgroup"
        for folder, _, _ in os.walk(root):
            if container.id not in os.path.basename(folder):
                continue
            with open(f"{folder}/cgroup.procs") as file:
                for pid in file.read().split():
                    try:
                        with open(f"/proc/{pid}/oom_score_adj") as score:
                            found.add(int(score.read()))
                    except FileNotFoundError:
                        pass
        return sorted(found)

    def network(self):
        """A pod with a network namespace of its own, shared process ids, sysctls."""
        pod = self.pod(network=0)
        self.check("the pod has an address", "10.123.0.2",
                   self.cri("PodSandboxStatus", pod_sandbox_id=pod.id)["status"]["network"]["ip"])
        c = pod.run("main", "sleep", "1000")
        self.check("its containers have a loopback device", (0, "lo\n", ""), c.exec("ls", "/sys/class/net"))
        pod.remove()

    def run(self, parts):
        for part in parts or ("containers", "execs", "failures", "limits", "cpu", "slow", "network"):
            print(f"        -- {part}", flush=True)
            try:
                getattr(self, part)()
            except Exception as error:
                text = getattr(error, "details", None)
                print(f"FAILED  {part}: {text() if text else ''}", flush=True)
                traceback.print_exc(file=sys.stdout)
                for pod in self.cri("ListPodSandbox")["items"]:
                    self.cri("StopPodSandbox", pod_sandbox_id=pod["id"])
                    self.cri("RemovePodSandbox", pod_sandbox_id=pod["id"])


def seconds(stamp):
    """A log's time stamp, as RFC 3339 has it, since the epoch."""
    whole, rest = stamp.split(".", 1)
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + rest.rstrip("Z"))


if __name__ == "__main__":
    socket, handler, folder = sys.argv[1:4]
    Checks(CRI(socket), handler, folder).run(sys.argv[4:])

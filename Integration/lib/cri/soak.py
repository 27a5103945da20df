"""Many pods, execs and State calls: what is left, what is missing, and what it costs. Prints a line per check.

usage: soak.py SOCKET HANDLER FOLDER CONTAINERD-PID PODS AT-ONCE EXECS STATES
"""
import os
import random
import signal
import statistics
import sys
import threading
import time

from client import CRI, Pod, waited
from containerd import Containerd
from pods import IMAGE, PARENT, Checks
import shim_client

KINDS = ("containerd-shim", "cloister-sentry", "cloister-gofer", "stub")


def processes_of(pod):
    """The processes of a pod by kind: its shim, and what descends from that."""
    parents, names = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    name, rest = file.read().split("(", 1)[1].rsplit(")", 1)
            except OSError:
                continue
            if rest.split()[0] != "Z":
                parents[int(entry)], names[int(entry)] = int(rest.split()[1]), name
    shim = process_of(pod, "containerd-shim")
    found = {kind: [] for kind in KINDS}
    for pid in parents if shim else []:
        above = pid
        while above in parents and above != shim:
            above = parents[above]
        if above == shim:
            found[names[pid] if names[pid] in found else "stub"].append(pid)
    return found


def process_of(pod, name):
    """The process of a pod by its program and the pod's id among its arguments."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline") as file:
                    words = file.read()
            except OSError:
                continue
            if name in words.split("\0")[0] and pod.id in words:
                return int(entry)
    return None


class Soak(Checks):
    def __init__(self, cri, handler, folder, containerd):
        super().__init__(cri, handler, folder)
        self.containerd = containerd

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.containerd}/fd"))

    # Pods.

    def churn(self, count, at_once):
        numbers, lock = iter(range(count)), threading.Lock()
        fates, troubles, killed, before = {}, [], dict.fromkeys(KINDS, 0), self.descriptors()
        events = Containerd(self.socket, "k8s.io").events()

        def one(number):
            cri, chance = CRI(self.socket), random.Random(number)
            pod = Pod(cri, self.handler, IMAGE, self.folder + "/logs", cgroup_parent=f"/{PARENT}/soak{os.getpid()}-{number}")
            try:
                container = pod.run("main", "sh", "-c", "echo here; sleep 1000; true")
                victim = chance.choice([None] * 2 * len(KINDS) + list(KINDS))
                fates[container.id], fates[pod.id] = f"container, kill -9 of {victim}", f"pod, kill -9 of {victim}"
                if victim:
                    victims = processes_of(pod)[victim]
                    if victims:
                        try:
                            os.kill(chance.choice(victims), signal.SIGKILL)
                            with lock:
                                killed[victim] += 1
                        except ProcessLookupError:
                            pass
                    # A stub may be that of a process which the container can do without.
                    status = waited(container.status, lambda s: s["state"] != 1, 1 if victim == "stub" else 60)
                    if status["state"] == 1 and victim != "stub":
                        troubles.append(f"pod {number}: no end after kill -9 of {victim}")
                elif container.exec("true")[0] != 0:
                    troubles.append(f"pod {number}: exec failed")
            finally:
                for attempt in range(5):
                    try:
                        pod.remove()
                        break
                    except Exception as error:
                        if attempt == 4:
                            raise error
                        time.sleep(1)
            cri.channel.close()

        def worker():
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                try:
                    one(number)
                except Exception as error:
                    troubles.append(f"pod {number}: {getattr(error, 'details', lambda: error)()}")

        begin = time.time()
        threads = [threading.Thread(target=worker) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.time() - begin
        print(f"        {count} pods, {at_once} at once, kill -9 of {killed}: {seconds:.0f} s", flush=True)
        self.check(f"{count} pods come, lose processes and go", [], troubles[:10])
        time.sleep(3)
        self.check("every process that was started was told to have ended", [], [(fates.get(id, id), exec) for id, exec in events.unended()][:10])
        self.check("and none twice", [], [(fates.get(id, id), exec) for id, exec in events.ended_twice()][:10])
        events.close()
        after = waited(self.descriptors, lambda n: n <= before + 5, 30)
        self.check("containerd has no more descriptors than before", True, after <= before + 5)

    # One pod, asked often.

    def often(self, execs, states):
        # With others beside it, as on a node: what programs have of their files is shared.
        others = [self.pod(), self.pod()]
        pod = self.pod()
        container = pod.run("main", "sleep", "1000000")
        shim, sentry = process_of(pod, "containerd-shim"), process_of(pod, "cloister-sentry")
        for _ in range(100):
            container.exec("true")
        first = {"shim": shim_client.memory(shim, "Private_Dirty"), "Sentry": shim_client.memory(sentry, "Private_Dirty")}
        idle = shim_client.memory(shim), shim_client.memory(shim, "Pss:")
        print(f"        an idle pod's shim: {idle[0]} KiB private, {idle[1]} KiB proportional", flush=True)
        self.check("an idle pod's shim has at most 2 MiB of its own, 4 in proportion", True, idle[0] <= 2048 and idle[1] <= 4096)
        begin, times = time.time(), []
        for _ in range(execs):
            start = time.monotonic()
            container.exec("true")
            times.append(time.monotonic() - start)
        print(f"        {execs} execs in {time.time() - begin:.0f} s, half of them within {statistics.median(times) * 1000:.1f} ms,"
              f" the slowest {max(times) * 1000:.0f} ms", flush=True)
        bundle = f"{self.folder}/state/io.containerd.runtime.v2.task/k8s.io/{pod.id}"
        times = shim_client.Shim(bundle).states(container.id, states)
        print(f"        {states} State calls, half of them within {statistics.median(times) * 1e6:.0f} us", flush=True)
        self.check("State takes less than a millisecond", True, statistics.median(times) < 0.001)
        for name, pid, allowance in (("shim", shim, 256), ("Sentry", sentry, 2048)):
            after = shim_client.memory(pid, "Private_Dirty")
            print(f"        the {name}'s own memory: {first[name]} KiB after the first hundred execs, {after} KiB now", flush=True)
            self.check(f"the {name} has not grown", True, after <= first[name] + allowance)
        for each in [pod] + others:
            each.remove()


if __name__ == "__main__":
    address, handler, folder, containerd = sys.argv[1:5]
    pods, at_once, execs, states = map(int, sys.argv[5:9])
    soak = Soak(CRI(address), handler, folder, int(containerd))
    soak.socket = address
    if pods:
        soak.churn(pods, at_once)
    if execs:
        soak.often(execs, states)

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
from pods import IMAGE, Checks
import shim_client

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
        troubles, killed, before = [], [0], self.descriptors()

        def one(number):
            cri, chance = CRI(self.socket), random.Random(number)
            pod = Pod(cri, self.handler, IMAGE, self.folder + "/logs", cgroup_parent=f"/cloister-test/soak{os.getpid()}-{number}")
            try:
                container = pod.run("main", "sh", "-c", "echo here; sleep 1000; true")
                victim = chance.choice([None, None, None, None, "cloister-sentry", "containerd-shim"])
                if victim:
                    pid = process_of(pod, victim)
                    if pid:
                        os.kill(pid, signal.SIGKILL)
                        killed[0] += 1
                    status = waited(container.status, lambda s: s["state"] != 1, 60)
                    if status["state"] == 1:
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
        print(f"        {count} pods, {at_once} at once, {killed[0]} of them with kill -9: {seconds:.0f} s", flush=True)
        self.check(f"{count} pods come, lose processes and go", [], troubles[:10])
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

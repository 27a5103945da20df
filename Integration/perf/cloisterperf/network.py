"""Networks for containers: a network namespace each, joined to the host by a pair of virtual devices."""
import itertools
import os
import shutil
import subprocess

from .errors import Complaint

numbers = itertools.count(1)


class Network:
    """One namespace. The host is `host`, the container `address`; nothing is routed any further."""

    def __init__(self):
        if not shutil.which("ip"):
            raise Complaint("ip is not installed; it makes the containers' networks", "apt-get install iproute2")
        number = next(numbers)
        # 198.18.0.0/15 is set aside for benchmarks (RFC 2544); each pair of devices gets four addresses of it.
        base = number * 4
        self.host = f"198.18.{base // 256}.{base % 256 + 1}"
        self.address = f"198.18.{base // 256}.{base % 256 + 2}"
        self.name = f"perf{os.getpid()}-{number}"
        self.device = f"pf{os.getpid() % 1000000}n{number}"[:15]
        self.path = f"/run/netns/{self.name}"
        batch = [
            f"netns add {self.name}",
            f"link add {self.device} type veth peer name eth0 netns {self.name}",
            f"addr add {self.host}/30 dev {self.device}",
            f"link set {self.device} up",
        ]
        inside = ["link set lo up", f"addr add {self.address}/30 dev eth0", "link set eth0 up",
                  f"route add default via {self.host}"]
        try:
            self.ip([], batch)
            self.ip(["-n", self.name], inside)
        except Complaint:
            self.remove()
            raise

    @staticmethod
    def ip(flags, lines):
        ran = subprocess.run(["ip", *flags, "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True)
        if ran.returncode:
            raise Complaint(f"ip failed: {ran.stderr.strip()}")

    def remove(self):
        subprocess.run(["ip", "link", "del", self.device], capture_output=True)
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)

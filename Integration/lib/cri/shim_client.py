"""The shim's own socket, as containerd speaks to it (ttrpc), and the shim's memory.

usage: shim_client.py BUNDLE ID COUNT     what State takes: least, median, most, in microseconds
"""
import socket
import statistics
import struct
import sys
import time

from protobuf import Schema

TASKS = """package containerd.task.v2;
message Request { string service = 1; string method = 2; bytes payload = 3; int64 timeout_nano = 4; }
message Response { Status status = 1; bytes payload = 2; }
message Status { int32 code = 1; string message = 2; }
message Id { string id = 1; }"""

REQUEST, RESPONSE, DATA = 1, 2, 3


def memory(pid, field="Private_"):
    """KiB of a process's memory, of the fields of smaps_rollup that begin so."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(field))


class Shim:
    """A connection to the shim that serves a bundle."""

    def __init__(self, bundle):
        with open(f"{bundle}/address") as file:
            address = file.read().removeprefix("unix://")
        self.schema = Schema(TASKS)
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(address)
        self.stream = -1

    def send(self, stream, kind, payload, flags=0):
        self.connection.sendall(struct.pack("!IIBB", len(payload), stream, kind, flags) + payload)

    def receive(self):
        """The next frame: stream, kind, flags, payload."""
        length, stream, kind, flags = struct.unpack("!IIBB", self._exactly(10))
        return stream, kind, flags, self._exactly(length)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.connection.recv(count - len(data))
            if not more:
                raise EOFError("the shim has closed the connection")
            data += more
        return data

    def begin(self, service, method, payload=b"", flags=0):
        """Sends a request; returns its stream."""
        self.stream += 2
        self.send(self.stream, REQUEST, self.schema.encode("Request", {"service": service, "method": method, "payload": payload}), flags)
        return self.stream

    def call(self, service, method, payload):
        """The answer's message; an error is raised with its code and text."""
        self.begin(service, method, payload)
        answer = self.schema.decode("Response", self.receive()[3])
        if answer["status"] and answer["status"]["code"]:
            raise RuntimeError(f"{answer['status']['code']}: {answer['status']['message']}")
        return answer["payload"]

    def states(self, id, count):
        """What each of so many State calls took, in seconds."""
        payload, times = self.schema.encode("Id", {"id": id}), []
        for _ in range(count):
            start = time.monotonic()
            self.call("containerd.task.v2.Task", "State", payload)
            times.append(time.monotonic() - start)
        return times


if __name__ == "__main__":
    bundle, id, count = sys.argv[1:]
    times = [t * 1e6 for t in Shim(bundle).states(id, int(count))]
    print(f"{min(times):.0f} {statistics.median(times):.0f} {max(times):.0f}")

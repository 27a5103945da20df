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


class Stream(Shim):
    """A standard stream as a call, as containerd 2 carries it."""

    WINDOW = 65536

    def __init__(self, bundle, id):
        super().__init__(bundle)
        self.schema = Schema(TASKS.replace("containerd.task.v2;", "containerd.task.v2;\nmessage Any { string type_url = 1; bytes value = 2; }"
                                           "\nmessage Update { int32 update = 1; }\nmessage Data { bytes data = 1; }"))
        self.begin("containerd.services.streaming.v1.Streaming", "Stream", flags=2)
        self._say("containerd.services.streaming.v1.StreamInit", self.schema.encode("Id", {"id": id}))
        self.receive()
        self.credit = 0

    def _say(self, kind, value):
        self.send(self.stream, DATA, self.schema.encode("Any", {"type_url": kind, "value": value}))

    def _next(self):
        """The next message's kind and value; None at the end."""
        _, kind, flags, payload = self.receive()
        if kind == RESPONSE:
            raise RuntimeError(self.schema.decode("Response", payload)["status"])
        if flags & 1:
            return None
        message = self.schema.decode("Any", payload)
        return message["type_url"], message["value"]

    def write(self, data):
        """As far as the shim has allowed, and then further as it allows more."""
        while data:
            if not self.credit:
                self.credit += self.schema.decode("Update", self._next()[1])["update"]
            piece, data = data[:min(self.credit, 32768)], data[min(self.credit, 32768):]
            self.credit -= len(piece)
            self._say("containerd.types.transfer.Data", self.schema.encode("Data", {"data": piece}))

    def close(self):
        self.send(self.stream, DATA, b"", flags=5)

    def read_all(self):
        data = bytearray()
        self._allow(self.WINDOW)
        while message := self._next():
            more = self.schema.decode("Data", message[1])["data"]
            data += more
            self._allow(len(more))
        return bytes(data)

    def _allow(self, count):
        self._say("containerd.types.transfer.WindowUpdate", self.schema.encode("Update", {"update": count}))


if __name__ == "__main__":
    bundle, id, count = sys.argv[1:]
    times = [t * 1e6 for t in Shim(bundle).states(id, int(count))]
    print(f"{min(times):.0f} {statistics.median(times):.0f} {max(times):.0f}")

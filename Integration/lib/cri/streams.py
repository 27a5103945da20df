"""Exec and attach: the bytes of a container's streams over a web socket, as kubectl has them (v4.channel.k8s.io)."""
import base64
import json
import os
import socket
import struct
from urllib.parse import urlparse

STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)


class Stream:
    def __init__(self, url, patience=20):
        place = urlparse(url)
        self.socket = socket.create_connection((place.hostname, place.port), timeout=patience)
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: Upgrade\r\n"
                             f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                             "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0] + b" ":
            raise OSError(head.decode())

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def _take(self, count):
        while len(self.buffer) < count:
            self._more()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def send(self, channel, data):
        payload = bytes([channel]) + data
        mask = os.urandom(4)
        length = len(payload)
        head = struct.pack("!BB", 0x82, 0x80 | length) if length < 126 else struct.pack("!BBH", 0x82, 0xfe, length)
        self.socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def resize(self, columns, rows):
        self.send(RESIZE, json.dumps({"Width": columns, "Height": rows}).encode())

    def receive(self):
        """A channel and its bytes; None at the end."""
        try:
            first, second = self._take(2)
            length = second & 0x7f
            if length == 126:
                length, = struct.unpack("!H", self._take(2))
            elif length == 127:
                length, = struct.unpack("!Q", self._take(8))
            data = self._take(length)
        except EOFError:
            return None
        if first & 0xf == 8:
            return None
        return (data[0], data[1:]) if data else self.receive()

    def until(self, text, channel=STDOUT):
        """Everything of a channel up to and with `text`, or all of it when it does not come."""
        seen = b""
        while text not in seen:
            frame = self.receive()
            if frame is None:
                break
            if frame[0] == channel:
                seen += frame[1]
        return seen

    def all(self):
        """What came by each channel, to the end."""
        seen = {}
        while (frame := self.receive()) is not None:
            seen[frame[0]] = seen.get(frame[0], b"") + frame[1]
        return seen

    def close(self):
        self.socket.close()

"""Protocol buffers by a .proto text: messages are dictionaries, fields that are missing have their default value."""
import re


class Schema:
    """The messages and services of one file of simple proto3."""

    def __init__(self, text):
        text = re.sub(r"//.*", "", text)
        self.package = re.search(r"package\s+([\w.]+)\s*;", text).group(1)
        self.messages = {name: [self._field(f) for f in body.split(";") if f.strip()]
                         for name, body in re.findall(r"message\s+(\w+)\s*\{([^}]*)\}", text)}
        self.methods = {}
        for service, body in re.findall(r"service\s+(\w+)\s*\{([^}]*)\}", text):
            for method, request, response in re.findall(r"rpc\s+(\w+)\((\w+)\)\s*returns\s*\((\w+)\)", body):
                self.methods[method] = (f"/{self.package}.{service}/{method}", request, response)

    @staticmethod
    def _field(text):
        text = text.strip()
        pairs = re.fullmatch(r"map<string,\s*string>\s+(\w+)\s*=\s*(\d+)", text)
        if pairs:
            return pairs.group(1), int(pairs.group(2)), "map", True
        repeated, kind, name, number = re.fullmatch(r"(repeated\s+)?([\w.]+)\s+(\w+)\s*=\s*(\d+)", text).groups()
        return name, int(number), kind, bool(repeated)

    def encode(self, message, value):
        out = bytearray()
        unknown = set(value) - {field[0] for field in self.messages[message]}
        if unknown:
            raise KeyError(f"{message} has no field {unknown}")
        for name, number, kind, repeated in self.messages[message]:
            if name not in value:
                continue
            if kind == "map":
                for key, text in value[name].items():
                    out += self._one(number, "bytes", _text(1, key) + _text(2, text))
            else:
                for item in value[name] if repeated else [value[name]]:
                    out += self._one(number, kind, item)
        return bytes(out)

    def _one(self, number, kind, value):
        if kind in ("int32", "int64", "uint32", "uint64", "bool"):
            return _varint(number << 3) + _varint(int(value) & (1 << 64) - 1)
        data = (value.encode() if isinstance(value, str) else value if kind == "bytes" else self.encode(kind, value))
        return _varint(number << 3 | 2) + _varint(len(data)) + data

    def decode(self, message, data):
        fields = {number: (name, kind, repeated) for name, number, kind, repeated in self.messages[message]}
        value = {name: {} if kind == "map" else [] if repeated else self._default(kind)
                 for name, kind, repeated in fields.values()}
        for number, item in _items(data):
            if number not in fields:
                continue
            name, kind, repeated = fields[number]
            if kind == "map":
                pair = dict(_items(item))
                value[name][pair.get(1, b"").decode()] = pair.get(2, b"").decode()
                continue
            decoded = self._decoded(kind, item)
            if repeated:
                value[name].append(decoded)
            else:
                value[name] = decoded
        return value

    def _default(self, kind):
        if kind in self.messages:
            return None
        return {"string": "", "bytes": b"", "bool": False}.get(kind, 0)

    def _decoded(self, kind, item):
        if kind in self.messages:
            return self.decode(kind, item)
        if kind == "string":
            return item.decode()
        if kind == "bool":
            return bool(item)
        if kind in ("int32", "int64") and item >= 1 << 63:
            return item - (1 << 64)
        return item


def _varint(n):
    out = bytearray()
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def _text(number, text):
    data = text.encode()
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _items(data):
    at = 0

    def varint():
        nonlocal at
        n = shift = 0
        while True:
            byte = data[at]
            at += 1
            n |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return n

    while at < len(data):
        key = varint()
        number, wire = key >> 3, key & 7
        if wire == 0:
            yield number, varint()
        elif wire == 2:
            length = varint()
            yield number, data[at:at + length]
            at += length
        else:
            at += 8 if wire == 1 else 4

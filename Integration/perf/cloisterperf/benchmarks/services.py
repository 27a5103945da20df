"""The web services that several benchmarks start: each loads modules, renders a template per request, and says `ready`.

They listen on TCP when PORT is set, else on a unix socket, so that a runtime without a network can be compared where
no request is needed.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    command: tuple
    port: int

    @property
    def tcp(self):
        return (f"PORT={self.port}",)


SERVICES = {
    "node": Service(("/usr/bin/node", "/srv/perf/web.js"), 8080),
    "ruby": Service(("/usr/bin/ruby", "/srv/perf/web.rb"), 9292),
}
BENCHMARKS = []


def layers_for(lab):
    return [lab.base, lab.workloads()]

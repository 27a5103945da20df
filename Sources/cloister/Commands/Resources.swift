import Cgroups
import HostOS
import LinuxABI
import Runtime

extension Command {
    static let update = Command(
        "update", "Change the limits of a container.",
        flags: [
            Flag("resources", "r", value: "FILE", "linux.resources in JSON; - for standard input."),
            Flag("memory", value: "BYTES", "-1 for none."),
            Flag("memory-reservation", value: "BYTES", "What reclaim spares."),
            Flag("memory-swap", value: "BYTES", "Memory and swap together; -1 for none."),
            Flag("cpu-period", value: "MICROSECONDS", "Over which the quota counts."),
            Flag("cpu-quota", value: "MICROSECONDS", "CPU time a period; -1 for no limit."),
            Flag("cpu-share", value: "WEIGHT", "Against other containers."),
            Flag("cpuset-cpus", value: "LIST", "CPUs, as 0-3,7."),
            Flag("cpuset-mems", value: "LIST", "Memory nodes."),
            Flag("pids-limit", value: "NUMBER", "Processes and threads; -1 for no limit."),
            Flag("blkio-weight", value: "WEIGHT", "Against other containers."),
        ]
    ) { (known, arguments) throws(RuntimeError) in
        var limits = Limits()
        if let file = arguments.value("resources") {
            let bytes: [UInt8]
            do throws(Errno) {
                bytes = file == "-" ? try HostFD(rawValue: 0).readAll() : try HostFD.currentDirectory.readFile(file)
            } catch {
                throw RuntimeError(error, file)
            }
            limits = try Limits(parsing: bytes, file: file)
        }
        limits.memoryLimit = try arguments.integer("memory") ?? limits.memoryLimit
        limits.memoryReservation = try arguments.integer("memory-reservation") ?? limits.memoryReservation
        limits.memorySwap = try arguments.integer("memory-swap") ?? limits.memorySwap
        limits.cpuPeriod = try arguments.integer("cpu-period") ?? limits.cpuPeriod
        limits.cpuQuota = try arguments.integer("cpu-quota") ?? limits.cpuQuota
        limits.cpuShares = try arguments.integer("cpu-share") ?? limits.cpuShares
        limits.cpus = arguments.value("cpuset-cpus") ?? limits.cpus
        limits.memoryNodes = arguments.value("cpuset-mems") ?? limits.memoryNodes
        limits.pids = try arguments.integer("pids-limit") ?? limits.pids
        limits.blockWeight = try arguments.integer("blkio-weight") ?? limits.blockWeight
        try known.update(limits)
    }

    static let events = Command("events", "Print what a container uses (only with --stats).",
                                flags: [Flag("stats", "Once, then return.")]) { (known, arguments) throws(RuntimeError) in
        guard arguments.has("stats") else { throw RuntimeError(.unimplemented, "events: only --stats is implemented") }
        let used = try known.alive().statistics()
        func number(_ value: UInt64) -> JSONValue { .integer(Int64(clamping: value)) }
        let event: JSONValue = [
            "type": "stats", "id": .string(known.id),
            "data": [
                "cpu": ["usage": ["total": number(used.cpu.usage), "kernel": number(used.cpu.system), "user": number(used.cpu.user),
                                  "percpu": .array(used.cpu.perCPU.map(number))],
                        "throttling": ["periods": number(used.cpu.periods), "throttledPeriods": number(used.cpu.throttledPeriods),
                                       "throttledTime": number(used.cpu.throttledTime)]],
                "memory": ["usage": ["usage": number(used.memory.usage), "max": number(used.memory.peak),
                                     "limit": number(used.memory.limit), "failcnt": number(used.memory.failures)],
                           "raw": .object(used.memoryDetails.mapValues(number))],
                "pids": ["current": number(used.pids), "limit": number(used.pidsLimit)],
            ],
        ]
        try Report.print(event.text() + "\n")
    }
}

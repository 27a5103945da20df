import ArgumentParser
import Cgroups
import HostOS
import LinuxABI
import Runtime

struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Change the limits of a container.")

    @OptionGroup var globals: GlobalOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("A file with linux.resources in JSON; - for standard input.", valueName: "file"))
    var resources: String?

    @Option(help: "Bytes; -1 for none.") var memory: Int64?
    @Option(help: "Bytes that reclaim spares.") var memoryReservation: Int64?
    @Option(help: "Bytes of memory and swap together; -1 for none.") var memorySwap: Int64?
    @Option(help: "Microseconds.") var cpuPeriod: UInt64?
    @Option(help: "Microseconds of CPU time a period; -1 for none.") var cpuQuota: Int64?
    @Option(help: "A weight against other containers.") var cpuShare: UInt64?
    @Option(help: "CPUs, as 0-3,7.") var cpusetCpus: String?
    @Option(help: "Memory nodes.") var cpusetMems: String?
    @Option(help: "Processes and threads; -1 for no limit.") var pidsLimit: Int64?
    @Option(help: "A weight against other containers.") var blkioWeight: UInt16?

    @OptionGroup var argument: ContainerArgument

    func run() throws {
        let known = try KnownContainer.find(argument.id, try globals.configuration())
        var limits = Limits()
        if let resources {
            let bytes: [UInt8]
            do throws(Errno) {
                bytes = resources == "-" ? try HostFD(rawValue: 0).readAll() : try HostFD.currentDirectory.readFile(resources)
            } catch {
                throw RuntimeError(error, resources)
            }
            limits = try Limits(parsing: bytes, file: resources)
        }
        limits.memoryLimit = memory ?? limits.memoryLimit
        limits.memoryReservation = memoryReservation ?? limits.memoryReservation
        limits.memorySwap = memorySwap ?? limits.memorySwap
        limits.cpuPeriod = cpuPeriod ?? limits.cpuPeriod
        limits.cpuQuota = cpuQuota ?? limits.cpuQuota
        limits.cpuShares = cpuShare ?? limits.cpuShares
        limits.cpus = cpusetCpus ?? limits.cpus
        limits.memoryNodes = cpusetMems ?? limits.memoryNodes
        limits.pids = pidsLimit ?? limits.pids
        limits.blockWeight = blkioWeight ?? limits.blockWeight
        try known.update(limits)
    }
}

struct Events: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print what a container uses.")

    @OptionGroup var globals: GlobalOptions

    @Flag(help: "Once, then return.")
    var stats = false

    @OptionGroup var argument: ContainerArgument

    func run() throws {
        guard stats else { throw RuntimeError(.unimplemented, "events: only --stats is implemented") }
        let container = try KnownContainer.find(argument.id, try globals.configuration()).alive()
        let used = container.statistics()
        func number(_ value: UInt64) -> JSONValue { .integer(Int64(clamping: value)) }
        let event: JSONValue = [
            "type": "stats", "id": .string(argument.id),
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

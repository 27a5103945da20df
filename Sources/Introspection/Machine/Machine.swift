import HostOS

/// The machine as the pod sees it. Asked for once, before the Sentry locks itself in.
public final class Machine: @unchecked Sendable {
    private let started = Processor.Moment()
    /// Guards `known`. A leaf.
    private let lock = Lock()
    private var known: Processor?
    /// Processors that the pod may use: 0 to count - 1 to the guests.
    public let processorCount: Int
    /// Bytes.
    public let memory: UInt64
    public let swap: UInt64
    /// CLOCK_REALTIME when the pod's kernel started, seconds.
    public let bootSecond: UInt64
    /// What /proc/net shows. Set once, before the first container starts.
    public var network: NetworkStatistics?
    /// For /proc/PID/ns.
    let namespaceNumbers = NamespaceNumbers()
    /// /proc/sys/kernel/random/boot_id.
    public let bootID: String

    public init(processorCount: Int, memory: UInt64, swap: UInt64, bootID: String) {
        self.processorCount = processorCount
        self.memory = memory
        self.swap = swap
        self.bootID = bootID
        bootSecond = HostClock.realtime / 1_000_000_000
    }

    /// Found out when a guest first wants to know: that needs no system call.
    public var processor: Processor {
        lock.withLock {
            if let known { return known }
            let processor = Processor(since: started)
            known = processor
            return processor
        }
    }

    /// Asks the host.
    public static func probe() -> Machine {
        let (memory, swap) = HostMachine.memory
        return Machine(processorCount: HostMachine.processorCount, memory: memory, swap: swap,
                       bootID: UniqueID.random())
    }
}

/// Random identifiers in the form of RFC 9562, version 4.
enum UniqueID {
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        var high = generator.next(), low = generator.next()
        high = high & ~0xf000 | 0x4000
        low = low & ~(0xc000 << 48) | (0x8000 << 48)
        func hex(_ n: UInt64, _ digits: Int) -> String {
            let text = String(n, radix: 16)
            return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        }
        return hex(high >> 32, 8) + "-" + hex((high >> 16) & 0xffff, 4) + "-" + hex(high & 0xffff, 4) + "-"
            + hex(low >> 48, 4) + "-" + hex(low & 0xffff_ffff_ffff, 12)
    }
}

import HostOS
import LinuxABI

/// Changes code that threads run meanwhile, through the stub's /proc/PID/mem: it writes to private pages whatever their
/// protection, without any change to mappings.
///
/// Copies of the kernel's are atomic by the byte, no more. So a change is made in steps of which each leaves something
/// that can be run at every place where an instruction begins, or stops whoever gets there.
struct CodeWriter {
    let file: HostFD
    /// Lets all processors that run the stub's threads see what was written. False: it cannot be done.
    let synchronize: () -> Bool

    /// A byte that is no instruction.
    private static let stop: UInt8 = 0x06

    func write(_ bytes: [UInt8], at address: UInt64) -> Bool {
        (try? unsafe bytes.withBytes { (b) throws(Errno) in try unsafe file.pwrite(b, at: Int64(bitPattern: address)) }) == bytes.count
    }

    func read(_ address: UInt64, _ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = (try? unsafe bytes.withMutableBytes { (b) throws(Errno) in
            try unsafe file.pread(into: b, at: Int64(bitPattern: address))
        }) ?? 0
        return Array(bytes.prefix(max(0, done)))
    }

    /// Replaces the plan's bytes by the jump.
    ///
    /// - Returns: whether the jump stands there. Else the original does, or nothing more can be done.
    func install(_ plan: SitePlan, _ jump: [UInt8]) -> Bool {
        guard read(plan.start, 5) == plan.original, synchronize(), put([0], Self.stop, plan) else { return false }
        if write(plan, jump), read(plan.start, 5) == [Self.stop] + jump[1...], synchronize(), put([0], jump, plan), synchronize() {
            return true
        }
        _ = restore(plan)
        return false
    }

    /// The steps of `install` between its first and last.
    private func write(_ plan: SitePlan, _ jump: [UInt8]) -> Bool {
        guard synchronize() else { return false }
        var rest = [1, 2, 3, 4]
        // From the first instruction on, so that none is changed whose beginning can still be reached.
        for (place, isStop) in [(2, plan.stopsSecond), (4, plan.stopsFourth)] where isStop {
            guard put([place], jump, plan), synchronize() else { return false }
            rest.removeAll { $0 == place }
        }
        return put(rest, jump, plan)
    }

    /// Puts the original bytes back, even where processors cannot be made to see each step.
    func restore(_ plan: SitePlan) -> Bool {
        guard put([0], Self.stop, plan) else { return false }
        _ = synchronize()
        var rest = [1, 2, 3, 4]
        var last: [Int] = []
        for (place, isStop) in [(4, plan.stopsFourth), (2, plan.stopsSecond)] where isStop {
            last.append(place)
            rest.removeAll { $0 == place }
        }
        guard put(rest, plan.original, plan) else { return false }
        for place in last {
            _ = synchronize()
            if !put([place], plan.original, plan) { return false }
        }
        _ = synchronize()
        return put([0], plan.original, plan) && synchronize()
    }

    private func put(_ places: [Int], _ byte: UInt8, _ plan: SitePlan) -> Bool {
        places.allSatisfy { write([byte], at: plan.start &+ UInt64($0)) }
    }

    private func put(_ places: [Int], _ bytes: [UInt8], _ plan: SitePlan) -> Bool {
        places.allSatisfy { write([bytes[$0]], at: plan.start &+ UInt64($0)) }
    }
}

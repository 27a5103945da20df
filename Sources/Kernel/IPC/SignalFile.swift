import HostOS
import LinuxABI
import Memory
import Synchronization
import VFS
import Waiting

/// Signals to read instead of to handle (signalfd(2)): those of whoever reads.
public final class SignalFile: OpenFile, @unchecked Sendable {
    private let mask: Atomic<UInt64>
    /// Whose arriving signals it tells of. A child that inherits the descriptor polls its own, as far as they are looked at.
    private weak let group: ThreadGroup?
    private let queue: WaitQueue

    public init(path: Path, mask: SignalSet, group: ThreadGroup, nonblocking: Bool) {
        self.mask = Atomic(mask.rawValue)
        self.group = group
        queue = group.signalArrived
        super.init(path: path, flags: nonblocking ? [.O_RDWR, .O_NONBLOCK] : .O_RDWR)
    }

    private var set: SignalSet { SignalSet(rawValue: mask.load(ordering: .relaxed)) }

    /// signalfd(2) on a descriptor that there is.
    public func setMask(_ set: SignalSet) {
        mask.store(set.rawValue, ordering: .relaxed)
        queue.notify(.readable)
    }

    public override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        guard let task = caller as? Task else { throw .EINVAL }
        if destination.remaining < 128 { throw .EINVAL }
        var done = 0
        while destination.remaining >= 128 {
            let info: SignalInfo?
            if done > 0 {
                info = task.dequeueSignal(in: set)
            } else {
                info = try caller.waiter.wait(on: task.group.signalArrived, for: .readable) { () throws(Errno) in
                    if let info = task.dequeueSignal(in: set) { return info }
                    if isNonblocking { throw .EAGAIN }
                    return nil
                }
            }
            guard let info else { break }
            let record = Self.record(info)
            if destination.write(record, at: 0, count: 128) < 128 {
                if done == 0 { throw .EFAULT }
                break
            }
            done += 128
        }
        return done
    }

    /// struct signalfd_siginfo.
    private static func record(_ info: SignalInfo) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 128)
        func put(_ value: UInt64, _ size: Int, at offset: Int) {
            for i in 0..<size { bytes[offset + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * i)) }
        }
        func put(_ value: Int32, at offset: Int) { put(UInt64(UInt32(bitPattern: value)), 4, at: offset) }
        put(info.signal, at: 0)
        put(info.error, at: 4)
        put(info.code, at: 8)
        switch info.code {
        case SignalInfo.SI_TIMER:
            put(info.pid, at: 24)
            put(UInt64(info.uid), 4, at: 32)
            put(Int32(truncatingIfNeeded: info.value), at: 44)
            put(info.value, 8, at: 48)
        case _ where info.signal == Signal.SIGIO && (info.code == SignalInfo.SI_SIGIO || info.code > 0):
            put(info.address, 4, at: 28)
            put(info.descriptor, at: 20)
        default:
            put(info.pid, at: 12)
            put(UInt64(info.uid), 4, at: 16)
            if info.signal == Signal.SIGCHLD {
                put(info.status, at: 40)
                put(info.times.user, 8, at: 56)
                put(info.times.system, 8, at: 64)
            } else if info.code > 0, SignalSet.synchronous.contains(info.signal) {
                put(info.address, 8, at: 72)
            } else {
                put(Int32(truncatingIfNeeded: info.value), at: 44)
                put(info.value, 8, at: 48)
            }
        }
        return bytes
    }

    public override func poll() -> IOEvents {
        guard let group else { return [] }
        let waiting = group.liveTasks.reduce(group.pendingSignals) { $0.union($1.pendingSignals) }
        return waiting.isDisjoint(with: set) ? [] : .readable
    }

    public override var waitQueue: WaitQueue? { queue }
    public override var anonymousName: String? { "anon_inode:[signalfd]" }

    public override var fdinfo: String {
        let text = String(set.rawValue, radix: 16)
        return "sigmask:\t" + String(repeating: "0", count: max(0, 16 - text.utf8.count)) + text + "\n"
    }
}

import CMarks
import HostOS
import LinuxABI
import Memory
import Platform

/// One system call that the scripted guest makes.
struct ScriptedCall {
    var number: SystemCallNumber
    var arguments: [UInt64]
    /// What it must return, once, before anything is measured; nil: anything but an error.
    var result: UInt64?

    init(_ number: SystemCallNumber, _ arguments: UInt64..., result: UInt64? = nil) {
        self.number = number
        self.arguments = arguments
        self.result = result
    }

    var record: GuestCall {
        func value(_ i: Int) -> UInt64 { i < arguments.count ? arguments[i] : 0 }
        var call = GuestCall()
        call.number = UInt64(number.rawValue)
        call.arguments = (value(0), value(1), value(2), value(3), value(4), value(5))
        return call
    }
}

/// What is measured as one: calls that the guest makes in turn, over and over.
struct Kind {
    var name: String
    var calls: [ScriptedCall]
}

/// A guest whose instructions are a list: its memory is an array of ours, its calls arrive without any crossing.
/// What is counted is the Sentry's run loop and handlers, and nothing else.
@safe final class ScriptedContext: ExecutionContext, @unchecked Sendable {
    static let base: UInt64 = 0x10000
    static let size = 1 << 20

    private let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: ScriptedContext.size, alignment: 4096)
    private var kinds: [Kind] = []
    private var repetitions = 0
    private var batches = 0

    private var prepared: [GuestCall] = []
    private var kind = -1
    private var next = 0
    private var left = 0
    private var batch = 0
    private var started: UInt64 = 0
    private var best = UInt64.max
    private var results: [(name: String, nanoseconds: Double)] = []
    private let isCounted = marks_counts() != 0

    init() {
        super.init(AddressSpace())
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { unsafe bytes.deallocate() }

    /// - Parameter batches: the fastest is reported; under callgrind one is counted, after one that warms up.
    func script(_ kinds: [Kind], repetitions: Int, batches: Int) {
        self.kinds = kinds
        self.repetitions = repetitions
        self.batches = batches
    }

    override func bind() throws(Errno) {}

    override func run() -> GuestEvent {
        if next < prepared.count {
            arrive(inCall: true)
            call = prepared[next]
            next += 1
            return .systemCall
        }
        if left > 0 {
            left -= 1
            next = 0
            if !prepared.isEmpty {
                arrive(inCall: true)
                call = prepared[0]
                next = 1
                return .systemCall
            }
            return .interrupted
        }
        return turn()
    }

    /// The end of a batch.
    private func turn() -> GuestEvent {
        let now = HostClock.monotonic
        if kind >= 0 {
            if batch > 0 {
                best = min(best, now - started)
                if isCounted { unsafe "\(kinds[kind].name)\t\(repetitions)".withCString { unsafe marks_dump($0) } }
            }
            batch += 1
            if batch <= (isCounted ? 1 : batches) {
                begin()
                return .interrupted
            }
            results.append((kinds[kind].name, Double(best) / Double(repetitions)))
        }
        kind += 1
        if kind == kinds.count {
            if !isCounted { report() }
            exitProcess(0)
        }
        prepared = kinds[kind].calls.map(\.record)
        batch = 0
        best = .max
        begin()
        return .interrupted
    }

    private func begin() {
        left = repetitions
        next = prepared.count
        if isCounted { marks_zero() }
        started = HostClock.monotonic
    }

    private func report() {
        for result in results {
            let tenths = Int((result.nanoseconds * 10).rounded())
            try? HostFD(rawValue: 1).writeAll(Array("\(result.name)\t\(tenths / 10).\(tenths % 10)\n".utf8))
        }
    }

    // Memory.

    override func copyIn(_ address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let offset = address.rawValue &- Self.base
        if offset >= UInt64(Self.size) { return 0 }
        let count = min(buffer.count, Self.size - Int(offset))
        unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<(Int(offset) + count)]))
        return count
    }

    override func copyOut(_ address: GuestAddress, from buffer: UnsafeRawBufferPointer) -> Int {
        let offset = address.rawValue &- Self.base
        if offset >= UInt64(Self.size) { return 0 }
        let count = min(buffer.count, Self.size - Int(offset))
        unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[Int(offset)...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }
}

func exitProcess(_ status: Int32) -> Never {
    _ = try? hostCall(.exit_group, Int(status))
    fatalError()
}

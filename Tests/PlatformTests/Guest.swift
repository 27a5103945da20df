import HostOS
import LinuxABI
import Memory
import Platform
import Ptrace
import Systrap
import Testing

/// A stub with a little machine code in it, driven by the calling thread.
struct Guest {
    let context: ExecutionContext
    static let code: UInt64 = 0x40_0000
    static let data: UInt64 = 0x50_0000

    static let platforms = ["ptrace", "systrap"]
    private static let ptrace: Platform? = try? PtracePlatform.start()
    private static let systrap: Platform? = try? SystrapPlatform.start()

    /// - Parameter cgroups: cgroup.procs files.
    static func source(_ name: String, cgroups: [HostFD] = []) throws -> StubSource {
        guard let platform = name == "ptrace" ? ptrace : systrap else { throw Errno.ENOSYS }
        return try platform.makeSource(cgroups: cgroups)
    }

    /// Maps a page of code (readable, writable, executable) and four of data, and stands at the code's start.
    init(_ source: StubSource, _ code: [UInt8]) throws {
        context = try source.makeAddressSpace(for: [])
        try context.bind()
        _ = try context.nativeCall(.mmap, Guest.code, 4096, 7, 0x32, .max, 0)
        _ = try context.nativeCall(.mmap, Guest.data, 4 * 4096, 3, 0x32, .max, 0)
        try put(code)
    }

    func put(_ code: [UInt8]) throws {
        try context.store(array: code, at: GuestAddress(Guest.code))
        context.registers.rip = Guest.code
        context.registers.rsp = Guest.data + 0x4000
    }

    /// Runs up to the next event that is not an interrupt.
    func step() -> GuestEvent {
        while true {
            let event = context.run()
            if case .interrupted = event { continue }
            return event
        }
    }

    func expectCall(_ number: UInt64, sourceLocation: SourceLocation = #_sourceLocation) {
        let event = step()
        guard case .systemCall = event else {
            Issue.record("expected a system call, got \(event)", sourceLocation: sourceLocation)
            return
        }
        #expect(context.registers.origRax == number, sourceLocation: sourceLocation)
    }

    func expectFault(_ signal: Int32, code: Int32, address: UInt64? = nil,
                     sourceLocation: SourceLocation = #_sourceLocation) {
        let event = step()
        guard case .fault(let fault) = event else {
            Issue.record("expected a fault, got \(event)", sourceLocation: sourceLocation)
            return
        }
        #expect(fault.signal == signal, sourceLocation: sourceLocation)
        #expect(fault.code == code, sourceLocation: sourceLocation)
        if let address { #expect(fault.address == address, sourceLocation: sourceLocation) }
    }
}

/// mov $value, %rax
func loadRAX(_ value: UInt64) -> [UInt8] { [0x48, 0xb8] + bytes(value) }

func bytes(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) } }

let systemCall: [UInt8] = [0x0f, 0x05]

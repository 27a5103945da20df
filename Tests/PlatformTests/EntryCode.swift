import HostOS
import LinuxABI
import Memory
import Platform
import Stubs

/// Guest code that comes into the stub as rewritten code does, by a jump to its entry code, and the labels in it.
struct EntryCode {
    var bytes: [UInt8] = []
    private var fixes: [(at: Int, label: String)] = []
    private var labels: [String: Int] = [:]

    /// Where the entry's address stands in guest memory: `install` puts it there.
    static let pointer = Guest.data + 8

    mutating func add(_ code: [UInt8]) { bytes += code }

    mutating func label(_ name: String) { labels[name] = bytes.count }

    /// An opcode whose last part is a distance of 32 bits to a label.
    mutating func add(_ code: [UInt8], to label: String) {
        bytes += code + [0, 0, 0, 0]
        fixes.append((bytes.count, label))
    }

    /// mov $number, %eax; lea next(%rip), %rcx; mov %rcx, %r11; jmp *pointer
    mutating func call(_ number: UInt8, next: String) {
        add([0xb8, number, 0, 0, 0])
        add([0x48, 0x8d, 0x0d], to: next)
        add([0x49, 0x89, 0xcb, 0xff, 0x24, 0x25])
        add((0..<4).map { UInt8(truncatingIfNeeded: Self.pointer >> UInt64(8 * $0)) })
    }

    func address(_ label: String) -> UInt64 { Guest.code + UInt64(labels[label] ?? 0) }

    /// Puts the code into `guest`, which then stands at its beginning.
    func install(in guest: Guest) throws {
        var code = bytes
        for fix in fixes {
            let distance = UInt32(bitPattern: Int32((labels[fix.label] ?? 0) - fix.at))
            for i in 0..<4 { code[fix.at - 4 + i] = UInt8(truncatingIfNeeded: distance >> UInt32(8 * i)) }
        }
        try guest.put(code)
        try guest.context.store(StubLayout.entryCall, at: GuestAddress(Self.pointer))
    }

    /// Spins until the word at `Guest.data` is not 0; waits by futex(2) with the arguments that the registers hold; leaves the
    /// result in rbx and spins at "end", or calls getppid.
    static func wait(_ number: UInt8 = 202, callsBehind: Bool) -> EntryCode {
        var code = EntryCode()
        code.label("begin")
        // cmpl $0, Guest.data
        code.add([0x83, 0x3c, 0x25, 0x00, 0x00, 0x50, 0x00, 0x00])
        code.add([0x0f, 0x84], to: "begin")
        code.label("enter")
        code.call(number, next: "back")
        code.label("back")
        code.add([0x48, 0x89, 0xc3])
        if callsBehind { code.add([0xb8, 110, 0, 0, 0, 0x0f, 0x05]) }
        code.label("end")
        code.add([0xeb, 0xfe])
        return code
    }
}

/// Runs a guest on a thread of its own, once at a time, and hands its events over.
final class Runner: @unchecked Sendable {
    private let lock = Lock()
    private var event: GuestEvent?
    let context: ExecutionContext

    init(_ context: ExecutionContext) { self.context = context }

    func start() throws {
        lock.withLock { event = nil }
        try Thread.start {
            let event = self.context.run()
            self.lock.withLock { self.event = event }
        }
    }

    /// What has come; nil: nothing, though this thread has slept long enough for it, by its own turns: a machine that stood
    /// still for a while has given the guest no time either.
    func wait(seconds: Int = 20) -> GuestEvent? {
        for _ in 0..<(seconds * 1000) {
            if let event = lock.withLock({ event }) { return event }
            pause(milliseconds: 1)
        }
        return nil
    }

    /// How the stub's threads and those of this process stand, for who wonders why nothing has come.
    var standing: String {
        let stub = context.addressSpace.hostProcess
        var text = ""
        for process in ["\(stub)", "self"] {
            guard let threads = try? HostFD.currentDirectory.list("/proc/\(process)/task") else { continue }
            for thread in threads {
                text += "\n\(process)/\(thread):"
                for file in ["status", "wchan", "syscall"] {
                    let bytes = (try? HostFD.currentDirectory.readFile("/proc/\(process)/task/\(thread)/\(file)")) ?? []
                    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
                    let told = ["State", "TracerPid", "SigPnd", "ShdPnd", "SigBlk", "voluntary_ctxt_switches"]
                    for line in lines where file != "status" || told.contains(where: line.hasPrefix) { text += " " + line }
                }
            }
        }
        return text
    }
}

func pause(milliseconds: Int) { _ = try? hostCall(.poll, 0, 0, milliseconds) }

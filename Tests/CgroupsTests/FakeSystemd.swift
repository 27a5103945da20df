import DBus
import HostOS
import LinuxABI
@testable import Cgroups

/// The other end of a connection to systemd's manager: answers as it is told to and remembers what it was asked.
final class FakeSystemd: @unchecked Sendable {
    /// What happens when a method is called, besides its being remembered.
    enum Reaction {
        case answer([DBusValue])
        case fail(String, String)
        /// Makes a job. `early`: its end is told before the call is answered.
        case job(result: String, early: Bool = false)
        case hangUp
        case rubbish
        case silence
    }

    let near: HostFD
    private let far: HostFD
    private let reactions: [String: [Reaction]]
    /// Guards `calls`. Innermost.
    private let lock = Lock()
    private var made: [DBusMessage] = []
    private let end = Condition()
    private var isDone = false

    /// - Parameters:
    ///   - reactions: by method, for its first call, its second...; the last one stays.
    ///   - greeting: what it answers to the name that one gives.
    init(_ reactions: [String: [Reaction]], greeting: String = "OK 0123456789abcdef\r\n") throws {
        (near, far) = try HostFD.socketPair(type: 1 /* SOCK_STREAM */)
        self.reactions = reactions
        _ = try Thread.start { [self] in
            try? serve(greeting)
            far.close()
            lock.withLock {
                isDone = true
                end.wakeAll()
            }
        }
    }

    /// The calls, once the other side has closed the connection.
    func calls() -> [DBusMessage] {
        lock.withLock {
            while !isDone { _ = end.wait(lock) }
            return made
        }
    }

    private func read(_ count: Int) throws(Errno) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            var piece = [UInt8](repeating: 0, count: count - all.count)
            let n = try unsafe piece.withMutableBytes { (b) throws(Errno) in try unsafe far.read(into: b) }
            if n == 0 { throw .ECONNRESET }
            all += piece[..<n]
        }
        return all
    }

    private func line() throws(Errno) -> String {
        var line: [UInt8] = []
        while line.last != 10 { line += try read(1) }
        return String(decoding: line, as: UTF8.self)
    }

    private func serve(_ greeting: String) throws {
        let who = try line()
        guard who.hasPrefix("\0AUTH EXTERNAL ") else { return }
        try far.writeAll(Array(greeting.utf8))
        guard try line() == "BEGIN\r\n" else { return }
        var counts: [String: Int] = [:]
        var job = 0
        while true {
            let prefix = try read(DBusMessage.prefixLength)
            let call = try DBusMessage(parsing: prefix + read(DBusMessage.length(ofPrefix: prefix) - prefix.count))
            lock.withLock { made.append(call) }
            let list = reactions[call.member] ?? [.answer([])]
            let reaction = list[min(counts[call.member] ?? 0, list.count - 1)]
            counts[call.member, default: 0] += 1
            switch reaction {
            case .answer(let values): try reply(call, values)
            case .fail(let name, let text):
                var message = DBusMessage(.error, [.string(text)])
                (message.replySerial, message.errorName, message.serial) = (call.serial, name, 9)
                try far.writeAll(message.bytes)
            case .job(let result, let early):
                job += 1
                let path = "/org/freedesktop/systemd1/job/\(job)"
                // Everybody's jobs are told to everybody.
                try removed("/org/freedesktop/systemd1/job/900", "other.service", "failed")
                if early { try removed(path, "x", result) }
                try reply(call, [.objectPath(path)])
                try removed("/org/freedesktop/systemd1/job/901", "other.service", "timeout")
                if !early { try removed(path, "x", result) }
            case .hangUp: return
            case .rubbish: try far.writeAll(Array(repeating: 0x41, count: 64))
            case .silence: break
            }
        }
    }

    private func reply(_ call: DBusMessage, _ values: [DBusValue]) throws(Errno) {
        var message = DBusMessage(.reply, values)
        (message.replySerial, message.serial) = (call.serial, 7)
        try far.writeAll(message.bytes)
    }

    private func removed(_ path: String, _ unit: String, _ result: String) throws(Errno) {
        var message = DBusMessage(.signal, [.uint32(5), .objectPath(path), .string(unit), .string(result)])
        (message.path, message.interface, message.member) = ("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "JobRemoved")
        message.serial = 8
        try far.writeAll(message.bytes)
    }
}

public import HostOS
import LinuxABI

/// A connection to a bus, or to one service directly. For one thread at a time.
///
/// Our own few hundred lines rather than libdbus or libsystemd: neither exists as a static library in Debian, each is larger
/// than all of the shim, and one service is asked here for half a dozen things.
public final class DBusConnection {
    private let socket: HostFD
    private let patience: Int32
    private var lastSerial: UInt32 = 0
    private var received: [UInt8] = []
    /// Signals that arrived while something else was awaited, oldest first.
    private var signals: [DBusMessage] = []
    /// More unread signals than this are not kept: a bus that sends so many is not the one that we subscribed at.
    private static let maximumSignals = 4096

    /// Says who we are and begins (D-Bus Specification, "Authentication Protocol").
    ///
    /// - Parameters:
    ///   - socket: connected; closed with this object.
    ///   - patience: milliseconds that one answer may take.
    public init(owning socket: HostFD, patience: Int32 = 25_000) throws(DBusError) {
        self.socket = socket
        self.patience = patience
        let identity = Array("\(UserIdentity.effective.uid)".utf8).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
        try send(Array("\0AUTH EXTERNAL \(identity)\r\n".utf8))
        let answer = try line(deadline: deadline)
        guard answer.hasPrefix("OK ") else { throw DBusError("the bus does not let us in: \(answer)") }
        try send(Array("BEGIN\r\n".utf8))
    }

    deinit { socket.close() }

    private var deadline: UInt64 { HostClock.monotonic &+ UInt64(max(0, patience)) * 1_000_000 }

    /// Calls a method and waits for its answer.
    ///
    /// - Throws: with the error's name, when that is the answer.
    public func call(_ member: String, of interface: String, at path: String, destination: String,
                     _ arguments: [DBusValue] = []) throws(DBusError) -> [DBusValue] {
        var message = DBusMessage(.call, arguments)
        (message.member, message.interface, message.path, message.destination) = (member, interface, path, destination)
        lastSerial &+= 1
        message.serial = lastSerial
        try send(message.bytes)
        let end = deadline
        while true {
            let answer = try next(deadline: end)
            switch answer.kind {
            case .reply where answer.replySerial == lastSerial: return try answer.values()
            case .error where answer.replySerial == lastSerial: throw answer.asError
            case .signal: if signals.count < Self.maximumSignals { signals.append(answer) }
            default: break
            }
        }
    }

    /// Waits for a signal; others are passed over.
    public func signal(where isIt: (DBusMessage) -> Bool) throws(DBusError) -> DBusMessage {
        let end = deadline
        while true {
            let message = signals.isEmpty ? try next(deadline: end) : signals.removeFirst()
            if message.kind == .signal && isIt(message) { return message }
        }
    }

    private func send(_ bytes: [UInt8]) throws(DBusError) {
        var sent = 0
        while sent < bytes.count {
            do throws(Errno) { sent += try socket.send(bytes, from: sent) } catch {
                guard error == .EAGAIN, let ready = try? HostPoll.wait([(socket, .writable)], timeout: patience), !ready[0].isEmpty
                else { throw DBusError("writing to the bus: error \(error.rawValue)") }
            }
        }
    }

    private func next(deadline: UInt64) throws(DBusError) -> DBusMessage {
        while received.count < DBusMessage.prefixLength { try receive(deadline: deadline) }
        let length = try DBusMessage.length(ofPrefix: received)
        while received.count < length { try receive(deadline: deadline) }
        let message = try DBusMessage(parsing: Array(received[..<length]))
        received.removeFirst(length)
        return message
    }

    private func line(deadline: UInt64) throws(DBusError) -> String {
        while true {
            if let end = received.firstIndex(of: 10) {
                defer { received.removeFirst(end + 1) }
                return String(decoding: received[..<end].filter { $0 >= 0x20 }, as: UTF8.self)
            }
            if received.count > 4096 { throw DBusError("the bus answers rubbish") }
            try receive(deadline: deadline)
        }
    }

    private func receive(deadline: UInt64) throws(DBusError) {
        do throws(Errno) {
            let now = HostClock.monotonic
            let left = deadline > now ? Int32(clamping: (deadline - now + 999_999) / 1_000_000) : 0
            guard try !HostPoll.wait([(socket, .readable)], timeout: left)[0].isEmpty else { throw .ETIMEDOUT }
            var buffer = [UInt8](repeating: 0, count: 16384)
            let count = try unsafe buffer.withMutableBytes { (b) throws(Errno) in try unsafe socket.read(into: b) }
            if count == 0 { throw .ECONNRESET }
            received += buffer[..<count]
        } catch {
            switch error {
            case .ETIMEDOUT: throw DBusError("the bus does not answer (\(patience / 1000) s)")
            case .ECONNRESET: throw DBusError("the bus has closed the connection")
            default: throw DBusError("reading from the bus: error \(error.rawValue)")
            }
        }
    }
}

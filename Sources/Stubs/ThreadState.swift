public import HostOS

extension StubProcess {
    /// What a thread does on the host.
    public struct ThreadState {
        /// It runs, or would if it were let.
        public var isRunnable: Bool
        /// It waits for something that a signal would end.
        public var isAsleep: Bool
        /// Nanoseconds of processor time.
        public var user: UInt64
        public var system: UInt64
    }

    /// - Returns: nil when there is no such thread (any more).
    public final func state(of thread: Int32) -> ThreadState? {
        // proc(5), stat: behind the name come the state (field 3) and, as fields 14 and 15, the ticks of user and system time.
        guard let stat = try? hostProc("task/\(thread)/stat"), let name = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = stat[(name + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 12, let letter = fields[0].first, letter != UInt8(ascii: "Z"), letter != UInt8(ascii: "X") else {
            return nil
        }
        return ThreadState(isRunnable: letter == UInt8(ascii: "R"), isAsleep: letter == UInt8(ascii: "S"), user: Self.time(fields[11]), system: Self.time(fields[12]))
    }

    /// Whether a signal that was sent to a thread is still to come: it waits for the thread, which does not block it.
    public final func isToCome(_ signal: Int32, to thread: Int32) -> Bool {
        guard let status = try? hostProc("task/\(thread)/status") else { return false }
        // proc(5): masks in hexadecimal, the signal's bit is its number less one.
        var pending = false, blocked = false
        for line in status.split(separator: UInt8(ascii: "\n")) {
            let text = String(decoding: line, as: UTF8.self)
            guard text.hasPrefix("SigPnd:") || text.hasPrefix("SigBlk:"), let word = text.split(separator: "\t").last,
                  let mask = UInt64(word, radix: 16) else { continue }
            let isSet = mask >> UInt64(signal - 1) & 1 != 0
            if text.hasPrefix("SigPnd:") { pending = isSet } else { blocked = isSet }
        }
        return pending && !blocked
    }

    /// Ticks, of which there are a hundred in a second, as nanoseconds.
    static func time(_ field: ArraySlice<UInt8>) -> UInt64 {
        field.reduce(0) { $1 >= 48 && $1 <= 57 ? $0 &* 10 &+ UInt64($1 - 48) : $0 } &* 10_000_000
    }
}

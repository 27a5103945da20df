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
        return ThreadState(isRunnable: letter == UInt8(ascii: "R"), isAsleep: letter == UInt8(ascii: "S"),
                           user: Self.time(fields[11]), system: Self.time(fields[12]))
    }

    /// Whether a signal waits for the thread that it does not block: it will take it as soon as it runs.
    public final func willTake(_ signal: Int32, _ thread: Int32) -> Bool {
        guard let status = try? hostProc("task/\(thread)/status") else { return false }
        var (pending, blocked): (UInt64, UInt64) = (0, 0)
        for line in status.split(separator: UInt8(ascii: "\n")) {
            if line.starts(with: "SigPnd:".utf8) { pending = Self.mask(line) }
            if line.starts(with: "SigBlk:".utf8) { blocked = Self.mask(line) }
        }
        return pending & ~blocked & 1 << UInt64(signal - 1) != 0
    }

    /// A line's last word, which is hexadecimal.
    private static func mask(_ line: ArraySlice<UInt8>) -> UInt64 {
        UInt64(String(decoding: line.suffix(16), as: UTF8.self), radix: 16) ?? 0
    }

    /// Ticks, of which there are a hundred in a second, as nanoseconds.
    static func time(_ field: ArraySlice<UInt8>) -> UInt64 {
        field.reduce(0) { $1 >= 48 && $1 <= 57 ? $0 &* 10 &+ UInt64($1 - 48) : $0 } &* 10_000_000
    }
}

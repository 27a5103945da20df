public import HostOS

extension StubProcess {
    /// What a thread does on the host.
    public struct ThreadState {
        /// It runs, or would if it were let.
        public var isRunnable: Bool
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
        return ThreadState(isRunnable: letter == UInt8(ascii: "R"), user: Self.time(fields[11]), system: Self.time(fields[12]))
    }

    /// Ticks, of which there are a hundred in a second, as nanoseconds.
    static func time(_ field: ArraySlice<UInt8>) -> UInt64 {
        field.reduce(0) { $1 >= 48 && $1 <= 57 ? $0 &* 10 &+ UInt64($1 - 48) : $0 } &* 10_000_000
    }
}

import HostOS
import Kernel
import LinuxABI

/// `cloister debug syscalls`.
enum CallReport {
    /// Per call: how often, how many failed, how long they took, how they were intercepted. Counting begins
    /// with the first question.
    static func text(_ kernel: Kernel) -> String {
        let began = kernel.countCalls()
        let rows = kernel.callStatistics().filter { $0.calls > 0 || $0.unseen.answered > 0 || $0.unseen.native > 0 }
            .sorted { ($0.nanoseconds, $0.calls) > ($1.nanoseconds, $1.calls) }
        var text = began ? "counting begins now; ask again for what has been called since\n" : ""
        if rows.isEmpty { return text }
        text += row(["CALL", "CALLS", "ERRORS", "TOTAL ms", "EACH us", "TRAPPED", "REWRITTEN", "IN STUB", "NATIVE"])
        var sum = CallStatistics(number: -1)
        for statistics in rows {
            let name = SystemCallNumber(rawValue: statistics.number).name.map { "\($0)" } ?? "\(statistics.number)"
            text += line(name, statistics)
            sum.calls &+= statistics.calls
            sum.errors &+= statistics.errors
            sum.nanoseconds &+= statistics.nanoseconds
            sum.rewritten &+= statistics.rewritten
            sum.unseen.answered &+= statistics.unseen.answered
            sum.unseen.native &+= statistics.unseen.native
        }
        return text + line("total", sum)
    }

    private static func line(_ name: String, _ s: CallStatistics) -> String {
        let each = s.calls == 0 ? 0 : s.nanoseconds / s.calls
        return row([name, "\(s.calls)", "\(s.errors)", thousandths(s.nanoseconds / 1000), thousandths(each),
                    "\(s.calls &- min(s.rewritten, s.calls))", "\(s.rewritten)", "\(s.unseen.answered)", "\(s.unseen.native)"])
    }

    /// "12.345".
    private static func thousandths(_ value: UInt64) -> String {
        let rest = "\(value % 1000)"
        return "\(value / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }

    private static func row(_ fields: [String]) -> String {
        var text = fields[0] + String(repeating: " ", count: max(1, 20 - fields[0].utf8.count))
        for field in fields.dropFirst() { text += String(repeating: " ", count: max(1, 11 - field.utf8.count)) + field }
        return text + "\n"
    }
}

/// Signals by the names that people type.
public enum SignalName {
    private static let names = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
        "PWR", "SYS",
    ]

    /// The number of "9", "KILL", "SIGKILL", "RTMIN+1", in any case.
    public static func number(_ text: String) throws(RuntimeError) -> UInt32 {
        let upper = text.uppercased()
        let plain = upper.hasPrefix("-") ? String(upper.dropFirst()) : upper
        let bare = plain.hasPrefix("SIG") ? String(plain.dropFirst(3)) : plain
        var number = UInt32(bare)
        if let index = names.firstIndex(of: bare) { number = UInt32(index + 1) }
        switch bare {
        case "IOT": number = 6
        case "POLL": number = 29
        case "RTMIN": number = 34
        case "RTMAX": number = 64
        default:
            if bare.hasPrefix("RTMIN+"), let offset = UInt32(bare.dropFirst(6)) { number = 34 + min(offset, 100) }
            if bare.hasPrefix("RTMAX-"), let offset = UInt32(bare.dropFirst(6)), offset <= 30 { number = 64 - offset }
        }
        guard let number, number <= 64 else { throw RuntimeError(.invalidArgument, "unknown signal \"\(text)\"") }
        return number
    }
}

import LinuxABI

/// A line of the call log under construction: bytes, for guests' strings need not be text.
struct LogLine {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(160) }

    mutating func put(_ text: StaticString) {
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func put(_ number: some BinaryInteger) { put(String(number)) }

    /// "0x2a"; zero is "0".
    mutating func put(hex number: UInt64) { put(number == 0 ? "0" : "0x" + String(number, radix: 16)) }

    /// "0644".
    mutating func put(octal number: UInt64) { put(number == 0 ? "000" : "0" + String(number, radix: 8)) }

    mutating func put(pointer: UInt64) { if pointer == 0 { put("NULL") } else { put(hex: pointer) } }

    /// Fills up to `column` with spaces.
    mutating func pad(to column: Int) { while bytes.count < column { bytes.append(0x20) } }

    /// A string as C writes it; what cannot be printed in octal.
    ///
    /// - Parameter isCut: there is more of it.
    mutating func put(quoted string: some Sequence<UInt8>, isCut: Bool) {
        bytes.append(0x22)
        var iterator = string.makeIterator()
        var next = iterator.next()
        while let byte = next {
            next = iterator.next()
            switch byte {
            case 0x22: put("\\\"")
            case 0x5c: put("\\\\")
            case 0x09: put("\\t")
            case 0x0a: put("\\n")
            case 0x0b: put("\\v")
            case 0x0c: put("\\f")
            case 0x0d: put("\\r")
            case 0x20..<0x7f: bytes.append(byte)
            default:
                let digits = String(byte, radix: 8)
                put("\\")
                // A digit behind it would be read as part of the number.
                if let next, next >= 0x30, next < 0x38 { for _ in digits.utf8.count..<3 { put("0") } }
                put(digits)
            }
        }
        bytes.append(0x22)
        if isCut { put("...") }
    }

    /// Names of the bits that are set, what has no name in hexadecimal.
    mutating func put(_ value: UInt64, of names: ValueNames) {
        if names.isSet {
            var rest = value
            var isFirst = true
            if names.mask != 0 {
                let low = value & names.mask
                put(names.name(low) ?? hexText(low))
                rest &= ~names.mask
                isFirst = false
            }
            for (bit, name) in names.values where bit & ~names.mask != 0 && rest & bit == bit {
                if !isFirst { put("|") }
                put(name)
                isFirst = false
                rest &= ~bit
            }
            if rest != 0 {
                if !isFirst { put("|") }
                put(hex: rest)
            } else if isFirst {
                put(names.name(0) ?? "0")
            }
        } else {
            put(names.name(value) ?? hexText(value))
        }
    }

    private func hexText(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

    /// "[INT USR1]", or with the names that are missing, "~[KILL STOP]", as strace writes signal sets.
    mutating func put(_ set: SignalSet) {
        let count = set.rawValue.nonzeroBitCount
        let inverted = count > 32
        var rest = inverted ? SignalSet(rawValue: ~set.rawValue) : set
        if inverted { put("~") }
        put("[")
        var isFirst = true
        while let signal = rest.first {
            rest.subtract(SignalSet(signal))
            if !isFirst { put(" ") }
            isFirst = false
            put(String(Signal.name(signal).utf8.dropFirst(3)) ?? "")
        }
        put("]")
    }
}

extension Signal {
    /// "SIGINT", "SIGRT_2".
    static func name(_ signal: Int32) -> String {
        let names = ["HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
                     "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
                     "WINCH", "IO", "PWR", "SYS"]
        if signal >= 1, signal <= 31 { return "SIG" + names[Int(signal) - 1] }
        return signal == 32 ? "SIGRTMIN" : "SIGRT_\(signal - 32)"
    }
}

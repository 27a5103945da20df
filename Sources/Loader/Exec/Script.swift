import LinuxABI

/// The first line of a script: "#!interpreter [argument]" (execve(2)).
struct ScriptLine {
    let interpreter: [UInt8]
    let argument: [UInt8]?

    /// Bytes of a file that are looked at (BINPRM_BUF_SIZE).
    static let length = 256

    static func isScript(_ start: [UInt8]) -> Bool { start.starts(with: [0x23, 0x21]) }

    /// - Throws: ENOEXEC for a line without an interpreter, or whose interpreter's name was cut off.
    init(_ start: [UInt8]) throws(Errno) {
        let bytes = start.prefix(Self.length).dropFirst(2)
        let end = bytes.firstIndex { $0 == 0x0a || $0 == 0 }
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let line = bytes[..<(end ?? bytes.endIndex)].drop(while: isBlank)
        let nameEnd = line.firstIndex(where: isBlank) ?? line.endIndex
        guard nameEnd > line.startIndex, end != nil || start.count < Self.length || nameEnd < line.endIndex else { throw .ENOEXEC }
        interpreter = Array(line[..<nameEnd])
        var rest = line[nameEnd...].drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        argument = rest.isEmpty ? nil : Array(rest)
    }
}

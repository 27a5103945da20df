import HostOS
import LinuxABI
import Memory
import Platform

/// Arguments and environment of a program, as bytes without their NUL.
public struct ProgramStrings: Sendable {
    public var arguments: [[UInt8]]
    public var environment: [[UInt8]]

    public init(arguments: [[UInt8]], environment: [[UInt8]]) {
        self.arguments = arguments
        self.environment = environment
    }

    /// The longest single string, with its NUL (MAX_ARG_STRLEN).
    public static let maximumLength = 131_072

    /// - Parameter stackLimit: RLIMIT_STACK: a quarter of it is for strings, between 128 KiB and 6 MiB.
    /// - Throws: E2BIG.
    func check(stackLimit: UInt64) throws(Errno) {
        let room = min(max(stackLimit / 4, 131_072), 6 << 20)
        var total: UInt64 = 0
        for string in arguments {
            if string.count >= Self.maximumLength { throw .E2BIG }
            total += UInt64(string.count) + 9
        }
        for string in environment {
            if string.count >= Self.maximumLength { throw .E2BIG }
            total += UInt64(string.count) + 9
        }
        if total > room { throw .E2BIG }
    }
}

/// The stack on which a program starts: argument count, pointers, auxiliary vector, strings.
struct InitialStack {
    /// What lies between `stackPointer` and the stack's top.
    private(set) var bytes: [UInt8] = []
    private(set) var stackPointer: UInt64 = 0
    private(set) var argumentsStart: UInt64 = 0, argumentsEnd: UInt64 = 0
    private(set) var environmentStart: UInt64 = 0, environmentEnd: UInt64 = 0
    private(set) var auxiliaryVector: [UInt64] = []

    private static let AT_PLATFORM: UInt64 = 15
    private static let AT_RANDOM: UInt64 = 25
    private static let AT_EXECFN: UInt64 = 31

    /// - Parameters:
    ///   - top: where the stack ends, a page's start.
    ///   - values: the auxiliary vector but for what points into the stack and AT_NULL.
    ///   - random: 16 bytes.
    init(top: UInt64, strings: ProgramStrings, fileName: [UInt8], values: [(UInt64, UInt64)], random: [UInt8]) {
        // From the top down: 8 zero bytes, the file name, environment, arguments, platform, random bytes, then the words.
        var text: [UInt8] = []
        func append(_ string: [UInt8]) -> UInt64 {
            let at = UInt64(text.count)
            text += string
            text.append(0)
            return at
        }
        let platform = append(Array("x86_64".utf8))
        let randomAt = UInt64(text.count)
        text += random
        let argumentsAt = UInt64(text.count)
        let argumentOffsets = strings.arguments.map(append)
        let environmentAt = UInt64(text.count)
        let environmentOffsets = strings.environment.map(append)
        let environmentStop = UInt64(text.count)
        let nameAt = append(fileName)
        text += [UInt8](repeating: 0, count: 8)
        let textStart = (top &- UInt64(text.count)) & ~15

        auxiliaryVector = values.flatMap { [$0.0, $0.1] }
        auxiliaryVector += [Self.AT_RANDOM, textStart &+ randomAt, Self.AT_EXECFN, textStart &+ nameAt,
                            Self.AT_PLATFORM, textStart &+ platform, 0, 0]
        var words: [UInt64] = [UInt64(strings.arguments.count)]
        words += argumentOffsets.map { textStart &+ $0 }
        words.append(0)
        words += environmentOffsets.map { textStart &+ $0 }
        words.append(0)
        words += auxiliaryVector
        stackPointer = (textStart &- UInt64(words.count) * 8) & ~15

        bytes.reserveCapacity(Int(top &- stackPointer))
        for word in words { for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * shift))) } }
        bytes += [UInt8](repeating: 0, count: Int(textStart &- stackPointer) - bytes.count)
        bytes += text
        argumentsStart = textStart &+ argumentsAt
        argumentsEnd = textStart &+ environmentAt
        environmentStart = argumentsEnd
        environmentEnd = textStart &+ environmentStop
    }
}

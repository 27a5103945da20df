import LinuxABI
import Memory

/// Writes a call as strace(1) does: "openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3". On the calling task's own thread:
/// `begin` before the call, for what it reads; `end` behind it, for what it fills in.
struct CallFormatter {
    /// Of a string or buffer.
    private static let longest = 32

    private let arguments: SystemCallArguments
    private let kinds: [ArgumentKind]
    private let signature: CallSignature?
    private(set) var line = LogLine()
    /// The first argument that has not been written: it is filled in by the call.
    private var next = 0

    init(pid: Int32, number: Int, _ arguments: SystemCallArguments) {
        self.arguments = arguments
        signature = CallSignature.of(number)
        kinds = signature?.arguments ?? .init(repeating: .hex, count: 6)
        line.put(pid)
        line.pad(to: 5)
        line.put(" ")
        if let name = SystemCallNumber(rawValue: number).name { line.put(name) } else { line.put("syscall_\(number)") }
        line.put("(")
    }

    /// Writes the arguments up to the first that the call fills in; what is read behind that one stays as it was.
    mutating func begin(_ memory: GuestMemory) {
        while next < kinds.count, !kinds[next].isFilledIn {
            put(next, result: nil, memory)
            next += 1
        }
    }

    /// The rest and the result.
    ///
    /// - Parameter rax: nil when the call does not return.
    mutating func end(_ memory: GuestMemory, rax: UInt64?) {
        while next < kinds.count {
            put(next, result: rax, memory)
            next += 1
        }
        line.put(")")
        line.pad(to: 40)
        line.put(" = ")
        guard let rax else { return line.put("?") }
        let signed = Int64(bitPattern: rax)
        if signed < 0, signed >= -4095 {
            let error = Errno(rawValue: Int32(-signed))
            if error.isRestart {
                line.put("? ERESTART\(error == .ERESTARTSYS ? "SYS" : error == .ERESTARTNOINTR ? "NOINTR" : error == .ERESTARTNOHAND ? "NOHAND" : "_RESTARTBLOCK") (To be restarted)")
            } else {
                line.put("-1 \(error.description) (\(error.message))")
            }
        } else if signature?.returnsPointer ?? false {
            line.put(pointer: rax)
        } else if signature == nil, rax > 0xffff {
            line.put(hex: rax)
        } else {
            line.put(signed)
        }
    }

    /// The rest, for a call that is still under way.
    mutating func endUnanswered() {
        while next < kinds.count {
            if next > 0 { line.put(", ") }
            line.put(pointer: arguments[next])
            next += 1
        }
        line.put(")")
    }

    private mutating func put(_ index: Int, result: UInt64?, _ memory: GuestMemory) {
        // open's mode only counts when a file is made.
        if case .openMode = kinds[index] {
            if arguments[index - 1] & 0o100 == 0, arguments[index - 1] & 0o20200000 != 0o20200000 { return }
            line.put(", ")
            return line.put(octal: arguments[index] & 0o7777)
        }
        if index > 0 { line.put(", ") }
        let value = arguments[index]
        let failed = result.map { Int64(bitPattern: $0) < 0 } ?? true
        if kinds[index].isPointer, value == 0 { return line.put("NULL") }
        if kinds[index].isFilledIn, failed { return line.put(pointer: value) }
        switch kinds[index] {
        case .int, .descriptor: line.put(arguments.int(index))
        case .unsigned: line.put(value)
        case .long: line.put(Int64(bitPattern: value))
        case .hex: line.put(hex: value)
        case .pointer: line.put(pointer: value)
        case .directory: if arguments.int(index) == -100 { line.put("AT_FDCWD") } else { line.put(arguments.int(index)) }
        case .mode, .openMode: line.put(octal: value & 0o177777)
        case .signal: putSignal(arguments.int(index))
        case .values(let names): line.put(names.isSet || value >> 32 == 0 ? value : value & 0xffff_ffff, of: names)
        case .futexValue: line.put(arguments.int(index))
        case .fcntlArgument: putControlArgument(index)
        default:
            let before = line
            do throws(Errno) { try putMemory(kinds[index], index, result ?? 0, memory) } catch {
                line = before
                line.put(pointer: value)
            }
        }
    }

    private mutating func putSignal(_ signal: Int32) {
        if Signal.isValid(signal) { line.put(Signal.name(signal)) } else { line.put(signal) }
    }

    private mutating func putControlArgument(_ index: Int) {
        switch arguments.int(index - 1) {
        case 1, 3, 9, 11, 1025, 1032, 1034: line.put("0")
        case 2: line.put(arguments[index] == 1 ? "FD_CLOEXEC" : "\(arguments[index])")
        case 4: line.put(arguments[index], of: .open)
        case 0, 1030, 8, 10, 1031: line.put(arguments.int(index))
        default: line.put(pointer: arguments[index])
        }
    }
}

extension CallFormatter {
    /// What lies in memory.
    private mutating func putMemory(_ kind: ArgumentKind, _ index: Int, _ result: UInt64, _ memory: GuestMemory) throws(Errno) {
        let value = arguments[index], place = GuestAddress(value)
        func word(_ at: UInt64) throws(Errno) -> UInt64 { try memory.load(GuestAddress(value &+ at)) }
        func half(_ at: UInt64) throws(Errno) -> UInt32 { try memory.load(GuestAddress(value &+ at)) }
        switch kind {
        case .string: try putString(value, memory, longest: 4096)
        case .strings: try putStrings(value, memory)
        case .input(let length): try putBytes(value, arguments[length], memory)
        case .output: try putBytes(value, result, memory)
        case .set, .setOut: line.put(SignalSet(rawValue: try memory.load(place)))
        case .action, .actionOut:
            let action = try memory.load(place, as: SignalAction.self)
            line.put("{sa_handler=")
            line.put(action.handler == 0 ? "SIG_DFL" : action.handler == 1 ? "SIG_IGN" : "0x" + String(action.handler, radix: 16))
            line.put(", sa_mask=")
            line.put(action.mask)
            line.put(", sa_flags=")
            line.put(action.flags, of: .actionFlags)
            line.put("}")
        case .time, .timeOut: try putTime(value, memory)
        case .times:
            line.put("[")
            try putTime(value, memory)
            line.put(", ")
            try putTime(value &+ 16, memory)
            line.put("]")
        case .status: try putStatus(mode: half(24), size: word(48))
        case .statxOut: try putStatus(mode: half(28) & 0xffff, size: word(40))
        case .waitStatus: try putWaitStatus(half(0))
        case .pair: line.put("[\(Int32(bitPattern: try half(0))), \(Int32(bitPattern: try half(4)))]")
        case .intPointer, .intOut: line.put("[\(Int32(bitPattern: try half(0)))]")
        case .longOut: line.put("[\(try word(0))]")
        case .limit, .limitOut:
            func limit(_ v: UInt64) -> String { v == .max ? "RLIM64_INFINITY" : "\(v)" }
            line.put("{rlim_cur=\(limit(try word(0))), rlim_max=\(limit(try word(8)))}")
        case .polled, .pollResult: try putPolled(value, count: arguments[index + 1], memory)
        case .epollEvent: try putEpollEvents(value, count: 1, memory)
        case .epollResult:
            line.put("[")
            try putEpollEvents(value, count: result, memory)
            line.put("]")
        case .address(let length): try putSocketAddress(value, length: arguments[length], memory)
        case .addressOut:
            let length = try memory.load(GuestAddress(arguments[index + 1]), as: UInt32.self)
            try putSocketAddress(value, length: UInt64(length), memory)
        case .vectors: try putVectors(value, count: arguments[index + 1], limit: .max, memory)
        case .vectorsOut: try putVectors(value, count: arguments[index + 1], limit: result, memory)
        case .message, .messageOut:
            var limit = UInt64.max
            if case .messageOut = kind { limit = result }
            line.put("{msg_name=")
            if try word(0) == 0 { line.put("NULL") } else { try putSocketAddress(word(0), length: UInt64(half(8)), memory) }
            line.put(", msg_iov=")
            try putVectors(word(16), count: word(24), limit: limit, memory)
            line.put(", msg_controllen=\(try word(40)), msg_flags=")
            line.put(UInt64(try half(48)), of: .message)
            line.put("}")
        case .cloneArguments:
            line.put("{flags=")
            line.put(try word(0), of: .clone)
            line.put(", exit_signal=")
            putSignal(Int32(truncatingIfNeeded: try word(32)))
            line.put(", stack=")
            line.put(pointer: try word(40))
            line.put(", stack_size=")
            line.put(hex: try word(48))
            line.put("}")
        default: line.put(pointer: value)
        }
    }

    private mutating func putString(_ at: UInt64, _ memory: GuestMemory, longest: Int) throws(Errno) {
        let text = try memory.loadCString(GuestAddress(at), limit: longest + 1)
        line.put(quoted: text, isCut: false)
    }

    private mutating func putStrings(_ at: UInt64, _ memory: GuestMemory) throws(Errno) {
        line.put("[")
        for index in UInt64(0)..<33 {
            let place: UInt64 = try memory.load(GuestAddress(at &+ index &* 8))
            if place == 0 { break }
            if index > 0 { line.put(", ") }
            if index == 32 {
                line.put("...")
                break
            }
            let text = try memory.loadCString(GuestAddress(place), limit: 131_072)
            line.put(quoted: text.prefix(Self.longest), isCut: text.count > Self.longest)
        }
        line.put("]")
    }

    private mutating func putBytes(_ at: UInt64, _ count: UInt64, _ memory: GuestMemory) throws(Errno) {
        let shown = try memory.loadBytes(GuestAddress(at), count: Int(min(count, UInt64(Self.longest))))
        line.put(quoted: shown, isCut: count > UInt64(Self.longest))
    }

    private mutating func putTime(_ at: UInt64, _ memory: GuestMemory) throws(Errno) {
        let time = try memory.loadArray(GuestAddress(at), count: 2, as: Int64.self)
        line.put("{tv_sec=\(time[0]), tv_nsec=")
        line.put(time[1] == 0x3fff_ffff ? "UTIME_NOW" : time[1] == 0x3fff_fffe ? "UTIME_OMIT" : "\(time[1])")
        line.put("}")
    }

    private mutating func putStatus(mode: UInt32, size: UInt64) {
        let types: [UInt32: String] = [1: "S_IFIFO", 2: "S_IFCHR", 4: "S_IFDIR", 6: "S_IFBLK", 8: "S_IFREG", 10: "S_IFLNK", 12: "S_IFSOCK"]
        line.put("{st_mode=\(types[mode >> 12] ?? "0")|")
        line.put(octal: UInt64(mode & 0o7777))
        line.put(", st_size=\(size), ...}")
    }

    private mutating func putWaitStatus(_ status: UInt32) {
        let word = Int32(bitPattern: status)
        if word == 0xffff { return line.put("[{WIFCONTINUED(s)}]") }
        if word & 0xff == 0x7f {
            line.put("[{WIFSTOPPED(s) && WSTOPSIG(s) == ")
            let signal = word >> 8 & 0xff
            line.put(signal == 0x85 ? "SIGTRAP | 0x80" : Signal.isValid(signal) ? Signal.name(signal) : "\(signal)")
            line.put("}")
            if word >> 16 != 0 { line.put(", event \(word >> 16)") }
            return line.put("]")
        }
        if word & 0x7f == 0 { return line.put("[{WIFEXITED(s) && WEXITSTATUS(s) == \(word >> 8 & 0xff)}]") }
        line.put("[{WIFSIGNALED(s) && WTERMSIG(s) == \(Signal.name(word & 0x7f))\(word & 0x80 != 0 ? " && WCOREDUMP(s)" : "")}]")
    }

    private mutating func putPolled(_ at: UInt64, count: UInt64, _ memory: GuestMemory) throws(Errno) {
        line.put("[")
        for index in 0..<min(count, 32) {
            let entry: UInt64 = try memory.load(GuestAddress(at &+ index &* 8))
            line.put(index == 0 ? "" : ", ")
            line.put("{fd=\(Int32(truncatingIfNeeded: entry)), events=")
            line.put(entry >> 32 & 0xffff, of: .pollEvents)
            line.put("}")
        }
        line.put(count > 32 ? ", ...]" : "]")
    }

    private mutating func putEpollEvents(_ at: UInt64, count: UInt64, _ memory: GuestMemory) throws(Errno) {
        for index in 0..<min(count, 32) {
            let place = at &+ index &* 12
            if index > 0 { line.put(", ") }
            line.put("{events=")
            line.put(UInt64(try memory.load(GuestAddress(place), as: UInt32.self)), of: .epollEvents)
            line.put(", data=")
            line.put(hex: try memory.load(GuestAddress(place &+ 4)))
            line.put("}")
        }
    }

    private mutating func putVectors(_ at: UInt64, count: UInt64, limit: UInt64, _ memory: GuestMemory) throws(Errno) {
        line.put("[")
        var left = limit
        for index in 0..<min(count, 32) {
            let vector = try memory.loadArray(GuestAddress(at &+ index &* 16), count: 2, as: UInt64.self)
            if index > 0 { line.put(", ") }
            line.put("{iov_base=")
            try putBytes(vector[0], min(vector[1], left), memory)
            left &-= min(vector[1], left)
            line.put(", iov_len=\(vector[1])}")
        }
        line.put(count > 32 ? ", ...]" : "]")
    }

    private mutating func putSocketAddress(_ at: UInt64, length: UInt64, _ memory: GuestMemory) throws(Errno) {
        let bytes = try memory.loadBytes(GuestAddress(at), count: Int(min(length, 128)))
        if bytes.count < 2 { return line.put(pointer: at) }
        let family = UInt64(bytes[0]) | UInt64(bytes[1]) << 8
        line.put("{sa_family=")
        line.put(family, of: .socketFamily)
        switch family {
        case 1 where bytes.count > 2:
            line.put(", sun_path=")
            if bytes[2] == 0 {
                line.put("@")
                line.put(quoted: bytes.dropFirst(3), isCut: false)
            } else {
                line.put(quoted: bytes.dropFirst(2).prefix { $0 != 0 }, isCut: false)
            }
        case 2 where bytes.count >= 8:
            line.put(", sin_port=htons(\(UInt16(bytes[2]) << 8 | UInt16(bytes[3]))), sin_addr=inet_addr(\"")
            line.put("\(bytes[4]).\(bytes[5]).\(bytes[6]).\(bytes[7])\")")
        case 10 where bytes.count >= 24:
            line.put(", sin6_port=htons(\(UInt16(bytes[2]) << 8 | UInt16(bytes[3]))), sin6_addr=")
            for index in 0..<8 {
                line.put(index == 0 ? "" : ":")
                line.put(String(UInt16(bytes[8 + index * 2]) << 8 | UInt16(bytes[9 + index * 2]), radix: 16))
            }
        default: break
        }
        line.put("}")
    }
}

extension ArgumentKind {
    /// The call writes it.
    var isFilledIn: Bool {
        switch self {
        case .output, .setOut, .actionOut, .timeOut, .status, .waitStatus, .statxOut, .epollResult, .addressOut, .vectorsOut,
             .messageOut, .pair, .limitOut, .intOut, .longOut: true
        default: false
        }
    }

    var isPointer: Bool {
        switch self {
        case .int, .unsigned, .long, .hex, .descriptor, .directory, .mode, .signal, .values, .openMode, .fcntlArgument, .futexValue: false
        default: true
        }
    }
}

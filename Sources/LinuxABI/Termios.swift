/// struct termios2 of asm-generic/termbits.h (termios(3)): how a terminal treats what passes through it.
public struct Termios: Equatable, Sendable {
    public var input: InputModes
    public var output: OutputModes
    /// c_cflag: speed, character size. A pseudo-terminal keeps it and does nothing with it.
    public var control: UInt32
    public var local: LocalModes
    /// c_line: 0, N_TTY.
    public var line: UInt8
    /// c_cc, indexed by `ControlCharacter`.
    public var characters: [UInt8]
    public var inputSpeed: UInt32
    public var outputSpeed: UInt32

    /// c_cc's length.
    public static var characterCount: Int { 19 }

    /// What a new terminal has: the keyboard's usual editing, carriage returns translated.
    public static var initial: Termios {
        var characters: [UInt8] = [0x03, 0x1c, 0x7f, 0x15, 0x04, 0, 1, 0, 0x11, 0x13, 0x1a, 0, 0x12, 0x0f, 0x17, 0x16, 0]
        characters.append(contentsOf: [0, 0])
        return Termios(input: [.ICRNL, .IXON], output: [.OPOST, .ONLCR], control: 0xbf /* B38400, CS8, CREAD */,
                       local: [.ISIG, .ICANON, .ECHO, .ECHOE, .ECHOK, .ECHOCTL, .ECHOKE, .IEXTEN], line: 0,
                       characters: characters, inputSpeed: 38400, outputSpeed: 38400)
    }

    public init(input: InputModes, output: OutputModes, control: UInt32, local: LocalModes, line: UInt8,
                characters: [UInt8], inputSpeed: UInt32, outputSpeed: UInt32) {
        self.input = input
        self.output = output
        self.control = control
        self.local = local
        self.line = line
        self.characters = characters
        self.inputSpeed = inputSpeed
        self.outputSpeed = outputSpeed
    }

    @inlinable public subscript(_ c: ControlCharacter) -> UInt8 {
        get { c.rawValue < characters.count ? characters[c.rawValue] : 0 }
        set { if c.rawValue < characters.count { characters[c.rawValue] = newValue } }
    }
}

/// Indices into c_cc.
public enum ControlCharacter: Int, Sendable {
    case VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSWTC, VSTART, VSTOP, VSUSP, VEOL, VREPRINT, VDISCARD, VWERASE,
         VLNEXT, VEOL2
}

/// c_iflag.
public struct InputModes: OptionSet, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let IGNBRK = Self(rawValue: 0x1)
    public static let BRKINT = Self(rawValue: 0x2)
    public static let IGNPAR = Self(rawValue: 0x4)
    public static let PARMRK = Self(rawValue: 0x8)
    public static let INPCK = Self(rawValue: 0x10)
    public static let ISTRIP = Self(rawValue: 0x20)
    public static let INLCR = Self(rawValue: 0x40)
    public static let IGNCR = Self(rawValue: 0x80)
    public static let ICRNL = Self(rawValue: 0x100)
    public static let IUCLC = Self(rawValue: 0x200)
    public static let IXON = Self(rawValue: 0x400)
    public static let IXANY = Self(rawValue: 0x800)
    public static let IXOFF = Self(rawValue: 0x1000)
    public static let IMAXBEL = Self(rawValue: 0x2000)
    public static let IUTF8 = Self(rawValue: 0x4000)
}

/// c_oflag.
public struct OutputModes: OptionSet, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let OPOST = Self(rawValue: 0x1)
    public static let OLCUC = Self(rawValue: 0x2)
    public static let ONLCR = Self(rawValue: 0x4)
    public static let OCRNL = Self(rawValue: 0x8)
    public static let ONOCR = Self(rawValue: 0x10)
    public static let ONLRET = Self(rawValue: 0x20)
    /// TABDLY's TAB3: tabs become spaces.
    public static let XTABS = Self(rawValue: 0x1800)
}

/// c_lflag.
public struct LocalModes: OptionSet, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let ISIG = Self(rawValue: 0x1)
    public static let ICANON = Self(rawValue: 0x2)
    public static let ECHO = Self(rawValue: 0x8)
    public static let ECHOE = Self(rawValue: 0x10)
    public static let ECHOK = Self(rawValue: 0x20)
    public static let ECHONL = Self(rawValue: 0x40)
    public static let NOFLSH = Self(rawValue: 0x80)
    public static let TOSTOP = Self(rawValue: 0x100)
    public static let ECHOCTL = Self(rawValue: 0x200)
    public static let ECHOPRT = Self(rawValue: 0x400)
    public static let ECHOKE = Self(rawValue: 0x800)
    public static let IEXTEN = Self(rawValue: 0x8000)
    public static let EXTPROC = Self(rawValue: 0x10000)
}

extension Termios {
    /// Bytes of struct termios (without speeds) and struct termios2.
    public static var byteCount: Int { 36 }
    public static var byteCount2: Int { 44 }

    /// The structure's bytes, `byteCount2` of them; struct termios is their beginning.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount2)
        func put(_ word: UInt32) { for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) } }
        put(input.rawValue)
        put(output.rawValue)
        put(control)
        put(local.rawValue)
        bytes.append(line)
        for i in 0..<Self.characterCount { bytes.append(i < characters.count ? characters[i] : 0) }
        put(inputSpeed)
        put(outputSpeed)
        return bytes
    }

    /// - Parameter bytes: at least `byteCount`; speeds are taken from `old` when they are not there.
    public init?(encoded bytes: [UInt8], changing old: Termios) {
        guard bytes.count >= Self.byteCount else { return nil }
        func word(_ at: Int) -> UInt32 {
            UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
        }
        let speeds = bytes.count >= Self.byteCount2
        self.init(input: InputModes(rawValue: word(0)), output: OutputModes(rawValue: word(4)), control: word(8),
                  local: LocalModes(rawValue: word(12)), line: bytes[16], characters: Array(bytes[17..<36]),
                  inputSpeed: speeds ? word(36) : old.inputSpeed, outputSpeed: speeds ? word(40) : old.outputSpeed)
    }
}

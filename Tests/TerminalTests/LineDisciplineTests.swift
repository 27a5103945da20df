import LinuxABI
import Testing
@testable import FileSystems

/// A discipline with changed modes, and what typing does to it.
struct Keyboard {
    var discipline = LineDiscipline()

    init(_ change: (inout Termios) -> Void = { _ in }) {
        var t = Termios.initial
        change(&t)
        discipline.change(to: t)
    }

    mutating func type(_ text: String) { type(Array(text.utf8)) }

    mutating func type(_ bytes: [UInt8]) {
        for b in bytes where discipline.receiveRoom() > 0 { discipline.receive(b) }
    }

    mutating func screen() -> String { String(decoding: discipline.output.take(.max), as: UTF8.self) }
    mutating func read(_ limit: Int = 4096) -> String? {
        discipline.isReadable ? String(decoding: discipline.read(limit), as: UTF8.self) : nil
    }
    mutating func signals() -> [Int] {
        let s = discipline.takeSignals()
        return (1..<32).filter { s & (1 << UInt64($0)) != 0 }
    }
}

/// Modes, what is typed, what is read (nil: nothing yet), what is shown.
struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var change: @Sendable (inout Termios) -> Void = { _ in }
    var typed: String
    var read: String?
    var shown: String
    var signals: [Int] = []

    var testDescription: String { name }
}

let editing: [Case] = [
    Case(name: "a line", typed: "ls\r", read: "ls\n", shown: "ls\r\n"),
    Case(name: "no line yet", typed: "ls", read: nil, shown: "ls"),
    Case(name: "erase", typed: "lx\u{7f}s\n", read: "ls\n", shown: "lx\u{8} \u{8}s\r\n"),
    Case(name: "erase at the beginning does nothing", typed: "\u{7f}a\n", read: "a\n", shown: "a\r\n"),
    Case(name: "erase without ECHOE shows the character", change: { $0.local.remove(.ECHOE) },
         typed: "ab\u{7f}\n", read: "a\n", shown: "ab^?\r\n"),
    Case(name: "erase a control character takes two columns", typed: "\u{1}\u{7f}\n", read: "\n",
         shown: "^A\u{8} \u{8}\u{8} \u{8}\r\n"),
    Case(name: "erase a tab goes back to where it began", typed: "ab\t\u{7f}\n", read: "ab\n",
         shown: "ab\t\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\r\n"),
    Case(name: "erase a character of two bytes with IUTF8", change: { $0.input.insert(.IUTF8) },
         typed: "é\u{7f}x\n", read: "x\n", shown: "é\u{8} \u{8}x\r\n"),
    Case(name: "kill with ECHOKE", typed: "abc\u{15}d\n", read: "d\n",
         shown: "abc\u{8} \u{8}\u{8} \u{8}\u{8} \u{8}d\r\n"),
    Case(name: "kill without ECHOKE starts a new line", change: { $0.local.remove(.ECHOKE) },
         typed: "abc\u{15}d\n", read: "d\n", shown: "abc^U\r\nd\r\n"),
    Case(name: "kill without ECHO", change: { $0.local.remove(.ECHO) }, typed: "abc\u{15}d\n", read: "d\n", shown: ""),
    Case(name: "word erase", typed: "one two  \u{17}\n", read: "one \n",
         shown: "one two  " + String(repeating: "\u{8} \u{8}", count: 5) + "\r\n"),
    Case(name: "word erase needs IEXTEN", change: { $0.local.remove(.IEXTEN) }, typed: "a\u{17}\n", read: "a\u{17}\n",
         shown: "a^W\r\n"),
    Case(name: "literal next", typed: "\u{16}\u{3}\n", read: "\u{3}\n", shown: "^\u{8}^C\r\n"),
    Case(name: "literal newline is part of the line", typed: "a\u{16}\nb\r", read: "a\nb\n", shown: "a^\u{8}^Jb\r\n"),
    Case(name: "reprint", typed: "ab\u{12}c\n", read: "abc\n", shown: "ab^R\r\nabc\r\n"),
    Case(name: "ECHOPRT", change: { $0.local.insert(.ECHOPRT) }, typed: "ab\u{7f}\u{7f}c\n", read: "c\n",
         shown: "ab\\ba/c\r\n"),
    Case(name: "ECHONL without ECHO", change: { $0.local.remove(.ECHO); $0.local.insert(.ECHONL) }, typed: "a\n",
         read: "a\n", shown: "\r\n"),
    Case(name: "EOF ends the line without itself", typed: "ab\u{4}", read: "ab", shown: "ab"),
    Case(name: "EOF alone reads as nothing", typed: "\u{4}", read: "", shown: ""),
    Case(name: "EOL ends the line with itself", change: { $0[.VEOL] = 0x3b }, typed: "ab;", read: "ab;", shown: "ab;"),
    Case(name: "EOL2 needs IEXTEN", change: { $0[.VEOL2] = 0x3b; $0.local.remove(.IEXTEN) }, typed: "ab;", read: nil,
         shown: "ab;"),
    Case(name: "IGNCR", change: { $0.input.insert(.IGNCR) }, typed: "a\rb\n", read: "ab\n", shown: "ab\r\n"),
    Case(name: "without ICRNL a carriage return is a character", change: { $0.input.remove(.ICRNL) }, typed: "a\r\n",
         read: "a\r\n", shown: "a^M\r\n"),
    Case(name: "INLCR", change: { $0.input = [.INLCR] }, typed: "a\n", read: nil, shown: "a^M"),
    Case(name: "ISTRIP", change: { $0.input.insert(.ISTRIP) }, typed: "\u{e1}\n", read: "C!\n", shown: "C!\r\n"),
    Case(name: "IUCLC", change: { $0.input.insert(.IUCLC) }, typed: "ABz\n", read: "abz\n", shown: "abz\r\n"),
    Case(name: "interrupt flushes the line", typed: "ab\u{3}c\n", read: "c\n", shown: "^Cc\r\n", signals: [2]),
    Case(name: "quit", typed: "\u{1c}", read: nil, shown: "^\\", signals: [3]),
    Case(name: "suspend", typed: "\u{1a}", read: nil, shown: "^Z", signals: [20]),
    Case(name: "NOFLSH keeps the line", change: { $0.local.insert(.NOFLSH) }, typed: "ab\u{3}c\n", read: "abc\n",
         shown: "ab^Cc\r\n", signals: [2]),
    Case(name: "without ISIG an interrupt is a character", change: { $0.local.remove(.ISIG) }, typed: "\u{3}\n",
         read: "\u{3}\n", shown: "^C\r\n"),
    Case(name: "a disabled character is ordinary", change: { $0[.VINTR] = 0 }, typed: "\u{3}\n", read: "\u{3}\n",
         shown: "^C\r\n"),
    Case(name: "raw", change: { $0.local = []; $0.input = []; $0.output = [] }, typed: "a\u{3}\r\u{4}",
         read: "a\u{3}\r\u{4}", shown: ""),
    Case(name: "VMIN holds bytes back", change: { $0.local = []; $0[.VMIN] = 3 }, typed: "ab", read: nil, shown: ""),
    Case(name: "VMIN reached", change: { $0.local = []; $0[.VMIN] = 3 }, typed: "abc", read: "abc", shown: ""),
    Case(name: "raw with echo and output translation", change: { $0.local = [.ECHO]; $0.input = [] }, typed: "a\n",
         read: "a\n", shown: "a\r\n"),
    Case(name: "a newline that ends no line is a control character", change: { $0.local.remove(.ICANON) }, typed: "a\n",
         read: "a\n", shown: "a^J"),
    Case(name: "but not one that was a carriage return", change: { $0.local.remove(.ICANON) }, typed: "a\r",
         read: "a\n", shown: "a\r\n"),
    Case(name: "stop and start are not read", typed: "\u{13}a\u{11}\n", read: "a\n", shown: "a\r\n"),
    Case(name: "stopped output holds the echo", typed: "\u{13}a\n", read: "a\n", shown: ""),
    Case(name: "IXANY starts with any character", change: { $0.input.insert(.IXANY) }, typed: "\u{13}a\n", read: "a\n",
         shown: "a\r\n"),
]

@Test("Typing", arguments: editing)
func typing(_ c: Case) {
    var keyboard = Keyboard(c.change)
    keyboard.type(c.typed)
    let signals = keyboard.signals()
    #expect(keyboard.read() == c.read)
    #expect(keyboard.screen() == c.shown)
    #expect(signals == c.signals)
}

struct OutputCase: CustomTestStringConvertible, Sendable {
    var modes: OutputModes
    var written: String
    var shown: String
    var testDescription: String { "\(modes.rawValue) \(written.debugDescription)" }
}

@Test("Output", arguments: [
    OutputCase(modes: [.OPOST, .ONLCR], written: "a\nb", shown: "a\r\nb"),
    OutputCase(modes: [.ONLCR], written: "a\nb", shown: "a\nb"),
    OutputCase(modes: [.OPOST, .OCRNL], written: "a\rb", shown: "a\nb"),
    OutputCase(modes: [.OPOST, .ONOCR], written: "\ra\r", shown: "a\r"),
    OutputCase(modes: [.OPOST, .OLCUC], written: "aé", shown: "Aé"),
    OutputCase(modes: [.OPOST, .XTABS], written: "ab\tc\t", shown: "ab      c       "),
    OutputCase(modes: [.OPOST, .ONLRET, .XTABS], written: "ab\n\t", shown: "ab\n        "),
    OutputCase(modes: [.OPOST, .XTABS], written: "ab\u{8}\t", shown: "ab\u{8}       "),
])
func output(_ c: OutputCase) {
    var keyboard = Keyboard { $0.output = c.modes }
    #expect(keyboard.discipline.write(Array(c.written.utf8)[...]) == c.written.utf8.count)
    #expect(keyboard.screen() == c.shown)
}

@Suite struct Reading {
    @Test("A read takes one line, or a part of it")
    func lines() {
        var keyboard = Keyboard()
        keyboard.type("one\ntwo\n")
        #expect(keyboard.discipline.input.readable(canonical: true) == 8)
        #expect(keyboard.read(2) == "on")
        #expect(keyboard.read() == "e\n")
        #expect(keyboard.read() == "two\n")
        #expect(keyboard.read() == nil)
    }

    @Test("An EOF that follows a full buffer is not an end of its own")
    func eofAfterFullRead() {
        var keyboard = Keyboard()
        keyboard.type("abc\u{4}d\n")
        #expect(keyboard.read(3) == "abc")
        #expect(keyboard.read() == "d\n")
    }

    @Test("A line is 4095 bytes and its end; more is dropped")
    func longLine() {
        var keyboard = Keyboard()
        keyboard.type(String(repeating: "x", count: 5000) + "\n")
        let line = keyboard.read(8192)
        #expect(line?.utf8.count == 4096)
        #expect(line?.hasSuffix("x\n") == true)
    }

    @Test("A full buffer with a line in it takes no more, and loses nothing")
    func backPressure() {
        var keyboard = Keyboard { $0.local.remove(.ECHO) }
        keyboard.type("a\n" + String(repeating: "y", count: 4093))
        #expect(keyboard.discipline.receiveRoom() == 0)
        #expect(keyboard.read() == "a\n")
        #expect(keyboard.discipline.receiveRoom() > 0)
    }

    @Test("What was typed before a change to raw mode can be read after it, and the other way round")
    func changeOfMode() {
        var keyboard = Keyboard()
        keyboard.type("ab")
        #expect(keyboard.read() == nil)
        var t = keyboard.discipline.termios
        t.local.remove(.ICANON)
        keyboard.discipline.change(to: t)
        #expect(keyboard.read(1) == "a")
        t.local.insert(.ICANON)
        keyboard.discipline.change(to: t)
        keyboard.type("c\n")
        #expect(keyboard.read() == "b")
        #expect(keyboard.read() == "c\n")
    }

    @Test("Output stops when the master does not read, and goes on when it does")
    func outputPressure() {
        var keyboard = Keyboard()
        let much = [UInt8](repeating: 0x61, count: 100_000)
        let taken = keyboard.discipline.write(much[...])
        #expect(taken > 60_000 && taken < 100_000)
        #expect(!keyboard.discipline.acceptsOutput)
        _ = keyboard.screen()
        #expect(keyboard.discipline.acceptsOutput)
    }

    @Test("Packet mode is told of flow control and flushes")
    func packets() {
        var keyboard = Keyboard()
        _ = keyboard.discipline.takePacketEvents()
        keyboard.type("\u{13}")
        #expect(keyboard.discipline.takePacketEvents() == LineDiscipline.TIOCPKT_STOP)
        keyboard.type("\u{11}")
        #expect(keyboard.discipline.takePacketEvents() == LineDiscipline.TIOCPKT_START)
        keyboard.type("\u{3}")
        #expect(keyboard.discipline.takePacketEvents() == LineDiscipline.TIOCPKT_FLUSHREAD | LineDiscipline.TIOCPKT_FLUSHWRITE)
        var t = keyboard.discipline.termios
        t.input.remove(.IXON)
        keyboard.discipline.change(to: t)
        #expect(keyboard.discipline.takePacketEvents() == LineDiscipline.TIOCPKT_NOSTOP)
    }

    @Test("struct termios2 round trip")
    func structure() {
        let t = Termios.initial
        #expect(t.encoded.count == 44)
        #expect(Termios(encoded: t.encoded, changing: t) == t)
        #expect(Termios(encoded: Array(t.encoded.prefix(36)), changing: t) == t)
        #expect(Termios(encoded: Array(t.encoded.prefix(35)), changing: t) == nil)
    }
}

import LinuxABI

/// N_TTY: what stands between the keyboard's end of a terminal (the master) and the programs' (the replica): editing of
/// lines, echo, characters that mean signals, and the translation of output. Pure state; its owner locks.
///
/// termios(3) names the modes; where POSIX leaves a choice it does as Linux does.
struct LineDiscipline {
    private(set) var termios = Termios.initial
    var input = InputBuffer()
    /// What the master reads: output and echo, translated.
    var output = ByteQueue(limit: 64 << 10)
    /// Echo that waits because output is stopped or full.
    private var echoes = ByteQueue(limit: 4096)
    /// VSTOP was typed, or tcflow(TCOOFF) called.
    private(set) var isStopped = false
    /// tcflow's stop: VSTART and any other character do not end it.
    private var stoppedByCall = false
    /// Signals that input asked for since they were last taken: bit n is signal n.
    private(set) var signals: UInt64 = 0
    /// TIOCPKT_* events since they were last taken.
    private(set) var packetEvents: UInt8 = 0

    /// Where the next byte of output appears, and where the line being edited began.
    private var column: UInt32 = 0
    private var lineColumn: UInt32 = 0
    private var literalNext = false
    /// ECHOPRT: between the backslash and the slash.
    private var isErasing = false

    static var TIOCPKT_FLUSHREAD: UInt8 { 1 }
    static var TIOCPKT_FLUSHWRITE: UInt8 { 2 }
    static var TIOCPKT_STOP: UInt8 { 4 }
    static var TIOCPKT_START: UInt8 { 8 }
    static var TIOCPKT_NOSTOP: UInt8 { 16 }
    static var TIOCPKT_DOSTOP: UInt8 { 32 }

    var isCanonical: Bool { termios.local.contains(.ICANON) }

    private func has(_ mode: LocalModes) -> Bool { termios.local.contains(mode) }
    private func has(_ mode: InputModes) -> Bool { termios.input.contains(mode) }

    /// Whether `byte` is the control character `which`; 0 disables one.
    private func matches(_ byte: UInt8, _ which: ControlCharacter) -> Bool { byte != 0 && termios[which] == byte }

    mutating func takeSignals() -> UInt64 {
        defer { signals = 0 }
        return signals
    }

    mutating func takePacketEvents() -> UInt8 {
        defer { packetEvents = 0 }
        return packetEvents
    }

    /// tcsetattr(3). The control modes of a pseudo-terminal are fixed at 8 bits without parity.
    mutating func change(to new: Termios) {
        let old = termios
        termios = new
        termios.control = new.control & ~0x130 /* CSIZE, PARENB */ | 0xb0 /* CS8, CREAD */
        if old.local.symmetricDifference(new.local).isDisjoint(with: [.ICANON, .EXTPROC]) == false {
            input.changeMode(canonical: isCanonical)
            isErasing = false
            literalNext = false
        }
        if isStopped, !stoppedByCall, old.input.contains(.IXON), !has(.IXON) { start() }
        let obeyed = { (t: Termios) in t.input.contains(.IXON) && t[.VSTOP] == 0x13 && t[.VSTART] == 0x11 }
        if obeyed(old) != obeyed(termios) {
            packetEvents &= ~(Self.TIOCPKT_DOSTOP | Self.TIOCPKT_NOSTOP)
            packetEvents |= obeyed(termios) ? Self.TIOCPKT_DOSTOP : Self.TIOCPKT_NOSTOP
        }
    }

    // Flow.

    mutating func stop(byCall: Bool = false) {
        if byCall { stoppedByCall = true }
        if isStopped { return }
        isStopped = true
        packetEvents = packetEvents & ~Self.TIOCPKT_START | Self.TIOCPKT_STOP
    }

    mutating func start(byCall: Bool = false) {
        if stoppedByCall, !byCall { return }
        stoppedByCall = false
        if !isStopped { return }
        isStopped = false
        packetEvents = packetEvents & ~Self.TIOCPKT_STOP | Self.TIOCPKT_START
        flushEchoes()
    }

    mutating func flushInput() {
        input.removeAll()
        literalNext = false
        isErasing = false
        packetEvents |= Self.TIOCPKT_FLUSHREAD
    }

    /// Drops what programs wrote; echo that waits for output to go on stays.
    mutating func flushOutput() {
        output.removeAll()
        packetEvents |= Self.TIOCPKT_FLUSHWRITE
    }

    // Input.

    /// How many more bytes `receive` takes now.
    mutating func receiveRoom() -> Int { input.room(canonical: isCanonical) }

    /// One byte from the keyboard's side. The caller asked `receiveRoom`.
    mutating func receive(_ byte: UInt8) {
        var c = byte
        if has(.ISTRIP) { c &= 0x7f }
        if has(.IUCLC), has(.IEXTEN), c >= 0x41, c <= 0x5a { c |= 0x20 }
        if has(.EXTPROC) {
            input.append(c)
            return
        }
        if literalNext {
            literalNext = false
            keep(c, translated: false)
            return
        }
        if has(.IXON) {
            if matches(c, .VSTART) {
                start()
                return
            }
            if matches(c, .VSTOP) {
                stop()
                return
            }
        }
        if has(.ISIG) {
            if matches(c, .VINTR) { return signal(2 /* SIGINT */, c) }
            if matches(c, .VQUIT) { return signal(3 /* SIGQUIT */, c) }
            if matches(c, .VSUSP) { return signal(20 /* SIGTSTP */, c) }
        }
        if isStopped, has(.IXON), has(.IXANY) { start() }
        var translated = false
        if c == 0x0d {
            if has(.IGNCR) { return }
            if has(.ICRNL) { (c, translated) = (0x0a, true) }
        } else if c == 0x0a, has(.INLCR) {
            c = 0x0d
        }
        if isCanonical, edit(c) { return }
        keep(c, translated: translated)
    }

    private mutating func signal(_ number: UInt64, _ c: UInt8) {
        signals |= 1 << number
        if !has(.NOFLSH) {
            flushInput()
            echoes.removeAll()
            flushOutput()
        }
        if has(.IXON) { start() }
        if has(.ECHO) { echo(c) }
    }

    /// Puts a byte among the input as it is.
    ///
    /// - Parameter translated: whether it is a newline that was typed as a carriage return: echoed as a newline, where one
    ///   that was typed as such and ends no line shows as ^J.
    private mutating func keep(_ c: UInt8, translated: Bool) {
        if has(.ECHO) {
            finishErasing()
            if translated {
                echoRaw(c)
            } else {
                if input.editable == 0 { lineColumn = column }
                echo(c)
            }
        }
        if has(.PARMRK), c == 0xff { input.append(c) }
        input.append(c)
    }

    /// Characters that edit or end a line.
    ///
    /// - Returns: whether `c` was one.
    private mutating func edit(_ c: UInt8) -> Bool {
        if matches(c, .VERASE) {
            erase(.character)
        } else if matches(c, .VKILL) {
            erase(.line)
        } else if matches(c, .VWERASE), has(.IEXTEN) {
            erase(.word)
        } else if matches(c, .VLNEXT), has(.IEXTEN) {
            literalNext = true
            if has(.ECHO) {
                finishErasing()
                if has(.ECHOCTL) {
                    echoRaw(0x5e)
                    echoRaw(0x08)
                }
            }
        } else if matches(c, .VREPRINT), has(.ECHO), has(.IEXTEN) {
            finishErasing()
            echo(c)
            echoRaw(0x0a)
            for i in 0..<input.editable { echo(input.edited(i)) }
        } else if c == 0x0a {
            if has(.ECHO) || has(.ECHONL) { echoRaw(c) }
            input.endLine(c)
        } else if matches(c, .VEOF) {
            input.endLine(0)
        } else if matches(c, .VEOL) || (matches(c, .VEOL2) && has(.IEXTEN)) {
            if has(.ECHO) {
                if input.editable == 0 { lineColumn = column }
                echo(c)
            }
            if has(.PARMRK), c == 0xff { input.append(c) }
            input.endLine(c)
        } else {
            return false
        }
        return true
    }

    private enum Extent { case character, word, line }

    private static func isControl(_ c: UInt8) -> Bool { c < 0x20 || c == 0x7f }

    private func isContinuation(_ c: UInt8) -> Bool { has(.IUTF8) && c & 0xc0 == 0x80 }

    private mutating func erase(_ extent: Extent) {
        if input.editable == 0 { return }
        if extent == .line {
            if !has(.ECHO) { return input.erase(input.editable) }
            if !has(.ECHOK) || !has(.ECHOKE) || !has(.ECHOE) {
                input.erase(input.editable)
                finishErasing()
                echo(termios[.VKILL])
                // As if the rest were a new line.
                if has(.ECHOK) { echoRaw(0x0a) }
                return
            }
        }
        var inWord = false
        while input.editable > 0 {
            // A character of several bytes goes as one.
            var length = 1
            while isContinuation(input.edited(input.editable - length)), length < input.editable { length += 1 }
            let c = input.edited(input.editable - length)
            if isContinuation(c) { break }
            if extent == .word {
                let isLetter = (c >= 0x30 && c <= 0x39) || (c | 0x20 >= 0x61 && c | 0x20 <= 0x7a) || c == 0x5f || c >= 0xc0
                if isLetter { inWord = true } else if inWord { break }
            }
            let tail = (1..<length).map { input.edited(input.editable - length + $0) }
            input.erase(length)
            if has(.ECHO) {
                if has(.ECHOPRT) {
                    if !isErasing {
                        echoRaw(0x5c)
                        isErasing = true
                    }
                    echo(c)
                    for byte in tail { echoRaw(byte) }
                } else if extent == .character, !has(.ECHOE) {
                    echo(termios[.VERASE])
                } else if c == 0x09 {
                    eraseTab()
                } else {
                    if Self.isControl(c), has(.ECHOCTL) { rubOut() }
                    if !Self.isControl(c) || has(.ECHOCTL) { rubOut() }
                }
            }
            if extent == .character { break }
        }
        if input.editable == 0, has(.ECHO) { finishErasing() }
    }

    private mutating func rubOut() {
        echoRaw(0x08)
        echoRaw(0x20)
        echoRaw(0x08)
    }

    /// Moves back over a tab: as far as what stands before it tells.
    private mutating func eraseTab() {
        var width: UInt32 = 0
        var afterTab = false
        var i = input.editable
        while i > 0 {
            i -= 1
            let c = input.edited(i)
            if c == 0x09 {
                afterTab = true
                break
            }
            if Self.isControl(c) {
                if has(.ECHOCTL) { width &+= 2 }
            } else if !isContinuation(c) {
                width &+= 1
            }
        }
        if !afterTab { width &+= lineColumn }
        for _ in 0..<(8 - (width & 7)) { echoRaw(0x08) }
    }

    private mutating func finishErasing() {
        if !isErasing { return }
        isErasing = false
        echoRaw(0x2f)
    }

    // Echo and output.

    /// Echoes `c`, a control character as two: ^C.
    private mutating func echo(_ c: UInt8) {
        if has(.ECHOCTL), Self.isControl(c), c != 0x09 {
            echoRaw(0x5e)
            echoRaw(c ^ 0x40)
        } else {
            echoRaw(c)
        }
    }

    private mutating func echoRaw(_ c: UInt8) {
        if isStopped || !echoes.isEmpty || output.room < Self.largestExpansion {
            echoes.append(c)
        } else {
            emit(c)
        }
    }

    /// Lets echo that waits go out, as far as there is room.
    mutating func flushEchoes() {
        while !isStopped, output.room >= Self.largestExpansion, let c = echoes.removeFirst() { emit(c) }
    }

    /// What one byte becomes at most: a tab, eight spaces.
    static var largestExpansion: Int { 8 }

    /// Whether a program can write now.
    var acceptsOutput: Bool { !isStopped && output.room >= Self.largestExpansion }

    /// Takes output of a program.
    ///
    /// - Returns: how many bytes were taken.
    mutating func write(_ bytes: ArraySlice<UInt8>) -> Int {
        flushEchoes()
        var n = 0
        for c in bytes {
            if !acceptsOutput { break }
            emit(c)
            n += 1
        }
        return n
    }

    /// Puts one byte out, translated. There is room for `largestExpansion`.
    private mutating func emit(_ byte: UInt8) {
        let modes = termios.output
        if !modes.contains(.OPOST) {
            output.append(byte)
            return
        }
        var c = byte
        switch c {
        case 0x0a:
            if modes.contains(.ONLRET) { column = 0 }
            if modes.contains(.ONLCR) {
                column = 0
                output.append(0x0d)
            }
            lineColumn = column
        case 0x0d:
            if modes.contains(.ONOCR), column == 0 { return }
            if modes.contains(.OCRNL) {
                c = 0x0a
                if modes.contains(.ONLRET) { column = 0 }
            } else {
                column = 0
            }
            lineColumn = column
        case 0x09:
            let spaces = 8 - (column & 7)
            column &+= spaces
            if modes.isSuperset(of: .XTABS) {
                for _ in 0..<spaces { output.append(0x20) }
                return
            }
        case 0x08:
            if column > 0 { column -= 1 }
        default:
            if !Self.isControl(c) {
                if modes.contains(.OLCUC), c >= 0x61, c <= 0x7a { c &= ~0x20 }
                if !isContinuation(c) { column &+= 1 }
            }
        }
        output.append(c)
    }

    // Reading.

    /// Whether a read would find something: a line, or as many bytes as VMIN asks when no timer runs.
    var isReadable: Bool {
        if isCanonical, !has(.EXTPROC) { return input.hasLine }
        let minimum = termios[.VTIME] == 0 ? max(1, Int(termios[.VMIN])) : 1
        return input.count >= minimum
    }

    /// Takes what one read gives.
    mutating func read(_ limit: Int) -> [UInt8] {
        isCanonical && !has(.EXTPROC) ? input.readLine(limit) : input.readBytes(limit)
    }
}

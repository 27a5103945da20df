import HostOS
import LinuxABI
import Memory
import VFS

/// ioctl_tty(2): what both ends of a terminal answer.
extension Terminal {
    enum Request {
        static let TCGETS: UInt32 = 0x5401
        static let TCSETS: UInt32 = 0x5402
        static let TCSETSW: UInt32 = 0x5403
        static let TCSETSF: UInt32 = 0x5404
        static let TCGETA: UInt32 = 0x5405
        static let TCSETA: UInt32 = 0x5406
        static let TCSETAW: UInt32 = 0x5407
        static let TCSETAF: UInt32 = 0x5408
        static let TCSBRK: UInt32 = 0x5409
        static let TCXONC: UInt32 = 0x540a
        static let TCFLSH: UInt32 = 0x540b
        static let TIOCEXCL: UInt32 = 0x540c
        static let TIOCNXCL: UInt32 = 0x540d
        static let TIOCSCTTY: UInt32 = 0x540e
        static let TIOCGPGRP: UInt32 = 0x540f
        static let TIOCSPGRP: UInt32 = 0x5410
        static let TIOCOUTQ: UInt32 = 0x5411
        static let TIOCSTI: UInt32 = 0x5412
        static let TIOCGWINSZ: UInt32 = 0x5413
        static let TIOCSWINSZ: UInt32 = 0x5414
        static let TIOCCONS: UInt32 = 0x541d
        static let FIONREAD: UInt32 = 0x541b
        static let TIOCPKT: UInt32 = 0x5420
        static let TIOCNOTTY: UInt32 = 0x5422
        static let TIOCSETD: UInt32 = 0x5423
        static let TIOCGETD: UInt32 = 0x5424
        static let TCSBRKP: UInt32 = 0x5425
        static let TIOCSBRK: UInt32 = 0x5427
        static let TIOCCBRK: UInt32 = 0x5428
        static let TIOCGSID: UInt32 = 0x5429
        static let TCGETS2: UInt32 = 0x802c_542a
        static let TCSETS2: UInt32 = 0x402c_542b
        static let TCSETSW2: UInt32 = 0x402c_542c
        static let TCSETSF2: UInt32 = 0x402c_542d
        static let TIOCGPTN: UInt32 = 0x8004_5430
        static let TIOCSPTLCK: UInt32 = 0x4004_5431
        static let TIOCGDEV: UInt32 = 0x8004_5432
        static let TIOCSIG: UInt32 = 0x4004_5436
        static let TIOCVHANGUP: UInt32 = 0x5437
        static let TIOCGPKT: UInt32 = 0x8004_5438
        static let TIOCGPTLCK: UInt32 = 0x8004_5439
        static let TIOCGEXCL: UInt32 = 0x8004_5440
        static let TIOCGPTPEER: UInt32 = 0x5441
    }

    /// What replica and master have in common; modes are always the replica's.
    ///
    /// - Parameter fromMaster: which end is asked.
    /// - Throws: ENOTTY for a request that terminals do not know.
    func control(_ request: UInt32, _ argument: UInt64, by caller: Caller, fromMaster: Bool, readable: Bool,
                 waitForOutput: () throws(Errno) -> Void) throws(Errno) -> UInt64 {
        let address = GuestAddress(argument)
        switch request {
        case Request.TCGETS, Request.TCGETS2:
            let all = lock.withLock { discipline.termios.encoded }
            let size = request == Request.TCGETS ? Termios.byteCount : Termios.byteCount2
            try caller.memory.store(array: Array(all.prefix(size)), at: address)
        case Request.TCGETA:
            try caller.memory.store(array: lock.withLock { discipline.termios.oldEncoded }, at: address)
        case Request.TCSETS, Request.TCSETSW, Request.TCSETSF, Request.TCSETS2, Request.TCSETSW2, Request.TCSETSF2,
             Request.TCSETA, Request.TCSETAW, Request.TCSETAF:
            try setModes(request, address, by: caller, waitForOutput: waitForOutput)
        case Request.TIOCGWINSZ:
            let w = lock.withLock { window }
            try caller.memory.store(array: [w.rows, w.columns, w.xPixels, w.yPixels], at: address)
        case Request.TIOCSWINSZ:
            let words = try caller.memory.loadArray(address, count: 4, as: UInt16.self)
            var size = WindowSize()
            (size.rows, size.columns, size.xPixels, size.yPixels) = (words[0], words[1], words[2], words[3])
            resize(size)
        case Request.TIOCGPGRP:
            try caller.memory.store(try foregroundID(for: caller, fromMaster: fromMaster), at: address)
        case Request.TIOCSPGRP:
            try setForeground(try caller.memory.load(address, as: Int32.self), by: caller)
        case Request.TIOCGSID:
            try caller.memory.store(try sessionID(for: caller, fromMaster: fromMaster), at: address)
        case Request.TIOCSCTTY:
            try setControlling(caller, argument: argument, readable: readable)
        case Request.TIOCNOTTY:
            try giveUp(caller)
        case Request.TCSBRK, Request.TCSBRKP:
            try checkForeground(caller, 22 /* SIGTTOU */)
            try waitForOutput()
        case Request.TIOCSBRK, Request.TIOCCBRK:
            break
        case Request.TCXONC:
            try checkForeground(caller, 22 /* SIGTTOU */)
            try controlFlow(argument)
        case Request.TCFLSH:
            try checkForeground(caller, 22 /* SIGTTOU */)
            try flush(argument, fromMaster: fromMaster)
        case Request.TIOCOUTQ:
            let n = lock.withLock { fromMaster ? pending.count : discipline.output.count }
            try caller.memory.store(Int32(truncatingIfNeeded: n), at: address)
        case Request.FIONREAD:
            let n = lock.withLock {
                fromMaster ? discipline.output.count : discipline.input.readable(canonical: discipline.isCanonical)
            }
            try caller.memory.store(Int32(truncatingIfNeeded: n), at: address)
        case Request.TIOCSTI:
            // dev.tty.legacy_tiocsti is 0.
            if !caller.has(.CAP_SYS_ADMIN) { throw .EIO }
            let byte = try caller.memory.load(address, as: UInt8.self)
            try change { () throws(Errno) in _ = masterWrite([byte]) }
        case Request.TIOCEXCL:
            lock.withLock { isExclusive = true }
        case Request.TIOCNXCL:
            lock.withLock { isExclusive = false }
        case Request.TIOCGEXCL:
            try caller.memory.store(Int32(lock.withLock { isExclusive } ? 1 : 0), at: address)
        case Request.TIOCGETD:
            try caller.memory.store(Int32(0), at: address)
        case Request.TIOCSETD:
            if try caller.memory.load(address, as: Int32.self) != 0 { throw .EINVAL }
        case Request.TIOCGDEV:
            let d = fromMaster ? DeviceNumber(major: 128 + (number >> 8) & 7, minor: number & 0xff) : device
            try caller.memory.store(UInt32(truncatingIfNeeded: d.encoded), at: address)
        case Request.TIOCCONS:
            throw caller.has(.CAP_SYS_ADMIN) ? .EINVAL : .EPERM
        case Request.TIOCVHANGUP:
            if !caller.has(.CAP_SYS_ADMIN) { throw .EPERM }
            hangUp(masterGone: false)
        default:
            throw .ENOTTY
        }
        return 0
    }

    /// Sets the size, and tells the foreground group of a change by SIGWINCH.
    func resize(_ size: WindowSize) { lock.withLock { setWindow(size) }?.send(28 /* SIGWINCH */) }

    private func setModes(_ request: UInt32, _ address: GuestAddress, by caller: Caller,
                          waitForOutput: () throws(Errno) -> Void) throws(Errno) {
        try checkForeground(caller, 22 /* SIGTTOU */)
        let old = lock.withLock { discipline.termios }
        let new: Termios?
        switch request {
        case Request.TCSETS2, Request.TCSETSW2, Request.TCSETSF2:
            new = Termios(encoded: try caller.memory.loadBytes(address, count: Termios.byteCount2), changing: old)
        case Request.TCSETA, Request.TCSETAW, Request.TCSETAF:
            new = Termios(oldEncoded: try caller.memory.loadBytes(address, count: Termios.oldByteCount), changing: old)
        default:
            new = Termios(encoded: try caller.memory.loadBytes(address, count: Termios.byteCount), changing: old)
        }
        guard let new else { throw .EINVAL }
        switch request {
        case Request.TCSETSW, Request.TCSETSW2, Request.TCSETAW: try waitForOutput()
        case Request.TCSETSF, Request.TCSETSF2, Request.TCSETAF:
            try waitForOutput()
            try change { () throws(Errno) in
                pending.removeAll()
                discipline.flushInput()
            }
        default: break
        }
        try change { () throws(Errno) in
            discipline.change(to: new)
            feed()
        }
    }

    /// tcflow(3).
    private func controlFlow(_ action: UInt64) throws(Errno) {
        try change { () throws(Errno) in
            switch action {
            case 0 /* TCOOFF */: discipline.stop(byCall: true)
            case 1 /* TCOON */: discipline.start(byCall: true)
            case 2 /* TCIOFF */, 3 /* TCION */:
                let c = discipline.termios[action == 2 ? .VSTOP : .VSTART]
                if c != 0 { discipline.output.append(c) }
            default: throw .EINVAL
            }
            collectPacketEvents()
        }
    }

    /// tcflush(3). The master's input is the replica's output.
    private func flush(_ queue: UInt64, fromMaster: Bool) throws(Errno) {
        if queue > 2 { throw .EINVAL }
        try change { () throws(Errno) in
            let both = queue == 2 /* TCIOFLUSH */
            if both || (queue == 0 /* TCIFLUSH */) != fromMaster {
                pending.removeAll()
                discipline.flushInput()
            }
            if both || (queue == 1 /* TCOFLUSH */) != fromMaster { discipline.flushOutput() }
            collectPacketEvents()
        }
    }
}

extension Termios {
    /// Bytes of the old struct termio of TCGETA.
    static var oldByteCount: Int { 18 }

    var oldEncoded: [UInt8] {
        var bytes: [UInt8] = []
        for word in [input.rawValue, output.rawValue, control, local.rawValue] {
            bytes.append(UInt8(truncatingIfNeeded: word))
            bytes.append(UInt8(truncatingIfNeeded: word >> 8))
        }
        bytes.append(line)
        bytes.append(contentsOf: characters.prefix(8))
        bytes.append(0)
        return bytes
    }

    init?(oldEncoded bytes: [UInt8], changing old: Termios) {
        guard bytes.count >= Self.oldByteCount else { return nil }
        self = old
        func low(_ at: Int, of word: UInt32) -> UInt32 {
            word & 0xffff_0000 | UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8
        }
        input = InputModes(rawValue: low(0, of: old.input.rawValue))
        output = OutputModes(rawValue: low(2, of: old.output.rawValue))
        control = low(4, of: old.control)
        local = LocalModes(rawValue: low(6, of: old.local.rawValue))
        line = bytes[8]
        for i in 0..<8 { characters[i] = bytes[9 + i] }
    }
}

import CHostOS
import Glibc
public import LinuxABI

/// The settings of a terminal (termios(3)), to be given back as they were.
public struct TerminalSettings: Sendable {
    fileprivate var raw: termios
}

/// Terminals of the host.
extension HostFD {
    public var isTerminal: Bool { (try? terminalSettings()) != nil }

    /// ENOTTY when it is no terminal.
    public func terminalSettings() throws(Errno) -> TerminalSettings {
        var settings = termios()
        try unsafe withUnsafeMutableBytes(of: &settings) { (b) throws(Errno) in
            _ = try unsafe hostCall(.ioctl, argument, 0x5401 /* TCGETS */, Int(b.baseAddress))
        }
        return TerminalSettings(raw: settings)
    }

    public func setTerminal(_ settings: TerminalSettings) throws(Errno) {
        try unsafe withBytes(of: settings.raw) { (b) throws(Errno) in
            _ = try unsafe hostCallRetrying(.ioctl, argument, 0x5402 /* TCSETS */, Int(b.baseAddress))
        }
    }

    /// Rows and columns.
    public func terminalSize() throws(Errno) -> (rows: UInt32, columns: UInt32) {
        var size: (UInt16, UInt16, UInt16, UInt16) = (0, 0, 0, 0)
        try unsafe withUnsafeMutableBytes(of: &size) { (b) throws(Errno) in
            _ = try unsafe hostCall(.ioctl, argument, 0x5413 /* TIOCGWINSZ */, Int(b.baseAddress))
        }
        return (UInt32(size.0), UInt32(size.1))
    }

    /// A new terminal: what a person's program holds (the master), and what it is for programs (named /dev/pts/N).
    public static func openTerminal() throws(Errno) -> (master: HostFD, slave: HostFD, name: String) {
        let master = try currentDirectory.open("/dev/ptmx", 2 | 0o400 /* O_RDWR | O_NOCTTY */)
        do throws(Errno) {
            var number: Int32 = 0
            try unsafe withUnsafeMutableBytes(of: &number) { (b) throws(Errno) in
                _ = try unsafe hostCall(.ioctl, master.argument, 0x8004_5430 /* TIOCGPTN */, Int(b.baseAddress))
            }
            try unsafe withBytes(of: Int32(0)) { (b) throws(Errno) in
                _ = try unsafe hostCall(.ioctl, master.argument, 0x4004_5431 /* TIOCSPTLCK */, Int(b.baseAddress))
            }
            let slave = try hostCall(.ioctl, master.argument, 0x5441 /* TIOCGPTPEER */, 2 | 0o400 | 0x80000)
            return (master, HostFD(rawValue: Int32(slave)), "/dev/pts/\(number)")
        } catch {
            master.close()
            throw error
        }
    }
}

extension TerminalSettings {
    /// Every byte goes through as it is, at once (cfmakeraw(3)).
    public var passingThrough: TerminalSettings {
        var changed = raw
        changed.c_iflag &= ~tcflag_t(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON)
        changed.c_oflag &= ~tcflag_t(OPOST)
        changed.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG | IEXTEN)
        changed.c_cflag &= ~tcflag_t(CSIZE | PARENB)
        changed.c_cflag |= tcflag_t(CS8)
        return TerminalSettings(raw: changed)
    }
}

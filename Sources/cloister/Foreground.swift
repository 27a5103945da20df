import Glibc
import HostOS
import LinuxABI
import Runtime

/// A process in a container whose end this command waits for: signals go to it, the terminal is its.
final class Foreground {
    private let signals: HostFD
    private var terminal: (fd: HostFD, before: TerminalSettings)?

    /// Call while this process has one thread: those started later leave signals to it.
    init() throws(RuntimeError) {
        // Not those that mean a fault of our own, nor what stops a job of the shell's.
        let own: Set<Int32> = [SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGCHLD, SIGTSTP]
        do throws(Errno) { signals = try HostSignals.open((1...31).filter { !own.contains($0) }) } catch {
            throw RuntimeError(error, "signals")
        }
    }

    deinit {
        restoreTerminal()
        signals.close()
    }

    /// The streams of this command for the process. With a terminal, ours passes every byte through until the end.
    func streams(terminal wanted: Bool) -> Streams {
        let input = HostFD(rawValue: 0), output = HostFD(rawValue: 1), error = HostFD(rawValue: 2)
        var streams = Streams(terminal: wanted, input: input, output: output, error: error)
        if wanted {
            if let size = try? output.terminalSize() { (streams.rows, streams.columns) = size }
            if let before = try? input.terminalSettings() {
                terminal = (input, before)
                try? input.setTerminal(before.passingThrough)
            }
        }
        return streams
    }

    func restoreTerminal() {
        if let terminal { try? terminal.fd.setTerminal(terminal.before) }
        terminal = nil
    }

    /// Waits for the process's end and hands signals on meanwhile.
    func wait(_ container: Container, exec: String = "") throws(RuntimeError) -> Exit {
        let result = Arrival()
        let pipe: (reading: HostFD, writing: HostFD)
        do throws(Errno) { pipe = try HostFD.pipe() } catch { throw RuntimeError(error, "pipe") }
        defer { pipe.reading.close() }
        container.onExit(exec: exec) { exit in
            result.set(exit)
            pipe.writing.close()
        }
        var gofer = container.gofer?.descriptor
        while true {
            var watched: [(fd: HostFD, events: HostPollEvents)] = [(pipe.reading, .readable), (signals, .readable)]
            if let gofer { watched.append((gofer, .readable)) }
            guard let ready = try? HostPoll.wait(watched) else { continue }
            if !ready[0].isEmpty {
                restoreTerminal()
                return result.exit
            }
            if !ready[1].isEmpty, let signal = try? HostSignals.next(signals) { hand(signal, to: container, exec) }
            if gofer != nil && !ready[2].isEmpty {
                // A container without its files can't go on.
                gofer = nil
                Report.failure(RuntimeError(.internalError, "the Gofer has ended before the container"))
                try? container.signal(9, all: true)
            }
        }
    }

    private func hand(_ signal: Int32, to container: Container, _ exec: String) {
        switch signal {
        case SIGWINCH:
            guard let terminal, let size = try? terminal.fd.terminalSize() else { return }
            try? container.resize(exec: exec, rows: size.rows, columns: size.columns)
        case SIGPIPE, SIGURG, SIGTTIN, SIGTTOU: return
        default: try? container.signal(UInt32(signal), exec: exec)
        }
    }
}

private final class Arrival: @unchecked Sendable {
    /// Guards `value`. Innermost.
    private let lock = Lock()
    private var value = Exit(status: 255, exitedAt: 0, cause: "")

    func set(_ exit: Exit) { lock.withLock { value = exit } }

    var exit: Exit { lock.withLock { value } }
}

/// A terminal of the host's whose master goes to the caller's socket, as `--console-socket` asks.
final class Console {
    private let slave: SharedFD
    let streams: Streams

    init(socket path: String) throws(RuntimeError) {
        do throws(Errno) {
            let connection = OwnedFD(owning: try HostFD.connect(to: .path(path)))
            let terminal = try HostFD.openTerminal()
            let master = OwnedFD(owning: terminal.master)
            slave = SharedFD(owning: terminal.slave)
            // The guest's terminal edits lines and makes signals; this one carries its bytes.
            try slave.fd.setTerminal(try slave.fd.terminalSettings().passingThrough)
            _ = try connection.fd.send(Array(terminal.name.utf8), from: 0, descriptors: [master.fd])
        } catch {
            throw RuntimeError(error, "console socket \(path)")
        }
        streams = Streams(terminal: true, input: slave.fd, output: slave.fd)
    }
}

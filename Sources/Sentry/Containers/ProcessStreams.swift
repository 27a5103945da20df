import FileSystems
import HostOS
import Kernel
import LinuxABI
import TTRPC
import VFS
import Waiting

/// The standard streams of one process: host descriptors, or a terminal of the sandbox whose other end is outside.
final class ProcessStreams: @unchecked Sendable {
    private let host: HostStreams
    private let terminal: HostTerminal?
    private let container: Container
    /// How long the end of a process waits for a reader of its terminal's last output.
    private static let drainTime: UInt64 = 10_000_000_000

    /// Puts descriptors 0, 1 and 2 into `files`; those of a terminal come with `openTerminal`.
    init(_ host: HostStreams, container: Container, into files: FDTable) throws(Status) {
        self.host = host
        self.container = container
        if host.terminal {
            terminal = try failing("the terminal") { () throws(Errno) in
                guard let devpts = container.devpts else { throw .ENODEV }
                return try HostTerminal(in: devpts.fileSystem, rows: host.rows, columns: host.columns)
            }
            return
        }
        terminal = nil
        let boot = Caller.kernel(in: container.mounts, userNamespace: container.pod.kernel.rootUserNamespace)
        try failing("standard streams") { () throws(Errno) in
            for stream in [host.input, host.output, host.error] {
                let file = if let stream { try container.pod.hostFiles.open(stream) } else {
                    try boot.open(Array("/dev/null".utf8), OpenHow(.O_RDWR))
                }
                _ = try files.install(file, closeOnExec: false, limit: .max)
            }
        }
    }

    /// Gives the new task its terminal, as the controlling one of its session.
    ///
    /// - Parameter asConsole: whether it is the container's /dev/console too.
    func openTerminal(for task: Task, asConsole: Bool) throws(Status) {
        guard let terminal, let devpts = container.devpts else { return }
        try failing("the terminal") { () throws(Errno) in
            let replica = try terminal.openReplica(mount: devpts.mount, by: task)
            if asConsole {
                let boot = Caller.kernel(in: container.mounts, userNamespace: container.pod.kernel.rootUserNamespace)
                let console = try boot.ensureFile(Array("/dev/console".utf8), mode: 0o600)
                try container.mounts.bind(replica.path, at: console, recursive: false)
            }
            // Loading the program gave the task a table of its own.
            for _ in 0..<3 { _ = try task.snapshot.files.install(replica, closeOnExec: false, limit: .max) }
            try terminal.start(input: host.input, output: host.output)
        }
    }

    /// The process was not started after all.
    func abandon() { terminal?.close() }

    /// Returns when what the process wrote to its terminal has been read outside.
    func finish() {
        guard let terminal else { return }
        _ = terminal.drain(until: .after(Self.drainTime))
        terminal.close()
    }

    /// - Returns: false without a terminal.
    func resize(rows: UInt16, columns: UInt16) -> Bool {
        guard let terminal else { return false }
        terminal.resize(rows: rows, columns: columns)
        return true
    }
}

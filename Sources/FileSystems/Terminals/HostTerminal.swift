import HostOS
import LinuxABI
import Synchronization
import VFS
import Waiting

/// A terminal whose keyboard and screen are outside the sandbox: a container's or an exec's standard streams with
/// `terminal: true`. The Sentry holds the master's end; two threads carry bytes between it and descriptors of the host.
public final class HostTerminal: @unchecked Sendable {
    public let terminal: Terminal
    private let fileSystem: TerminalFileSystem
    private let inputWaiter = Waiter()
    private let outputWaiter = Waiter()
    private let isClosed = Atomic<Bool>(false)
    /// Ends the input thread's sleep on the host.
    private let bell: SharedFD
    /// Told when all output has been carried out.
    private let drained = WaitQueue()
    private let outputEnded = Atomic<Bool>(true)

    /// - Parameter fileSystem: the container's devpts, in which the terminal gets a number.
    /// - Throws: ENOSPC when that has too many; EMFILE of the host.
    public init(in fileSystem: TerminalFileSystem, rows: UInt16, columns: UInt16, uid: UInt32 = 0, gid: UInt32 = 0) throws(Errno) {
        self.fileSystem = fileSystem
        bell = SharedFD(owning: HostFD(rawValue: Int32(truncatingIfNeeded: try hostCall(.eventfd2, 0, 0x80000 /* EFD_CLOEXEC */))))
        terminal = try fileSystem.makeTerminal(locked: false, uid: uid, gid: gid)
        var size = Terminal.WindowSize()
        (size.rows, size.columns) = (rows, columns)
        terminal.resize(size)
    }

    /// Opens the replica for a first process, whose controlling terminal it becomes when that leads a session.
    ///
    /// - Parameter mount: the mount of the devpts in the container.
    public func openReplica(mount: Mount, by caller: Caller) throws(Errno) -> OpenFile {
        guard let path = fileSystem.replicaPath(terminal, mount: mount) else { throw .EIO }
        return try terminal.open(path, flags: .O_RDWR, by: caller)
    }

    /// Starts to carry bytes. The threads hold the descriptors until they end, after `close()`.
    ///
    /// - Parameter input: where keys come from; at its end the terminal stays as it is.
    /// - Throws: EAGAIN when the host refuses threads.
    public func start(input: SharedFD?, output: SharedFD?) throws(Errno) {
        if let output {
            outputEnded.store(false, ordering: .releasing)
            try Thread.start(stackSize: 128 << 10) { self.carryOutput(output) }
        }
        if let input { try Thread.start(stackSize: 128 << 10) { self.carryInput(input) } }
    }

    /// Takes bytes as if they were typed. Blocks while the terminal has no room for them.
    ///
    /// - Throws: ERESTARTSYS after `close()`.
    public func hostInput(_ bytes: [UInt8]) throws(Errno) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let n = try inputWaiter.wait(on: terminal.masterQueue, for: .writable) { () throws(Errno) -> Int? in
                try terminal.change { () throws(Errno) in terminal.masterWrite(rest) }
            }
            rest = rest.dropFirst(n)
        }
    }

    public func resize(rows: UInt16, columns: UInt16) {
        var size = Terminal.WindowSize()
        (size.rows, size.columns) = (rows, columns)
        terminal.resize(size)
    }

    /// Waits until what the programs wrote has been carried out, or until the deadline.
    ///
    /// - Returns: whether it has.
    public func drain(until deadline: Deadline) -> Bool {
        let waiter = Waiter()
        let done: Bool? = try? waiter.wait(on: drained, for: .all, until: deadline) { () throws(Errno) in
            outputEnded.load(ordering: .acquiring) || (terminal.lock.withLock { terminal.discipline.output.isEmpty } && !isWriting.load(ordering: .acquiring)) ? true : nil
        }
        return done ?? false
    }

    private let isWriting = Atomic<Bool>(false)

    /// The outside is gone: the session's leader gets SIGHUP, programs read the end. The threads end.
    public func close() {
        if isClosed.exchange(true, ordering: .acquiringAndReleasing) { return }
        fileSystem.remove(terminal)
        terminal.hangUp(masterGone: true)
        inputWaiter.interrupt()
        outputWaiter.interrupt()
        var one: UInt64 = 1
        unsafe withUnsafeBytes(of: &one) { _ = try? unsafe bell.fd.write($0) }
    }

    private func carryInput(_ input: SharedFD) {
        let fd = input.fd
        var buffer = [UInt8](repeating: 0, count: 4096)
        defer { withExtendedLifetime(input) {} }
        while !isClosed.load(ordering: .acquiring) {
            do throws(Errno) {
                let ready = try HostPoll.wait([(fd, .readable), (bell.fd, .readable)])
                if isClosed.load(ordering: .acquiring) || ready.first?.isEmpty ?? true { continue }
                let n = try unsafe buffer.withMutableBytes { (b) throws(Errno) in try unsafe fd.read(into: b) }
                if n == 0 { return }
                try hostInput(Array(buffer[..<n]))
            } catch {
                if error == .EAGAIN { continue }
                return
            }
        }
    }

    private func carryOutput(_ output: SharedFD) {
        let fd = output.fd
        defer {
            outputEnded.store(true, ordering: .releasing)
            drained.notify(.all)
            withExtendedLifetime(output) {}
        }
        while true {
            do throws(Errno) {
                let data = try outputWaiter.wait(on: terminal.masterQueue, for: [.POLLIN, .POLLRDNORM]) {
                    () throws(Errno) -> [UInt8]? in
                    try terminal.change { () throws(Errno) in
                        // Who holds a replica may change: only `close` ends a host's terminal.
                        if terminal.discipline.output.isEmpty { return nil }
                        isWriting.store(true, ordering: .releasing)
                        return try terminal.masterRead(16 << 10)
                    }
                }
                try writeAll(data, fd)
                isWriting.store(false, ordering: .releasing)
                drained.notify(.all)
            } catch {
                if isClosed.load(ordering: .acquiring) { return carryRest(fd) }
                // The reader outside is gone: programs must not block on a screen that nobody sees.
                discardOutput()
                return
            }
        }
    }

    /// What was written before the end still goes out.
    private func carryRest(_ fd: HostFD) {
        let rest = terminal.lock.withLock { terminal.discipline.output.take(.max) }
        try? writeAll(rest, fd)
    }

    private func discardOutput() {
        outputEnded.store(true, ordering: .releasing)
        drained.notify(.all)
        while !isClosed.load(ordering: .acquiring) {
            do throws(Errno) {
                _ = try outputWaiter.wait(on: terminal.masterQueue, for: [.POLLIN, .POLLRDNORM]) { () throws(Errno) -> Bool? in
                    try terminal.change { () throws(Errno) in
                        terminal.discipline.output.take(.max).isEmpty ? nil : true
                    }
                }
            } catch {
                return
            }
        }
    }

    /// A descriptor without O_NONBLOCK blocks by itself; one with it is waited for.
    private func writeAll(_ bytes: [UInt8], _ fd: HostFD) throws(Errno) {
        var done = 0
        while done < bytes.count {
            do throws(Errno) {
                done += try unsafe bytes.withBytes { (all) throws(Errno) in
                    try unsafe fd.write(UnsafeRawBufferPointer(rebasing: all[done...]))
                }
            } catch {
                if error != .EAGAIN { throw error }
                _ = try HostPoll.wait([(fd, .writable)])
            }
        }
    }
}

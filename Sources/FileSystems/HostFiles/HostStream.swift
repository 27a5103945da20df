import HostOS
import LinuxABI
import Memory
import VFS
import Waiting

/// A fifo, socket, terminal or other stream of the host. Its descriptor may be in blocking mode: it is only ever used when
/// it is ready, and a guest's wait is a wait in the Sentry, which signals interrupt.
final class HostStream: OpenFile, @unchecked Sendable {
    private let descriptor: SharedFD
    private let readiness: HostReadiness
    private let queue = WaitQueue()
    /// Held over the look for readiness and the transfer: two readers must not both see the last byte. Leaves.
    private let readLock = Lock()
    private let writeLock = Lock()
    /// Guards the registration. Above the readiness' lock.
    private let registrationLock = Lock()
    private var token: UInt64?
    private var isRegistered = false

    init(path: Path, flags: OpenFlags, _ descriptor: SharedFD, _ readiness: HostReadiness) {
        self.descriptor = descriptor
        self.readiness = readiness
        super.init(path: path, flags: flags)
    }

    deinit { if let token { readiness.remove(token) } }

    /// The queue, which hears of the descriptor from now on.
    private func register() throws(Errno) -> WaitQueue {
        registrationLock.lock()
        defer { registrationLock.unlock() }
        if !isRegistered {
            token = try readiness.add(descriptor.fd, queue)
            isRegistered = true
        }
        return queue
    }

    override func read(_ destination: inout IOVector, at offset: UInt64, by caller: Caller) throws(Errno) -> Int {
        if destination.remaining == 0 { return 0 }
        if let done = try readNow(&destination) { return done }
        if isNonblocking { throw .EAGAIN }
        var vector = destination
        defer { destination = vector }
        return try caller.waiter.wait(on: try register(), for: .readable) { () throws(Errno) in try readNow(&vector) }
    }

    private func readNow(_ destination: inout IOVector) throws(Errno) -> Int? {
        readLock.lock()
        defer { readLock.unlock() }
        do throws(Errno) { return try destination.fillNow(from: descriptor.fd) } catch {
            if error == .EAGAIN { return nil }
            throw error
        }
    }

    override func write(_ source: inout IOVector, at offset: inout UInt64, by caller: Caller) throws(Errno) -> Int {
        var done = 0
        do throws(Errno) {
            done = try writeNow(&source) ?? 0
            if source.remaining == 0 || source.faulted { return done }
            if isNonblocking {
                if done == 0 { throw .EAGAIN }
                return done
            }
            let queue = try register()
            while source.remaining > 0, !source.faulted {
                var vector = source
                defer { source = vector }
                done += try caller.waiter.wait(on: queue, for: .writable) { () throws(Errno) in try writeNow(&vector) }
            }
            return done
        } catch {
            if error == .EPIPE { caller.raise(13 /* SIGPIPE */) }
            if done > 0 { return done }
            throw error
        }
    }

    private func writeNow(_ source: inout IOVector) throws(Errno) -> Int? {
        writeLock.lock()
        defer { writeLock.unlock() }
        do throws(Errno) { return try source.drainNow(to: descriptor.fd) } catch {
            if error == .EAGAIN { return nil }
            throw error
        }
    }

    override func poll() -> IOEvents {
        guard let ready = try? descriptor.fd.readiness([.readable, .writable, HostPollEvents(rawValue: 0x2002)]) else { return [] }
        return IOEvents(host: HostEpoll.Events(rawValue: UInt32(UInt16(bitPattern: ready.rawValue))))
    }

    override var waitQueue: WaitQueue? { (try? register()) ?? queue }

    override func ioctl(_ request: UInt32, _ argument: UInt64, by caller: Caller) throws(Errno) -> UInt64 {
        let bytes: [UInt8]
        switch request {
        case 0x541b /* FIONREAD */: bytes = try descriptor.fd.ioctl(request, count: 4)
        case 0x5401 /* TCGETS */: bytes = Array(try descriptor.fd.ioctl(request, count: 60).prefix(36))
        case 0x5413 /* TIOCGWINSZ */: bytes = try descriptor.fd.ioctl(request, count: 8)
        default: throw .ENOTTY
        }
        try caller.memory.store(array: bytes, at: GuestAddress(argument))
        return 0
    }

    override var anonymousName: String? { inode.type == .fifo ? "pipe:[\(inode.number)]" : nil }
}

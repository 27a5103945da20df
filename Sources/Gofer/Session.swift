import GoferProtocol
import HostOS
import LinuxABI
import Synchronization

/// One connection and the threads that serve it.
///
/// Each thread takes a request off the socket, works on it and sends the reply: packets are whole messages, so no thread
/// directs the others. One thread is enough for what is quick; before something that may take long, another one is
/// started if none waits for requests. Those end again when nothing comes for a while.
final class Session: @unchecked Sendable {
    let socket: HostFD
    let files: FileServer
    /// One call at a time comes here: one thread is enough.
    private let isLane: Bool
    private let threads = Atomic<Int>(0)
    private let waiting = Atomic<Int>(0)
    /// Called by the last thread, when the other side is gone.
    private let ended: @Sendable () -> Void

    private static let maximumThreads = 4
    /// Seconds that all but the first thread wait.
    private static let patience = 2

    /// - Parameter socket: belongs to the session.
    init(socket: HostFD, files: FileServer, isLane: Bool = false, ended: @escaping @Sendable () -> Void) {
        self.socket = socket
        self.files = files
        self.isLane = isLane
        self.ended = ended
    }

    /// Serves until the other side is gone. The calling thread is the first of the session's.
    func run() {
        threads.add(1, ordering: .relaxed)
        serve(isFirst: true)
    }

    private func serve(isFirst: Bool) {
        var request = [UInt8].unfilled(count: Limits.maximumMessage)
        var reply = Reply()
        var none: [HostFD] = []
        while true {
            waiting.add(1, ordering: .relaxed)
            let n: Int
            do throws(Errno) {
                // What descriptors the client sends along, the kernel closes.
                n = try socket.receivePacket(into: &request, descriptors: &none, acceptDescriptors: false)
            } catch {
                if error == .EAGAIN {
                    waiting.subtract(1, ordering: .relaxed)
                    if isFirst { sleepSoundly() } else if mayLeave() { return }
                    continue
                }
                n = error == .EMSGSIZE ? 1 : 0
            }
            waiting.subtract(1, ordering: .relaxed)
            if n == 0 { break }
            answer(Decoder(request, count: n), &reply)
        }
        // One thread saw the end: the others' receive calls return as well.
        socket.shutDown()
        if threads.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { ended() }
    }

    /// Once alone, the first thread waits without looking up.
    private func sleepSoundly() {
        if threads.load(ordering: .relaxed) == 1 { try? socket.setReceiveTimeout(seconds: 0) }
    }

    /// Whether another thread is left to see the end. Then this one is not counted any more.
    private func mayLeave() -> Bool {
        if threads.subtract(1, ordering: .acquiringAndReleasing).newValue > 0 { return true }
        threads.add(1, ordering: .relaxed)
        return false
    }

    private func answer(_ message: consuming Decoder, _ reply: inout Reply) {
        guard let number = try? message.u16(), let tag = try? message.u32() else { return socket.shutDown() }
        let operation = Operation(rawValue: number)
        if operation == .close {
            files.close(&message)
            return
        }
        if operation?.mayTakeLong == true && !isLane { startAnotherThread() }
        reply.begin(tag)
        do throws(Errno) {
            guard let operation else { throw .EOPNOTSUPP }
            try files.perform(operation, &message, &reply)
        } catch {
            reply.fail(error, tag)
        }
        do throws(Errno) {
            try socket.sendPacket(reply.message.bytes, count: reply.message.count, descriptors: reply.descriptors)
        } catch {
            // The kernel lets only so many descriptors be on their way: the client gets the error instead.
            if error == .ETOOMANYREFS || error == .ENOMEM || error == .ENOBUFS {
                reply.fail(.ENFILE, tag)
                do throws(Errno) { try socket.sendPacket(reply.message.bytes, count: reply.message.count) } catch { socket.shutDown() }
            } else {
                socket.shutDown()
            }
        }
        reply.end()
    }

    private func startAnotherThread() {
        guard waiting.load(ordering: .relaxed) == 0 else { return }
        if threads.add(1, ordering: .relaxed).newValue > Self.maximumThreads {
            threads.subtract(1, ordering: .relaxed)
            return
        }
        do throws(Errno) {
            try? socket.setReceiveTimeout(seconds: Self.patience)
            try Thread.start { [self] in serve(isFirst: false) }
        } catch {
            threads.subtract(1, ordering: .relaxed)
        }
    }
}

/// A reply as it grows, with the descriptors that go beside it.
struct Reply {
    var message = Encoder()
    /// To send along; `owned` ones are closed afterwards.
    private(set) var descriptors: [HostFD] = []

    mutating func begin(_ tag: UInt32) {
        message.reset()
        message.u16(0)
        message.u32(tag)
    }

    /// Sends `fd` along, and closes it here.
    mutating func give(_ fd: HostFD) { descriptors.append(fd) }

    mutating func fail(_ error: Errno, _ tag: UInt32) {
        end()
        message.reset()
        message.u16(UInt16(truncatingIfNeeded: error.rawValue))
        message.u32(tag)
    }

    mutating func end() {
        for fd in descriptors { fd.close() }
        descriptors.removeAll(keepingCapacity: true)
    }
}

extension Operation {
    /// Whether a disk or another process decides when it ends.
    var mayTakeLong: Bool {
        switch self {
        case .synchronize, .synchronizeFileSystem, .allocate, .connect, .open, .readDirectory, .setAttributes: true
        default: false
        }
    }
}

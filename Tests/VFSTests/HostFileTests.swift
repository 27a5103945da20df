import HostOS
import LinuxABI
import Memory
import Synchronization
import Testing
import Waiting
@testable import FileSystems
@testable import VFS

@Suite struct HostFileTests {
    let world = World()
    let host = HostFileSystem()
    var c: Caller { world.root }

    func pair() throws -> (OpenFile, HostFD) {
        let (a, b) = try HostFD.socketPair(type: 1)
        return (try host.open(SharedFD(owning: a)), b)
    }

    @Test func waitsForTheHostAndGoesOn() throws {
        let (file, peer) = try pair()
        defer { peer.close() }
        let carrier = Carrier(c, file)
        let got = Mutex<[UInt8]>([])
        let done = Waiter()
        try Thread.start {
            let buffer = KernelBuffer(count: 100)
            var vector = IOVector(buffer)
            let n = (try? carrier.caller.read(carrier.file, into: &vector)) ?? -1
            got.withLock { $0 = Array(buffer.bytes[..<max(0, n)]) }
            done.unpark()
        }
        try peer.writeAll(bytes("hello"))
        _ = done.park()
        #expect(got.withLock { $0 } == bytes("hello"))
    }

    @Test func interruptionEndsAReadOfABlockingDescriptor() throws {
        let (file, peer) = try pair()
        defer { peer.close() }
        c.waiter.interrupt()
        let buffer = KernelBuffer(count: 100)
        var vector = IOVector(buffer)
        #expect(errno { _ = try c.read(file, into: &vector) } == .ERESTARTSYS)
        file.flags = file.flags.union(.O_NONBLOCK)
        #expect(errno { _ = try c.read(file, into: &vector) } == .EAGAIN)
        #expect(try peer.statusFlags() & OpenFlags.O_NONBLOCK.rawValue == 0)
    }

    @Test func writesMoreThanFitsArriveWhole() throws {
        // The Sentry's threads have every signal blocked.
        try HostSignals.open([13]).close()
        let (file, peer) = try pair()
        let carrier = Carrier(c, file)
        let count = 3 << 20
        try Thread.start {
            var vector = IOVector(KernelBuffer([UInt8](repeating: 7, count: count)))
            let n = try? carrier.caller.write(carrier.file, from: &vector)
            #expect(n == count)
        }
        var total = 0
        var chunk = [UInt8](repeating: 0, count: 65536)
        while total < count {
            total += try unsafe chunk.withMutableBytes { (b) throws(Errno) in try unsafe peer.read(into: b) }
        }
        #expect(total == count)
        peer.close()
        let buffer = KernelBuffer(count: 10)
        var end = IOVector(buffer)
        #expect(try c.read(file, into: &end) == 0)
        var more = IOVector(KernelBuffer([1]))
        #expect(errno { _ = try c.write(file, from: &more) } == .EPIPE)
        #expect(file.poll().contains(.POLLHUP))
    }
}

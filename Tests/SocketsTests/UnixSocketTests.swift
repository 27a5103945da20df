import FileSystems
import HostOS
import LinuxABI
import Memory
@testable import Sockets
import Testing
import VFS
import Waiting

@Suite struct UnixSocketTests {
    let world = World()

    private func pair(_ type: SocketType) -> (UnixSocketFile, UnixSocketFile) {
        UnixSocketFile.makePair(type, flags: .O_NONBLOCK, by: world.caller)
    }

    @Test func aStreamForgetsTheBoundariesAndADatagramKeepsThem() throws {
        let (a, b) = pair(.stream)
        for text in ["one", "two", "three"] { #expect(try world.send(a, text) == text.utf8.count) }
        #expect(try world.receive(b, 5).0 == "onetw")
        #expect(try world.receive(b, 100).0 == "othree")
        #expect(throws: Errno.EAGAIN) { try world.receive(b, 1) }
        let (c, d) = pair(.datagram)
        _ = try world.send(c, "first")
        _ = try world.send(c, "")
        _ = try world.send(c, "third")
        let (text, received) = try world.receive(d, 2)
        #expect(text == "fi" && received.flags == .MSG_TRUNC && received.count == 2)
        #expect(try world.receive(d, 100).1.count == 0)
        #expect(try world.receive(d, 1, flags: .MSG_TRUNC).1.count == 5)
    }

    @Test func peekingLeavesWhatWasSeen() throws {
        let (a, b) = pair(.stream)
        _ = try world.send(a, "ab")
        _ = try world.send(a, String(repeating: "c", count: 5000))
        #expect(try world.receive(b, 10_000, flags: .MSG_PEEK).1.count == 5002)
        #expect(try world.receive(b, 3, flags: .MSG_PEEK).0 == "abc")
        #expect(try world.receive(b, 10_000).1.count == 5002)
    }

    @Test func aFullBufferRefusesAndReadingMakesRoom() throws {
        let (a, b) = pair(.stream)
        let block = String(repeating: "x", count: 10_000)
        var sent = 0
        var refusal: Errno?
        while refusal == nil {
            do throws(Errno) { sent += try world.send(a, block, flags: .MSG_DONTWAIT) } catch { refusal = error }
        }
        #expect(refusal == .EAGAIN)
        #expect(sent >= 200_000)
        #expect(a.poll().isDisjoint(with: .POLLOUT))
        var got = 0
        while let n = try? world.receive(b, 50_000).1.count { got += n }
        #expect(got == sent)
        #expect(a.poll().contains(.POLLOUT))
        #expect(a.socket.budget.inFlight == 0)
    }

    @Test func descriptorsComeWithTheirBytesAndEndARead() throws {
        let (a, b) = pair(.stream)
        let file = EventFile(path: world.caller.vfs.anonymous.makePath(type: .regular, by: world.caller), initial: 0,
                             semaphore: false, nonblocking: true)
        _ = try world.send(a, "before")
        _ = try world.send(a, "with", rights: [file])
        _ = try world.send(a, "after")
        let (text, received) = try world.receive(b, 100)
        #expect(text == "beforewith")
        #expect(received.ancillary.rights.count == 1 && received.ancillary.rights.first === file)
        #expect(try world.receive(b, 100).0 == "after")
    }

    @Test func whatIsInFlightGoesWithTheSocket() throws {
        weak var gone: EventFile?
        do {
            let (a, b) = pair(.datagram)
            let file = EventFile(path: world.caller.vfs.anonymous.makePath(type: .regular, by: world.caller), initial: 0,
                                 semaphore: false, nonblocking: true)
            gone = file
            _ = try world.send(a, "x", rights: [file])
            withExtendedLifetime(b) {}
        }
        #expect(gone == nil)
    }

    @Test func socketsDoNotLieInEachOtherWithoutEnd() throws {
        var inner = pair(.stream)
        var refusal: Errno?
        var sent = 0
        while refusal == nil, sent < 100 {
            let outer = pair(.stream)
            do throws(Errno) { sent += try world.send(outer.0, "x", rights: [inner.1]) } catch { refusal = error }
            inner = outer
        }
        #expect(refusal == .ETOOMANYREFS && sent == 5)
    }

    @Test func theEndIsToldOnceTheBytesAreRead() throws {
        var (a, b): (UnixSocketFile?, UnixSocketFile) = pair(.stream)
        _ = try world.send(try #require(a), "last")
        a = nil
        #expect(b.poll().isSuperset(of: [.POLLIN, .POLLHUP, .POLLRDHUP]))
        #expect(try world.receive(b, 100).0 == "last")
        #expect(try world.receive(b, 100).1.count == 0)
        #expect(throws: Errno.EPIPE) { try world.send(b, "x", flags: .MSG_NOSIGNAL) }
        (a, b) = pair(.stream)
        _ = try world.send(b, "unread")
        a = nil
        #expect(throws: Errno.ECONNRESET) { try world.receive(b, 100) }
        #expect(try world.receive(b, 100).1.count == 0)
    }

    @Test func shutdownIsSeenFromBothEnds() throws {
        let (a, b) = pair(.seqpacket)
        try a.shutdown(1)
        #expect(throws: Errno.EPIPE) { try world.send(a, "x", flags: .MSG_NOSIGNAL) }
        #expect(try world.receive(b, 10).1.count == 0)
        #expect(try world.send(b, "back") == 4)
        #expect(try world.receive(a, 10).0 == "back")
        #expect(throws: Errno.EINVAL) { try a.shutdown(3) }
    }

    @Test func manyThreadsLoseNothing() throws {
        let (a, b) = UnixSocketFile.makePair(.stream, flags: [], by: world.caller)
        final class Count: @unchecked Sendable {
            let waiter = Waiter()
            let lock = Lock()
            var left = 3
        }
        let count = Count()
        for _ in 0..<3 {
            let other = World()
            try Thread.start {
                for _ in 0..<200 { _ = try? other.send(a, String(repeating: "y", count: 1000)) }
                if count.lock.withLock({ count.left -= 1; return count.left == 0 }) { try? a.shutdown(1) }
            }
        }
        var total = 0
        let buffer = KernelBuffer(count: 4096)
        while true {
            var vector = IOVector(buffer)
            let n = try b.receive(&vector, flags: [], by: world.caller).count
            if n == 0 { break }
            total += n
        }
        #expect(total == 600_000)
    }
}

@Suite struct AddressTests {
    @Test func namesAreReadByTheirLength() throws {
        #expect(try UnixAddress([1, 0] + Array("/a\0junk".utf8)) == .path(Array("/a".utf8)))
        #expect(try UnixAddress([1, 0, 0] + Array("x\0y".utf8)) == .abstract(Array("x\0y".utf8)))
        #expect(try UnixAddress([1, 0] + [UInt8](repeating: 0x61, count: 108)).bytes.count == 111)
        for wrong: [UInt8] in [[], [1], [1, 0], [2, 0, 0x61], [1, 0] + [UInt8](repeating: 0x61, count: 109)] {
            #expect(throws: Errno.EINVAL) { try UnixAddress(wrong) }
        }
    }

    @Test func routeRequestsThatLieAreHarmless() {
        #expect(RouteMessages.answer([], port: 1).isEmpty)
        #expect(RouteMessages.answer([UInt8](repeating: 0xff, count: 64), port: 1).isEmpty)
        var short: [UInt8] = UInt32(16).bytes + UInt16(18).bytes + UInt16(0x301).bytes + UInt32(7).bytes + UInt32(0).bytes
        let answers = RouteMessages.answer(short, port: 1)
        #expect(answers.count == 2)
        #expect(answers.last?.uint16(at: 4) == 3)
        short[0] = 200
        #expect(RouteMessages.answer(short, port: 1).isEmpty)
    }
}

/// Plain bytes, which go without the general way, mixed with what does not.
@Suite struct PlainStreamTests {
    let world = World()

    private func write(_ file: OpenFile, _ text: String) throws -> Int {
        var source = IOVector(KernelBuffer(Array(text.utf8)))
        var offset: UInt64 = 0
        return try file.write(&source, at: &offset, by: world.caller)
    }

    private func read(_ file: OpenFile, _ room: Int) throws -> String {
        let buffer = KernelBuffer(count: room)
        var destination = IOVector(buffer)
        let count = try file.read(&destination, at: 0, by: world.caller)
        return String(decoding: buffer.bytes[..<count], as: UTF8.self)
    }

    @Test func bytesKeepTheirOrderWhicheverWayTheyGo() throws {
        let (a, b) = UnixSocketFile.makePair(.stream, flags: .O_NONBLOCK, by: world.caller)
        for round in 0..<300 {
            #expect(try write(a, "p\(round)") > 0)
            if round % 3 == 0 { _ = try world.send(a, "q", rights: [a]) }
            if round % 7 == 0 { #expect(try world.receive(b, 1, flags: .MSG_PEEK).0 == "p") }
            if round % 3 == 0 {
                let (text, received) = try world.receive(b, 100)
                #expect(text == "p\(round)q" && received.ancillary.rights.count == 1)
            } else {
                #expect(try read(b, 100) == "p\(round)")
            }
            #expect(b.socket.readableBytes == 0 && a.socket.budget.inFlight == 0)
            #expect(throws: Errno.EAGAIN) { try read(b, 1) }
        }
    }

    @Test func aFullBufferAndAClosedEndAreToldAsBefore() throws {
        let (a, b) = UnixSocketFile.makePair(.stream, flags: .O_NONBLOCK, by: world.caller)
        let block = String(repeating: "x", count: 4096)
        var sent = 0
        while true {
            do { sent += try write(a, block) } catch { #expect(error as? Errno == .EAGAIN); break }
        }
        #expect(sent >= 200_000 && a.socket.budget.inFlight == sent)
        #expect(!a.poll().contains(.POLLOUT))
        var got = 0
        while got < sent { got += try read(b, 5000).utf8.count }
        #expect(a.poll().contains(.POLLOUT) && a.socket.budget.inFlight == 0)
        #expect(try write(a, "end") == 3)
        a.shutdownForTest()
        #expect(try read(b, 10) == "end")
        #expect(try read(b, 10) == "")
    }

    @Test func credentialsAreTheSenders() throws {
        let (a, b) = UnixSocketFile.makePair(.stream, flags: .O_NONBLOCK, by: world.caller)
        #expect(try write(a, "x") == 1)
        try b.setOption(SocketOption.SOL_SOCKET, SocketOption.SO_PASSCRED, [1, 0, 0, 0], by: world.caller)
        let (text, received) = try world.receive(b, 10)
        #expect(text == "x" && received.ancillary.credentials == SocketCredentials(of: world.caller))
    }
}

extension UnixSocketFile {
    fileprivate func shutdownForTest() { try? shutdown(1) }
}

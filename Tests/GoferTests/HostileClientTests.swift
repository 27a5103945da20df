import GoferProtocol
import HostOS
import LinuxABI
import Synchronization
import Testing

private let root = Owner(uid: 0, gid: 0)

/// What a Sentry that was taken over might send.
@Suite(.serialized) struct HostileClientTests {
    /// Packets of random bytes behind valid headers: the Gofer goes on to serve.
    @Test func survivesRandomRequests() throws {
        var random = SplitMix(state: 42)
        let gofer = try LiveGofer()
        try HostFD.currentDirectory.makeDirectories(gofer.path("root/a/b"), mode: 0o755)
        let top = try gofer.connection.attach(mount: 0).handle
        var reply = [UInt8](repeating: 0, count: 65536)
        for round in 0..<20_000 {
            var message = Encoder()
            message.u16(UInt16(truncatingIfNeeded: random.next() % 28))
            message.u32(UInt32(truncatingIfNeeded: round))
            // Fields that make sense now and then, so that the depth of a handler is reached.
            for _ in 0..<random.next() % 8 {
                switch random.next() % 6 {
                case 0: message.u64(random.next() % 3 == 0 ? top : random.next() % 64)
                case 1: message.u16(UInt16(truncatingIfNeeded: random.next()))
                case 2: message.u32(UInt32(truncatingIfNeeded: random.next()))
                case 3: message.bytes(name(["a", "b", "..", "a/b", ".", "", "new"][Int(random.next() % 7)]))
                case 4: message.u8(UInt8(truncatingIfNeeded: random.next()))
                default: message.bytes((0..<random.next() % 300).map { _ in UInt8(truncatingIfNeeded: random.next()) })
                }
            }
            let isClose = message.bytes[0] == 24 && message.bytes[1] == 0
            try gofer.socket.sendPacket(message.bytes, count: message.count)
            if isClose { continue }
            var fds: [HostFD] = []
            let n = try gofer.socket.receivePacket(into: &reply, descriptors: &fds, acceptDescriptors: true)
            for fd in fds { fd.close() }
            #expect(n >= 6)
        }
        #expect(try gofer.connection.attach(mount: 0).status.mode & 0o170000 == 0o040000)
        // Nothing of it got out of the tree that is served.
        #expect(try HostFD.currentDirectory.list(gofer.directory) == ["root"])
    }

    @Test func truncatedAndHugeFieldsAreErrors() throws {
        let gofer = try LiveGofer()
        let top = try gofer.connection.attach(mount: 0).handle
        func errno(_ operation: Operation, _ fields: (inout Encoder) -> Void) throws -> Errno {
            var message = Encoder()
            message.u16(operation.rawValue)
            message.u32(9)
            fields(&message)
            try gofer.socket.sendPacket(message.bytes, count: message.count)
            var reply = [UInt8](repeating: 0, count: 65536)
            var fds: [HostFD] = []
            let n = try gofer.socket.receivePacket(into: &reply, descriptors: &fds, acceptDescriptors: true)
            for fd in fds { fd.close() }
            var decoder = Decoder(reply, count: n)
            let errno = Errno(rawValue: Int32(try decoder.u16()))
            #expect(try decoder.u32() == 9)
            return errno
        }
        #expect(try errno(.walk) { $0.u64(top); $0.u32(0); $0.u16(65535) } == .ENAMETOOLONG)
        #expect(try errno(.walk) { $0.u64(top); $0.u32(0); $0.u16(3); $0.bytes(name("x")) } == Errno(rawValue: 0))
        #expect(try errno(.getAttributes) { $0.u64(top); $0.u16(65535) } == .EBADMSG)
        #expect(try errno(.getAttributes) { $0.u64(top); $0.u16(5); $0.u8(65) } == .EBADMSG)
        #expect(try errno(.getAttributes) { $0.u64(top) } == .EBADMSG)
        #expect(try errno(.getAttributes) { $0.place(Place(top)); $0.u8(1) } == .EBADMSG)
        #expect(try errno(.getAttributes) { $0.place(Place(top, [65, 0, 66])) } == .EINVAL)
        #expect(try errno(.getAttributes) { $0.place(Place(top, [UInt8](repeating: 65, count: 256))) } == .ENAMETOOLONG)
        #expect(try errno(.getXattr) { $0.place(Place(top)); $0.bytes(name("user.a")); $0.u32(.max) } == .ERANGE)
        #expect(try errno(.attach) { $0.u32(.max) } == .ENOENT)
        #expect(try errno(.connect) { $0.place(Place(top)); $0.u32(1) } == .ECONNREFUSED)
        #expect(try errno(.readDirectory) { $0.u64(top); $0.u64(.max); $0.u8(1); $0.u16(9) } == .EINVAL)
        #expect(try errno(.open) { $0.place(Place(top)); $0.u32(0) } == .EISDIR)
        #expect(try errno(.open) { $0.place(Place(top)); $0.u32(3) } == .EINVAL)
    }

    /// One message on a socket of the Gofer's, and what it answers.
    private func ask(_ socket: HostFD, _ operation: Operation, _ fields: (inout Encoder) -> Void) throws -> (Errno, [HostFD]) {
        var message = Encoder()
        message.u16(operation.rawValue)
        message.u32(9)
        fields(&message)
        try socket.sendPacket(message.bytes, count: message.count)
        var reply = [UInt8](repeating: 0, count: 65536)
        var fds: [HostFD] = []
        let n = try socket.receivePacket(into: &reply, descriptors: &fds, acceptDescriptors: true)
        var decoder = Decoder(reply, count: n)
        return (Errno(rawValue: Int32(try decoder.u16())), fds)
    }

    @Test func lanesAreFewAndEndAlone() throws {
        let gofer = try LiveGofer()
        let none = Errno(rawValue: 0)
        for processor: UInt32 in [64, 1024, .max] { #expect(try ask(gofer.socket, .lane) { $0.u32(processor) }.0 == .EINVAL) }
        var lanes: [HostFD] = []
        for i in 0..<64 {
            // There is hardly a machine with all of these; their lanes serve all the same.
            let (errno, fds) = try ask(gofer.socket, .lane) { $0.u32(UInt32(i)) }
            #expect(errno == none && fds.count == 1)
            lanes += fds
        }
        #expect(try ask(gofer.socket, .lane) { $0.u32(0) }.0 == .EMFILE)
        for lane in lanes { #expect(try ask(lane, .attach) { $0.u32(0) }.0 == none) }
        // A message that makes no sense ends its lane and nothing else.
        var reply = [UInt8](repeating: 0, count: 64)
        var fds: [HostFD] = []
        try lanes[5].sendPacket([1], count: 1)
        #expect(try lanes[5].receivePacket(into: &reply, descriptors: &fds, acceptDescriptors: false) == 0)
        #expect(try ask(lanes[6], .attach) { $0.u32(0) }.0 == none)
        for lane in lanes { lane.close() }
        // Their threads see the end by and by.
        while true {
            let (errno, fds) = try ask(gofer.socket, .lane) { $0.u32(1) }
            for fd in fds { fd.close() }
            if errno == none { break }
            #expect(errno == .EMFILE)
            _ = try? hostCall(.sched_yield)
        }
        #expect(try gofer.connection.attach(mount: 0).handle != 0)
    }

    @Test func aShortMessageEndsTheConnection() throws {
        let gofer = try LiveGofer()
        try gofer.socket.sendPacket([1, 0, 0], count: 3)
        #expect(try gofer.process.reap() == .exited(0))
    }

    @Test func namesAreOneComponent() throws {
        let gofer = try LiveGofer()
        try gofer.write("outside", "secret")
        let c = gofer.connection
        let top = try c.attach(mount: 0).handle
        for bad in ["..", ".", "a/b", "/", "/etc/passwd", "../outside", "a/../../outside"] {
            #expect(throws: Errno.EINVAL) { try c.attributes(of: Place(top, name(bad))) }
            #expect(throws: Errno.EINVAL) { _ = try c.open(Place(top, name(bad)), flags: 0) }
            #expect(throws: Errno.EINVAL) { _ = try c.open(Place(top, name(bad)), flags: 0, wantsHandle: false) }
            #expect(throws: Errno.EINVAL) { try c.makeDirectory(in: top, name(bad), mode: 0o700, owner: root) }
            #expect(throws: Errno.EINVAL) { try c.rename(in: top, name("a"), to: top, name(bad), []) }
            let walked = try c.walk(from: top, [name(bad)])
            #expect(walked.end == .failed && walked.error == .EINVAL)
        }
    }

    @Test func symbolicLinksLeadNowhere() throws {
        let gofer = try LiveGofer()
        try gofer.write("outside", "secret")
        let c = gofer.connection
        let top = try c.attach(mount: 0).handle
        for target in ["../outside", "/etc/passwd", "/proc/self/root", "/fd", "/1", "/"] {
            _ = try c.symlink(in: top, name("l"), target: name(target), owner: root)
            #expect(throws: Errno.ELOOP) { _ = try c.open(Place(top, name("l")), flags: 0) }
            #expect(throws: Errno.ELOOP) { _ = try c.open(Place(top, name("l")), flags: 0, wantsHandle: false) }
            #expect(throws: Errno.ELOOP) { _ = try c.create(in: top, name("l"), flags: 2, mode: 0o600, owner: root) }
            #expect(try c.attributes(of: Place(top, name("l"))).mode & 0o170000 == 0o120000)
            let walked = try c.walk(from: top, [name("l"), name("x")])
            #expect(walked.end == .symlink && walked.steps.count == 1)
            let handle = try c.walk(from: top, [name("l")], .lastHandle).steps[0].handle
            #expect(throws: Errno.ELOOP) { _ = try c.open(Place(handle), flags: 0) }
            #expect(throws: Errno.ENOTDIR) { try c.attributes(of: Place(handle, name("passwd"))) }
            var update = AttributeUpdate()
            update.mask = .size
            #expect(throws: Errno.ELOOP) { try c.setAttributes(of: Place(top, name("l")), update) }
            _ = try c.unlink(in: top, name("l"), [])
        }
    }

    /// A file that is exchanged with a link to the outside all the time, by somebody with the right to.
    @Test func racingRenamesLeadNowhere() throws {
        let gofer = try LiveGofer()
        try HostFD.currentDirectory.makeDirectories(gofer.path("root/d"), mode: 0o755)
        try HostFD.currentDirectory.makeDirectories(gofer.path("secret"), mode: 0o755)
        try gofer.write("secret/f", "secret")
        try gofer.write("root/d/f", "public")
        let top = try HostFD.currentDirectory.open(gofer.path("root"), 0)
        defer { top.close() }
        try top.makeSymlink(HostPath("x"), target: HostPath("../secret"))
        let shared = SharedCounters()
        try Thread.start {
            while !shared.stop.load(ordering: .relaxed) {
                try? top.rename(HostPath("d"), to: top, HostPath("x"), flags: 2 /* RENAME_EXCHANGE */)
            }
            shared.done.add(1, ordering: .releasing)
        }
        let c = gofer.connection
        let handle = try c.attach(mount: 0).handle
        var reached = 0
        for _ in 0..<5000 {
            guard let walked = try? c.walk(from: handle, [name("d"), name("f")], [.directoryHandles, .lastHandle]), walked.end == .complete else { continue }
            let file = try c.open(Place(walked.steps[1].handle), flags: 0)
            #expect(try file.descriptor.fd.readAll() == name("public"))
            c.close(walked.steps[1].handle)
            let named = try c.open(Place(walked.steps[0].handle, name("f")), flags: 0, wantsHandle: false)
            #expect(try named.descriptor.fd.readAll() == name("public"))
            c.close(walked.steps[0].handle)
            reached += 1
        }
        #expect(reached > 0)
        shared.stop.store(true, ordering: .relaxed)
        while shared.done.load(ordering: .acquiring) == 0 { _ = try? hostCall(.sched_yield) }
    }

    @Test func devicesAndPipesAreNotOpened() throws {
        let gofer = try LiveGofer(mounts: [("root", "rw"), ("/dev", "rw,bind")])
        let c = gofer.connection
        let top = try c.attach(mount: 0).handle
        _ = try c.makeNode(in: top, name("p"), mode: 0o010600, owner: root)
        #expect(throws: Errno.ENXIO) { _ = try c.open(Place(top, name("p")), flags: 0) }
        #expect(throws: Errno.ENXIO) { _ = try c.open(Place(top, name("p")), flags: 0, wantsHandle: false) }
        #expect(throws: Errno.EISDIR) {
            _ = try c.makeDirectory(in: top, name("d"), mode: 0o700, owner: root)
            _ = try c.open(Place(top, name("d")), flags: 0, wantsHandle: false)
        }
        let devices = try c.attach(mount: 1).handle
        #expect(throws: Errno.ENXIO) { _ = try c.open(Place(devices, name("null")), flags: 0) }
        #expect(throws: Errno.ENXIO) { _ = try c.open(Place(devices, name("null")), flags: 0, wantsHandle: false) }
        #expect(try c.attributes(of: Place(devices, name("null"))).specialMinor == 3)
    }
}

struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

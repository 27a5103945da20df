import GoferProtocol
import HostOS
import LinuxABI
import Synchronization
import Testing

private let O_RDWR: Int32 = 2
private let root = Owner(uid: 0, gid: 0)

private func text(_ fd: borrowing OwnedFD) throws -> String { String(decoding: try fd.fd.readAll(), as: UTF8.self) }

@Suite(.serialized) struct GoferTests {
    @Test func servesAFile() throws {
        let gofer = try LiveGofer()
        #expect(gofer.answer == "ready\n")
        let top = try gofer.connection.attach(mount: 0)
        #expect(!top.readOnly)
        let made = try gofer.connection.create(in: top.handle, name("a"), flags: O_RDWR, mode: 0o640, owner: Owner(uid: 7, gid: 8))
        let created = made.created
        #expect(created)
        #expect(made.status.mode == 0o100640)
        #expect(made.status.uid == 7 && made.status.gid == 8)
        try made.descriptor.fd.writeAll(name("hello"))
        let again = try gofer.connection.open(Place(top.handle, name("a")), flags: 0)
        #expect(try text(again.descriptor) == "hello")
        #expect(again.handle != made.handle)
        // Without a name it can still be opened by its handle, with another mode.
        _ = try gofer.connection.unlink(in: top.handle, name("a"), [])
        let reopened = try gofer.connection.open(Place(again.handle), flags: O_RDWR)
        #expect(reopened.handle == 0)
        #expect(reopened.status.links == 0)
        #expect(try text(reopened.descriptor) == "hello")
    }

    @Test func walksManyNamesAtOnce() throws {
        let gofer = try LiveGofer()
        try HostFD.currentDirectory.makeDirectories(gofer.path("root/a/b/c"), mode: 0o755)
        try gofer.write("root/a/b/file", "x")
        let top = try gofer.connection.attach(mount: 0)
        try HostFD.currentDirectory.open(gofer.path("root"), 0).makeSymlink(try HostPath(name("link")), target: HostPath("a/b"))

        let full = try gofer.connection.walk(from: top.handle, [name("a"), name("b"), name("c")], .directoryHandles)
        #expect(full.end == .complete && full.steps.count == 3)
        #expect(full.steps.allSatisfy { $0.handle != 0 })
        let missing = try gofer.connection.walk(from: top.handle, [name("a"), name("x"), name("c")])
        #expect(missing.end == .missing && missing.steps.count == 1)
        let link = try gofer.connection.walk(from: top.handle, [name("link"), name("c")])
        #expect(link.end == .symlink && link.steps.count == 1 && link.target == name("a/b"))
        let file = try gofer.connection.walk(from: top.handle, [name("a"), name("b"), name("file"), name("c")])
        #expect(file.end == .notDirectory && file.steps.count == 3)
        let last = try gofer.connection.walk(from: full.steps[1].handle, [name("file")], .lastHandle)
        #expect(last.end == .complete && last.steps[0].handle != 0 && last.steps[0].status.size == 1)
    }

    @Test func listsLargeDirectories() throws {
        let gofer = try LiveGofer()
        let top = try gofer.connection.attach(mount: 0)
        for i in 0..<1500 {
            _ = try gofer.connection.makeNode(in: top.handle, name("file-with-a-longer-name-\(i)"), mode: 0o100600, owner: root)
        }
        for attributes in [false, true] {
            var seen: Set<[UInt8]> = []
            var cookie: UInt64 = 0
            while true {
                let part = try gofer.connection.readDirectory(top.handle, from: cookie, attributes: attributes)
                for entry in part.entries {
                    #expect(seen.insert(entry.name).inserted)
                    #expect((entry.status != nil) == attributes)
                    cookie = entry.cookie
                }
                if part.isEnd { break }
            }
            #expect(seen.count == 1500)
        }
    }

    @Test func changesAttributesAndNames() throws {
        let gofer = try LiveGofer()
        let c = gofer.connection
        let top = try c.attach(mount: 0).handle
        let directory = try c.makeDirectory(in: top, name("d"), mode: 0o1777, owner: Owner(uid: 1, gid: 2))
        #expect(directory.status.mode == 0o041777 && directory.status.uid == 1 && directory.status.gid == 2)
        let set = try c.create(in: top, name("s"), flags: O_RDWR, mode: 0o4755, owner: Owner(uid: 5, gid: 5))
        #expect(set.status.mode == 0o104755)
        #expect(try c.symlink(in: top, name("l"), target: name("/etc/passwd"), owner: Owner(uid: 3, gid: 4)).uid == 3)
        #expect(try c.readLink(Place(top, name("l"))) == name("/etc/passwd"))
        #expect(try c.makeNode(in: top, name("p"), mode: 0o010600, owner: root).mode == 0o010600)
        #expect(try c.makeNode(in: top, name("w"), mode: 0o020000, owner: root).mode == 0o020000)
        #expect(throws: Errno.EPERM) { try c.makeNode(in: top, name("b"), mode: 0o060600, owner: root) }

        var update = AttributeUpdate()
        update.mask = [.mode, .size, .modificationTime]
        update.mode = 0o600
        update.size = 12345
        update.modificationTime = HostTime(seconds: 1000, nanoseconds: 5)
        let changed = try c.setAttributes(of: Place(top, name("s")), update)
        #expect(changed.mode == 0o100600 && changed.size == 12345 && changed.modificationTime == HostTime(seconds: 1000, nanoseconds: 5))
        update.mask = .mode
        #expect(throws: Errno.EOPNOTSUPP) { try c.setAttributes(of: Place(top, name("l")), update) }

        #expect(try c.link(Place(top, name("s")), to: directory.handle, name("s2")).links == 2)
        #expect(try c.rename(in: top, name("l"), to: directory.handle, name("s2"), .keepVictim) != 0)
        #expect(throws: Errno.EEXIST) { try c.rename(in: top, name("s"), to: directory.handle, name("s2"), .noReplace) }
        #expect(throws: Errno.ENOTEMPTY) { try c.unlink(in: top, name("d"), .directory) }
        let victim = try c.unlink(in: top, name("s"), .keepVictim)
        #expect(victim.handle != 0 && victim.status?.links == 0)

        let temporary = try c.makeTemporary(in: top, flags: O_RDWR, mode: 0o644, owner: Owner(uid: 9, gid: 9))
        #expect(temporary.status.links == 0 && temporary.status.uid == 9)
        #expect(try c.link(Place(temporary.handle), to: top, name("named")).links == 1)
        #expect(try c.fileSystemStatus(top).blockSize > 0)
        try c.synchronize(top, dataOnly: false)
        try c.synchronize(temporary.handle, dataOnly: true)
    }

    @Test func keepsExtendedAttributes() throws {
        let gofer = try LiveGofer()
        let c = gofer.connection
        let top = try c.attach(mount: 0).handle
        let file = try c.create(in: top, name("f"), flags: O_RDWR, mode: 0o644, owner: root)
        do throws(Errno) {
            try c.setXattr(of: Place(top, name("f")), name("user.a"), name("1"), flags: 0)
        } catch {
            // A file system without them.
            #expect(error == .EOPNOTSUPP)
            return
        }
        try c.setXattr(of: Place(file.handle), name("user.b"), [UInt8](repeating: 7, count: 2000), flags: 0)
        #expect(try c.xattr(of: Place(file.handle), name("user.a"), limit: 100) == name("1"))
        #expect(throws: Errno.ERANGE) { try c.xattr(of: Place(file.handle), name("user.b"), limit: 100) }
        #expect(try c.xattrs(of: Place(top, name("f"))).split(separator: 0).count == 2)
        try c.removeXattr(of: Place(file.handle), name("user.a"))
        #expect(throws: Errno.ENODATA) { try c.xattr(of: Place(file.handle), name("user.a"), limit: 100) }
    }

    @Test func refusesChangesOfReadOnlyMounts() throws {
        let gofer = try LiveGofer(mounts: [("root", "rw"), ("lower", "ro,bind")])
        try gofer.write("lower/f", "text")
        let c = gofer.connection
        let writable = try c.attach(mount: 0).handle
        let top = try c.attach(mount: 1)
        #expect(top.readOnly)
        let file = try c.open(Place(top.handle, name("f")), flags: 0)
        #expect(try text(file.descriptor) == "text")
        #expect(throws: Errno.EROFS) { _ = try c.open(Place(top.handle, name("f")), flags: O_RDWR) }
        #expect(throws: Errno.EROFS) { _ = try c.open(Place(top.handle, name("f")), flags: 0o1000) }
        #expect(throws: Errno.EROFS) { _ = try c.open(Place(file.handle), flags: 1) }
        #expect(throws: Errno.EROFS) { _ = try c.create(in: top.handle, name("n"), flags: 0, mode: 0, owner: root) }
        #expect(throws: Errno.EROFS) { _ = try c.makeTemporary(in: top.handle, flags: O_RDWR, mode: 0, owner: root) }
        #expect(throws: Errno.EROFS) { try c.makeDirectory(in: top.handle, name("n"), mode: 0, owner: root) }
        #expect(throws: Errno.EROFS) { try c.makeNode(in: top.handle, name("n"), mode: 0o100600, owner: root) }
        #expect(throws: Errno.EROFS) { try c.symlink(in: top.handle, name("n"), target: name("t"), owner: root) }
        #expect(throws: Errno.EROFS) { try c.link(Place(file.handle), to: top.handle, name("n")) }
        #expect(throws: Errno.EROFS) { try c.unlink(in: top.handle, name("f"), []) }
        #expect(throws: Errno.EROFS) { try c.rename(in: top.handle, name("f"), to: top.handle, name("g"), []) }
        #expect(throws: Errno.EROFS) { try c.allocate(file.handle, mode: 0, offset: 0, length: 10) }
        #expect(throws: Errno.EROFS) { try c.setXattr(of: Place(file.handle), name("user.a"), [1], flags: 0) }
        #expect(throws: Errno.EROFS) { try c.removeXattr(of: Place(file.handle), name("user.a")) }
        var update = AttributeUpdate()
        update.mask = .mode
        #expect(throws: Errno.EROFS) { try c.setAttributes(of: Place(file.handle), update) }
        // From one mount into another nothing moves.
        #expect(throws: Errno.EXDEV) { try c.link(Place(file.handle), to: writable, name("n")) }
        // The descriptor is no way round.
        let owned = try file.descriptor.fd.duplicate()
        defer { owned.close() }
        #expect(throws: Errno.EINVAL) { try owned.truncate(to: 0) }
    }

    @Test func servesSingleFilesAndSaysWhatIsMissing() throws {
        let gofer = try LiveGofer(mounts: [("root", "rw"), ("/etc/hostname", "ro,bind")])
        let file = try gofer.connection.attach(mount: 1)
        #expect(file.status.mode & 0o170000 == 0o100000)
        let opened = try gofer.connection.open(Place(file.handle), flags: 0)
        #expect(opened.status.inode == file.status.inode)
        #expect(throws: Errno.ENOENT) { try gofer.connection.attach(mount: 2) }

        let broken = try LiveGofer(mounts: [("/nowhere/at/all", "rw")])
        #expect(broken.answer == "error: rootfs /nowhere/at/all: No such file or directory\n")
        #expect(try broken.process.reap() == .exited(1))
    }

    @Test func endsWhenNobodyIsConnected() throws {
        var gofer: LiveGofer? = try LiveGofer()
        _ = try gofer!.connection.attach(mount: 0)
        let process = gofer!.process
        gofer = nil
        #expect(try process.reap() == .exited(0))
    }

    @Test func callersLearnOfItsDeath() throws {
        let gofer = try LiveGofer()
        let top = try gofer.connection.attach(mount: 0)
        try gofer.process.signal(9)
        #expect(try gofer.process.reap() == .signalled(9))
        #expect(throws: Errno.EIO) { try gofer.connection.attributes(of: Place(top.handle)) }
        #expect(gofer.connection.isClosed)
    }

    @Test func givesOutEachHandleOnce() throws {
        let gofer = try LiveGofer()
        let c = gofer.connection
        var seen: Set<Handle> = []
        for _ in 0..<200 {
            let handle = try c.attach(mount: 0).handle
            #expect(seen.insert(handle).inserted)
            c.close(handle, now: true)
            // Nobody answers that: a call by another lane may overtake it.
            var answer: Errno?
            for _ in 0..<10_000 where answer == nil {
                do throws(Errno) { _ = try c.attributes(of: Place(handle)) } catch { answer = error }
            }
            #expect(answer == .EBADF)
        }
    }

    @Test func serves10000CallsOfManyThreads() throws {
        let gofer = try LiveGofer()
        let c = gofer.connection
        let top = try c.attach(mount: 0).handle
        let shared = SharedCounters()
        for t in 0..<10 {
            try Thread.start {
                for i in 0..<250 {
                    let file = name("f\(t)-\(i)")
                    do throws(Errno) {
                        let made = try c.create(in: top, file, flags: O_RDWR, mode: 0o600, owner: root)
                        try made.descriptor.fd.writeAll(file)
                        let opened = try c.open(Place(top, file), flags: 0)
                        if try opened.descriptor.fd.readAll() != file { shared.wrong.add(1, ordering: .relaxed) }
                        try c.synchronize(made.handle, dataOnly: true)
                        _ = try c.unlink(in: top, file, [])
                        c.close(made.handle)
                        c.close(opened.handle)
                    } catch {
                        shared.wrong.add(1, ordering: .relaxed)
                    }
                }
                shared.done.add(1, ordering: .releasing)
            }
        }
        while shared.done.load(ordering: .acquiring) < 10 { _ = try? hostCall(.sched_yield) }
        #expect(shared.wrong.load(ordering: .relaxed) == 0)
    }
}

final class SharedCounters: Sendable {
    let done = Atomic<Int>(0)
    let wrong = Atomic<Int>(0)
    let stop = Atomic<Bool>(false)
}

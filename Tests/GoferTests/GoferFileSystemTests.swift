import FileSystems
import GoferProtocol
import HostOS
import Identity
import LinuxABI
import Memory
import Testing
import VFS

/// A mount namespace whose root a live Gofer serves, and a caller in it.
private struct Fixture {
    let gofer: LiveGofer
    let files: GoferFileSystem
    let caller: Caller

    init(_ sharing: GoferFileSystem.Sharing = .exclusive, options: String = "rw") throws {
        gofer = try LiveGofer(mounts: [("root", options)])
        files = try GoferFileSystem(gofer.connection, mount: 0, sharing: sharing)
        let mounts = MountNamespace(VirtualFileSystem(), root: files)
        caller = Caller.kernel(in: mounts, userNamespace: UserNamespace())
    }

    func open(_ path: String, _ flags: OpenFlags = [], mode: UInt32 = 0o644) throws -> OpenFile {
        try caller.open(name(path), OpenHow(flags, mode: mode))
    }

    func write(_ file: OpenFile, _ text: String, at offset: UInt64 = 0) throws -> Int {
        var vector = IOVector(KernelBuffer(name(text)))
        var offset = offset
        return try file.write(&vector, at: &offset, by: caller)
    }

    func read(_ file: OpenFile, _ count: Int = 1000, at offset: UInt64 = 0) throws -> String {
        let buffer = KernelBuffer(count: count)
        var vector = IOVector(buffer)
        let n = try file.read(&vector, at: offset, by: caller)
        return String(decoding: buffer.bytes[..<n], as: UTF8.self)
    }

    func attributes(_ path: String) throws -> Attributes { try caller.resolve(name(path), []).inode.attributes() }

    func list(_ path: String) throws -> [String] {
        let file = try open(path, .O_DIRECTORY)
        var names: [String] = []
        var position: UInt64 = 0
        try file.readDirectory(&position, by: caller) {
            names.append($0.name.description)
            return true
        }
        return names
    }

    func host(_ path: String) -> String { gofer.path("root/\(path)") }

    func hostStatus(_ path: String) throws -> FileStatus {
        let directory = try HostFD.currentDirectory.open(gofer.path("root"), 0)
        defer { directory.close() }
        return try directory.status(of: try HostPath(name(path)))
    }
}

@Suite(.serialized) struct GoferFileSystemTests {
    @Test func filesAreReadAndWritten() throws {
        let f = try Fixture()
        let file = try f.open("/a", [.O_CREAT, .O_RDWR], mode: 0o640)
        #expect(try f.write(file, "hello world") == 11)
        #expect(try f.read(file) == "hello world")
        #expect(try f.read(file, 5, at: 6) == "world")
        #expect(try f.attributes("/a").size == 11)
        #expect(try f.attributes("/a").mode == 0o640)
        let host = try f.hostStatus("a")
        let inode = try f.attributes("/a").inode
        #expect(host.size == 11 && host.inode == inode)
        let modified = try f.attributes("/a").modified
        #expect(modified == FileTime(seconds: host.modificationTime.seconds, nanoseconds: host.modificationTime.nanoseconds))
        let appending = try f.open("/a", [.O_WRONLY, .O_APPEND])
        var vector = IOVector(KernelBuffer(name("!")))
        var offset: UInt64 = 0
        #expect(try appending.write(&vector, at: &offset, by: f.caller) == 1)
        #expect(offset == 11)
        #expect(try f.read(file) == "hello world!")
        try f.caller.truncate(file, to: 4)
        #expect(try f.read(file) == "hell")
        #expect(try f.attributes("/a").size == 4)
        #expect(try f.open("/a", .O_TRUNC).attributes().size == 0)
    }

    @Test func namesAreMadeMovedAndRemoved() throws {
        let f = try Fixture()
        try f.caller.makeDirectory(name("/d"), mode: 0o750)
        try f.caller.makeSymbolicLink(name("/d/l"), to: name("../a"))
        try f.caller.makeNode(name("/d/p"), .fifo, mode: 0o600)
        _ = try f.open("/a", [.O_CREAT, .O_RDWR])
        let (one, other) = (try f.caller.resolve(name("/d/l")).inode, try f.caller.resolve(name("/a")).inode)
        #expect(one === other)
        #expect(try Set(f.list("/d")) == [".", "..", "l", "p"])
        try f.caller.makeLink(name("/d/b"), to: try f.caller.resolve(name("/a")))
        #expect(try f.attributes("/a").links == 2)
        #expect(try f.attributes("/d/b").inode == f.attributes("/a").inode)
        try f.caller.rename(name("/a"), to: name("/d/c"))
        #expect(throws: Errno.ENOENT) { try f.caller.resolve(name("/a")) }
        #expect(Set(try f.list("/d")) == [".", "..", "l", "p", "b", "c"])
        try f.caller.unlink(name("/d/b"))
        #expect(try f.attributes("/d/c").links == 1)
        #expect(throws: Errno.ENOTEMPTY) { try f.caller.removeDirectory(name("/d")) }
        try f.caller.rename(name("/d"), to: name("/e"))
        #expect(try f.open("/e/c").attributes().links == 1)
        for path in ["/e/c", "/e/l", "/e/p"] { try f.caller.unlink(name(path)) }
        try f.caller.removeDirectory(name("/e"))
        #expect(try f.list("/") == [".", ".."])
        #expect(try f.attributes("/").links == 2)
    }

    /// The same files looked at before and after they were listed, by one name and by another.
    @Test func aListingIsBelievedOnlyUntilSomethingChanges() throws {
        let f = try Fixture()
        for i in 0..<50 { try f.gofer.write("root/f\(i)", "\(i)") }
        #expect(try f.list("/").count == 52)
        #expect(try f.attributes("/f7").size == 1)
        try f.caller.changeMode(try f.caller.resolve(name("/f7")), 0o600)
        #expect(try f.attributes("/f7").mode == 0o600)
        #expect(throws: Errno.ENOENT) { try f.caller.resolve(name("/new")) }
        _ = try f.open("/new", [.O_CREAT, .O_WRONLY])
        #expect(try f.attributes("/new").size == 0)
        try f.caller.rename(name("/f8"), to: name("/f9"))
        #expect(try f.read(try f.open("/f9")) == "8")
        try f.caller.makeLink(name("/f10b"), to: try f.caller.resolve(name("/f10")))
        try f.caller.unlink(name("/f10"))
        #expect(try f.list("/").count == 52)
        #expect(f.files.shrinkCache(all: true) > 0)
        #expect(try f.attributes("/f10b").links == 1)
        #expect(try f.attributes("/f7").mode == 0o600)
        #expect(throws: Errno.ENOENT) { try f.caller.resolve(name("/f8")) }
    }

    /// Attributes that are read ahead must never be older than what this side has done since.
    @Test func whatIsReadAheadStaysTrue() throws {
        let f = try Fixture()
        try HostFD.currentDirectory.makeDirectories(f.host("d/sub"), mode: 0o755)
        for i in 0..<300 { try f.gofer.write("root/d/\(i)", String(repeating: "x", count: i)) }
        // One name after the other, as a program does that knows them.
        for i in 0..<150 { #expect(try f.attributes("/d/\(i)").size == UInt64(i)) }
        #expect(try f.attributes("/d/sub").type == .directory)
        #expect(throws: Errno.ENOENT) { try f.attributes("/d/none") }
        // Changes of what may or may not have been read ahead.
        for i in 140..<180 {
            switch i % 4 {
            case 0: try f.caller.unlink(name("/d/\(i)"))
            case 1: try f.caller.rename(name("/d/\(i)"), to: name("/d/n\(i)"))
            case 2: _ = try f.write(try f.open("/d/\(i)", .O_RDWR), "0123456789", at: 1000)
            default: try f.caller.makeLink(name("/d/l\(i)"), to: try f.caller.resolve(name("/d/\(i)")))
            }
        }
        for all in [false, true] {
            if all { _ = f.files.shrinkCache(all: true) }
            for i in 0..<300 {
                let changed = (140..<180).contains(i)
                switch i % 4 {
                case 0 where changed: #expect(throws: Errno.ENOENT) { try f.attributes("/d/\(i)") }
                case 1 where changed:
                    #expect(throws: Errno.ENOENT) { try f.attributes("/d/\(i)") }
                    #expect(try f.attributes("/d/n\(i)").size == UInt64(i))
                case 2 where changed: #expect(try f.attributes("/d/\(i)").size == 1010)
                case 3 where changed:
                    #expect(try f.attributes("/d/\(i)").links == 2)
                    #expect(try f.attributes("/d/l\(i)").inode == f.attributes("/d/\(i)").inode)
                default: #expect(try f.attributes("/d/\(i)").size == UInt64(i))
                }
            }
        }
        #expect(try f.list("/d").count == 2 + 1 + 300)
        // Now all names are known.
        #expect(throws: Errno.ENOENT) { try f.attributes("/d/none") }
        _ = try f.open("/d/none", [.O_CREAT, .O_RDWR])
        #expect(try f.attributes("/d/none").size == 0)
        #expect(try f.list("/d").count == 2 + 1 + 301)
        // Let go of, and read again from the host.
        for i in stride(from: 2, to: 140, by: 4) { _ = try f.write(try f.open("/d/\(i)", .O_RDWR), "y", at: 4999) }
        _ = f.files.shrinkCache(all: true)
        for i in stride(from: 2, to: 140, by: 4) { #expect(try f.attributes("/d/\(i)").size == 5000) }
    }

    @Test func anEmptyDirectoryOfOursIsKnown() throws {
        let f = try Fixture()
        try f.caller.makeDirectory(name("/d"), mode: 0o755)
        #expect(throws: Errno.ENOENT) { try f.attributes("/d/a") }
        _ = try f.open("/d/a", [.O_CREAT, .O_RDWR])
        try f.caller.makeDirectory(name("/d/e"), mode: 0o755)
        _ = try f.open("/d/e/b", [.O_CREAT, .O_RDWR])
        try f.caller.rename(name("/d/e/b"), to: name("/d/b"))
        #expect(try Set(f.list("/d")) == [".", "..", "a", "b", "e"])
        #expect(try f.list("/d/e") == [".", ".."])
        try f.caller.rename(name("/d/e"), to: name("/e"))
        #expect(throws: Errno.ENOENT) { try f.attributes("/d/e") }
        #expect(try f.attributes("/e").type == .directory)
        _ = f.files.shrinkCache(all: true)
        #expect(try f.attributes("/d/b").type == .regular)
    }

    /// Its space is free when the last name and the last open file are gone, though descriptors are kept for the next to come.
    @Test func aRemovedFileIsLetGoOf() throws {
        let f = try Fixture()
        func held() throws -> Int {
            let folder = try HostFD.currentDirectory.open("/proc/self/fd", 0o200000)
            defer { folder.close() }
            return try HostFD.currentDirectory.list("/proc/self/fd").count { (try? folder.readLink($0))?.contains("/kept-") == true }
        }
        _ = try f.write(try f.open("/kept-a", [.O_CREAT, .O_RDWR]), "abc")
        let open = try f.open("/kept-b", [.O_CREAT, .O_RDWR])
        #expect(try held() == 2)
        try f.caller.unlink(name("/kept-a"))
        try f.caller.unlink(name("/kept-b"))
        #expect(try held() == 1)
        #expect(try f.write(open, "abc") == 3)
        try f.caller.changeMode(open.path, 0o600)
        #expect(try open.attributes().mode == 0o600)
    }

    @Test func anOpenFileOutlivesItsName() throws {
        let f = try Fixture()
        let file = try f.open("/a", [.O_CREAT, .O_WRONLY])
        #expect(try f.write(file, "text") == 4)
        try f.caller.unlink(name("/a"))
        #expect(try file.attributes().links == 0)
        #expect(try file.attributes().size == 4)
        #expect(try f.write(file, "more", at: 4) == 4)
        #expect(try file.attributes().size == 8)
        // Its descriptor writes only; a reader gets one of its own, without any name.
        #expect(try f.read(try file.inode.open(file.path, flags: [], by: f.caller)) == "textmore")
    }

    /// On the host there is an empty file only.
    @Test func deviceNodesAreTheGuestsAlone() throws {
        let f = try Fixture()
        let number = DeviceNumber(major: 1, minor: 3)
        try f.caller.makeNode(name("/n"), .characterDevice, mode: 0o666, device: number)
        try f.caller.makeLink(name("/m"), to: try f.caller.resolve(name("/n")))
        try f.caller.unlink(name("/n"))
        _ = f.files.shrinkCache(all: true)
        #expect(try f.attributes("/m").type == .characterDevice)
        #expect(try f.attributes("/m").deviceOfNode == number)
        #expect(throws: Errno.ENXIO) { try f.open("/m", .O_RDWR) }
        #expect(try f.hostStatus("m").mode == 0o100666)
        try f.caller.unlink(name("/m"))
        for i in 0..<20 { #expect(try f.open("/f\(i)", [.O_CREAT, .O_RDWR]).inode.type == .regular) }
    }

    @Test func namesAreExchanged() throws {
        let f = try Fixture()
        try f.caller.makeDirectory(name("/d"), mode: 0o755)
        _ = try f.write(try f.open("/a", [.O_CREAT, .O_RDWR]), "one")
        _ = try f.write(try f.open("/d/b", [.O_CREAT, .O_RDWR]), "two")
        try f.caller.rename(name("/a"), to: name("/d/b"), .RENAME_EXCHANGE)
        #expect(try f.hostStatus("a").inode == f.attributes("/a").inode)
        #expect(try f.read(try f.open("/a")) == "two")
        #expect(try f.read(try f.open("/d/b")) == "one")
        _ = f.files.shrinkCache(all: true)
        #expect(try f.read(try f.open("/a")) == "two")
        #expect(try f.read(try f.open("/d/b")) == "one")
    }

    @Test func temporaryFilesMayGetAName() throws {
        let f = try Fixture()
        let file = try f.open("/", [.O_TMPFILE, .O_RDWR])
        #expect(try f.write(file, "text") == 4)
        #expect(try f.list("/") == [".", ".."])
        try f.caller.makeLink(name("/named"), to: file.path)
        #expect(try f.read(try f.open("/named")) == "text")
    }

    @Test func mappingsGetADescriptorOfTheirKind() throws {
        let f = try Fixture()
        let file = try f.open("/a", [.O_CREAT, .O_RDWR])
        #expect(try f.write(file, "text") == 4)
        guard case .file(let readOnly) = try file.mappable(writable: false, by: f.caller),
              case .file(let writable) = try file.mappable(writable: true, by: f.caller) else {
            Issue.record("not mappable")
            return
        }
        #expect(try hostCall(.fcntl, readOnly.fd.argument, 3) & 3 == 0)
        #expect(try hostCall(.fcntl, writable.fd.argument, 3) & 3 == 2)
    }

    @Test func holesAndSpace() throws {
        let f = try Fixture()
        let file = try f.open("/a", [.O_CREAT, .O_RDWR])
        #expect(try f.write(file, "x", at: 1 << 20) == 1)
        #expect(try file.seek(0, whence: 3, by: f.caller) == 1 << 20)
        #expect(try file.seek(0, whence: 4, by: f.caller) == 0)
        #expect(try file.seek(-1, whence: 2, by: f.caller) == 1 << 20)
        #expect(throws: Errno.ENXIO) { try file.seek(2 << 20, whence: 3, by: f.caller) }
        try file.allocate(mode: 0, offset: 0, length: 4 << 20, by: f.caller)
        #expect(try file.attributes().size == 4 << 20)
        try file.sync(dataOnly: true, by: f.caller)
    }

    @Test func aSharedTreeShowsWhatOthersDo() throws {
        let f = try Fixture(.shared)
        #expect(throws: Errno.ENOENT) { try f.caller.resolve(name("/a")) }
        try f.gofer.write("root/a", "one")
        #expect(try f.read(try f.open("/a")) == "one")
        #expect(try f.list("/") == [".", "..", "a"])
        try HostFD.currentDirectory.unlink(f.host("a"))
        #expect(throws: Errno.ENOENT) { try f.caller.resolve(name("/a")) }
        try f.gofer.write("root/a", "another")
        #expect(try f.attributes("/a").size == 7)
        try f.gofer.write("root/a", "longer than another")
        #expect(try f.attributes("/a").size == 19)
        try f.gofer.write("root/b", "b")
        #expect(try f.list("/").count == 4)
    }

    @Test func aReadOnlyTreeRefuses() throws {
        let f = try Fixture(options: "ro")
        #expect(f.files.isReadOnly)
        try f.gofer.write("root/a", "text")
        #expect(try f.read(try f.open("/a")) == "text")
        #expect(throws: Errno.EROFS) { try f.open("/a", .O_RDWR) }
        #expect(throws: Errno.EROFS) { try f.open("/b", [.O_CREAT, .O_RDWR]) }
        #expect(throws: Errno.EROFS) { try f.caller.unlink(name("/a")) }
        #expect(throws: Errno.EROFS) { try f.caller.changeMode(try f.caller.resolve(name("/a")), 0o600) }
    }

    @Test func mountPointsCanBeMadeUntilAReadOnlyTreeIsSealed() throws {
        let gofer = try LiveGofer(mounts: [("root", "ro")])
        try gofer.write("root/a", "text")
        let files = try GoferFileSystem(gofer.connection, mount: 0, sharing: .exclusive, forMountPoints: true)
        let caller = Caller.kernel(in: MountNamespace(VirtualFileSystem(), root: files), userNamespace: UserNamespace())
        try caller.ensureDirectory(name("/proc/x"))
        try caller.ensureFile(name("/etc/hosts"))
        files.seal()
        #expect(throws: Errno.EROFS) { try caller.ensureDirectory(name("/proc/y")) }
        #expect(try caller.resolve(name("/etc/hosts")).inode.type == .regular)
        _ = files.shrinkCache(all: true)
        #expect(try caller.resolve(name("/proc/x")).inode.type == .directory)
        var names: Set<String> = []
        var position: UInt64 = 0
        try caller.open(name("/"), OpenHow(.O_DIRECTORY)).readDirectory(&position, by: caller) { names.insert($0.name.description).inserted }
        #expect(names == [".", "..", "a", "proc", "etc"])
        #expect(try HostFD.currentDirectory.list(gofer.path("root")) == ["a"])
    }

    @Test func manyFilesLeaveFewDescriptors() throws {
        let f = try Fixture()
        for i in 0..<2000 {
            let file = try f.open("/f\(i)", [.O_CREAT, .O_RDWR])
            _ = try f.write(file, "\(i)")
        }
        // Other tests of this process have others open. The Gofer's root is a mount that this process does not see.
        let open = try HostFD.currentDirectory.list("/proc/self/fd").filter {
            guard let name = (try? HostFD.currentDirectory.readLink("/proc/self/fd/\($0)"))?.split(separator: "/").last else { return false }
            return name.first == "f" && UInt(name.dropFirst()) != nil
        }
        #expect(open.count > 0 && open.count < 1300)
        for i in stride(from: 0, to: 2000, by: 7) {
            #expect(try f.read(try f.open("/f\(i)")) == "\(i)")
            #expect(try f.attributes("/f\(i)").size == UInt64("\(i)".utf8.count))
        }
    }
}

import FileSystems
import GoferProtocol
import HostOS
import Identity
import LinuxABI
import Memory
import Testing
import VFS

/// An overlay of two trees that one Gofer serves.
private struct Fixture {
    let gofer: LiveGofer
    let overlay: OverlayFileSystem
    let caller: Caller

    init() throws {
        gofer = try LiveGofer(mounts: [("upper", "rw"), ("lower", "ro")])
        try HostFD.currentDirectory.makeDirectories(gofer.path("lower/d/e"), mode: 0o755)
        try gofer.write("lower/d/f", "lower f")
        try gofer.write("lower/d/e/g", "lower g")
        try gofer.write("lower/a", "lower a")
        let vfs = VirtualFileSystem()
        let lower = try GoferFileSystem(gofer.connection, mount: 1, sharing: .exclusive)
        let upper = try GoferFileSystem(gofer.connection, mount: 0, sharing: .exclusive)
        overlay = try OverlayFileSystem(lower: lower, upper: upper)
        caller = Caller.kernel(in: MountNamespace(vfs, root: overlay), userNamespace: UserNamespace())
    }

    func open(_ path: String, _ flags: OpenFlags = []) throws -> OpenFile { try caller.open(name(path), OpenHow(flags, mode: 0o644)) }

    func write(_ file: OpenFile, _ text: String, at start: UInt64 = 0) throws {
        var vector = IOVector(KernelBuffer(name(text)))
        var offset = start
        #expect(try file.write(&vector, at: &offset, by: caller) == text.utf8.count)
    }

    func read(_ file: OpenFile) throws -> String {
        let buffer = KernelBuffer(count: 1000)
        var vector = IOVector(buffer)
        let n = try file.read(&vector, at: 0, by: caller)
        return String(decoding: buffer.bytes[..<n], as: UTF8.self)
    }

    func read(_ path: String) throws -> String { try read(try open(path)) }

    func list(_ path: String) throws -> Set<String> {
        var names: [String] = []
        var position: UInt64 = 0
        try open(path, .O_DIRECTORY).readDirectory(&position, by: caller) {
            names.append($0.name.description)
            return true
        }
        let set = Set(names)
        #expect(set.count == names.count)
        return set.subtracting([".", ".."])
    }

    func lowerIsUntouched() throws {
        let cwd = HostFD.currentDirectory
        #expect(try cwd.readFile(gofer.path("lower/d/f")) == name("lower f"))
        #expect(try cwd.readFile(gofer.path("lower/d/e/g")) == name("lower g"))
        #expect(try cwd.readFile(gofer.path("lower/a")) == name("lower a"))
    }
}

@Suite(.serialized) struct OverlayTests {
    @Test func readsGoThroughAndWritesStayAbove() throws {
        let f = try Fixture()
        #expect(try f.read("/d/f") == "lower f")
        let number = try f.caller.resolve(name("/d/f")).inode.attributes().inode
        let reader = try f.open("/d/f")
        let writer = try f.open("/d/f", .O_RDWR)
        #expect(try f.list("/d") == ["e", "f"])
        #expect(try HostFD.currentDirectory.list(f.gofer.path("upper")).isEmpty)
        try f.write(writer, "UPPER")
        #expect(try f.read("/d/f") == "UPPER f")
        #expect(try f.read(reader) == "UPPER f")
        #expect(try f.read(writer) == "UPPER f")
        #expect(try f.caller.resolve(name("/d/f")).inode.attributes().inode == number)
        #expect(try f.list("/d") == ["e", "f"])
        #expect(try f.open("/a", [.O_WRONLY, .O_TRUNC]).attributes().size == 0)
        #expect(try f.read("/a") == "")
        try f.lowerIsUntouched()
    }

    @Test func whatIsRemovedStaysRemoved() throws {
        let f = try Fixture()
        try f.caller.unlink(name("/d/f"))
        #expect(throws: Errno.ENOENT) { try f.caller.resolve(name("/d/f")) }
        #expect(try f.list("/d") == ["e"])
        #expect(throws: Errno.ENOTEMPTY) { try f.caller.removeDirectory(name("/d/e")) }
        try f.caller.unlink(name("/d/e/g"))
        try f.caller.removeDirectory(name("/d/e"))
        #expect(try f.list("/d").isEmpty)
        _ = f.overlay.shrinkCache(all: true)
        #expect(throws: Errno.ENOENT) { try f.caller.resolve(name("/d/e")) }
        // A new directory does not show what an old one had.
        try f.caller.makeDirectory(name("/d/e"), mode: 0o755)
        _ = f.overlay.shrinkCache(all: true)
        #expect(try f.list("/d/e").isEmpty)
        try f.write(try f.open("/d/f", [.O_CREAT, .O_EXCL, .O_WRONLY]), "new")
        _ = f.overlay.shrinkCache(all: true)
        #expect(try f.read("/d/f") == "new")
        for path in ["/d/f"] { try f.caller.unlink(name(path)) }
        try f.caller.removeDirectory(name("/d/e"))
        try f.caller.removeDirectory(name("/d"))
        _ = f.overlay.shrinkCache(all: true)
        #expect(try f.list("/") == ["a"])
        try f.lowerIsUntouched()
    }

    @Test func filesMoveAndDirectoriesOfTheLowerLayerDoNot() throws {
        let f = try Fixture()
        try f.caller.rename(name("/a"), to: name("/d/f"))
        #expect(try f.read("/d/f") == "lower a")
        #expect(try f.list("/") == ["d"])
        #expect(throws: Errno.EXDEV) { try f.caller.rename(name("/d"), to: name("/x")) }
        try f.caller.makeDirectory(name("/n"), mode: 0o755)
        try f.write(try f.open("/n/f", [.O_CREAT, .O_WRONLY]), "n")
        try f.caller.unlink(name("/d/e/g"))
        try f.caller.rename(name("/n"), to: name("/d/e"))
        _ = f.overlay.shrinkCache(all: true)
        #expect(try f.list("/d/e") == ["f"])
        #expect(try f.list("/") == ["d"])
        try f.write(try f.open("/b", [.O_CREAT, .O_WRONLY]), "b")
        try f.caller.rename(name("/b"), to: name("/d/f"), .RENAME_EXCHANGE)
        let moved = try f.read("/b")
        #expect(moved == "lower a")
        #expect(try f.read("/d/f") == "b")
        try f.lowerIsUntouched()
    }

    @Test func openFilesOutliveTheirNames() throws {
        let f = try Fixture()
        let file = try f.open("/a", .O_RDWR)
        try f.caller.unlink(name("/a"))
        #expect(try file.attributes().links == 0)
        #expect(try f.read(file) == "lower a")
        try f.write(file, "UPPER")
        #expect(try f.read(file) == "UPPER a")
        #expect(try f.list("/") == ["d"])
        #expect(throws: Errno.ENOENT) { try f.caller.resolve(name("/a")) }
        try f.lowerIsUntouched()
    }

    @Test func hardLinksStayOneFile() throws {
        let f = try Fixture()
        try f.caller.makeLink(name("/d/a"), to: try f.caller.resolve(name("/a")))
        try f.write(try f.open("/d/a", .O_WRONLY), "UPPER")
        #expect(try f.read("/a") == "UPPER a")
        try f.caller.unlink(name("/a"))
        _ = f.overlay.shrinkCache(all: true)
        #expect(try f.read("/d/a") == "UPPER a")
        try f.lowerIsUntouched()
    }

    @Test func attributesAreCopiedUp() throws {
        let f = try Fixture()
        let before = try f.caller.resolve(name("/a")).inode.attributes()
        try f.caller.changeMode(try f.caller.resolve(name("/a")), 0o600)
        try f.caller.changeOwner(try f.caller.resolve(name("/d")), uid: 5, gid: 6)
        let after = try f.caller.resolve(name("/a")).inode.attributes()
        #expect(after.mode == 0o600 && after.size == before.size && after.modified == before.modified)
        #expect(try f.caller.resolve(name("/d")).inode.attributes().uid == 5)
        #expect(try f.list("/d") == ["e", "f"])
        try f.lowerIsUntouched()
    }
}

import LinuxABI
import Testing
@testable import FileSystems
@testable import VFS

@Suite struct NameTests {
    let world = World()
    var c: Caller { world.root }

    @Test func createsWithTheErrorsOfLinux() throws {
        try c.make(directory: "/d")
        try c.write("/f")
        try c.link("/dangling", "nowhere")
        #expect(errno { try c.make(directory: "/d/") } == .EEXIST)
        #expect(errno { try c.make(directory: "/f") } == .EEXIST)
        #expect(errno { try c.make(directory: "/") } == .EEXIST)
        #expect(errno { try c.make(directory: "/d/.") } == .EEXIST)
        try c.make(directory: "/e/")
        #expect(errno { try c.makeNode(bytes("/g/"), .regular, mode: 0) } == .ENOENT)
        #expect(errno { _ = try c.open(bytes("/d"), OpenHow([.O_CREAT], mode: 0o644)) } == .EISDIR)
        #expect(errno { _ = try c.open(bytes("/new/"), OpenHow([.O_CREAT], mode: 0o644)) } == .EISDIR)
        #expect(errno { _ = try c.open(bytes("/f"), OpenHow([.O_CREAT, .O_EXCL])) } == .EEXIST)
        #expect(errno { _ = try c.open(bytes("/dangling"), OpenHow([.O_CREAT, .O_EXCL])) } == .EEXIST)
        #expect(errno { _ = try c.open(bytes("/d"), OpenHow(.O_WRONLY)) } == .EISDIR)
        #expect(errno { _ = try c.open(bytes("/f"), OpenHow(.O_DIRECTORY)) } == .ENOTDIR)
        #expect(errno { _ = try c.open(bytes("/dangling"), OpenHow(.O_NOFOLLOW)) } == .ELOOP)
        try c.write("/dangling", "made through the link")
        #expect(try c.read("/nowhere") == "made through the link")
    }

    @Test func removesWithTheErrorsOfLinux() throws {
        try c.make(directory: "/d")
        try c.make(directory: "/d/sub")
        try c.write("/f")
        try c.link("/dl", "d")
        #expect(errno { try c.unlink(bytes("/d")) } == .EISDIR)
        #expect(errno { try c.unlink(bytes("/d/")) } == .EISDIR)
        #expect(errno { try c.unlink(bytes("/f/")) } == .ENOTDIR)
        #expect(errno { try c.unlink(bytes("/none")) } == .ENOENT)
        #expect(errno { try c.unlink(bytes("/d/..")) } == .EISDIR)
        #expect(errno { try c.removeDirectory(bytes("/d")) } == .ENOTEMPTY)
        #expect(errno { try c.removeDirectory(bytes("/d/.")) } == .EINVAL)
        #expect(errno { try c.removeDirectory(bytes("/d/..")) } == .ENOTEMPTY)
        #expect(errno { try c.removeDirectory(bytes("/")) } == .EBUSY)
        #expect(errno { try c.removeDirectory(bytes("/f")) } == .ENOTDIR)
        #expect(errno { try c.removeDirectory(bytes("/dl")) } == .ENOTDIR)
        try c.removeDirectory(bytes("/d/sub/"))
        try c.removeDirectory(bytes("/d"))
        #expect(try c.list("/") == ["dl", "f"])
    }

    @Test func renamesWithTheRulesOfLinux() throws {
        try c.make(directory: "/a")
        try c.make(directory: "/a/b")
        try c.make(directory: "/full")
        try c.write("/full/x")
        try c.make(directory: "/empty")
        try c.write("/f", "f")
        try c.write("/g", "g")
        func rename(_ old: String, _ new: String, _ flags: RenameFlags = []) -> Errno? {
            errno { try c.rename(bytes(old), to: bytes(new), flags) }
        }
        #expect(rename("/a", "/a/b/c") == .EINVAL)
        #expect(rename("/a/b", "/a") == .ENOTEMPTY)
        #expect(rename("/a", "/full") == .ENOTEMPTY)
        #expect(rename("/a", "/f") == .ENOTDIR)
        #expect(rename("/f", "/a") == .EISDIR)
        #expect(rename("/f", "/new/") == .ENOTDIR)
        #expect(rename("/f/", "/new") == .ENOTDIR)
        #expect(rename("/none", "/new") == .ENOENT)
        #expect(rename("/a/.", "/new") == .EBUSY)
        #expect(rename("/f", "/a/..") == .EBUSY)
        #expect(rename("/f", "/g", .RENAME_NOREPLACE) == .EEXIST)
        #expect(rename("/f", "/a/.", .RENAME_NOREPLACE) == .EEXIST)
        #expect(rename("/f", "/g", [.RENAME_EXCHANGE, .RENAME_NOREPLACE]) == .EINVAL)
        #expect(rename("/f", "/none", .RENAME_EXCHANGE) == .ENOENT)
        #expect(rename("/f", "/f") == nil)
        #expect(rename("/a/", "/empty/") == nil)
        #expect(try c.list("/") == ["empty", "f", "full", "g"])
        #expect(try c.list("/empty") == ["b"])
        #expect(rename("/f", "/full/f") == nil)
        #expect(rename("/full/f", "/g") == nil)
        #expect(try c.read("/g") == "f")
        try c.write("/h", "h")
        #expect(rename("/h", "/g", .RENAME_EXCHANGE) == nil)
        #expect(try c.read("/g") == "h")
        #expect(rename("/empty", "/g", .RENAME_EXCHANGE) == nil)
        #expect(try c.list("/g") == ["b"])
        #expect(rename("/g", "/moved", .RENAME_WHITEOUT) == nil)
        #expect(try c.stat("/g").type == .characterDevice)
    }

    @Test func openFilesFollowARename() throws {
        try c.make(directory: "/a")
        try c.make(directory: "/b")
        try c.write("/a/f")
        let file = try c.open(bytes("/a/f"), OpenHow([]))
        try c.rename(bytes("/a/f"), to: bytes("/b/g"))
        #expect(file.path.linkText(from: c.directories.root, c.vfs) == bytes("/b/g"))
        try c.unlink(bytes("/b/g"))
        #expect(file.path.linkText(from: c.directories.root, c.vfs) == bytes("/b/g (deleted)"))
        #expect(try file.attributes().links == 0)
    }

    @Test func linkCountsHold() throws {
        try c.make(directory: "/d")
        try c.make(directory: "/d/1")
        try c.make(directory: "/d/2")
        #expect(try c.stat("/d").links == 4)
        try c.make(directory: "/e")
        try c.rename(bytes("/d/1"), to: bytes("/e/1"))
        #expect(try c.stat("/d").links == 3)
        #expect(try c.stat("/e").links == 3)
        try c.removeDirectory(bytes("/d/2"))
        #expect(try c.stat("/d").links == 2)
        try c.write("/f")
        try c.makeLink(bytes("/e/hard"), to: try c.resolve(bytes("/f")))
        #expect(try c.stat("/f").links == 2)
        #expect(try c.resolve(bytes("/f")).inode === c.resolve(bytes("/e/hard")).inode)
        #expect(errno { try c.rename(bytes("/f"), to: bytes("/e/hard")) } == nil)
        #expect(try c.list("/e") == ["1", "hard"])
        #expect(errno { try c.makeLink(bytes("/dd"), to: try c.resolve(bytes("/d"))) } == .EPERM)
    }

    @Test func stickyDirectoriesKeepOthersOut() throws {
        try c.make(directory: "/tmp")
        try c.changeMode(try c.resolve(bytes("/tmp")), 0o1777)
        let (a, b) = (world.user(1), world.user(2))
        try a.write("/tmp/mine", mode: 0o666)
        #expect(errno { try b.unlink(bytes("/tmp/mine")) } == .EPERM)
        #expect(errno { try b.rename(bytes("/tmp/mine"), to: bytes("/tmp/yours")) } == .EPERM)
        try b.write("/tmp/theirs")
        #expect(errno { try b.rename(bytes("/tmp/theirs"), to: bytes("/tmp/mine")) } == .EPERM)
        // fs.protected_regular: not even an O_CREAT of a file that all may write.
        try c.changeMode(try c.resolve(bytes("/tmp/mine")), 0o666)
        #expect(errno { _ = try b.open(bytes("/tmp/mine"), OpenHow([.O_WRONLY, .O_CREAT])) } == .EACCES)
        #expect(errno { _ = try b.open(bytes("/tmp/mine"), OpenHow([.O_WRONLY])) } == nil)
        try a.unlink(bytes("/tmp/mine"))
    }

    @Test func newFilesTakeUmaskAndGroup() throws {
        try c.make(directory: "/shared")
        try c.changeOwner(try c.resolve(bytes("/shared")), uid: nil, gid: 500)
        try c.changeMode(try c.resolve(bytes("/shared")), 0o2777)
        let user = world.user(7)
        user.directories.umask = 0o27
        try user.write("/shared/f", mode: 0o666)
        try user.make(directory: "/shared/d", mode: 0o777)
        let (f, d) = (try c.stat("/shared/f"), try c.stat("/shared/d"))
        #expect((f.mode, f.uid, f.gid) == (0o640, 7, 500))
        #expect((d.mode, d.uid, d.gid) == (0o2750, 7, 500))
    }

    @Test func temporaryFilesGetTheirNameLater() throws {
        try c.make(directory: "/d")
        let file = try c.open(bytes("/d"), OpenHow([.O_TMPFILE, .O_RDWR], mode: 0o600))
        #expect(try c.list("/d").isEmpty)
        #expect(try file.attributes().links == 0)
        try c.makeLink(bytes("/d/named"), to: file.path)
        #expect(try c.list("/d") == ["named"])
        let secret = try c.open(bytes("/d"), OpenHow([.O_TMPFILE, .O_RDWR, .O_EXCL], mode: 0o600))
        #expect(errno { try c.makeLink(bytes("/d/never"), to: secret.path) } == .ENOENT)
        #expect(errno { _ = try c.open(bytes("/d"), OpenHow([.O_TMPFILE], mode: 0o600)) } == .EINVAL)
    }

    @Test func listingSurvivesUnlinksMidway() throws {
        try c.make(directory: "/d")
        for i in 0..<500 { try c.write("/d/\(i)") }
        let directory = try c.open(bytes("/d"), OpenHow([.O_DIRECTORY]))
        var seen: Set<String> = []
        // As rm -r does it: read some, remove them, read on.
        while true {
            var batch: [String] = []
            try c.readDirectory(directory) { entry in
                if batch.count == 17 { return false }
                batch.append(entry.name.description)
                return true
            }
            if batch.isEmpty { break }
            for name in batch where name != "." && name != ".." {
                #expect(seen.insert(name).inserted)
                try c.unlink(bytes("/d/" + name))
                try c.write("/d/" + name + ".new")
                try c.unlink(bytes("/d/" + name + ".new"))
            }
        }
        #expect(seen.count == 500)
        try c.removeDirectory(bytes("/d"))
        #expect(errno { try c.readDirectory(directory) { _ in true } } == .ENOENT)
    }

    @Test func everyNameOfALargeTableIsFound() {
        let parent = Dentry(name: "/", parent: nil, inode: nil)
        var table = DentryTable()
        var model: [FileName: Dentry] = [:]
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let name = FileName("n\(Int.random(in: 0..<700, using: &random))")
            if Bool.random(using: &random) {
                let dentry = Dentry(name: name, parent: parent, inode: nil)
                #expect(table.replace(dentry) === model.updateValue(dentry, forKey: name))
            } else if let known = model.removeValue(forKey: name) {
                table.remove(known)
            }
            let probe = FileName("n\(Int.random(in: 0..<700, using: &random))")
            #expect(table.find(probe.bytes.span, DentryTable.hash(probe.bytes.span)) === model[probe])
        }
        #expect(table.count == model.count)
        #expect(table.all.count == model.count)
    }
}

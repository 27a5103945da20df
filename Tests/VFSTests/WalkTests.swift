import LinuxABI
import Testing
@testable import FileSystems
@testable import VFS

@Suite struct WalkTests {
    let world = World()
    var c: Caller { world.root }

    @Test func followsLinksDotsAndSlashes() throws {
        try c.make(directory: "/a")
        try c.make(directory: "/a/b")
        try c.write("/a/b/f", "x")
        try c.link("/l", "a/b")
        try c.link("/a/up", "../a/./b//")
        try c.link("/abs", "/a/b/f")
        #expect(try c.text("//a///b/./f") == "/a/b/f")
        #expect(try c.text("/l/../b/f") == "/a/b/f")
        #expect(try c.text("/a/up/f") == "/a/b/f")
        #expect(try c.text("/abs") == "/a/b/f")
        #expect(try c.text("/../../a") == "/a")
        #expect(try c.text("/l", []) == "/l")
        #expect(try c.text("/l/", []) == "/a/b")
    }

    @Test func namesTheRightError() throws {
        try c.write("/f")
        try c.make(directory: "/d")
        try c.link("/loop", "loop")
        try c.link("/dangling", "nothing")
        try c.link("/flink", "f")
        #expect(errno { _ = try c.text("/f/") } == .ENOTDIR)
        #expect(errno { _ = try c.text("/f/x") } == .ENOTDIR)
        #expect(errno { _ = try c.text("/f/.") } == .ENOTDIR)
        #expect(errno { _ = try c.text("/flink/") } == .ENOTDIR)
        #expect(errno { _ = try c.text("/none/x") } == .ENOENT)
        #expect(errno { _ = try c.text("") } == .ENOENT)
        #expect(errno { _ = try c.text("/loop") } == .ELOOP)
        #expect(errno { _ = try c.text("/dangling") } == .ENOENT)
        #expect(errno { _ = try c.text("/" + String(repeating: "n", count: 256)) } == .ENAMETOOLONG)
        #expect(errno { _ = try c.text(String(repeating: "/", count: 4096)) } == .ENAMETOOLONG)
        #expect(try c.text(String(repeating: "/", count: 4095)) == "/")
        #expect(errno { _ = try c.resolve(bytes("x"), at: 77) } == .EBADF)
    }

    @Test func allowsFortyLinksAndNoMore() throws {
        try c.write("/target")
        try c.link("/l1", "target")
        for i in 2...41 { try c.link("/l\(i)", "l\(i - 1)") }
        #expect(try c.text("/l40") == "/target")
        #expect(errno { _ = try c.text("/l41") } == .ELOOP)
    }

    @Test func nestedLinksInTheMiddleContinueWhereTheyStood() throws {
        try c.make(directory: "/x")
        try c.make(directory: "/x/y")
        try c.write("/x/y/z", "found")
        try c.link("/one", "two/y")
        try c.link("/two", "/x")
        try c.link("/x/y/self", ".")
        #expect(try c.read("/one/self/self/z") == "found")
    }

    @Test func asksForSearchPermissionOnTheWay() throws {
        try c.make(directory: "/closed", mode: 0o700)
        try c.write("/closed/f")
        try c.make(directory: "/searchable", mode: 0o711)
        try c.write("/searchable/f", mode: 0o644)
        let user = world.user(1000)
        #expect(errno { _ = try user.text("/closed/f") } == .EACCES)
        #expect(errno { _ = try user.text("/closed/../searchable") } == .EACCES)
        #expect(errno { _ = try user.text("/closed/none") } == .EACCES)
        #expect(try user.text("/searchable/f") == "/searchable/f")
        #expect(errno { _ = try user.list("/searchable") } == .EACCES)
    }

    @Test func restrictsWalksAsOpenat2Asks() throws {
        try c.make(directory: "/box")
        try c.make(directory: "/box/in")
        try c.write("/box/f", "inside")
        try c.write("/f", "outside")
        try c.link("/box/up", "../f")
        try c.link("/box/abs", "/f")
        try c.link("/box/in/ok", "../f")
        let box = try c.resolve(bytes("/box"))
        #expect(errno { _ = try c.resolve(bytes("../f"), from: box, [.beneath]) } == .EXDEV)
        #expect(errno { _ = try c.resolve(bytes("up"), from: box, [.follow, .beneath]) } == .EXDEV)
        #expect(errno { _ = try c.resolve(bytes("abs"), from: box, [.follow, .beneath]) } == .EXDEV)
        #expect(errno { _ = try c.resolve(bytes("/f"), from: box, [.beneath]) } == .EXDEV)
        #expect(try c.resolve(bytes("in/ok"), from: box, [.follow, .beneath]).dentry.name == "f")
        #expect(errno { _ = try c.resolve(bytes("in/ok"), from: box, [.follow, .noSymbolicLinks]) } == .ELOOP)
        for path in ["abs", "up", "/f", "../../f"] {
            let file = try c.open(bytes(path), from: box, OpenHow([], resolve: .inRoot))
            #expect(try c.readAll(file, limit: 100) == bytes("inside"), "\(path)")
        }
        #expect(errno { _ = try c.resolve(bytes("never/seen"), from: box, [.cached]) } == .EAGAIN)
    }

    @Test func protectsLinksInStickyDirectories() throws {
        try c.make(directory: "/tmp", mode: 0o1777)
        try c.changeMode(try c.resolve(bytes("/tmp")), 0o1777)
        try c.write("/secret", mode: 0o644)
        let (mallory, alice) = (world.user(1), world.user(2))
        try mallory.link("/tmp/trap", "/secret")
        #expect(errno { _ = try alice.text("/tmp/trap") } == .EACCES)
        #expect(try mallory.text("/tmp/trap") == "/secret")
        #expect(try alice.text("/tmp/trap", []) == "/tmp/trap")
    }

    @Test func bareNameOfARemovedDirectoryIsGone() throws {
        try c.make(directory: "/gone")
        let here = try c.resolve(bytes("/gone"))
        try c.removeDirectory(bytes("/gone"))
        #expect(errno { _ = try c.resolve(bytes("x"), from: here) } == .ENOENT)
        #expect(try c.resolve(bytes("."), from: here) == here)
        #expect(try c.resolve(bytes(".."), from: here).dentry === c.resolve(bytes("/")).dentry)
        c.directories.working = here
        #expect(errno { try c.make(directory: "new") } == .ENOENT)
        #expect(errno { try c.write("new") } == .ENOENT)
    }

    /// A chain of directories that a guest made as deep as it liked is let go of without recursion.
    @Test func deepTreesEndWithoutRecursion() throws {
        let small = World()
        var here = try small.root.resolve(bytes("/"))
        for _ in 0..<60_000 {
            small.root.directories.working = here
            try small.root.makeDirectory(bytes("d"), mode: 0o755)
            here = try small.root.resolve(bytes("d"), from: here)
        }
        small.root.directories.working = try small.root.resolve(bytes("/"))
        #expect(try small.root.resolve(bytes("/d/d/d")).inode.type == .directory)
    }

    @Test func cacheForgetsWhatNothingUses() throws {
        try c.make(directory: "/many")
        for i in 0..<100 { try c.write("/many/\(i)") }
        let kept = try c.open(bytes("/many/7"), OpenHow([]))
        for i in 0..<50 { #expect(errno { _ = try c.text("/many/no\(i)") } == .ENOENT) }
        let fileSystem = c.directories.root.mount.fileSystem
        #expect(fileSystem.shrinkCache(all: true) >= 149)
        #expect(try c.resolve(bytes("/many/7")).dentry === kept.path.dentry)
        #expect(try c.list("/many").count == 100)
    }
}

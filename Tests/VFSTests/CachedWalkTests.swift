import FileSystems
import HostOS
import LinuxABI
import Synchronization
import Testing
import Waiting
@testable import VFS

/// The walk along cached names must always say what the general walk says.
@Suite struct CachedWalkTests {
    let world = World()
    var c: Caller { world.root }

    /// What both walks say: the cached one's answer, once it has been compared.
    private func inode(_ path: String, follow: Bool = true, by caller: Caller? = nil) throws -> Inode {
        let caller = caller ?? c
        let text = bytes(path)
        let general: Inode
        do { general = try caller.resolve(text, follow ? [.follow] : []).inode } catch {
            let failure = error
            #expect(errno { _ = try caller.resolve(text.span, at: -100, follow ? [.follow] : []) } == failure, "\(path)")
            throw failure
        }
        let quick = try caller.resolve(text.span, at: -100, follow ? [.follow] : [])
        #expect(quick.inode === general, "\(path)")
        return quick.inode
    }

    /// Whether the cached walk alone finds the way.
    private func isCached(_ path: String) throws -> Bool {
        try c.resolveCached(bytes(path).span, at: -100, follow: true) != nil
    }

    @Test func findsWhatIsCachedAndNothingElse() throws {
        try c.make(directory: "/a")
        try c.make(directory: "/a/b")
        try c.write("/a/b/file")
        try c.link("/a/link", "b/file")
        let file = try inode("/a/b/file")
        #expect(try isCached("/a/b/file") && isCached("//a///b/file"))
        #expect(try inode("/a/link") === file)
        #expect(try inode("/a/link", follow: false) !== file)
        for general in ["/a/link", "/a/b/../b/file", "/a/./b/file", "/a/b/", "/"] { #expect(try !isCached(general), "\(general)") }
        #expect(errno { _ = try inode("/a/b/file/x") } == .ENOTDIR)
        #expect(errno { _ = try inode("/a/none/x") } == .ENOENT)
        #expect(errno { _ = try inode("") } == .ENOENT)
        c.directories.working = try c.resolve(bytes("/a"))
        #expect(try inode("b/file") === file)
        let long = String(repeating: "n", count: 300)
        #expect(errno { _ = try inode(long) } == .ENAMETOOLONG)
    }

    @Test func seesRenamesRemovalsAndNewNames() throws {
        try c.make(directory: "/d")
        try c.write("/d/one")
        try c.write("/d/two")
        let (one, two) = (try inode("/d/one"), try inode("/d/two"))
        try c.rename(bytes("/d/one"), to: bytes("/d/two"))
        #expect(try inode("/d/two") === one)
        #expect(errno { _ = try inode("/d/one") } == .ENOENT)
        try c.write("/d/one")
        #expect(try inode("/d/one") !== one && inode("/d/one") !== two)
        try c.rename(bytes("/d"), to: bytes("/e"))
        #expect(errno { _ = try inode("/d/two") } == .ENOENT)
        #expect(try inode("/e/two") === one)
        try c.unlink(bytes("/e/two"))
        #expect(errno { _ = try inode("/e/two") } == .ENOENT)
        try c.link("/e/two", "one")
        #expect(try inode("/e/two") === inode("/e/one"))
    }

    @Test func seesPermissionsAndWhoAsks() throws {
        try c.make(directory: "/closed")
        try c.write("/closed/file")
        let user = world.user(1000)
        _ = try inode("/closed/file", by: user)
        try c.changeMode(try c.resolve(bytes("/closed")), 0o700)
        #expect(errno { _ = try inode("/closed/file", by: user) } == .EACCES)
        _ = try inode("/closed/file")
        try c.changeMode(try c.resolve(bytes("/closed")), 0o711)
        _ = try inode("/closed/file", by: user)
    }

    @Test func seesMountsAndRoots() throws {
        try c.make(directory: "/m")
        try c.write("/m/below")
        let below = try inode("/m/below")
        try world.mounts.mount(TmpfsFileSystem(TmpfsFileSystem.Options(mode: 0o755)), at: try c.resolve(bytes("/m")), source: [])
        #expect(errno { _ = try inode("/m/below") } == .ENOENT)
        try c.write("/m/above")
        _ = try inode("/m/above")
        #expect(try isCached("/m/above"))
        try world.mounts.unmount(try c.resolve(bytes("/m")), detach: false)
        #expect(try inode("/m/below") === below)
        let jailed = world.user(0)
        jailed.directories.root = try c.resolve(bytes("/m"))
        #expect(try inode("/below", by: jailed) === below)
        #expect(errno { _ = try inode("/m/below", by: jailed) } == .ENOENT)
    }

    /// One thread moves and replaces what another looks up: each look finds one of the files that were there, or none.
    @Test func racesWithRenames() throws {
        try c.make(directory: "/r")
        try c.make(directory: "/r/s")
        try c.write("/r/s/f")
        try c.write("/r/s/g")
        let known = [ObjectIdentifier(try inode("/r/s/f")), ObjectIdentifier(try inode("/r/s/g"))]
        let done = Flag()
        let ended = Waiter()
        let other = world.user(0)
        try Thread.start {
            for _ in 0..<2000 {
                try? other.rename(bytes("/r/s/f"), to: bytes("/r/s/h"))
                try? other.rename(bytes("/r/s"), to: bytes("/r/t"))
                try? other.rename(bytes("/r/t"), to: bytes("/r/s"))
                try? other.rename(bytes("/r/s/h"), to: bytes("/r/s/f"))
            }
            done.value.store(true, ordering: .releasing)
            ended.unpark()
        }
        let text = bytes("/r/s/f")
        while !done.value.load(ordering: .acquiring) {
            do {
                let found = try c.resolve(text.span, at: -100, [.follow]).inode
                #expect(known.contains(ObjectIdentifier(found)))
            } catch {
                #expect(error as? Errno == .ENOENT)
            }
        }
        _ = ended.park()
        _ = try inode("/r/s/f")
    }
}

private final class Flag: Sendable {
    let value = Atomic<Bool>(false)
}

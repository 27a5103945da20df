import LinuxABI
import Memory
import Testing
@testable import FileSystems
@testable import VFS

@Suite struct MountTests {
    let world = World()
    var c: Caller { world.root }
    var mounts: MountNamespace { world.mounts }

    func place(_ path: String) throws(Errno) -> Path { try c.resolve(bytes(path)) }

    @Test func mountsHideAndUnmountsShow() throws {
        try c.make(directory: "/m")
        try c.write("/m/below", "below")
        try mounts.mount(TmpfsFileSystem(), at: try place("/m"))
        #expect(try c.list("/m").isEmpty)
        try c.write("/m/above", "above")
        #expect(try c.text("/m/..") == "/")
        #expect(try c.text("/m/../m/above") == "/m/above")
        #expect(errno { try c.removeDirectory(bytes("/m")) } == .EBUSY)
        #expect(errno { try c.rename(bytes("/m"), to: bytes("/n")) } == .EBUSY)
        let file = try c.open(bytes("/m/above"), OpenHow([]))
        #expect(errno { try mounts.unmount(try place("/m"), detach: false) } == .EBUSY)
        try mounts.unmount(try place("/m"), detach: true)
        #expect(try c.list("/m") == ["below"])
        #expect(try c.readAll(file, limit: 100) == bytes("above"))
        #expect(errno { try mounts.unmount(try place("/m"), detach: false) } == .EINVAL)
        #expect(errno { try mounts.unmount(try place("/"), detach: false) } == .EBUSY)
    }

    @Test func bindMountsShowAPartAndStayReadOnly() throws {
        try c.make(directory: "/src")
        try c.make(directory: "/src/sub")
        try c.make(directory: "/dst")
        try c.write("/src/sub/f", "f")
        try mounts.mount(TmpfsFileSystem(), at: try place("/src/sub"))
        try c.write("/src/sub/inner")
        try mounts.bind(try place("/src"), at: try place("/dst"), recursive: false)
        #expect(try c.list("/dst/sub") == ["f"])
        try mounts.unmount(try place("/dst"), detach: false)
        try mounts.bind(try place("/src"), at: try place("/dst"), recursive: true)
        #expect(try c.list("/dst/sub") == ["inner"])
        try mounts.remount(try place("/dst"), flags: .readOnly)
        #expect(errno { try c.write("/dst/new") } == .EROFS)
        #expect(errno { try c.make(directory: "/dst/new") } == .EROFS)
        #expect(errno { try c.make(directory: "/dst/sub") } == .EEXIST)
        #expect(errno { try c.unlink(bytes("/dst/none")) } == .EROFS)
        try c.write("/dst/sub/writable")
        try c.write("/src/new")
        #expect(try c.list("/dst") == ["new", "sub"])
        #expect(errno { try c.rename(bytes("/src/new"), to: bytes("/dst/x")) } == .EXDEV)
        #expect(errno { try c.makeLink(bytes("/dst/x"), to: try place("/src/new")) } == .EROFS)
        let writer = try c.open(bytes("/src/sub/w"), OpenHow([.O_CREAT, .O_WRONLY], mode: 0o600))
        #expect(errno { try mounts.remount(try place("/src/sub"), flags: .readOnly) } == .EBUSY)
        withExtendedLifetime(writer) {}
        try c.write("/file")
        #expect(errno { try mounts.bind(try place("/file"), at: try place("/dst"), recursive: false) } == .ENOTDIR)
    }

    @Test func pivotsWithTheDotIdiom() throws {
        try c.make(directory: "/new")
        let fs = TmpfsFileSystem()
        try mounts.mount(fs, at: try place("/new"))
        try c.write("/new/inside", "new root")
        try c.write("/outside")
        #expect(errno { try mounts.pivotRoot(to: try place("/new"), putting: try place("/"), current: c.directories.root) } == .EBUSY)
        let new = try place("/new")
        c.directories.working = new
        try mounts.pivotRoot(to: new, putting: new, current: c.directories.root)
        #expect(c.directories.root == new)
        // The old root is on top of the new one now: "umount -l ." takes it away.
        try mounts.unmount(try c.resolve(bytes("/")).mount === new.mount ? Path(mount: new.dentry.mount(on: new.mount)!, dentry: new.dentry.mount(on: new.mount)!.root) : new, detach: true)
        #expect(try c.list("/") == ["inside"])
        #expect(try c.read("/inside") == "new root")
        #expect(try c.text("/..") == "/")
        #expect(mounts.descriptions(from: c.directories.root).count == 1)
    }

    @Test func copiesOfANamespaceGoTheirOwnWay() throws {
        try c.make(directory: "/m")
        try mounts.mount(TmpfsFileSystem(), at: try place("/m"))
        try c.write("/m/f")
        c.directories.working = try place("/m")
        let other = Caller(credentials: c.credentials, files: FDTable(), directories: c.directories.inNewNamespace())
        c.directories.working = try place("/")
        try mounts.unmount(try place("/m"), detach: false)
        #expect(try c.list("/m").isEmpty)
        #expect(try other.list("/m") == ["f"])
        #expect(try other.list(".") == ["f"])
        #expect(errno { try mounts.unmount(try other.resolve(bytes("/m")), detach: false) } == .EINVAL)
        #expect(other.directories.mounts.descriptions(from: other.directories.root).map(\.mountpoint) == [bytes("/"), bytes("/m")])
    }

    @Test func mountTablesEscapeNames() throws {
        try c.make(directory: "/a b\tc\nd\\e")
        try mounts.mount(TmpfsFileSystem(TmpfsFileSystem.Options(size: 65536, mode: 0o700)), at: try place("/a b\tc\nd\\e"),
                         flags: [.nosuid, .nodev, .relatime], source: bytes("my tmp"))
        let text = String(decoding: mounts.mountsText(from: c.directories.root), as: UTF8.self)
        #expect(text.hasSuffix("my\\040tmp /a\\040b\\011c\\012d\\134e tmpfs rw,nosuid,nodev,relatime,size=64k,mode=700 0 0\n"))
        let info = String(decoding: mounts.mountInfoText(from: c.directories.root), as: UTF8.self)
        #expect(info.contains(" / /a\\040b\\011c\\012d\\134e rw,nosuid,nodev,relatime - tmpfs my\\040tmp rw,size=64k,mode=700\n"))
    }

    @Test func containerPathsAreMaskedAndReadOnly() throws {
        try c.make(directory: "/dev")
        try c.populateDevices(at: bytes("/dev"))
        try c.write("/secret", "secret")
        try c.make(directory: "/hidden")
        try c.write("/hidden/f")
        try c.make(directory: "/fixed")
        let null = try place("/dev/null")
        try c.mask(bytes("/secret"), null: null) { TmpfsFileSystem() }
        try c.mask(bytes("/hidden"), null: null) { TmpfsFileSystem() }
        try c.mask(bytes("/absent"), null: null) { TmpfsFileSystem() }
        try c.makeReadOnly(bytes("/fixed"))
        #expect(try c.read("/secret") == "")
        #expect(try c.list("/hidden").isEmpty)
        #expect(errno { try c.write("/hidden/f") } == .EROFS)
        #expect(errno { try c.write("/fixed/f") } == .EROFS)
        #expect(try c.list("/dev").contains("ptmx"))
        let full = try c.open(bytes("/dev/full"), OpenHow(.O_WRONLY))
        var source = IOVector(KernelBuffer([1]))
        #expect(errno { _ = try c.write(full, from: &source) } == .ENOSPC)
    }

    @Test func nodevAndUnknownDevicesDoNotOpen() throws {
        try c.makeNode(bytes("/null"), .characterDevice, mode: 0o666, device: DeviceNumber(major: 1, minor: 3))
        try c.makeNode(bytes("/odd"), .characterDevice, mode: 0o666, device: DeviceNumber(major: 99, minor: 1))
        try c.makeNode(bytes("/socket"), .socket, mode: 0o666)
        #expect(errno { _ = try c.open(bytes("/null"), OpenHow([])) } == nil)
        #expect(errno { _ = try c.open(bytes("/odd"), OpenHow([])) } == .ENXIO)
        #expect(errno { _ = try c.open(bytes("/socket"), OpenHow([])) } == .ENXIO)
        try mounts.remount(try place("/"), flags: .nodev)
        #expect(errno { _ = try c.open(bytes("/null"), OpenHow([])) } == .EACCES)
        #expect(errno { try world.user(5).makeNode(bytes("/n"), .characterDevice, mode: 0, device: DeviceNumber(major: 1, minor: 3)) } == .EACCES)
    }
}

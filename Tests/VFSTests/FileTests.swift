import HostOS
import LinuxABI
import Memory
import Synchronization
import Testing
@testable import FileSystems
@testable import VFS

@Suite struct FileTests {
    let world = World()
    var c: Caller { world.root }

    /// A file against a plain array, through writes, holes, truncation and punched holes; the second half of it mapped.
    @Test(arguments: [false, true]) func contentsMatchAModel(mapped: Bool) throws {
        let file = try c.open(bytes("/f"), OpenHow([.O_RDWR, .O_CREAT], mode: 0o600))
        var model: [UInt8] = []
        var random = SystemRandomNumberGenerator()
        for step in 0..<400 {
            if mapped, step == 100 { _ = try file.mappable(writable: true, by: c) }
            let offset = Int.random(in: 0..<300_000, using: &random)
            let length = Int.random(in: 1..<90_000, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                let data = [UInt8](repeating: UInt8(truncatingIfNeeded: step), count: length)
                var source = IOVector(KernelBuffer(data))
                #expect(try c.write(file, from: &source, at: UInt64(offset)) == length)
                if model.count < offset + length { model += [UInt8](repeating: 0, count: offset + length - model.count) }
                model.replaceSubrange(offset..<(offset + length), with: data)
            case 2:
                try c.truncate(file, to: UInt64(offset))
                model = offset < model.count ? Array(model[..<offset]) : model + [UInt8](repeating: 0, count: offset - model.count)
            default:
                try file.allocate(mode: 3, offset: UInt64(offset), length: UInt64(length), by: c)
                if offset < model.count { for i in offset..<min(offset + length, model.count) { model[i] = 0 } }
            }
            #expect(try file.attributes().size == UInt64(model.count))
        }
        #expect(try c.readAll(file, limit: 1 << 20) == model)
    }

    @Test func sizeLimitsHoldAndPagesComeBack() throws {
        let fs = TmpfsFileSystem(TmpfsFileSystem.Options(size: 64 << 10, inodes: 4))
        try c.make(directory: "/m")
        try world.mounts.mount(fs, at: try c.resolve(bytes("/m")))
        let file = try c.open(bytes("/m/f"), OpenHow([.O_RDWR, .O_CREAT], mode: 0o600))
        var source = IOVector(KernelBuffer([UInt8](repeating: 1, count: 64 << 10)))
        #expect(try c.write(file, from: &source) == 64 << 10)
        var more = IOVector(KernelBuffer([1]))
        #expect(errno { _ = try c.write(file, from: &more) } == .ENOSPC)
        #expect(try fs.statistics().free == 0)
        #expect(errno { try file.allocate(mode: 0, offset: 1 << 20, length: 4096, by: c) } == .ENOSPC)
        try file.allocate(mode: 3, offset: 4096, length: 8192, by: c)
        #expect(try fs.statistics().free == 2)
        #expect(try file.attributes().blocks == 14 * 8)
        try c.truncate(file, to: 0)
        #expect(try fs.statistics().free == 16)
        try c.write("/m/1")
        try c.write("/m/2")
        #expect(errno { try c.write("/m/3") } == .ENOSPC)
        try c.unlink(bytes("/m/2"))
        #expect(errno { try fs.remount(bytes("size=1k,nonsense"), by: c) } == .EINVAL)
    }

    @Test func findsDataAndHoles() throws {
        let file = try c.open(bytes("/f"), OpenHow([.O_RDWR, .O_CREAT], mode: 0o600))
        var source = IOVector(KernelBuffer([1]))
        _ = try c.write(file, from: &source, at: 100_000)
        try c.truncate(file, to: 1 << 20)
        func check() throws {
            #expect(try c.seek(file, 0, whence: 3) == 98304)
            #expect(try c.seek(file, 98304, whence: 4) == 102400)
            #expect(try c.seek(file, 0, whence: 4) == 0)
            #expect(errno { _ = try c.seek(file, 102400, whence: 3) } == .ENXIO)
            #expect(errno { _ = try c.seek(file, 1 << 20, whence: 4) } == .ENXIO)
        }
        try check()
        _ = try file.mappable(writable: false, by: c)
        try check()
    }

    @Test func appendingWritesGoToTheEnd() throws {
        try c.write("/log", "start ")
        let a = try c.open(bytes("/log"), OpenHow([.O_WRONLY, .O_APPEND]))
        let b = try c.open(bytes("/log"), OpenHow([.O_WRONLY, .O_APPEND]))
        for (file, text) in [(a, "a"), (b, "b"), (a, "c")] {
            var source = IOVector(KernelBuffer(bytes(text)))
            _ = try c.write(file, from: &source)
        }
        var source = IOVector(KernelBuffer(bytes("d")))
        _ = try c.write(a, from: &source, at: 0)
        #expect(try c.read("/log") == "start abcd")
        #expect(a.position == 9)
    }

    @Test func setIDBitsGoWithAWrite() throws {
        try c.write("/suid")
        try c.changeOwner(try c.resolve(bytes("/suid")), uid: 1000, gid: 1000)
        try c.changeMode(try c.resolve(bytes("/suid")), 0o6777)
        try world.user(1000).write("/suid", "x")
        #expect(try c.stat("/suid").mode == 0o777)
        try c.changeMode(try c.resolve(bytes("/suid")), 0o6777)
        try c.changeOwner(try c.resolve(bytes("/suid")), uid: 1, gid: nil)
        #expect(try c.stat("/suid").mode == 0o777)
    }

    @Test func programsThatRunAreNotWritten() throws {
        try c.write("/bin", mode: 0o755)
        let inode = try c.resolve(bytes("/bin")).inode
        try inode.denyWriting()
        #expect(errno { _ = try c.open(bytes("/bin"), OpenHow(.O_RDWR)) } == .ETXTBSY)
        #expect(errno { try c.truncate(try c.resolve(bytes("/bin")), to: 0) } == .ETXTBSY)
        inode.allowWriting()
        do {
            let writer = try c.open(bytes("/bin"), OpenHow(.O_RDWR))
            #expect(errno { try inode.denyWriting() } == .ETXTBSY)
            withExtendedLifetime(writer) {}
        }
        #expect(errno { try inode.denyWriting() } == nil)
    }

    @Test func sealsHold() throws {
        let file = try MemoryFiles(world.vfs).make(name: bytes("m"), seals: [], flags: .O_RDWR, by: c)
        try c.truncate(file, to: 4096)
        try file.addSeals([.F_SEAL_SHRINK, .F_SEAL_GROW])
        #expect(errno { try c.truncate(file, to: 4095) } == .EPERM)
        #expect(errno { try c.truncate(file, to: 4097) } == .EPERM)
        var source = IOVector(KernelBuffer([1, 2]))
        #expect(try c.write(file, from: &source, at: 4095) == 1)
        try file.addSeals([.F_SEAL_WRITE, .F_SEAL_SEAL])
        var again = IOVector(KernelBuffer([1]))
        #expect(errno { _ = try c.write(file, from: &again, at: 0) } == .EPERM)
        #expect(errno { try file.addSeals(.F_SEAL_EXEC) } == .EPERM)
        #expect(errno { _ = try file.mappable(writable: true, by: c) } == .EPERM)
        #expect(file.path.linkText(from: c.directories.root, c.vfs) == bytes("/memfd:m (deleted)"))
    }

    @Test func descriptorsAreLowestFirst() throws {
        try c.write("/f")
        let file = try c.open(bytes("/f"), OpenHow([]))
        let table = FDTable()
        for i in 0..<10 { #expect(try table.install(file, closeOnExec: i % 2 == 0, limit: 100) == Int32(i)) }
        _ = try table.remove(3)
        _ = try table.remove(7)
        #expect(try table.install(file, closeOnExec: false, minimum: 5, limit: 100) == 7)
        #expect(try table.install(file, closeOnExec: false, limit: 100) == 3)
        #expect(errno { _ = try table.install(file, closeOnExec: false, limit: 10) } == .EMFILE)
        #expect(errno { _ = try table.replace(100, file, closeOnExec: false, limit: 100) } == .EBADF)
        let reserved = try table.reserve(limit: 100)
        #expect(reserved == 10)
        #expect(errno { _ = try table.file(10) } == .EBADF)
        #expect(errno { _ = try table.replace(10, file, closeOnExec: false, limit: 100) } == .EBUSY)
        #expect(errno { _ = try table.remove(10) } == .EBADF)
        table.cancel(reserved)
        let child = table.copy()
        #expect(child.removeCloseOnExec().count == 5)
        #expect(child.descriptors.map(\.fd) == [1, 3, 5, 7, 9])
        #expect(table.remove(from: 4, through: .max).count == 6)
        #expect(try table.install(file, closeOnExec: false, minimum: 2, limit: 100) == 4)
    }

    @Test func watchersHearInOrder() throws {
        try c.make(directory: "/d")
        let inotify = InotifyFile(flags: .O_NONBLOCK, by: c)
        _ = try inotify.add(try c.resolve(bytes("/d")), [.IN_ALL_EVENTS])
        try c.write("/d/f", "x")
        try c.rename(bytes("/d/f"), to: bytes("/d/g"))
        try c.unlink(bytes("/d/g"))
        try c.removeDirectory(bytes("/d"))
        let buffer = KernelBuffer(count: 4096)
        var vector = IOVector(buffer)
        let n = try inotify.read(&vector, at: 0, by: c)
        var masks: [UInt32] = []
        var at = 0
        while at < n {
            func word(_ i: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(buffer.bytes[at + i + $1]) << UInt32(8 * $1) } }
            masks.append(word(4))
            at += 16 + Int(word(12))
        }
        #expect(masks == [0x100, 0x20, 2, 8, 0x40, 0x80, 0x200, 0x400, 0x8000])
        #expect(errno { _ = try inotify.read(&vector, at: 0, by: c) } == .EAGAIN)
    }
}

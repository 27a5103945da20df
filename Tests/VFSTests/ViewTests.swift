import HostOS
import LinuxABI
import Memory
import Synchronization
import Testing
@testable import VFS

/// A view that remembers what it was told.
private final class RecordedView: FileView, @unchecked Sendable {
    var length: UInt64 = 0
    var isWhole = false
    var hasEnded = false
    var marks: (accessed: Bool, modified: UInt64) = (false, 0)
    var position: UInt64?

    override func setLength(_ length: UInt64, isWhole: Bool) { (self.length, self.isWhole) = (length, isWhole) }
    override func end() { hasEnded = true }

    override func takeMarks() -> (accessed: Bool, modified: UInt64) {
        defer { marks = (false, 0) }
        return marks
    }

    override func keepPosition(_ position: UInt64) -> Bool {
        if hasEnded { return false }
        self.position = position
        return true
    }

    override func takePosition() -> UInt64? {
        defer { position = nil }
        return position
    }
}

@Suite struct ViewTests {
    private let world = World()

    /// A file of `size` bytes, open for both, with a view of descriptor `fd`.
    private func viewed(_ size: Int, _ flags: OpenFlags = .O_RDWR) throws -> (file: OpenFile, fd: Int32, view: RecordedView) {
        let made = try world.root.open(bytes("/f"), OpenHow([.O_RDWR, .O_CREAT], mode: 0o644))
        var source = IOVector(KernelBuffer([UInt8](repeating: 1, count: size)))
        _ = try world.root.write(made, from: &source)
        let file = try world.root.open(bytes("/f"), OpenHow(flags))
        let fd = try world.root.install(file, closeOnExec: false)
        let view = RecordedView(try #require(file.viewRequest(writable: true)))
        file.add(view)
        #expect(world.root.files.attach(view, to: fd, of: file) {})
        return (file, fd, view)
    }

    @Test func aViewGoesAsFarAsTheFile() throws {
        let (file, _, view) = try viewed(10_000)
        #expect(view.length == 10_000 && view.isWhole && view.isWritable)
        var more = IOVector(KernelBuffer([UInt8](repeating: 2, count: 500)))
        _ = try world.root.write(file, from: &more, at: 10_000)
        #expect(view.length == 10_500 && view.isWhole)
        try file.inode.setAttributes(AttributeChange(size: 6000), by: world.root)
        #expect(view.length == 6000 && view.isWhole)
        // What comes to lie behind it is a hole.
        try file.inode.setAttributes(AttributeChange(size: 100_000), by: world.root)
        #expect(view.length == 6000 && !view.isWhole)
        try file.allocate(mode: 3, offset: 4096, length: 1000, by: world.root)
        #expect(view.length == 4096)
        #expect(!view.hasEnded)
    }

    @Test func aViewEndsWithItsDescriptor() throws {
        let (file, fd, view) = try viewed(8192)
        let other = try world.root.install(file, closeOnExec: false)
        _ = try world.root.files.remove(other)
        #expect(!view.hasEnded)
        _ = try world.root.files.remove(fd)
        #expect(view.hasEnded)
        let late = RecordedView(try #require(file.viewRequest(writable: true)))
        file.add(late)
        #expect(!world.root.files.attach(late, to: fd, of: file) {})
    }

    @Test func dupOverADescriptorEndsItsView() throws {
        let (file, fd, view) = try viewed(8192)
        _ = try world.root.files.replace(fd, file, closeOnExec: false, limit: 100)
        #expect(view.hasEnded)
    }

    @Test func aWatchEndsAllViews() throws {
        let (file, _, view) = try viewed(8192)
        #expect(!file.mayBeWatched)
        file.inode.addWatch(Watch(1, InotifyFile(flags: [], by: world.root), file.inode, mask: .IN_ACCESS))
        #expect(view.hasEnded && file.mayBeWatched)
    }

    @Test func rightsAreTheDescriptors() throws {
        #expect(try viewed(8192, []).view.isWritable == false)
        let w = try world.root.open(bytes("/f"), OpenHow([.O_WRONLY]))
        #expect(w.viewRequest(writable: true) == nil)
        let a = try world.root.open(bytes("/f"), OpenHow([.O_RDWR, .O_APPEND]))
        #expect(a.viewRequest(writable: true)?.isWritable == false)
        #expect(a.viewRequest(writable: false)?.isWritable == false)
    }

    @Test func aWriteOfAGuestsMovesTheTimes() throws {
        let (file, fd, view) = try viewed(8192)
        let before = try file.attributes()
        view.marks = (false, .max) // the guest's word: it ends now
        let now = FileTime.now
        let after = try file.attributes()
        #expect(after.modified >= before.modified && after.modified >= now && after.modified <= .now)
        #expect(after.changed == after.modified)
        // What was before the last look was not after it.
        view.marks = (false, 1)
        #expect(try file.attributes().modified >= after.modified)
        // A time that is set stays.
        view.marks = (false, .max)
        try file.inode.setAttributes(AttributeChange(modified: .at(FileTime(seconds: 5, nanoseconds: 0))), by: world.root)
        #expect(try file.attributes().modified.seconds == 5)
        // One that is noted before the view ends counts.
        view.marks = (false, .max)
        _ = try world.root.files.remove(fd)
        #expect(try file.attributes().modified.seconds > 5)
    }

    @Test func thePositionComesBackWhenItIsWanted() throws {
        let (file, _, view) = try viewed(8192)
        file.position = 100
        file.lendPosition(to: view)
        #expect(view.position == 100)
        view.position = 4000
        #expect(file.position == 4000 && view.position == nil && file.wantsView.load(ordering: .relaxed))
        #expect(file.position == 4000)
        file.lendPosition(to: view)
        view.position = 5000
        #expect(try world.root.seek(file, 5, whence: 1) == 5005)
    }
}

public import HostOS
import LinuxABI
import Synchronization

/// A descriptor of a guest's through which its threads read, or read and write, a file without the Sentry: a regular file in
/// what their address space has mapped of it, a device that has no memory by what it does to all. Platforms that can do that
/// subclass it.
///
/// A view only ever gets smaller by what others do, until it is withdrawn: the Sentry's own way with the file is always
/// there, and right.
open class FileView: @unchecked Sendable {
    public let file: ViewedFile
    public let isWritable: Bool
    /// What is mapped for it; nil for a device.
    public let bytes: ObjectIdentifier?
    public let device: DeviceTransfers
    /// Whether reads count as accesses (atime).
    public let notesAccess: Bool

    public init(_ request: FileViewRequest) {
        file = request.file
        bytes = request.bytes.map { ObjectIdentifier($0) }
        device = request.device
        isWritable = request.isWritable
        notesAccess = request.notesAccess
    }

    /// Ends it. From any thread, and more than once. A thread that uses it this moment may do so to the end of its call.
    public final func withdraw() { file.withdraw(self) }

    // For `ViewedFile`, which calls them one at a time.

    /// The file's first `length` bytes may be used; `isWhole`: it has no more.
    open func setLength(_ length: UInt64, isWhole: Bool) {}

    /// What the guest's threads have done since this was asked last: whether they have read, and when they have written
    /// last (CLOCK_REALTIME_COARSE, nanoseconds; 0: not at all). The guest's word.
    open func takeMarks() -> (accessed: Bool, modified: UInt64) { (false, 0) }

    /// It is used no more.
    open func end() {}

    // For the open file: its position (read(2)) is kept by one view at a time, or by itself.

    /// Lets the guest's threads use and move the position.
    ///
    /// - Returns: whether they do.
    open func keepPosition(_ position: UInt64) -> Bool { false }

    /// Takes the position back: the guest's word, and not above Int64.max; nil when it has none of it.
    open func takePosition() -> UInt64? { nil }
}

/// What a file knows of its views.
public final class ViewedFile: @unchecked Sendable {
    /// Guards what follows. Below the file's own locks and a descriptor table's, above the platform's.
    private let lock = Lock()
    private var views: [Weak] = []
    /// What ended views have left.
    private var accessed = false
    private var modified: UInt64 = 0
    /// When the marks were taken last: what is written since was not written before.
    private var taken: UInt64 = 0
    /// How far all views go.
    private var length: (UInt64, isWhole: Bool) = (0, false)
    private let count = Atomic<Int>(0)
    /// There was one that could write: what lies behind the end of the file in its last page may not be zero.
    private let everWritable = Atomic<Bool>(false)

    private struct Weak {
        weak var view: FileView?
    }

    public init() {}

    /// Whether there may be views, or something of them to be taken.
    public var isViewed: Bool { count.load(ordering: .relaxed) > 0 }

    /// How far views go.
    public var knownLength: UInt64 { lock.withLock { length.0 } }

    public var wasWritable: Bool { everWritable.load(ordering: .relaxed) }

    /// A view that nobody uses yet.
    public func add(_ view: FileView, length: UInt64, isWhole: Bool) {
        lock.withLock {
            if views.isEmpty, modified == 0 { taken = Self.now }
            views.removeAll { $0.view == nil }
            views.append(Weak(view: view))
            if view.isWritable { everWritable.store(true, ordering: .relaxed) }
            show()
            setLengthLocked(length, isWhole)
            view.setLength(length, isWhole: isWhole)
        }
    }

    /// With the lock held.
    private func show() { count.store(views.count + (accessed || modified != 0 ? 1 : 0), ordering: .relaxed) }

    private static var now: UInt64 { HostClock.now(5 /* CLOCK_REALTIME_COARSE */) }

    /// All views go so far from now on. Before bytes behind `length` go, and after those before it have come.
    public func setLength(_ length: UInt64, isWhole: Bool) {
        lock.withLock { setLengthLocked(length, isWhole) }
    }

    private func setLengthLocked(_ length: UInt64, _ isWhole: Bool) {
        if self.length == (length, isWhole) { return }
        self.length = (length, isWhole)
        for weak in views { weak.view?.setLength(length, isWhole: isWhole) }
    }

    public func withdrawAll() {
        lock.withLock {
            let all = views
            for weak in all { if let view = weak.view { withdrawLocked(view) } }
        }
    }

    fileprivate func withdraw(_ view: FileView) { lock.withLock { withdrawLocked(view) } }

    private func withdrawLocked(_ view: FileView) {
        guard let index = views.firstIndex(where: { $0.view === view }) else { return }
        views.remove(at: index)
        view.end()
        note(view)
        show()
    }

    private func note(_ view: FileView) {
        let marks = view.takeMarks()
        if marks.accessed, view.notesAccess { accessed = true }
        modified = max(modified, marks.modified)
    }

    /// What the guests have done by themselves since this was asked last.
    ///
    /// - Returns: when they have written last, in nanoseconds; nil: not at all.
    public func takeMarks() -> (accessed: Bool, modified: UInt64?) {
        lock.withLock {
            for weak in views { if let view = weak.view { note(view) } }
            let now = Self.now
            let when = modified == 0 ? nil : min(max(modified, taken), now)
            let result = (accessed, when)
            (accessed, modified, taken) = (false, 0, now)
            show()
            return result
        }
    }
}

/// The files of a file system that have, or had, views.
public final class ViewedFiles: @unchecked Sendable {
    /// Guards the list. Above the files' own.
    private let lock = Lock()
    private var files: [Weak] = []

    private struct Weak {
        weak var file: ViewedFile?
    }

    public init() {}

    public func add(_ file: ViewedFile) {
        lock.withLock {
            if files.count & 63 == 63 { files.removeAll { $0.file == nil } }
            files.append(Weak(file: file))
        }
    }

    /// Somebody wants to know of what is done to them.
    public func withdrawAll() {
        let all = lock.withLock { files }
        for weak in all { weak.file?.withdrawAll() }
    }
}

/// What a platform is to make of a descriptor (`ExecutionContext.show`).
public struct FileViewRequest {
    /// The file's bytes: opened for reading only, or for both. Nil: it is a device.
    public var bytes: SharedFD?
    public var device: DeviceTransfers = []
    public var isWritable: Bool
    public var file: ViewedFile
    /// How large it is now, for the size of the mapping.
    public var size: UInt64
    public var notesAccess: Bool

    public init(bytes: SharedFD, isWritable: Bool, file: ViewedFile, size: UInt64, notesAccess: Bool) {
        self.bytes = bytes
        self.isWritable = isWritable
        self.file = file
        self.size = size
        self.notesAccess = notesAccess
    }

    /// Of a device that does `device` and no more.
    public init(device: DeviceTransfers, file: ViewedFile) {
        self.device = device
        self.file = file
        (bytes, isWritable, size, notesAccess) = (nil, false, 0, false)
    }
}

/// What reading and writing a device comes to, as far as its descriptor allows that.
public struct DeviceTransfers: OptionSet, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Who reads gets zeroes.
    public static var zeroes: Self { Self(rawValue: 1) }
    /// Who reads finds the end.
    public static var end: Self { Self(rawValue: 2) }
    /// What is written is gone.
    public static var swallows: Self { Self(rawValue: 4) }
    /// Who writes gets ENOSPC.
    public static var full: Self { Self(rawValue: 8) }
    public static var reading: Self { [.zeroes, .end] }
    public static var writing: Self { [.swallows, .full] }
}

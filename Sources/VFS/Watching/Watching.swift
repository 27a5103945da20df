import HostOS
import Synchronization

/// Who watches an inode.
final class WatchList: @unchecked Sendable {
    /// Guards the list. Above an inotify's own lock.
    private let lock = Lock()
    private var watches: [Watch] = []

    func add(_ watch: Watch) { lock.withLock { watches.append(watch) } }
    func remove(_ watch: Watch) { lock.withLock { watches.removeAll { $0 === watch } } }
    var all: [Watch] { lock.withLock { watches } }
}

/// One inotify's interest in one inode.
final class Watch: @unchecked Sendable {
    let descriptor: Int32
    weak var inotify: InotifyFile?
    let inode: Inode
    let mask: Atomic<UInt32>

    init(_ descriptor: Int32, _ inotify: InotifyFile, _ inode: Inode, mask: WatchEvents) {
        self.descriptor = descriptor
        self.inotify = inotify
        self.inode = inode
        self.mask = Atomic(mask.rawValue)
    }

    func deliver(_ events: WatchEvents, name: FileName?, cookie: UInt32, unlinked: Bool = false) {
        let wanted = WatchEvents(rawValue: mask.load(ordering: .relaxed))
        if wanted.isDisjoint(with: events.intersection(.IN_ALL_EVENTS)) { return }
        if unlinked, wanted.contains(.IN_EXCL_UNLINK) { return }
        inotify?.enqueue(events, from: self, name: name, cookie: cookie)
        if wanted.contains(.IN_ONESHOT) { inotify?.drop(self) }
    }
}

extension Inode {
    @inline(__always) final var isQuiet: Bool { fileSystem.watchCount.load(ordering: .relaxed) == 0 }

    private final var watches: [Watch] { attachments?.watches?.all ?? [] }

    /// Tells those who watch this file, and those who watch the directory in which `dentry` names it.
    @inline(__always)
    public final func notify(_ events: WatchEvents, _ dentry: Dentry) {
        if isQuiet { return }
        notifySlowly(events, dentry)
    }

    private final func notifySlowly(_ events: WatchEvents, _ dentry: Dentry) {
        if let parent = dentry.parent {
            for watch in parent.inode.watches {
                watch.deliver(events, name: dentry.name, cookie: 0, unlinked: dentry.isDead)
            }
        }
        for watch in watches { watch.deliver(events, name: nil, cookie: 0) }
    }

    /// Tells those who watch this file.
    final func notifySelf(_ events: WatchEvents) {
        if isQuiet { return }
        for watch in watches { watch.deliver(events, name: nil, cookie: 0) }
    }

    /// Tells those who watch this directory of an entry.
    final func notify(_ events: WatchEvents, name dentry: Dentry, cookie: UInt32 = 0) {
        if isQuiet { return }
        for watch in watches { watch.deliver(events, name: dentry.name, cookie: cookie) }
    }

    /// A name of this file was removed: the last one ends its watches.
    final func noteUnlinked() {
        if isQuiet { return }
        if type != .directory, let links = try? attributes().links, links > 0 { return }
        for watch in watches {
            watch.deliver(.IN_DELETE_SELF, name: nil, cookie: 0)
            watch.inotify?.drop(watch)
        }
    }

    /// `inode` moved from one directory and name to another.
    static func notifyOfMove(_ inode: Inode, _ source: Inode, _ oldName: FileName, _ target: Inode, _ newName: FileName) {
        if inode.isQuiet { return }
        let cookie = InotifyFile.nextCookie()
        let directory: WatchEvents = inode.type == .directory ? .IN_ISDIR : []
        for watch in source.watches { watch.deliver(directory.union(.IN_MOVED_FROM), name: oldName, cookie: cookie) }
        for watch in target.watches { watch.deliver(directory.union(.IN_MOVED_TO), name: newName, cookie: cookie) }
        for watch in inode.watches { watch.deliver(.IN_MOVE_SELF, name: nil, cookie: 0) }
    }

    final func addWatch(_ watch: Watch) {
        fileSystem.watchCount.add(1, ordering: .sequentiallyConsistent)
        fileSystem.viewedFiles.withdrawAll()
        makeWatchList().add(watch)
    }

    final func removeWatch(_ watch: Watch) {
        attachments?.watches?.remove(watch)
        fileSystem.watchCount.subtract(1, ordering: .relaxed)
    }
}

extension OpenFile {
    /// Whether somebody may have to be told of what is done to the file.
    public final var mayBeWatched: Bool { path.inode.fileSystem.watchCount.load(ordering: .sequentiallyConsistent) != 0 }

    /// The last reference is gone.
    final func noteClosed() {
        let inode = path.inode
        if inode.fileSystem.watchCount.load(ordering: .relaxed) == 0 || flags.contains(.O_PATH) { return }
        inode.notify(flags.isWritable ? .IN_CLOSE_WRITE : .IN_CLOSE_NOWRITE, path.dentry)
    }
}

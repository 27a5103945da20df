/// Who watches an inode.
final class WatchList: @unchecked Sendable {}

extension Inode {
    /// Tells those who watch this file, and those who watch the directory in which `dentry` names it.
    public final func notify(_ events: WatchEvents, _ dentry: Dentry) {}

    /// Tells those who watch this directory of an entry.
    final func notify(_ events: WatchEvents, name dentry: Dentry, cookie: UInt32 = 0) {}

    /// A name of this file was removed: the last one ends its watches.
    final func noteUnlinked() {}

    /// `inode` moved from one directory and name to another.
    static func notifyOfMove(_ inode: Inode, _ source: Inode, _ oldName: FileName, _ target: Inode, _ newName: FileName) {}
}

extension OpenFile {
    /// The last reference is gone.
    final func noteClosed() {}
}

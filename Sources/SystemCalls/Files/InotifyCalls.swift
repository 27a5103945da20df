import Kernel
import LinuxABI
import Memory
import VFS

func registerInotify(_ table: inout SystemCallTable) {
    table[.inotify_init] = { (task, _) throws(Errno) in try make(task, 0) }
    table[.inotify_init1] = { (task, a) throws(Errno) in try make(task, a.uint(0)) }
    table[.inotify_add_watch] = { (task, a) throws(Errno) in
        let mask = WatchEvents(rawValue: a.uint(2))
        if mask.rawValue & ~0xf700_0fff != 0 || mask.isDisjoint(with: .IN_ALL_EVENTS) { throw .EINVAL }
        if mask.isSuperset(of: [.IN_MASK_ADD, .IN_MASK_CREATE]) { throw .EINVAL }
        guard let inotify = try task.files.file(a.int(0)) as? InotifyFile else { throw .EINVAL }
        var walk: WalkFlags = mask.contains(.IN_DONT_FOLLOW) ? [] : [.follow]
        if mask.contains(.IN_ONLYDIR) { walk.insert(.directory) }
        let path = try task.resolve(try task.loadPath(a.address(1)), walk)
        try path.inode.checkPermission(.read, by: task)
        return UInt64(UInt32(bitPattern: try inotify.add(path, mask)))
    }
    table[.inotify_rm_watch] = { (task, a) throws(Errno) in
        guard let inotify = try task.files.file(a.int(0)) as? InotifyFile else { throw .EINVAL }
        try inotify.remove(a.int(1))
        return 0
    }
}

private func make(_ task: Task, _ flags: UInt32) throws(Errno) -> UInt64 {
    let known: OpenFlags = [.O_CLOEXEC, .O_NONBLOCK]
    let flags = OpenFlags(rawValue: flags)
    if !flags.isSubset(of: known) { throw .EINVAL }
    let file = InotifyFile(flags: flags.intersection(.O_NONBLOCK), by: task)
    return try task.install(file, closeOnExec: flags.contains(.O_CLOEXEC))
}

import HostOS
import LinuxABI

extension Path {
    /// The path's text as it is seen from `root`: getcwd, /proc/PID/fd, /proc/mounts.
    ///
    /// - Returns: the text without " (deleted)"; whether `root` was reached: getcwd puts "(unreachable)" before it if not.
    public func text(from root: Path, _ vfs: VirtualFileSystem) -> (bytes: [UInt8], reachable: Bool) {
        var names: [FileName] = []
        var (mount, dentry) = (mount, dentry)
        var reachable = true
        while !(dentry === root.dentry && mount === root.mount) {
            if dentry === mount.root {
                guard let place = mount.place(in: vfs) else {
                    reachable = false
                    break
                }
                (mount, dentry) = (place.mount, place.dentry)
                continue
            }
            guard let parent = dentry.parent else {
                reachable = false
                break
            }
            names.append(dentry.name)
            dentry = parent
        }
        return (Self.join(names), reachable)
    }

    /// What a link of /proc/PID shows: the text, with " (deleted)" behind a name that is gone.
    public func linkText(from root: Path, _ vfs: VirtualFileSystem) -> [UInt8] {
        let text = text(from: root, vfs).bytes
        return dentry.isDead ? text + Array(" (deleted)".utf8) : text
    }

    /// - Parameter names: the last first.
    fileprivate static func join(_ names: [FileName]) -> [UInt8] {
        if names.isEmpty { return [UInt8(ascii: "/")] }
        var text: [UInt8] = []
        text.reserveCapacity(names.reduce(0) { $0 + $1.bytes.count + 1 })
        for name in names.reversed() {
            text.append(UInt8(ascii: "/"))
            text.append(contentsOf: name.bytes)
        }
        return text
    }
}

extension Dentry {
    /// The path within its file system, from the file system's root: mountinfo's fourth field.
    public var textInFileSystem: [UInt8] {
        var names: [FileName] = []
        var at = self
        while let parent = at.parent {
            names.append(at.name)
            at = parent
        }
        return Path.join(names)
    }
}

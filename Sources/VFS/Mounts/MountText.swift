import LinuxABI

/// What /proc tells of one mount.
public struct MountDescription: Sendable {
    public var id: Int32
    public var parentID: Int32
    public var device: DeviceNumber
    /// What of the file system the mount shows: a path in it.
    public var root: [UInt8]
    /// Where it stands, as the reader sees it.
    public var mountpoint: [UInt8]
    public var flags: MountFlags
    /// 0: none.
    public var peerGroup: Int32
    public var masterGroup: Int32
    public var isUnbindable: Bool
    public var type: String
    public var source: [UInt8]
    public var isFileSystemReadOnly: Bool
    /// The file system's own options: "size=64k,mode=755".
    public var options: String
}

extension MountNamespace {
    /// The mounts that are seen from `root`, parents first.
    public func descriptions(from root: Path) -> [MountDescription] {
        let all = vfs.mountLock.withLock {
            rootStorage.subtree.map { Entry(mount: $0, parent: $0.parentStorage?.id ?? 0, peers: $0.peerGroup,
                                            masters: $0.masterGroup, unbindable: $0.propagation == .unbindable) }
        }
        var seen: [MountDescription] = []
        for entry in all {
            let mount = entry.mount
            let (place, reachable) = Path(mount: mount, dentry: mount.root).text(from: root, vfs)
            if !reachable { continue }
            seen.append(MountDescription(
                id: mount.id, parentID: entry.parent, device: mount.fileSystem.device, root: mount.root.textInFileSystem,
                mountpoint: place, flags: mount.flags, peerGroup: entry.peers, masterGroup: entry.masters,
                isUnbindable: entry.unbindable, type: mount.fileSystem.typeName, source: mount.source,
                isFileSystemReadOnly: mount.fileSystem.isReadOnly, options: mount.fileSystem.optionsText))
        }
        return seen
    }

    private struct Entry {
        var mount: Mount
        var parent, peers, masters: Int32
        var unbindable: Bool
    }

    /// /proc/PID/mounts (proc(5)).
    public func mountsText(from root: Path) -> [UInt8] {
        var text: [UInt8] = []
        for mount in descriptions(from: root) {
            text += Self.escaped(mount.source) + [0x20] + Self.escaped(mount.mountpoint)
            text += " \(mount.type) \(mount.optionsText(withFileSystem: true))\(mount.ownOptionsText) 0 0\n".utf8
        }
        return text
    }

    /// /proc/PID/mountinfo.
    public func mountInfoText(from root: Path) -> [UInt8] {
        var text: [UInt8] = []
        for mount in descriptions(from: root) {
            text += "\(mount.id) \(mount.parentID) \(mount.device.major):\(mount.device.minor) ".utf8
            text += Self.escaped(mount.root) + [0x20] + Self.escaped(mount.mountpoint)
            text += " \(mount.optionsText(withFileSystem: false))\(mount.optionalFields) - \(mount.type) ".utf8
            text += Self.escaped(mount.source)
            text += " \(mount.isFileSystemReadOnly ? "ro" : "rw")\(mount.ownOptionsText)\n".utf8
        }
        return text
    }

    /// Space, tab, newline and backslash as octal, as Linux escapes them.
    static func escaped(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        for b in bytes {
            switch b {
            case 0x20, 0x09, 0x0a, 0x5c:
                out += [0x5c, 0x30 + (b >> 6), 0x30 + ((b >> 3) & 7), 0x30 + (b & 7)]
            default: out.append(b)
            }
        }
        return out
    }
}

extension MountDescription {
    /// "rw,nosuid,relatime".
    fileprivate func optionsText(withFileSystem: Bool) -> String {
        var text = flags.contains(.readOnly) || withFileSystem && isFileSystemReadOnly ? "ro" : "rw"
        if flags.contains(.nosuid) { text += ",nosuid" }
        if flags.contains(.nodev) { text += ",nodev" }
        if flags.contains(.noexec) { text += ",noexec" }
        if flags.contains(.noatime) { text += ",noatime" }
        if flags.contains(.nodiratime) { text += ",nodiratime" }
        if flags.contains(.relatime) { text += ",relatime" }
        if flags.contains(.nosymfollow) { text += ",nosymfollow" }
        return text
    }

    fileprivate var ownOptionsText: String { options.isEmpty ? "" : "," + options }

    fileprivate var optionalFields: String {
        var text = ""
        if peerGroup != 0 { text += " shared:\(peerGroup)" }
        if masterGroup != 0 { text += " master:\(masterGroup)" }
        if isUnbindable { text += " unbindable" }
        return text
    }
}

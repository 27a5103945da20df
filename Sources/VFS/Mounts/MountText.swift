import LinuxABI

/// The text of /proc/PID/mounts and mountinfo (proc(5)).
extension MountNamespace {
    /// The mounts that are seen from `root`, parents first.
    private func visible(from root: Path) -> [(mount: Mount, parent: Int32, place: [UInt8])] {
        let all = vfs.mountLock.withLock { rootStorage.subtree }
        var seen: [(mount: Mount, parent: Int32, place: [UInt8])] = []
        for mount in all {
            let place = Path(mount: mount, dentry: mount.root)
            let (text, reachable) = place.text(from: root, vfs)
            if !reachable { continue }
            // The namespace's root has a parent on Linux too (rootfs): a number that nothing else has.
            seen.append((mount, mount.parent(in: vfs)?.id ?? 0, text))
        }
        return seen
    }

    /// /proc/PID/mounts.
    public func mountsText(from root: Path) -> [UInt8] {
        var text: [UInt8] = []
        for (mount, _, place) in visible(from: root) {
            text += Self.escaped(mount.source) + [0x20] + Self.escaped(place)
            text += " \(mount.fileSystem.typeName) \(mount.optionsText)\(mount.fileSystemOptionsText()) 0 0\n".utf8
        }
        return text
    }

    /// /proc/PID/mountinfo.
    public func mountInfoText(from root: Path) -> [UInt8] {
        var text: [UInt8] = []
        for (mount, parent, place) in visible(from: root) {
            let device = mount.fileSystem.device
            text += "\(mount.id) \(parent) \(device.major):\(device.minor) ".utf8
            text += Self.escaped(mount.root.textInFileSystem) + [0x20] + Self.escaped(place)
            text += " \(mount.optionsText)\(optionalFields(mount)) - \(mount.fileSystem.typeName) ".utf8
            text += Self.escaped(mount.source)
            text += " \(mount.fileSystem.isReadOnly ? "ro" : "rw")\(mount.fileSystemOptionsText())\n".utf8
        }
        return text
    }

    private func optionalFields(_ mount: Mount) -> String {
        let (peers, masters, unbindable) = vfs.mountLock.withLock {
            Fields(peers: mount.peerGroup, masters: mount.masterGroup, unbindable: mount.propagation == .unbindable)
        }.values
        var text = ""
        if peers != 0 { text += " shared:\(peers)" }
        if masters != 0 { text += " master:\(masters)" }
        if unbindable { text += " unbindable" }
        return text
    }

    private struct Fields {
        var peers, masters: Int32
        var unbindable: Bool
        var values: (Int32, Int32, Bool) { (peers, masters, unbindable) }
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

extension Mount {
    /// "rw,nosuid,relatime".
    var optionsText: String {
        let flags = flags
        var text = isReadOnly ? "ro" : "rw"
        if flags.contains(.nosuid) { text += ",nosuid" }
        if flags.contains(.nodev) { text += ",nodev" }
        if flags.contains(.noexec) { text += ",noexec" }
        if flags.contains(.noatime) { text += ",noatime" }
        if flags.contains(.nodiratime) { text += ",nodiratime" }
        if flags.contains(.relatime) { text += ",relatime" }
        if flags.contains(.nosymfollow) { text += ",nosymfollow" }
        return text
    }

    func fileSystemOptionsText() -> String {
        let options = fileSystem.optionsText
        return options.isEmpty ? "" : "," + options
    }
}

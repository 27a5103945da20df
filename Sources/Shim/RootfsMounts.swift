import HostOS
import LinuxABI
import Messages

/// The mounts that make up a container's root, as containerd's snapshotters describe them.
enum RootfsMounts {
    struct Failure: Error {
        var message: String
    }

    /// What a word of mount(8) does to the flags; all others are data for the file system.
    private static let words: [String: (flags: UInt, clears: Bool)] = [
        "async": (16, true), "atime": (1024, true), "bind": (4096, false), "defaults": (0, false), "dev": (4, true),
        "diratime": (2048, true), "dirsync": (128, false), "exec": (8, true), "mand": (64, false),
        "noatime": (1024, false), "nodev": (4, false), "nodiratime": (2048, false), "noexec": (8, false),
        "nomand": (64, true), "norelatime": (1 << 21, true), "nostrictatime": (1 << 24, true), "nosuid": (2, false),
        "rbind": (4096 | 16384, false), "relatime": (1 << 21, false), "remount": (32, false), "ro": (1, false),
        "rw": (1, true), "strictatime": (1 << 24, false), "suid": (2, true), "sync": (16, false),
    ]
    private static let propagation: [String: UInt] = [
        "unbindable": 1 << 17, "private": 1 << 18, "slave": 1 << 19, "shared": 1 << 20,
        "runbindable": 1 << 17 | 16384, "rprivate": 1 << 18 | 16384, "rslave": 1 << 19 | 16384, "rshared": 1 << 20 | 16384,
    ]

    /// Makes the mounts in order; what was made is undone when one fails.
    static func mount(_ mounts: [Types.Mount], at rootfs: String) throws(Failure) {
        var done = 0
        do throws(Failure) {
            for mount in mounts {
                try make(mount, at: mount.target.isEmpty ? rootfs : rootfs + "/" + mount.target)
                done += 1
            }
        } catch {
            if done > 0 { unmount(rootfs) }
            throw error
        }
    }

    private static func make(_ mount: Types.Mount, at target: String) throws(Failure) {
        var flags: UInt = 0, spread: [UInt] = [], data: [String] = []
        for option in mount.options {
            if let word = words[option] {
                flags = word.clears ? flags & ~word.flags : flags | word.flags
            } else if let kind = propagation[option] {
                spread.append(kind)
            } else if option.hasPrefix("X-containerd.") || option == "loop" {
                throw Failure(message: "mount \(mount.source) at \(target): option \(option) is not implemented")
            } else {
                data.append(option)
            }
        }
        do throws(Errno) {
            let text = data.joined(separator: ",")
            if text.utf8.count > 4096 - 512, mount.type == "overlay" {
                try overlayWithShortNames(mount, data, HostMountFlags(rawValue: flags), target)
            } else {
                try HostMounts.mount(mount.source, at: target, type: mount.type, flags: .init(rawValue: flags), data: text)
            }
            if flags & 4096 != 0 && flags & 1 != 0 {
                // A bind mount takes its flags only when it is mounted again.
                try HostMounts.mount("", at: target, flags: .init(rawValue: flags & ~16384 | 32))
            }
            for kind in spread { try HostMounts.mount("", at: target, flags: .init(rawValue: kind)) }
        } catch {
            throw Failure(message: "mount \(mount.type) \(mount.source) at \(target): \(error)")
        }
    }

    /// The kernel takes at most a page of data: with many layers their names are given relative to the folder that they
    /// share, by a thread that has a current directory of its own.
    private static func overlayWithShortNames(_ mount: Types.Mount, _ data: [String], _ flags: HostMountFlags,
                                              _ target: String) throws(Errno) {
        let layers = data.filter { $0.hasPrefix("lowerdir=") }.flatMap { $0.dropFirst(9).split(separator: ":") }
        guard var folder = layers.first.map({ $0[...] }) else { throw .EINVAL }
        for layer in layers {
            while !layer.hasPrefix(folder) || (folder.count < layer.count && folder.last != "/") {
                guard folder.count > 1 else { throw .E2BIG }
                folder = folder.dropLast()
                while folder.last != "/" && !folder.isEmpty { folder = folder.dropLast() }
            }
        }
        let short = layers.map { $0.dropFirst(folder.count) }.joined(separator: ":")
        let text = (data.filter { !$0.hasPrefix("lowerdir=") } + ["lowerdir=" + short]).joined(separator: ",")
        let directory = String(folder)
        let result = Outcome()
        try Thread.start {
            do throws(Errno) {
                try HostMounts.separateDirectory()
                try HostMounts.changeDirectory(directory)
                try HostMounts.mount(mount.source, at: target, type: mount.type, flags: flags, data: text)
                result.finish(nil)
            } catch { result.finish(error) }
        }
        if let error = result.wait() { throw error }
    }

    private final class Outcome: @unchecked Sendable {
        /// Guards what follows. Nothing else is locked with it held.
        private let lock = Lock()
        private let change = Condition()
        private var done = false
        private var error: Errno?

        func finish(_ error: Errno?) {
            lock.withLock {
                (done, self.error) = (true, error)
                change.wakeAll()
            }
        }

        func wait() -> Errno? {
            lock.withLock {
                while !done { change.wait(lock) }
                return error
            }
        }
    }

    /// Takes away everything that is mounted at and below `rootfs`, deepest first. Waits two and a half seconds for who
    /// uses it; then it disappears and is unmounted when they end.
    static func unmount(_ rootfs: String) {
        for point in mountPoints(below: rootfs) {
            var patience = 50
            while true {
                do throws(Errno) { try HostMounts.unmount(point, lazily: patience == 0) } catch {
                    if error == .EBUSY && patience > 0 {
                        patience -= 1
                        _ = try? HostPoll.wait([], timeout: 50)
                        continue
                    }
                    if error != .EINVAL && error != .ENOENT { Log.warning("unmount \(point): \(error)") }
                }
                break
            }
        }
    }

    /// Mount points at and below a path, the last mounted first, once for each time that something is mounted there.
    private static func mountPoints(below path: String) -> [String] {
        let real = (try? HostFD.currentDirectory.realPath(path)) ?? path
        guard let bytes = try? HostFD.currentDirectory.readFile("/proc/self/mountinfo", limit: 64 << 20) else { return [] }
        var found: [String] = []
        for line in bytes.split(separator: 10) {
            let fields = line.split(separator: 32, maxSplits: 5)
            guard fields.count > 4 else { continue }
            let point = unescaped(fields[4])
            if point == real || point.hasPrefix(real + "/") { found.append(point) }
        }
        return found.reversed()
    }

    /// mountinfo writes blanks and the like as a backslash and three octal digits.
    private static func unescaped(_ text: ArraySlice<UInt8>) -> String {
        var out: [UInt8] = [], rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3 {
                out.append(rest.prefix(3).reduce(0) { $0 << 3 | ($1 & 7) })
                rest = rest.dropFirst(3)
            } else { out.append(byte) }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

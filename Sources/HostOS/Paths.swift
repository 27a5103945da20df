public import LinuxABI

/// What stat(2) says of a file.
public struct HostFileStatus: Hashable, Sendable {
    public var device: UInt64
    public var inode: UInt64
    public var mode: UInt32
    public var user: UInt32
    public var group: UInt32
    public var specialDevice: UInt64
    public var size: Int64

    public var isDirectory: Bool { mode & 0xf000 == 0x4000 }
    public var isRegular: Bool { mode & 0xf000 == 0x8000 }
    public var isFifo: Bool { mode & 0xf000 == 0x1000 }
    public var isCharacterDevice: Bool { mode & 0xf000 == 0x2000 }
}

/// Calls on paths, relative to a directory (`HostFD.currentDirectory` for absolute ones).
extension HostFD {
    public func status(of path: String, followLinks: Bool = true) throws(Errno) -> HostFileStatus {
        var words = [UInt64](repeating: 0, count: 18)
        try unsafe withCPath(path) { (p) throws(Errno) in
            try unsafe words.withMutableBytes { (b) throws(Errno) in
                _ = try unsafe hostCall(.newfstatat, argument, Int(p), Int(b.baseAddress), followLinks ? 0 : 0x100)
            }
        }
        // struct stat of x86-64: dev, ino, nlink, (mode, uid), (gid, pad), rdev, size.
        return HostFileStatus(device: words[0], inode: words[1], mode: UInt32(truncatingIfNeeded: words[3]),
                              user: UInt32(truncatingIfNeeded: words[3] >> 32),
                              group: UInt32(truncatingIfNeeded: words[4]), specialDevice: words[5],
                              size: Int64(bitPattern: words[6]))
    }

    /// The path without links, `.` and `..`.
    public func realPath(_ path: String) throws(Errno) -> String {
        let fd = try open(path, 0o10000000 /* O_PATH */)
        defer { fd.close() }
        return try Self.currentDirectory.readLink("/proc/self/fd/\(fd.rawValue)")
    }

    public func exists(_ path: String) -> Bool { (try? status(of: path)) != nil }

    public func makeDirectory(_ path: String, mode: UInt32) throws(Errno) {
        try unsafe withCPath(path) { (p) throws(Errno) in
            _ = try unsafe hostCall(.mkdirat, argument, Int(p), Int(mode))
        }
    }

    /// Makes a directory and those above it that are missing.
    public func makeDirectories(_ path: String, mode: UInt32) throws(Errno) {
        do throws(Errno) { try makeDirectory(path, mode: mode) } catch {
            if error == .EEXIST { return }
            guard error == .ENOENT, let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex
            else { throw error }
            try makeDirectories(String(path[..<slash]), mode: mode)
            do throws(Errno) { try makeDirectory(path, mode: mode) } catch { if error != .EEXIST { throw error } }
        }
    }

    public func unlink(_ path: String, directory: Bool = false) throws(Errno) {
        try unsafe withCPath(path) { (p) throws(Errno) in
            _ = try unsafe hostCall(.unlinkat, argument, Int(p), directory ? 0x200 : 0)
        }
    }

    public func rename(_ old: String, to new: String) throws(Errno) {
        try unsafe withCPath(old) { (o) throws(Errno) in
            try unsafe withCPath(new) { (n) throws(Errno) in
                _ = try unsafe hostCall(.renameat, argument, Int(o), argument, Int(n))
            }
        }
    }

    public func readLink(_ path: String) throws(Errno) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let n = try unsafe withCPath(path) { (p) throws(Errno) in
            try unsafe buffer.withMutableBytes { (b) throws(Errno) in
                try unsafe hostCall(.readlinkat, argument, Int(p), Int(b.baseAddress), b.count)
            }
        }
        return String(decoding: buffer[..<n], as: UTF8.self)
    }

    /// The names in a directory, without "." and "..".
    public func list(_ path: String) throws(Errno) -> [String] {
        let directory = try open(path, 0x10000 /* O_DIRECTORY */)
        defer { directory.close() }
        var names: [String] = []
        var buffer = [UInt8](repeating: 0, count: 32768)
        while true {
            let n = try unsafe buffer.withMutableBytes { (b) throws(Errno) in
                try unsafe hostCall(.getdents64, directory.argument, Int(b.baseAddress), b.count)
            }
            if n == 0 { return names }
            var at = 0
            while at + 19 <= n {
                let length = Int(buffer[at + 16]) | Int(buffer[at + 17]) << 8
                guard length > 19, at + length <= n else { break }
                let name = buffer[(at + 19)..<(at + length)].prefix { $0 != 0 }
                let text = String(decoding: name, as: UTF8.self)
                if text != "." && text != ".." { names.append(text) }
                at += length
            }
        }
    }

    /// Reads a whole small file.
    public func readFile(_ path: String, limit: Int = 16 << 20) throws(Errno) -> [UInt8] {
        let file = try open(path, 0)
        defer { file.close() }
        return try file.readAll(limit: limit)
    }

    /// Writes to a file that exists (no O_CREAT): files of procfs, cgroups.
    public func writeFile(_ path: String, _ text: String) throws(Errno) {
        let file = try open(path, 1 /* O_WRONLY */)
        defer { file.close() }
        try file.writeAll(Array(text.utf8))
    }

    /// Makes a file with this content in one step: readers see all of it or the one before.
    public func replaceFile(_ path: String, with bytes: [UInt8], mode: UInt32) throws(Errno) {
        let temporary = path + ".new"
        let file = try open(temporary, 0x241 /* O_WRONLY | O_CREAT | O_TRUNC */, mode: mode)
        do throws(Errno) {
            defer { file.close() }
            try file.writeAll(bytes)
        } catch {
            try? unlink(temporary)
            throw error
        }
        try rename(temporary, to: path)
    }

    /// flock(2): exclusive, or shared; waits unless `now` (then EWOULDBLOCK). Released with the last copy of the descriptor.
    public func lockFile(shared: Bool = false, now: Bool = false) throws(Errno) {
        try hostCallRetrying(.flock, argument, (shared ? 1 : 2) | (now ? 4 : 0))
    }
}

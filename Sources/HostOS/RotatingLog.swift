import LinuxABI

/// A log of bounded size in two files that take turns: when one is full, the other is emptied and goes on. Nothing is
/// renamed, so that a process which sees no directory can keep one.
public final class RotatingLog: @unchecked Sendable {
    /// What one file may hold.
    public static let standardLimit = 16 << 20

    private let limit: Int64
    /// Guards all below. Innermost.
    private let lock = Lock()
    private var file: HostFD
    private var other: HostFD?
    private var size: Int64

    /// - Parameters:
    ///   - file: opened for appending; it stays the caller's.
    ///   - other: the same; without it the log grows without a bound.
    public init(_ file: HostFD, _ other: HostFD? = nil, limit: Int = standardLimit) {
        self.file = file
        self.other = other
        self.limit = Int64(limit)
        size = other == nil ? 0 : Int64(truncatingIfNeeded: (try? file.status().size) ?? 0)
    }

    /// Appends a line, whole.
    public func write(_ line: [UInt8]) {
        guard other != nil else {
            try? file.writeAll(line)
            return
        }
        lock.withLock {
            if size >= limit, let next = other {
                try? next.truncate(to: 0)
                (file, other) = (next, file)
                size = 0
            }
            try? file.writeAll(line)
            size += Int64(line.count)
        }
    }

    /// Opens `DIRECTORY/NAME.1.log` and `NAME.2.log`, both for their owner only; the one that was written last comes first.
    public static func open(_ directory: String, _ name: String) throws(Errno) -> (HostFD, HostFD) {
        let here = HostFD.currentDirectory
        try here.makeDirectories(directory, mode: 0o750)
        let flags: Int32 = 0x441 /* O_WRONLY | O_CREAT | O_APPEND */
        let first = try here.open("\(directory)/\(name).1.log", flags, mode: 0o600)
        do throws(Errno) {
            let second = try here.open("\(directory)/\(name).2.log", flags, mode: 0o600)
            let isLater = modified(second) > modified(first) && ((try? second.status().size) ?? 0) > 0
            return isLater ? (second, first) : (first, second)
        } catch {
            first.close()
            throw error
        }
    }

    /// Removes the oldest logs of a directory, so that at most `count` are left.
    public static func prune(_ directory: String, keeping count: Int) {
        let here = HostFD.currentDirectory
        let names = ((try? here.list(directory)) ?? []).filter { $0.hasSuffix(".log") }
        if names.count <= count { return }
        var dated: [(name: String, time: (Int64, UInt32))] = []
        for name in names {
            guard let file = try? here.open("\(directory)/\(name)", 0) else { continue }
            dated.append((name, modified(file)))
            file.close()
        }
        dated.sort { $0.time < $1.time }
        for old in dated.dropLast(count) { try? here.unlink("\(directory)/\(old.name)") }
    }

    private static func modified(_ file: HostFD) -> (Int64, UInt32) {
        guard let time = try? file.status().modificationTime else { return (0, 0) }
        return (time.seconds, time.nanoseconds)
    }
}

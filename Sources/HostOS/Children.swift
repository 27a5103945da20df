import LinuxABI

/// The children of this process that somebody has started by `Spawn` and will reap.
enum Children {
    private final class Known: @unchecked Sendable {
        /// Guards `pids`; held while a child is born, so that none is taken for a stranger. Innermost.
        let lock = Lock()
        var pids: Set<Int32> = []
    }

    private static let known = Known()

    /// Runs `birth`, which returns the new child's pid or -errno.
    static func bear(_ birth: () -> Int) -> Int {
        known.lock.withLock {
            let pid = birth()
            if pid > 0 { known.pids.insert(Int32(truncatingIfNeeded: pid)) }
            return pid
        }
    }

    static func reaped(_ pid: Int32) { known.lock.withLock { _ = known.pids.remove(pid) } }

    /// Reaps the dead children that nobody here has started: a subreaper is given the orphans of its descendants.
    static func reapStrangers() {
        let here = HostFD.currentDirectory
        known.lock.withLock {
            for thread in (try? here.list("/proc/self/task")) ?? [] {
                let list = (try? here.readFile("/proc/self/task/\(thread)/children")) ?? []
                for word in list.split(separator: 32) {
                    guard let pid = Int32(String(decoding: word, as: UTF8.self)), !known.pids.contains(pid) else { continue }
                    _ = try? hostCall(.waitid, 1 /* P_PID */, Int(pid), 0, 4 | 1 /* WEXITED, WNOHANG */)
                }
            }
        }
    }
}

extension HostProcess {
    /// Reaps the dead children that nobody here has started: a subreaper is given the orphans of its descendants.
    public static func reapStrangers() { Children.reapStrangers() }
}

import CHostOS
import LinuxABI

/// Random bytes of the host's kernel.
public enum HostRandom {
    /// - Parameter count: any; the host gives up to 32 MiB at once.
    public static func bytes(_ count: Int) -> [UInt8] {
        var all = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = unsafe all.withMutableBytes { room in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: room[done...])
                return (try? unsafe hostCallRetrying(.getrandom, Int(rest.baseAddress), rest.count, 0)) ?? 0
            }
            // The host's source cannot fail once it is seeded, and it has started us.
            if got == 0 { preconditionFailure("no random bytes") }
            done += got
        }
        return all
    }
}

/// The machine's memory.
public enum HostMemory {
    /// Bytes of memory in all, and free (sysinfo(2)).
    public static var information: (total: UInt64, free: UInt64) {
        var words = [UInt64](repeating: 0, count: 16)
        _ = unsafe words.withMutableBytes { room in try? unsafe hostCall(.sysinfo, Int(room.baseAddress)) }
        let unit = max(1, words[13] & 0xffff_ffff)
        return (words[4] &* unit, words[5] &* unit)
    }
}

/// The host's processors that this process may use.
public enum HostProcessors {
    /// Lets other threads of the host go first (sched_yield(2)).
    public static func yield() { _ = try? hostCall(.sched_yield) }
    /// How often the calling thread had to let others go first (getrusage(2), `ru_nivcsw`).
    public static var involuntarySwitches: Int {
        var usage = [Int](repeating: 0, count: 18)
        let thread = 1
        _ = unsafe usage.withMutableBytes { room in try? unsafe hostCall(.getrusage, thread, Int(room.baseAddress)) }
        return usage[17]
    }

    /// The one that the calling thread runs on; nil: nobody knows.
    public static var current: Int? {
        let number = Int(host_current_processor())
        return number < 0 ? nil : number
    }

    /// Binds the calling thread to processor `number`, below 1024. It stays where it is if that is not to be had.
    public static func bind(to number: Int) {
        guard number >= 0, number < 1024 else { return }
        var mask = [UInt64](repeating: 0, count: 16)
        mask[number / 64] = 1 << UInt64(number % 64)
        _ = try? unsafe mask.withBytes { (m) throws(Errno) in
            try unsafe hostCall(.sched_setaffinity, 0, m.count, Int(m.baseAddress))
        }
    }

    /// How many: at least 1.
    public static let count: Int = {
        var mask = [UInt64](repeating: 0, count: 16)
        let bytes = unsafe mask.withMutableBytes { room in
            (try? unsafe hostCall(.sched_getaffinity, 0, room.count, Int(room.baseAddress))) ?? 0
        }
        return max(1, mask.prefix(bytes / 8).reduce(0) { $0 + $1.nonzeroBitCount })
    }()
}

import CHostOS

/// How this process uses memory.
public enum ProcessMemory {
    /// Keeps threads from having an arena of malloc's each: what an arena has touched stays when the thread is idle. One for
    /// four processors is enough, since each thread has a cache of small blocks. Call before the first thread is started.
    public static func limitArenas() { host_limit_arenas(Int32(clamping: max(1, HostMachine.processorCount / 4))) }
}

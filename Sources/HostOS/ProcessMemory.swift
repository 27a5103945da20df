import CHostOS

/// How this process uses memory.
public enum ProcessMemory {
    /// Keeps threads from having an arena of malloc's each: what an arena has touched stays when the thread is idle. One for
    /// four processors is enough, since each thread has a cache of small blocks. Call before the first thread is started.
    public static func limitArenas() { host_limit_arenas(Int32(clamping: max(1, HostMachine.processorCount / 4))) }

    /// Gives back what a process that rests does not need: free heap, and the pages of its program's code, of which the
    /// kernel maps sixteen around each that is touched. They come back from the page cache when they are needed.
    public static func release() { host_release_memory() }
}

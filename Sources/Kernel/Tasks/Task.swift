import HostOS
import Identity
import LinuxABI
import Memory
import Platform
import Synchronization
import VFS
import Waiting

/// One guest thread, and the Sentry thread that serves it.
public final class Task: Caller, @unchecked Sendable {
    public unowned let kernel: Kernel
    public internal(set) var group: ThreadGroup
    /// The thread id in the root pid namespace.
    public internal(set) var tid: Int32
    /// The guest's registers and memory. Changes at exec.
    public internal(set) var context: ExecutionContext
    public internal(set) var mm: MemoryManager
    /// comm: at most 15 bytes. Guarded by the group's signal lock.
    public var name: [UInt8] = []

    public init(kernel: Kernel, group: ThreadGroup, tid: Int32, context: ExecutionContext, mm: MemoryManager,
                credentials: Credentials, files: FDTable, directories: DirectoryContext) {
        self.kernel = kernel
        self.group = group
        self.tid = tid
        self.context = context
        self.mm = mm
        super.init(credentials: credentials, files: files, directories: directories)
    }

    public override var memory: GuestMemory { context }
}

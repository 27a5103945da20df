import HostOS
import LinuxABI
import Memory
import Platform
import VFS

/// What the kernel keeps of an address space beside the host's own list of mappings: brk, the program, the files behind
/// mappings. Shared by the tasks that share the memory.
public final class MemoryManager: @unchecked Sendable {
    public let addressSpace: AddressSpace
    /// Guards everything below. Below the tree lock, above a file's own. Held while the host changes mappings that are
    /// kept here too (brk), never while guest memory is read for I/O.
    public let lock = Lock()

    /// A host file that may be behind mappings.
    public struct FileKey: Hashable, Sendable {
        /// As the host numbers it: what the host's /proc/PID/maps shows.
        public var device: UInt64
        public var inode: UInt64

        public init(device: UInt64, inode: UInt64) {
            self.device = device
            self.inode = inode
        }
    }

    /// What a guest sees of a mapped file; keeps the file's name alive.
    public struct MappedFile: Sendable {
        public var path: Path
        /// The open file, which lives as long as a mapping may (locks, memory files).
        public var file: OpenFile?
        /// Whether a mount by which it was mapped lets programs run. The host's file knows nothing of the guest's mounts.
        var holdsPrograms: Bool

        public init(path: Path, file: OpenFile?) {
            self.path = path
            self.file = file
            holdsPrograms = !path.mount.flags.contains(.noexec)
        }
    }

    /// The image: addresses for /proc/PID/stat, maps, cmdline, environ, auxv.
    public struct Layout: Sendable {
        public var codeStart: UInt64 = 0, codeEnd: UInt64 = 0
        public var dataStart: UInt64 = 0, dataEnd: UInt64 = 0
        /// The stack pointer at the start of the program, and the range of its stack.
        public var stackStart: UInt64 = 0
        public var stackLow: UInt64 = 0, stackHigh: UInt64 = 0
        public var argumentsStart: UInt64 = 0, argumentsEnd: UInt64 = 0
        public var environmentStart: UInt64 = 0, environmentEnd: UInt64 = 0
        public var vdso: UInt64 = 0, vdsoSize: UInt64 = 0
        /// Pairs of tag and value, with AT_NULL.
        public var auxiliaryVector: [UInt64] = []

        public init() {}
    }

    // Guarded by the lock; read them through the accessors below.

    private var layoutStorage = Layout()
    private var executableStorage: Path?
    private var filesStorage: [FileKey: MappedFile] = [:]
    /// Some of them were mapped by mounts without programs.
    private var judgesPrograms = false
    private var dumpableStorage: Int32 = 1
    /// System V shared memory; it locks itself.
    public private(set) final var sharedMemory = SharedAttachments()
    private var programStorage: AnyObject?
    var breakStart: UInt64 = 0
    var breakEnd: UInt64 = 0
    /// Bytes that mlock(2) was asked to lock.
    var lockedBytes: UInt64 = 0
    /// membarrier(2)'s registrations.
    public var membarrierRegistrations: UInt32 = 0

    /// Guarded by the lock.
    var hugePagesStorage = HugePages()

    public init(addressSpace: AddressSpace) { self.addressSpace = addressSpace }

    public var layout: Layout {
        get { lock.withLock { layoutStorage } }
        set { lock.withLock { layoutStorage = newValue } }
    }

    /// What /proc/PID/exe leads to.
    public var executable: Path? {
        get { lock.withLock { executableStorage } }
        set { lock.withLock { executableStorage = newValue } }
    }

    /// What keeps the program's file from being written while it runs.
    public var programHold: AnyObject? {
        get { lock.withLock { programStorage } }
        set { lock.withLock { programStorage = newValue } }
    }

    /// PR_SET_DUMPABLE.
    public var dumpable: Int32 {
        get { lock.withLock { dumpableStorage } }
        set { lock.withLock { dumpableStorage = newValue } }
    }

    /// The guest's file behind the host's, for /proc/PID/maps.
    public func mappedFile(_ key: FileKey) -> MappedFile? { lock.withLock { filesStorage[key] } }

    /// Notes that `file` is behind mappings from now on.
    public func noteMapping(_ key: FileKey, _ file: MappedFile) {
        lock.withLock {
            var noted = file
            // Where it is mapped by mounts of both kinds, nobody can tell which mapping is which.
            if let known = filesStorage[key], known.path.inode === file.path.inode, known.holdsPrograms { noted.holdsPrograms = true }
            filesStorage[key] = noted
            if noted.holdsPrograms || judgesPrograms { return }
            judgesPrograms = true
            addressSpace.judgePrograms()
        }
    }

    /// Where in the range the first mapping begins that cannot be made executable, as its file was mapped by a mount without
    /// programs (noexec in mount(8)); nil: there is none.
    public func firstWithoutPrograms(_ start: UInt64, _ size: UInt64) throws(Errno) -> UInt64? {
        if !lock.withLock({ judgesPrograms }) { return nil }
        for mapping in try hostMappings() where mapping.inode != 0 && mapping.end > start && mapping.start < start &+ size {
            if let file = mappedFile(.init(device: mapping.device, inode: mapping.inode)), !file.holdsPrograms {
                return max(mapping.start, start)
            }
        }
        return nil
    }

    /// The heap: where it begins and where it ends now.
    public var heap: (start: UInt64, end: UInt64) {
        lock.withLock { (breakStart, addressSpace.nativeBreak ?? breakEnd) }
    }

    /// Sets where the heap begins: exec.
    public func setHeap(start: UInt64) {
        lock.withLock {
            breakStart = start
            breakEnd = start
        }
        addressSpace.setHeap(start: start)
    }

    /// What fork gives the child.
    func copy(for child: AddressSpace) -> MemoryManager {
        let new = MemoryManager(addressSpace: child)
        lock.withLock {
            new.layoutStorage = layoutStorage
            new.executableStorage = executableStorage
            new.programStorage = programStorage
            new.filesStorage = filesStorage
            new.judgesPrograms = judgesPrograms
            if judgesPrograms { child.judgePrograms() }
            new.dumpableStorage = dumpableStorage
            new.sharedMemory = sharedMemory.copy()
            new.breakStart = breakStart
            new.breakEnd = breakEnd
            new.hugePagesStorage = hugePagesStorage
            child.setHeap(start: breakStart)
            new.membarrierRegistrations = membarrierRegistrations
        }
        return new
    }
}

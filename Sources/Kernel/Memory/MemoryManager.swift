import HostOS
import LinuxABI
import Memory
import Platform
import VFS

/// What the kernel keeps of an address space beside the host's own list of mappings: brk, the program, the files behind
/// mappings. Shared by the tasks that share the memory.
public final class MemoryManager: @unchecked Sendable {
    public let addressSpace: AddressSpace
    /// Guards everything below. Below the tree lock, above a file's own.
    public let lock = Lock()

    public init(addressSpace: AddressSpace) { self.addressSpace = addressSpace }
}

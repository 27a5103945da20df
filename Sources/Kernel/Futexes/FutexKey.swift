import LinuxABI
import Memory
import Platform

/// What a futex word is, whoever's address names it (futex(2)).
enum FutexKey: Hashable {
    /// A word of one address space.
    case memory(ObjectIdentifier, UInt64)
    /// A word of memory that several may map: the host's file, and the place in it.
    case file(device: UInt64, inode: UInt64, offset: UInt64)
}

extension Task {
    /// The key of a word of this task's memory.
    ///
    /// - Throws: EINVAL for an address that is not aligned, EFAULT for one that is not mapped.
    func futexKey(_ address: GuestAddress, private isPrivate: Bool) throws(Errno) -> FutexKey {
        if address.rawValue & 3 != 0 { throw .EINVAL }
        if !isPrivate {
            guard let mapping = try mm.hostMappings().first(where: { $0.end > address.rawValue }),
                  mapping.start <= address.rawValue else { throw .EFAULT }
            // "s": what others may map, too. Private mappings are this memory's own, whatever is behind them.
            if mapping.permissions.count > 3, mapping.permissions[3] == UInt8(ascii: "s") {
                return .file(device: mapping.device, inode: mapping.inode,
                             offset: mapping.offset &+ (address.rawValue &- mapping.start))
            }
        }
        return .memory(ObjectIdentifier(mm), address.rawValue)
    }
}

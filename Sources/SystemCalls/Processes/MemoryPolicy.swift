import Kernel
import LinuxABI
import Memory

// The machine has one memory node, and protection keys are not offered.

func registerMemoryPolicy(_ table: inout SystemCallTable) {
    table[.get_mempolicy] = getPolicy
    table[.set_mempolicy] = { (task, a) throws(Errno) in
        try checkPolicy(task, mode: a.int(0), nodes: a.address(1), bits: a.third)
        return 0
    }
    table[.mbind] = { (task, a) throws(Errno) in
        if a.first & 0xfff != 0 || a.sixth & ~7 != 0 { throw .EINVAL }
        try checkPolicy(task, mode: a.int(2), nodes: a.address(3), bits: a.fifth)
        return 0
    }
    table[.pkey_alloc] = { (_, a) throws(Errno) in throw a.first == 0 && a.second & ~3 == 0 ? .ENOSPC : .EINVAL }
    table[.pkey_free] = { (_, _) throws(Errno) in throw .EINVAL }
    table[.pkey_mprotect] = { (task, a) throws(Errno) in
        if a.int(3) != -1 { throw .EINVAL }
        guard let protect = task.kernel.systemCalls[.mprotect] else { throw .ENOSYS }
        return try protect(task, a)
    }
}

/// MPOL_DEFAULT 0 to MPOL_WEIGHTED_INTERLEAVE 6, with flags in the upper bits; node 0 or none.
private func checkPolicy(_ task: Task, mode: Int32, nodes: GuestAddress, bits: UInt64) throws(Errno) {
    let kind = mode & 0x0fff_ffff & ~0xe000
    guard kind >= 0, kind <= 6 else { throw .EINVAL }
    if nodes.isNull || bits == 0 { return }
    if bits > 4096 * 8 { throw .EINVAL }
    let words = try task.memory.loadArray(nodes, count: Int((bits + 63) / 64), as: UInt64.self)
    if words.dropFirst().contains(where: { $0 != 0 }) || (words.first ?? 0) & ~1 != 0 { throw .EINVAL }
    if kind == 0, words.first != 0 { throw .EINVAL }
}

private func getPolicy(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    // MPOL_F_NODE 1, MPOL_F_ADDR 2, MPOL_F_MEMS_ALLOWED 4.
    let (bits, flags) = (a.third, a.fifth)
    if flags & ~7 != 0 || flags & 4 != 0 && flags & 3 != 0 { throw .EINVAL }
    if flags & 2 == 0, a.fourth != 0 { throw .EINVAL }
    if a.second != 0, bits < 1 || bits > 4096 * 8 { throw .EINVAL }
    if a.first != 0, flags & 4 == 0 { try task.memory.store(Int32(0), at: a.address(0)) }
    if a.second != 0 {
        var words = [UInt64](repeating: 0, count: Int((bits + 63) / 64))
        if flags & 4 != 0 { words[0] = 1 }
        try task.memory.store(array: words, at: a.address(1))
    }
    return 0
}

public import LinuxABI

/// Another process's memory (process_vm_readv(2)). Page protection counts; a partial copy ends at a page that cannot be
/// accessed.
public enum RemoteMemory {
    /// - Returns: bytes copied, 0 when the first page cannot be read or the process is gone.
    @inlinable
    public static func read(_ process: Int32, at address: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var local = unsafe (Int(buffer.baseAddress), buffer.count)
        var remote = (Int(bitPattern: UInt(truncatingIfNeeded: address)), buffer.count)
        return unsafe copy(.process_vm_readv, process, &local, &remote)
    }

    /// - Returns: bytes copied.
    @inlinable
    public static func write(_ process: Int32, at address: UInt64, from buffer: UnsafeRawBufferPointer) -> Int {
        var local = unsafe (Int(buffer.baseAddress), buffer.count)
        var remote = (Int(bitPattern: UInt(truncatingIfNeeded: address)), buffer.count)
        return unsafe copy(.process_vm_writev, process, &local, &remote)
    }

    @usableFromInline
    static func copy(_ call: SystemCallNumber, _ process: Int32, _ local: inout (Int, Int),
                     _ remote: inout (Int, Int)) -> Int {
        let count = try? unsafe withUnsafeMutableBytes(of: &local) { (l) throws(Errno) in
            try unsafe withUnsafeMutableBytes(of: &remote) { (r) throws(Errno) in
                try unsafe hostCall(call, Int(process), Int(l.baseAddress), 1, Int(r.baseAddress), 1, 0)
            }
        }
        return count ?? 0
    }
}

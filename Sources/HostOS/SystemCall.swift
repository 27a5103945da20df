import CHostOS
import LinuxABI

/// Calls the host's kernel. HostOS is the only module that does; the others use its typed wrappers.
///
/// - Returns: what the call returned, 0 or more.
/// - Throws: the call's errno.
@inlinable @inline(__always) @discardableResult
public func hostCall(_ number: SystemCallNumber, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0,
                     _ d: Int = 0, _ e: Int = 0, _ f: Int = 0) throws(Errno) -> Int {
    let result = host_syscall(number.rawValue, a, b, c, d, e, f)
    if result < 0 && result >= -4095 { throw Errno(rawValue: Int32(truncatingIfNeeded: -result)) }
    return result
}

/// The same for a call that is repeated when a signal interrupts it.
@inlinable @discardableResult
public func hostCallRetrying(_ number: SystemCallNumber, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0,
                             _ d: Int = 0, _ e: Int = 0, _ f: Int = 0) throws(Errno) -> Int {
    while true {
        do { return try hostCall(number, a, b, c, d, e, f) } catch { if error != .EINTR { throw error } }
    }
}

extension Int {
    /// A pointer as a system call's argument.
    @inlinable @inline(__always) public init(_ pointer: UnsafeRawPointer?) {
        self = Int(bitPattern: pointer)
    }
}

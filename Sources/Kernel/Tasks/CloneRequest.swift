import LinuxABI
import Memory

/// CLONE_* of clone(2), clone3(2) and unshare(2).
public struct CloneFlags: OptionSet, Sendable {
    public var rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let CLONE_NEWTIME = CloneFlags(rawValue: 0x80)
    public static let CLONE_VM = CloneFlags(rawValue: 0x100)
    public static let CLONE_FS = CloneFlags(rawValue: 0x200)
    public static let CLONE_FILES = CloneFlags(rawValue: 0x400)
    public static let CLONE_SIGHAND = CloneFlags(rawValue: 0x800)
    public static let CLONE_PIDFD = CloneFlags(rawValue: 0x1000)
    public static let CLONE_PTRACE = CloneFlags(rawValue: 0x2000)
    public static let CLONE_VFORK = CloneFlags(rawValue: 0x4000)
    public static let CLONE_PARENT = CloneFlags(rawValue: 0x8000)
    public static let CLONE_THREAD = CloneFlags(rawValue: 0x10000)
    public static let CLONE_NEWNS = CloneFlags(rawValue: 0x20000)
    public static let CLONE_SYSVSEM = CloneFlags(rawValue: 0x40000)
    public static let CLONE_SETTLS = CloneFlags(rawValue: 0x80000)
    public static let CLONE_PARENT_SETTID = CloneFlags(rawValue: 0x100000)
    public static let CLONE_CHILD_CLEARTID = CloneFlags(rawValue: 0x200000)
    public static let CLONE_DETACHED = CloneFlags(rawValue: 0x400000)
    public static let CLONE_UNTRACED = CloneFlags(rawValue: 0x800000)
    public static let CLONE_CHILD_SETTID = CloneFlags(rawValue: 0x1000000)
    public static let CLONE_NEWCGROUP = CloneFlags(rawValue: 0x2000000)
    public static let CLONE_NEWUTS = CloneFlags(rawValue: 0x4000000)
    public static let CLONE_NEWIPC = CloneFlags(rawValue: 0x8000000)
    public static let CLONE_NEWUSER = CloneFlags(rawValue: 0x10000000)
    public static let CLONE_NEWPID = CloneFlags(rawValue: 0x20000000)
    public static let CLONE_NEWNET = CloneFlags(rawValue: 0x40000000)
    public static let CLONE_IO = CloneFlags(rawValue: 0x80000000)
    public static let CLONE_CLEAR_SIGHAND = CloneFlags(rawValue: 1 << 32)
    public static let CLONE_INTO_CGROUP = CloneFlags(rawValue: 1 << 33)

    /// All that make a namespace.
    public static let namespaces: CloneFlags = [.CLONE_NEWNS, .CLONE_NEWUTS, .CLONE_NEWIPC, .CLONE_NEWUSER,
                                                .CLONE_NEWPID, .CLONE_NEWNET, .CLONE_NEWCGROUP, .CLONE_NEWTIME]
}

/// What clone(2), fork(2), vfork(2) and clone3(2) ask for.
public struct CloneRequest: Sendable {
    public var flags: CloneFlags
    public var exitSignal: Int32
    /// The child's stack pointer; 0: the parent's.
    public var stackPointer: UInt64 = 0
    public var parentTID: GuestAddress = .null
    public var childTID: GuestAddress = .null
    public var tls: UInt64 = 0

    public init(flags: CloneFlags, exitSignal: Int32) {
        self.flags = flags
        self.exitSignal = exitSignal
    }

    /// The combinations that clone(2) refuses.
    ///
    /// - Throws: EINVAL.
    func check() throws(Errno) {
        func both(_ a: CloneFlags, _ b: CloneFlags) -> Bool { flags.isSuperset(of: a) && !flags.isDisjoint(with: b) }
        if flags.contains(.CLONE_THREAD), !flags.contains(.CLONE_SIGHAND) { throw .EINVAL }
        if flags.contains(.CLONE_SIGHAND), !flags.contains(.CLONE_VM) { throw .EINVAL }
        if both(.CLONE_FS, [.CLONE_NEWNS, .CLONE_NEWUSER]) { throw .EINVAL }
        if both(.CLONE_THREAD, [.CLONE_NEWUSER, .CLONE_NEWPID]) { throw .EINVAL }
        if both(.CLONE_SYSVSEM, .CLONE_NEWIPC) { throw .EINVAL }
        if both(.CLONE_SIGHAND, .CLONE_CLEAR_SIGHAND) { throw .EINVAL }
        if both(.CLONE_NEWPID, .CLONE_PARENT) { throw .EINVAL }
        if both(.CLONE_VM, .CLONE_NEWTIME) { throw .EINVAL }
        if exitSignal < 0 || exitSignal > Signal.maximum { throw .EINVAL }
    }
}

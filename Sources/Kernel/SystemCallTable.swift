import LinuxABI
import Memory
import Platform

/// The six arguments of a system call, as the registers held them.
public struct SystemCallArguments: Sendable {
    public let values: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

    @inlinable @inline(__always)
    public init(_ call: GuestCall) { values = call.arguments }

    @inlinable public var first: UInt64 { values.0 }
    @inlinable public var second: UInt64 { values.1 }
    @inlinable public var third: UInt64 { values.2 }
    @inlinable public var fourth: UInt64 { values.3 }
    @inlinable public var fifth: UInt64 { values.4 }
    @inlinable public var sixth: UInt64 { values.5 }

    @inlinable public subscript(_ index: Int) -> UInt64 {
        switch index {
        case 0: values.0
        case 1: values.1
        case 2: values.2
        case 3: values.3
        case 4: values.4
        default: values.5
        }
    }

    /// Only the low 32 bits of an int argument count (kernel.md, trap 4).
    @inlinable public func int(_ index: Int) -> Int32 { Int32(truncatingIfNeeded: self[index]) }
    @inlinable public func uint(_ index: Int) -> UInt32 { UInt32(truncatingIfNeeded: self[index]) }
    @inlinable public func address(_ index: Int) -> GuestAddress { GuestAddress(self[index]) }
}

/// Runs one system call: returns what goes into rax, or throws the errno.
public typealias SystemCallHandler = @Sendable (Task, SystemCallArguments) throws(Errno) -> UInt64

/// The handler of each system call number.
public struct SystemCallTable: Sendable {
    /// A handler in a structure of its own is called as it is; in an array of functions it would be called through a thunk.
    struct Entry: Sendable {
        var handler: SystemCallHandler?
    }

    private(set) var entries: [Entry]

    public init() { entries = .init(repeating: Entry(), count: SystemCallNumber.limit) }

    public subscript(_ number: SystemCallNumber) -> SystemCallHandler? {
        get { number.rawValue >= 0 && number.rawValue < entries.count ? entries[number.rawValue].handler : nil }
        set { entries[number.rawValue].handler = newValue }
    }
}

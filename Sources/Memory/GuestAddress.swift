/// An address in a guest's memory. Any value may come from a guest: arithmetic wraps, and nothing is mapped by right.
public struct GuestAddress: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public static var null: GuestAddress { GuestAddress(0) }

    @inlinable public var isNull: Bool { rawValue == 0 }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    @inlinable public static func + (a: Self, offset: UInt64) -> Self { Self(a.rawValue &+ offset) }
    @inlinable public static func + (a: Self, offset: Int) -> Self { Self(a.rawValue &+ UInt64(bitPattern: Int64(offset))) }
    @inlinable public static func - (a: Self, offset: UInt64) -> Self { Self(a.rawValue &- offset) }

    /// The start of this address's page.
    @inlinable public var pageStart: GuestAddress { GuestAddress(rawValue & ~(pageSize - 1)) }
    @inlinable public var isPageAligned: Bool { rawValue & (pageSize - 1) == 0 }
}

/// Bytes of a page.
@inlinable public var pageSize: UInt64 { 4096 }

/// `length` rounded up to whole pages, or nil when that does not fit.
@inlinable public func pagesRoundedUp(_ length: UInt64) -> UInt64? {
    let (sum, overflow) = length.addingReportingOverflow(pageSize - 1)
    return overflow ? nil : sum & ~(pageSize - 1)
}

/// How a path is walked.
public struct WalkFlags: OptionSet, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    // openat2(2)'s RESOLVE_*, with its values.
    @inlinable public static var noCrossing: Self { Self(rawValue: 1) }
    @inlinable public static var noMagicLinks: Self { Self(rawValue: 2) }
    @inlinable public static var noSymbolicLinks: Self { Self(rawValue: 4) }
    @inlinable public static var beneath: Self { Self(rawValue: 8) }
    @inlinable public static var inRoot: Self { Self(rawValue: 0x10) }
    @inlinable public static var cached: Self { Self(rawValue: 0x20) }
    static var openat2All: Self { Self(rawValue: 0x3f) }

    /// A symbolic link at the end is followed.
    @inlinable public static var follow: Self { Self(rawValue: 1 << 8) }
    /// What the path names must be a directory.
    @inlinable public static var directory: Self { Self(rawValue: 1 << 9) }
    /// An empty path names the place where the walk begins (AT_EMPTY_PATH).
    @inlinable public static var emptyPath: Self { Self(rawValue: 1 << 10) }
    /// A mount on the last component is not entered (mount's own look at a mount point).
    @inlinable public static var stayBelowMount: Self { Self(rawValue: 1 << 11) }
}

/// The last component of a path whose parent a walk looked for.
public enum LastComponent: Sendable {
    case name(FileName)
    case dot, dotDot
    /// The path is "/", or only leads to it.
    case root
}

/// Where a name is to be made, removed or replaced.
public struct ParentPath: Sendable {
    public var parent: Path
    public var last: LastComponent
    /// Slashes follow the name: it must be a directory's.
    public var trailingSlash: Bool
}

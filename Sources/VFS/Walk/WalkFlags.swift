/// How a path is walked.
public struct WalkFlags: OptionSet, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    // openat2(2)'s RESOLVE_*, with its values.
    public static let noCrossing = WalkFlags(rawValue: 1)
    public static let noMagicLinks = WalkFlags(rawValue: 2)
    public static let noSymbolicLinks = WalkFlags(rawValue: 4)
    public static let beneath = WalkFlags(rawValue: 8)
    public static let inRoot = WalkFlags(rawValue: 0x10)
    public static let cached = WalkFlags(rawValue: 0x20)
    static let openat2All = WalkFlags(rawValue: 0x3f)

    /// A symbolic link at the end is followed.
    public static let follow = WalkFlags(rawValue: 1 << 8)
    /// What the path names must be a directory.
    public static let directory = WalkFlags(rawValue: 1 << 9)
    /// An empty path names the place where the walk begins (AT_EMPTY_PATH).
    public static let emptyPath = WalkFlags(rawValue: 1 << 10)
    /// A mount on the last component is not entered (mount's own look at a mount point).
    public static let stayBelowMount = WalkFlags(rawValue: 1 << 11)
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

import HostOS

/// A user namespace: how its ids are numbered outside (user_namespaces(7)).
public final class UserNamespace: @unchecked Sendable {
    public struct Extent: Sendable {
        /// First id inside, first id in the parent, how many.
        public var inside, outside, count: UInt32

        public init(inside: UInt32, outside: UInt32, count: UInt32) {
            (self.inside, self.outside, self.count) = (inside, outside, count)
        }
    }

    public let parent: UserNamespace?
    /// Effective uid (kernel's own) of its creator.
    public let owner: UInt32
    /// 0 for the root namespace.
    public let level: Int

    /// Guards the maps. Innermost.
    private let lock = Lock()
    private var uidMap: [Extent]
    private var gidMap: [Extent]
    private var setgroupsAllowed = true

    /// The root namespace: every id is itself.
    public init() {
        parent = nil
        owner = 0
        level = 0
        uidMap = [Extent(inside: 0, outside: 0, count: .max)]
        gidMap = uidMap
    }

    public init(parent: UserNamespace, owner: UInt32) {
        self.parent = parent
        self.owner = owner
        level = parent.level + 1
        uidMap = []
        gidMap = []
    }

    /// The extents, as they were written.
    public var uids: [Extent] {
        get { lock.withLock { uidMap } }
        set { lock.withLock { uidMap = newValue } }
    }

    public var gids: [Extent] {
        get { lock.withLock { gidMap } }
        set { lock.withLock { gidMap = newValue } }
    }

    public var allowsSetgroups: Bool {
        get { lock.withLock { setgroupsAllowed } }
        set { lock.withLock { setgroupsAllowed = newValue } }
    }

    /// The kernel's own id for `id` inside, or nil when it is not mapped.
    public func kernelUID(_ id: UInt32) -> UInt32? { parent == nil ? id : up(id, \.uids) }
    public func kernelGID(_ id: UInt32) -> UInt32? { parent == nil ? id : up(id, \.gids) }

    /// What a task of this namespace sees of the kernel's id; 65534 for one that is not mapped.
    public func visibleUID(_ id: UInt32) -> UInt32 { parent == nil ? id : down(id, \.uids) ?? 65534 }
    public func visibleGID(_ id: UInt32) -> UInt32 { parent == nil ? id : down(id, \.gids) ?? 65534 }

    private func up(_ id: UInt32, _ map: KeyPath<UserNamespace, [Extent]>) -> UInt32? {
        guard let parent else { return id }
        for e in self[keyPath: map] where id >= e.inside && id &- e.inside < e.count {
            return parent.up(e.outside &+ (id &- e.inside), map)
        }
        return nil
    }

    private func down(_ id: UInt32, _ map: KeyPath<UserNamespace, [Extent]>) -> UInt32? {
        guard let parent else { return id }
        guard let above = parent.down(id, map) else { return nil }
        for e in self[keyPath: map] where above >= e.outside && above &- e.outside < e.count {
            return e.inside &+ (above &- e.outside)
        }
        return nil
    }
}

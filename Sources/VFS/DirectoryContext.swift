import HostOS

/// Root, working directory and umask, shared by tasks with CLONE_FS.
public final class DirectoryContext: @unchecked Sendable {
    /// Guards the fields. Innermost.
    private let lock = Lock()
    private var rootPath: Path
    private var workingPath: Path
    private var mask: UInt32
    private var namespace: MountNamespace

    public init(root: Path, working: Path, umask: UInt32, mounts: MountNamespace) {
        rootPath = root
        workingPath = working
        mask = umask
        namespace = mounts
        root.mount.beginUse()
        working.mount.beginUse()
        mounts.register(self)
    }

    deinit {
        namespace.unregister(ObjectIdentifier(self))
        rootPath.mount.endUse()
        workingPath.mount.endUse()
    }

    public var mounts: MountNamespace { lock.withLock { namespace } }

    public var root: Path {
        get { lock.withLock { rootPath } }
        set {
            newValue.mount.beginUse()
            let old = lock.withLock {
                let old = rootPath
                rootPath = newValue
                return old
            }
            old.mount.endUse()
        }
    }

    public var working: Path {
        get { lock.withLock { workingPath } }
        set {
            newValue.mount.beginUse()
            let old = lock.withLock {
                let old = workingPath
                workingPath = newValue
                return old
            }
            old.mount.endUse()
        }
    }

    public var umask: UInt32 {
        get { lock.withLock { mask } }
        set { lock.withLock { mask = newValue & 0o777 } }
    }

    /// What umask(2) does.
    ///
    /// - Returns: the mask before.
    public func exchangeUmask(_ new: UInt32) -> UInt32 {
        lock.withLock {
            let old = mask
            mask = new & 0o777
            return old
        }
    }

    /// Enters another mount namespace (setns, unshare).
    public func enter(_ mounts: MountNamespace, root: Path, working: Path) {
        self.root = root
        self.working = working
        let old = lock.withLock {
            let old = namespace
            namespace = mounts
            return old
        }
        old.unregister(ObjectIdentifier(self))
        mounts.register(self)
    }

    /// What fork gives a child.
    public func copy() -> DirectoryContext {
        lock.lock()
        let (root, working, mask, mounts) = (rootPath, workingPath, mask, namespace)
        lock.unlock()
        return DirectoryContext(root: root, working: working, umask: mask, mounts: mounts)
    }

    /// The same places in a copy of the mount namespace (CLONE_NEWNS).
    public func inNewNamespace() -> DirectoryContext {
        lock.lock()
        let (root, working, mask, mounts) = (rootPath, workingPath, mask, namespace)
        lock.unlock()
        let (copy, places) = mounts.copy(translating: [root, working])
        return DirectoryContext(root: places[0], working: places[1], umask: mask, mounts: copy)
    }
}

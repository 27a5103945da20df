public import HostOS
public import LinuxABI

/// What a walk found.
public struct WalkResult: Sendable {
    public struct Step: Sendable {
        /// 0 unless asked for.
        public var handle: Handle
        public var status: FileStatus
    }

    /// One for each component reached.
    public var steps: [Step]
    public var end: WalkEnd
    /// Of the last step, if that is a symbolic link.
    public var target: [UInt8]
    /// With `end` == .failed: why.
    public var error: Errno
}

/// A file opened by the Gofer.
public struct OpenedFile: ~Copyable {
    /// Stands for the inode until closed.
    public var handle: Handle
    public var status: FileStatus
    /// Whether the call made it.
    public var created: Bool
    public var descriptor: OwnedFD

    /// Gives the descriptor away: the caller closes it.
    public consuming func takeDescriptor() -> HostFD { descriptor.release() }
}

/// One entry of a directory.
public struct RemoteEntry: Sendable {
    public var inode: UInt64
    /// DT_*.
    public var type: UInt8
    /// Where a listing goes on after this entry.
    public var cookie: UInt64
    public var name: [UInt8]
    /// When asked for, and the entry was still there.
    public var status: FileStatus?
}

/// What to change of a file's attributes.
public struct AttributeUpdate: Sendable {
    public var mask: AttributeMask = []
    public var mode: UInt32 = 0
    public var uid: UInt32 = 0
    public var gid: UInt32 = 0
    public var size: UInt64 = 0
    public var accessTime = HostTime()
    public var modificationTime = HostTime()

    public init() {}
}

/// The owner of a new file.
public struct Owner: Sendable {
    public var uid: UInt32
    public var gid: UInt32

    public init(uid: UInt32, gid: UInt32) {
        self.uid = uid
        self.gid = gid
    }
}

// One method per operation; see Operation for their meaning.
extension GoferConnection {
    public func attach(mount: UInt32) throws(Errno) -> (handle: Handle, status: FileStatus, readOnly: Bool) {
        try call(.attach, { $0.u32(mount) }) { (d, _) throws(Errno) in
            let handle = try d.u64()
            let status = try d.attributes()
            return (handle, status, try d.u8() != 0)
        }
    }

    public func walk(from handle: Handle, _ names: [[UInt8]], _ flags: WalkFlags = []) throws(Errno) -> WalkResult {
        guard names.count <= Limits.maximumComponents else { throw .ENAMETOOLONG }
        return try call(.walk, {
            $0.u64(handle)
            $0.u32(flags.rawValue)
            $0.u16(UInt16(names.count))
            for name in names { $0.bytes(name) }
        }) { (d, _) throws(Errno) in
            let reached = try d.u16()
            guard reached <= names.count, let end = WalkEnd(rawValue: try d.u8()) else { throw .EBADMSG }
            var result = WalkResult(steps: [], end: end, target: [], error: .EIO)
            result.steps.reserveCapacity(Int(reached))
            for _ in 0..<reached {
                let handle = try d.u64()
                result.steps.append(.init(handle: handle, status: try d.attributes()))
            }
            if end == .failed { result.error = Errno(rawValue: Int32(try d.u16())) }
            if let last = result.steps.last, last.status.mode & 0xf000 == 0xa000 {
                result.target = Array(try d.bytes(limit: Limits.maximumTarget))
            }
            return result
        }
    }

    /// - Parameter wantsHandle: false: the file's name will do, and the handle is 0.
    public func open(_ place: Place, flags: Int32, wantsHandle: Bool = true) throws(Errno) -> OpenedFile {
        try call(.open, {
            $0.place(place)
            $0.u32(UInt32(bitPattern: flags) | (wantsHandle ? 0 : OpenOptions.withoutHandle))
        }) { (d, call) throws(Errno) in
            let handle = try d.u64()
            let status = try d.attributes()
            return OpenedFile(handle: handle, status: status, created: false, descriptor: OwnedFD(owning: try call.takeDescriptor()))
        }
    }

    public func create(in directory: Handle, _ name: [UInt8], flags: Int32, mode: UInt32, owner: Owner,
                       wantsHandle: Bool = true) throws(Errno) -> OpenedFile {
        try call(.create, {
            $0.u64(directory)
            $0.bytes(name)
            $0.u32(UInt32(bitPattern: flags) | (wantsHandle ? 0 : OpenOptions.withoutHandle))
            $0.u32(mode)
            $0.u32(owner.uid)
            $0.u32(owner.gid)
        }) { (d, call) throws(Errno) in
            let created = try d.u8() != 0
            let handle = try d.u64()
            let status = try d.attributes()
            return OpenedFile(handle: handle, status: status, created: created, descriptor: OwnedFD(owning: try call.takeDescriptor()))
        }
    }

    public func makeTemporary(in directory: Handle, flags: Int32, mode: UInt32, owner: Owner) throws(Errno) -> OpenedFile {
        try call(.makeTemporary, {
            $0.u64(directory)
            $0.u32(UInt32(bitPattern: flags))
            $0.u32(mode)
            $0.u32(owner.uid)
            $0.u32(owner.gid)
        }) { (d, call) throws(Errno) in
            _ = try d.u8()
            let handle = try d.u64()
            let status = try d.attributes()
            return OpenedFile(handle: handle, status: status, created: true, descriptor: OwnedFD(owning: try call.takeDescriptor()))
        }
    }

    /// Part of a listing: from `cookie` on, as many entries as a message holds, or `limit`.
    public func readDirectory(_ directory: Handle, from cookie: UInt64, attributes: Bool,
                              limit: Int = Int(UInt16.max)) throws(Errno) -> (entries: [RemoteEntry], isEnd: Bool) {
        try call(.readDirectory, {
            $0.u64(directory)
            $0.u64(cookie)
            $0.u8(attributes ? 1 : 0)
            $0.u16(UInt16(clamping: limit))
        }) { (d, _) throws(Errno) in
            let isEnd = try d.u8() != 0
            let count = try d.u16()
            var entries: [RemoteEntry] = []
            entries.reserveCapacity(Int(count))
            for _ in 0..<count {
                let inode = try d.u64()
                let type = try d.u8()
                let cookie = try d.u64()
                let name = Array(try d.bytes(limit: Limits.maximumName))
                let status: FileStatus? = try d.u8() != 0 ? try d.attributes() : nil
                entries.append(RemoteEntry(inode: inode, type: type, cookie: cookie, name: name, status: status))
            }
            return (entries, isEnd)
        }
    }

    public func attributes(of place: Place) throws(Errno) -> FileStatus {
        try call(.getAttributes, { $0.place(place) }) { (d, _) throws(Errno) in try d.attributes() }
    }

    public func setAttributes(of place: Place, _ change: AttributeUpdate) throws(Errno) -> FileStatus {
        try call(.setAttributes, {
            $0.place(place)
            $0.u32(change.mask.rawValue)
            $0.u32(change.mode)
            $0.u32(change.uid)
            $0.u32(change.gid)
            $0.u64(change.size)
            $0.time(change.accessTime)
            $0.time(change.modificationTime)
        }) { (d, _) throws(Errno) in try d.attributes() }
    }

    public func readLink(_ place: Place) throws(Errno) -> [UInt8] {
        try call(.readLink, { $0.place(place) }) { (d, _) throws(Errno) in Array(try d.bytes(limit: Limits.maximumTarget)) }
    }

    public func link(_ place: Place, to directory: Handle, _ name: [UInt8]) throws(Errno) -> FileStatus {
        try call(.link, {
            $0.place(place)
            $0.u64(directory)
            $0.bytes(name)
        }) { (d, _) throws(Errno) in try d.attributes() }
    }

    public func symlink(in directory: Handle, _ name: [UInt8], target: [UInt8], owner: Owner) throws(Errno) -> FileStatus {
        guard target.count <= Limits.maximumTarget else { throw .ENAMETOOLONG }
        return try call(.symlink, {
            $0.u64(directory)
            $0.bytes(name)
            $0.bytes(target)
            $0.u32(owner.uid)
            $0.u32(owner.gid)
        }) { (d, _) throws(Errno) in try d.attributes() }
    }

    public func makeDirectory(in directory: Handle, _ name: [UInt8], mode: UInt32,
                              owner: Owner) throws(Errno) -> (handle: Handle, status: FileStatus) {
        try call(.makeDirectory, {
            $0.u64(directory)
            $0.bytes(name)
            $0.u32(mode)
            $0.u32(owner.uid)
            $0.u32(owner.gid)
        }) { (d, _) throws(Errno) in
            let handle = try d.u64()
            return (handle, try d.attributes())
        }
    }

    public func makeNode(in directory: Handle, _ name: [UInt8], mode: UInt32, owner: Owner) throws(Errno) -> FileStatus {
        try call(.makeNode, {
            $0.u64(directory)
            $0.bytes(name)
            $0.u32(mode)
            $0.u32(owner.uid)
            $0.u32(owner.gid)
        }) { (d, _) throws(Errno) in try d.attributes() }
    }

    /// - Returns: the victim's handle (0 without `.keepVictim`) and how it is now.
    public func unlink(in directory: Handle, _ name: [UInt8],
                       _ flags: UnlinkFlags) throws(Errno) -> (handle: Handle, status: FileStatus?) {
        try call(.unlink, {
            $0.u64(directory)
            $0.bytes(name)
            $0.u32(flags.rawValue)
        }) { (d, _) throws(Errno) in
            let handle = try d.u64()
            return (handle, handle == 0 ? nil : try d.attributes())
        }
    }

    /// - Returns: the handle of what was replaced (0 without `.keepVictim`, or when nothing was).
    public func rename(in directory: Handle, _ name: [UInt8], to newDirectory: Handle, _ newName: [UInt8],
                       _ flags: RenameOptions) throws(Errno) -> Handle {
        try call(.rename, {
            $0.u64(directory)
            $0.bytes(name)
            $0.u64(newDirectory)
            $0.bytes(newName)
            $0.u32(flags.rawValue)
        }) { (d, _) throws(Errno) in try d.u64() }
    }
}

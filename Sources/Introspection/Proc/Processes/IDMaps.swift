import FileSystems
import HostOS
import Identity
import Kernel
import LinuxABI
import VFS

/// uid_map, gid_map and setgroups of /proc/PID (user_namespaces(7)).
enum IDMaps {
    static func uidMap(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { text(view, caller, \.uids) }
    static func gidMap(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { text(view, caller, \.gids) }
    static func projidMap(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] { [] }

    private static func text(_ view: TaskView, _ caller: Caller, _ map: KeyPath<UserNamespace, [UserNamespace.Extent]>) -> [UInt8] {
        var t = TextBuilder(capacity: 64)
        for extent in view.credentials.userNamespace[keyPath: map] {
            t.put(extent.inside, width: 10)
            t.space()
            t.put(extent.outside, width: 10)
            t.space()
            t.put(extent.count, width: 10)
            t.newline()
        }
        return t.bytes
    }

    static func setUIDMap(_ view: TaskView, _ bytes: [UInt8], _ caller: Caller) throws(Errno) {
        try set(view, bytes, caller, \.uids, .CAP_SETUID) { extent in extent.outside == caller.credentials.euid }
    }

    static func setGIDMap(_ view: TaskView, _ bytes: [UInt8], _ caller: Caller) throws(Errno) {
        let denied = !view.credentials.userNamespace.allowsSetgroups
        try set(view, bytes, caller, \.gids, .CAP_SETGID) { extent in denied && extent.outside == caller.credentials.egid }
    }

    /// - Parameter maySelf: whether one extent of one id may be written without a capability above.
    private static func set(_ view: TaskView, _ bytes: [UInt8], _ caller: Caller,
                            _ map: ReferenceWritableKeyPath<UserNamespace, [UserNamespace.Extent]>, _ capability: Capabilities,
                            maySelf: (UserNamespace.Extent) -> Bool) throws(Errno) {
        let namespace = view.credentials.userNamespace
        // Once, and never for the first namespace.
        guard let parent = namespace.parent, namespace[keyPath: map].isEmpty else { throw .EPERM }
        let c = caller.credentials
        guard c.userNamespace === namespace || c.userNamespace === parent else { throw .EPERM }
        if !c.has(.CAP_SYS_ADMIN, in: namespace) { throw .EPERM }
        let extents = try parse(bytes)
        let known = extents.allSatisfy { extent in
            let first = capability == .CAP_SETUID ? parent.kernelUID(extent.outside) : parent.kernelGID(extent.outside)
            return first != nil
        }
        if !known { throw .EPERM }
        let isSelf = extents.count == 1 && extents[0].count == 1 && maySelf(extents[0])
        if !isSelf, !c.has(capability, in: parent) { throw .EPERM }
        namespace[keyPath: map] = extents
    }

    /// Lines of three numbers: at most 340, none overlapping.
    static func parse(_ bytes: [UInt8]) throws(Errno) -> [UserNamespace.Extent] {
        var extents: [UserNamespace.Extent] = []
        for line in bytes.split(separator: 0x0a) {
            let words = line.split { $0 == 0x20 || $0 == 0x09 }.map { UInt32(String(decoding: $0, as: UTF8.self)) }
            guard words.count == 3, let inside = words[0], let outside = words[1], let count = words[2], count > 0,
                  !inside.addingReportingOverflow(count - 1).overflow, !outside.addingReportingOverflow(count - 1).overflow,
                  inside != .max, outside != .max else { throw .EINVAL }
            for other in extents {
                let apart = (inside > other.inside &+ (other.count - 1) || other.inside > inside + (count - 1))
                    && (outside > other.outside &+ (other.count - 1) || other.outside > outside + (count - 1))
                if !apart { throw .EINVAL }
            }
            extents.append(UserNamespace.Extent(inside: inside, outside: outside, count: count))
            if extents.count > 340 { throw .EINVAL }
        }
        if extents.isEmpty { throw .EINVAL }
        return extents
    }

    static func setgroups(_ view: TaskView, _ caller: Caller) throws(Errno) -> [UInt8] {
        TaskState.text(view.credentials.userNamespace.allowsSetgroups ? "allow\n" : "deny\n")
    }

    static func setSetgroups(_ view: TaskView, _ bytes: [UInt8], _ caller: Caller) throws(Errno) {
        let namespace = view.credentials.userNamespace
        if !caller.credentials.has(.CAP_SYS_ADMIN, in: namespace) { throw .EPERM }
        switch TaskState.word(bytes) {
        case "allow": if !namespace.allowsSetgroups { throw .EPERM }
        case "deny":
            if !namespace.gids.isEmpty { throw .EPERM }
            namespace.allowsSetgroups = false
        default: throw .EINVAL
        }
    }
}

public import HostOS
public import LinuxABI

extension Cgroup {
    /// A descriptor that is readable when the kernel may have killed a process of the group for want of memory; what it
    /// delivers is to be discarded and `oomKills` read. It stays readable for one more time when the group is removed.
    public func watchMemoryEvents() throws(Errno) -> HostFD {
        guard let path = path(of: "memory") else { throw .ENOENT }
        if version == .v2 { return try HostFD.watchModifications(of: "\(path)/memory.events") }
        let here = HostFD.currentDirectory
        let event = try HostFD.event()
        do throws(Errno) {
            let control = try here.open("\(path)/memory.oom_control", 0)
            defer { control.close() }
            try here.writeFile("\(path)/cgroup.event_control", "\(event.rawValue) \(control.rawValue)")
            return event
        } catch {
            event.close()
            throw error
        }
    }
}

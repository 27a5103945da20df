public import HostOS
import LinuxABI

extension Cgroup {
    /// Has systemd make the group of a unit, with its limits. A scope lives while processes are in it, so one of ours waits
    /// there until those that are meant have come.
    ///
    /// - Parameter isRequired: it is an error that systemd does not run; else the group is made as directories like any other.
    /// - Returns: that process, to be ended when others are in the group; nil for a group without a unit.
    public mutating func startUnit(_ limits: Limits, isRequired: Bool) throws(CgroupError) -> HostProcess? {
        guard let unit else { return nil }
        if !isRequired && !SystemdManager.isRunning {
            self.unit = nil
            return nil
        }
        try limits.check()
        let placeholder: HostProcess
        do throws(Errno) { placeholder = try HostProcess.placeholder() } catch {
            throw CgroupError(message: "systemd: a process for \(unit.name): error \(error.rawValue)", errno: error)
        }
        do throws(CgroupError) {
            try SystemdManager.connect().start(unit, limits.properties(version), processes: unit.isSlice ? [] : [placeholder.pid])
            return placeholder
        } catch {
            placeholder.end()
            throw error
        }
    }
}

extension HostProcess {
    /// Kills a child that nobody else waits for.
    public func end() {
        try? signal(9)
        _ = try? reap()
    }
}

import Cgroups
import HostOS

/// Opened descriptors by which processes that are started get into a cgroup.
final class CgroupEntrance: Sendable {
    private let processes: [HostFD]
    private let directory: HostFD?

    init(_ cgroup: Cgroup) throws(RuntimeError) {
        directory = cgroup.openDirectory()
        if directory != nil { processes = []; return }
        do throws(CgroupError) { processes = try cgroup.openEntrances() } catch {
            throw RuntimeError(.internalError, error.message)
        }
    }

    deinit {
        for fd in processes { fd.close() }
        directory?.close()
    }

    func apply(to spawn: inout Spawn) {
        spawn.cgroup = directory
        spawn.cgroupProcesses = processes
    }
}

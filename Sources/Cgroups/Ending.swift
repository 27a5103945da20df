import HostOS
public import LinuxABI

extension Cgroup {
    /// The processes in the group, by their ids on the host.
    public func processes() -> [Int32] {
        var all: Set<Int32> = []
        for directory in directories {
            let bytes = (try? HostFD.currentDirectory.readFile("\(directory.path)/cgroup.procs")) ?? []
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
                if let pid = Int32(line), pid > 0 { all.insert(pid) }
            }
        }
        return all.sorted()
    }

    /// The process of the group that has this number in its own, inner pid namespace.
    public func process(numbered inner: UInt32) -> Int32? {
        inner == 0 ? nil : processes().first { ProcessIdentity.innermostPID(of: $0) == inner }
    }

    /// Tells the host's kernel which processes to kill first for want of memory: those with the higher score (proc(5),
    /// "oom_score_adj"). What a process of the group forks inherits it. Lowering needs CAP_SYS_RESOURCE: without it the score
    /// stays as it is, which is the safer side for the host.
    ///
    /// - Parameter first: the one that forks the others.
    public func adjustOOMScores(_ score: Int32, first: Int32?) {
        func adjust(_ pid: Int32) {
            try? HostFD.currentDirectory.writeFile("/proc/\(pid)/oom_score_adj", "\(min(max(score, -1000), 1000))")
        }
        // One that is being forked now has the score from before, and is in the list when it has got it.
        if let first { adjust(first) }
        for pid in processes() where pid != first { adjust(pid) }
    }

    /// Kills all processes of the group. They may still be ending on return.
    public func kill() {
        if version == .v2, let path = directories.first?.path,
           (try? HostFD.currentDirectory.writeFile("\(path)/cgroup.kill", "1")) != nil { return }
        // Processes may be born while we go through the list. Each pass ends all of the last one's, so a group that is
        // still populated after this many is being fed from outside.
        for _ in 0..<32 {
            let found = processes()
            if found.isEmpty { return }
            var ending: [HostFD] = []
            for pid in found {
                guard let fd = try? hostCall(.pidfd_open, Int(pid), 0) else { continue }
                let process = HostFD(rawValue: Int32(fd))
                // The number may be another process's by now, unless that is in the group too.
                if processes().contains(pid) { _ = try? hostCall(.pidfd_send_signal, fd, 9, 0, 0) }
                ending.append(process)
            }
            for process in ending {
                _ = try? HostPoll.wait([(process, .readable)], timeout: 1000)
                process.close()
            }
        }
    }

    /// Stops all processes of the group where they are, or lets them go on.
    public func setFrozen(_ frozen: Bool) throws(Errno) {
        let here = HostFD.currentDirectory
        if version == .v2 {
            guard let path = directories.first?.path else { return }
            try here.writeFile("\(path)/cgroup.freeze", frozen ? "1" : "0")
        } else if let path = path(of: "freezer") {
            try here.writeFile("\(path)/freezer.state", frozen ? "FROZEN" : "THAWED")
        }
    }

    /// Removes the group with those below it, and ends its unit. Processes that are ending are waited for, at most `patience` milliseconds.
    ///
    /// - Throws: EBUSY when processes are left in it.
    public func delete(patience: Int = 2000) throws(Errno) {
        // A manager that does not answer is no reason to keep the directories.
        if let unit { try? SystemdManager.connect(patience: Int32(clamping: patience)).stop(unit) }
        var failed: Errno?
        for directory in directories {
            do throws(Errno) {
                try remove(directory.path, patience: patience)
                for path in directory.ancestors.reversed() { try HostFD.currentDirectory.unlink(path, directory: true) }
            } catch {
                // What others use by now is theirs.
                if HostFD.currentDirectory.exists(directory.path) { failed = error }
            }
        }
        if let failed { throw failed }
    }

    private func remove(_ path: String, patience: Int) throws(Errno) {
        let here = HostFD.currentDirectory
        var pause = 1, waited = 0
        while true {
            do throws(Errno) {
                return try here.unlink(path, directory: true)
            } catch {
                if error == .ENOENT { return }
                guard error == .EBUSY || error == .ENOTEMPTY, waited < patience else { throw error }
            }
            for name in (try? here.list(path)) ?? [] {
                let child = "\(path)/\(name)"
                if let status = try? here.status(of: child, followLinks: false), status.isDirectory {
                    try? remove(child, patience: patience - waited)
                }
            }
            // A killed process leaves its group a moment after it is reported dead; there is nothing to wait on for that.
            _ = try? HostPoll.wait([], timeout: Int32(pause))
            waited += pause
            pause = min(pause * 2, 100)
        }
    }
}

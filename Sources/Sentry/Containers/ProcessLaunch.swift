import HostOS
import Identity
import Kernel
import LinuxABI
import Loader
import Messages
import TTRPC
import VFS

/// Makes the process that a specification describes: credentials, limits, directories, program.
struct ProcessLaunch {
    let spec: Control.Process
    let container: Container
    let files: FDTable
    let asInit: Bool

    /// Whether the program is there, before anything runs. Who may run it is found out at the start.
    ///
    /// - Throws: as `run`.
    func check() throws(Status) {
        let boot = Caller.kernel(in: container.mounts, userNamespace: container.pod.kernel.rootUserNamespace)
        do throws(Errno) {
            let cwd = spec.cwd.isEmpty ? "/" : spec.cwd
            try boot.checkProgram(spec.args[0], spec.env, working: Array(cwd.utf8))
        } catch { throw failure(error) }
    }

    /// - Returns: the task, with its program loaded. It has not run yet.
    /// - Throws: NotFound and PermissionDenied for a program that is missing or no program, with runc's wording.
    func run(_ observer: ExitObserver) throws(Status) -> Task {
        let kernel = container.pod.kernel
        let credentials = try credentials()
        let root = container.mounts.rootPath
        // The root as tasks see it: what is mounted over it counts.
        let umask = spec.user.map(\.umask) ?? .max
        let directories = DirectoryContext(root: root, working: root, umask: umask == .max ? 0o022 : umask, mounts: container.mounts)
        directories.working = try workingDirectory()
        var process = InitialProcess(
            strings: ProgramStrings(arguments: spec.args, environment: spec.env), fileName: spec.args[0], credentials: credentials,
            files: files, directories: directories, namespaces: container.namespaces, limits: limits())
        process.noNewPrivileges = spec.noNewPrivileges
        process.oomScoreAdjustment = spec.oomScoreAdj
        process.observer = observer
        do throws(Errno) { return try kernel.createInitialTask(container: container.guest, process) } catch {
            throw failure(error)
        }
    }

    /// runc's words for what exec says, and its exit statuses: 127 for a program that is missing, 126 for one that is none.
    private func failure(_ error: Errno) -> Status {
        let name = String(decoding: spec.args[0], as: UTF8.self)
        let searched = !name.contains("/")
        switch error {
        case .ENOENT where searched, .ENOTDIR where searched:
            return Status(.notFound, "exec: \"\(name)\": executable file not found in $PATH")
        case .ENOENT, .ENOTDIR:
            return Status(.notFound, "exec: \"\(name)\": stat \(name): no such file or directory")
        case .EACCES: return Status(.permissionDenied, "exec: \"\(name)\": permission denied")
        case .ENOEXEC: return Status(.permissionDenied, "exec \(name): exec format error")
        case .EISDIR: return Status(.permissionDenied, "exec: \"\(name)\": is a directory")
        case .EPERM:
            return Status(.internalError, "exec \(name): \(error.message); if this host does not permit ptrace, use --platform=systrap")
        default: return Status(.internalError, "exec \(name): \(error.message)")
        }
    }

    private func workingDirectory() throws(Status) -> Path {
        let cwd = spec.cwd.isEmpty ? "/" : spec.cwd
        // runc makes a working directory that is missing, as root.
        let boot = Caller.kernel(in: container.mounts, userNamespace: container.pod.kernel.rootUserNamespace)
        do throws(Errno) { return try boot.ensureDirectory(Array(cwd.utf8)) } catch {
            throw Status(.invalidArgument, "chdir to cwd (\"\(cwd)\") set in config.json failed: \(error.message)")
        }
    }

    private func credentials() throws(Status) -> Credentials {
        let user = container.userNamespace
        let identity = spec.user ?? .init()
        var f = Credentials.Fields(userNamespace: user)
        guard let uid = user.kernelUID(identity.uid), let gid = user.kernelGID(identity.gid) else {
            throw Status(.invalidArgument, "user \(identity.uid):\(identity.gid) is not mapped in the container's user namespace")
        }
        (f.ruid, f.euid, f.suid, f.fsuid) = (uid, uid, uid, uid)
        (f.rgid, f.egid, f.sgid, f.fsgid) = (gid, gid, gid, gid)
        f.groups = identity.additionalGIDs.compactMap { user.kernelGID($0) }
        if let sets = spec.capabilities {
            f.bounding = Capabilities(rawValue: sets.bounding).intersection(.all)
            f.permitted = Capabilities(rawValue: sets.permitted).intersection(.all)
            f.effective = Capabilities(rawValue: sets.effective).intersection(f.permitted)
            f.inheritable = Capabilities(rawValue: sets.inheritable).intersection(.all)
            f.ambient = Capabilities(rawValue: sets.ambient).intersection(f.permitted).intersection(f.inheritable)
        }
        return Credentials(f)
    }

    private func limits() -> Limits {
        let limits = Limits()
        for limit in spec.rlimits where limit.resource < Limits.count {
            limits[Int(limit.resource)] = Limits.Limit(soft: limit.soft, hard: limit.hard)
        }
        return limits
    }
}

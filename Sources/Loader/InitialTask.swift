import HostOS
import Identity
import Kernel
import LinuxABI
import Platform
import VFS

/// What a container's first process, or one that is started in it from outside, shall be.
public struct InitialProcess: Sendable {
    public var strings: ProgramStrings
    /// args[0], or the file to run instead; searched in PATH of the environment when it has no slash.
    public var fileName: [UInt8]
    public var credentials: Credentials
    public var files: FDTable
    public var directories: DirectoryContext
    public var namespaces: NamespaceSet
    public var limits: Limits
    public var noNewPrivileges = false
    public var oomScoreAdjustment: Int32 = 0
    public var observer: ExitObserver?

    public init(strings: ProgramStrings, fileName: [UInt8], credentials: Credentials, files: FDTable,
                directories: DirectoryContext, namespaces: NamespaceSet, limits: Limits) {
        self.strings = strings
        self.fileName = fileName
        self.credentials = credentials
        self.files = files
        self.directories = directories
        self.namespaces = namespaces
        self.limits = limits
    }
}

extension Kernel {
    /// Makes a process that has no parent in the sandbox, in a session of its own, with its program loaded. It waits until
    /// `Task.startInitial()`.
    ///
    /// - Parameter process: what it shall be. `namespaces.pidForChildren` is where its id comes from.
    /// - Throws: what execve(2) says of the program (ENOENT, EACCES...), or EAGAIN, ENOMEM.
    public func createInitialTask(container: GuestContainer, _ process: InitialProcess) throws(Errno) -> Task {
        try makeInitialTask(container: container, credentials: process.credentials, files: process.files,
                            directories: process.directories, namespaces: process.namespaces, limits: process.limits,
                            observer: process.observer) { (task) throws(Errno) in
            task.noNewPrivileges = process.noNewPrivileges
            task.group.oomScoreAdjustment = process.oomScoreAdjustment
            let (name, path) = try task.findProgram(process.fileName, process.strings.environment)
            try task.execute(ExecRequest(fileName: name, path: path, strings: process.strings))
        }
    }
}

extension Caller {
    /// Whether a program can be found, as `createInitialTask` looks for it.
    ///
    /// - Parameter working: the directory that relative names start at.
    /// - Throws: ENOENT, EACCES, EISDIR.
    public func checkProgram(_ name: [UInt8], _ environment: [[UInt8]], working: [UInt8]) throws(Errno) {
        var name = name
        if name.contains(0x2f) && name.first != 0x2f { name = working + [0x2f] + name }
        let (_, path) = try findProgram(name, environment)
        if path.inode.type == .directory { throw .EISDIR }
    }

    /// Looks for a program as a shell does (execvp(3)).
    fileprivate func findProgram(_ name: [UInt8], _ environment: [[UInt8]]) throws(Errno) -> ([UInt8], Path) {
        if name.isEmpty { throw .ENOENT }
        if name.contains(0x2f) { return (name, try resolve(name)) }
        let key = Array("PATH=".utf8)
        let setting = environment.first { $0.starts(with: key) }.map { Array($0.dropFirst(key.count)) }
        let search = setting ?? Array("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".utf8)
        var failure = Errno.ENOENT
        for directory in search.split(separator: 0x3a, omittingEmptySubsequences: false) {
            let candidate = (directory.isEmpty ? [0x2e] : Array(directory)) + [0x2f] + name
            do throws(Errno) {
                let path = try resolve(candidate)
                if path.inode.type != .regular { throw .EACCES }
                try path.inode.checkPermission(.execute, by: self)
                return (candidate, path)
            } catch {
                if error == .EACCES { failure = .EACCES }
            }
        }
        throw failure
    }
}

// Runs one program of the host's file system on our kernel, without containerd, shim or confinement:
//     guest-run [--root=DIR] [--trace] PROGRAM [ARGUMENT...]
// The root is read-only for the guest unless DIR is given; /tmp is a tmpfs, /proc and /dev are ours. Standard streams are
// passed on, and so is the exit status.
import FileSystems
import GoferProtocol
import HostOS
import Identity
import Introspection
import Kernel
import LinuxABI
import Loader
import Platform
import Ptrace
import SystemCalls
import VFS
import Waiting

final class Ending: ExitObserver, @unchecked Sendable {
    let waiter = Waiter()
    let lock = Lock()
    var status: ExitStatus?

    override func exited(_ group: ThreadGroup, status: ExitStatus) {
        lock.withLock { self.status = status }
        waiter.unpark()
    }

    func wait() -> ExitStatus {
        while true {
            if let status = lock.withLock({ status }) { return status }
            _ = waiter.park()
        }
    }
}

func say(_ text: String) { try? HostFD(rawValue: 2).writeAll(Array("guest-run: \(text)\n".utf8)) }

/// A cloister-gofer that serves `directory`.
func startGofer(_ directory: String, options: String) throws -> GoferConnection {
    let own = try HostFD.currentDirectory.readLink("/proc/self/exe")
    let pair = try HostFD.socketPair(type: 5)
    let ready = try HostFD.socketPair(type: 1)
    let list = try HostFD.socketPair(type: 1)
    try list.0.writeAll(Array(directory.utf8) + [0] + Array("/".utf8) + [0] + Array(options.utf8) + [0])
    list.0.close()
    var spawn = Spawn(path: String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)]) + "/cloister-gofer",
                      arguments: ["cloister-gofer", "--connection=3", "--ready=4", "--mounts=5"])
    spawn.descriptors = [nil, nil, HostFD(rawValue: 2), pair.1, ready.1, list.1]
    _ = try spawn.start()
    for fd in [pair.1, ready.1, list.1] { fd.close() }
    let connection = GoferConnection(owning: pair.0)
    _ = try ready.0.readAll()
    return connection
}

func run(_ arguments: [String], root: String?) throws -> ExitStatus {
    let platform = try PtracePlatform.start()
    let kernel = Kernel(platform: platform, systemCalls: .linux(), log: say)
    let connection = try startGofer(root ?? "/", options: root == nil ? "ro" : "rw")
    let files = try GoferFileSystem(connection, mount: 0, sharing: .exclusive)
    let vfs = VirtualFileSystem()
    let mounts = MountNamespace(vfs, root: files)
    let boot = Caller.kernel(in: mounts, userNamespace: kernel.rootUserNamespace)
    let pidNamespace = PIDNamespace(parent: kernel.rootPIDNamespace, userNamespace: kernel.rootUserNamespace)
    try mountSystem(kernel, boot, mounts, pidNamespace)
    let container = GuestContainer(id: "run", source: try platform.makeSource(cgroups: []), pidNamespace: pidNamespace)
    let namespaces = NamespaceSet(
        uts: UTSNamespace(userNamespace: kernel.rootUserNamespace, inode: 1, hostName: Array("guest".utf8)),
        ipc: IPCNamespace(userNamespace: kernel.rootUserNamespace, inode: 2),
        network: NetworkNamespace(userNamespace: kernel.rootUserNamespace, inode: 3), pidForChildren: pidNamespace)
    let host = HostFileSystem()
    let table = FDTable()
    for fd in 0..<3 {
        let copy = SharedFD(owning: try HostFD(rawValue: Int32(fd)).duplicate())
        _ = try table.install(try host.open(copy), closeOnExec: false, limit: 1024)
    }
    let environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=xterm"]
    let bytes = arguments.map { Array($0.utf8) }
    let process = InitialProcess(strings: ProgramStrings(arguments: bytes, environment: environment.map { Array($0.utf8) }),
                                 fileName: bytes[0], credentials: boot.credentials, files: table,
                                 directories: DirectoryContext(root: mounts.rootPath, working: mounts.rootPath, umask: 0o022, mounts: mounts),
                                 namespaces: namespaces, limits: Limits())
    let ending = Ending()
    var launched = process
    launched.observer = ending
    let task = try kernel.createInitialTask(container: container, launched)
    task.startInitial()
    let status = ending.wait()
    container.source.close()
    for (number, count) in kernel.unknownCalls.all.sorted(by: { $0.key < $1.key }) {
        say("unknown call \(SystemCallNumber(rawValue: number).name.map { "\($0)" } ?? "\(number)"): \(count) times")
    }
    return status
}

func mountSystem(_ kernel: Kernel, _ boot: Caller, _ mounts: MountNamespace, _ pidNamespace: PIDNamespace) throws {
    try mounts.mount(TmpfsFileSystem(.init(mode: 0o1777)), at: try boot.resolve(Array("/tmp".utf8)), flags: [], source: Array("tmpfs".utf8))
}

var arguments = Array(CommandLine.arguments.dropFirst())
var root: String?
while let first = arguments.first, first.hasPrefix("--") {
    if first.hasPrefix("--root=") { root = String(first.dropFirst(7)) }
    arguments.removeFirst()
}
if arguments.isEmpty {
    say("usage: guest-run [--root=DIR] PROGRAM [ARGUMENT...]")
    exitProcess(2)
}
do {
    exitProcess(try run(arguments, root: root).shellStatus)
} catch {
    say("\(arguments[0]): \(error)")
    exitProcess(126)
}

func exitProcess(_ status: Int32) -> Never {
    _ = try? hostCall(.exit_group, Int(status))
    fatalError()
}

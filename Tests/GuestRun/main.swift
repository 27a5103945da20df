// Runs one program of the host's file system on our kernel, without containerd, shim or confinement:
//     guest-run [--platform=systrap] [--memory-calls=mediated] [--root=DIR] [--trace] [--terminal] PROGRAM [ARGUMENT...]
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
import Systrap
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

@Sendable func sayBytes(_ line: [UInt8]) { try? HostFD(rawValue: 2).writeAll(line + [10]) }

@Sendable func say(_ text: String) { try? HostFD(rawValue: 2).writeAll(Array("guest-run: \(text)\n".utf8)) }

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

func run(_ arguments: [String], root: String?, terminal: Bool, systrap: Bool, mediated: Bool, trace: Bool) throws -> ExitStatus {
    let platform: Platform = systrap ? try SystrapPlatform.start() : try PtracePlatform.start()
    platform.mediatesMemoryCalls = mediated
    platform.asksForHugePages = HostMachine.choosesHugePages
    let callLog: (@Sendable ([UInt8]) -> Void)? = trace ? sayBytes : nil
    let kernel = Kernel(platform: platform, systemCalls: .linux(), callLog: callLog, log: say)
    let connection = try startGofer(root ?? "/", options: root == nil ? "ro" : "rw")
    let files = try GoferFileSystem(connection, mount: 0, sharing: .exclusive)
    let vfs = VirtualFileSystem()
    let mounts = MountNamespace(vfs, root: files)
    let boot = Caller.kernel(in: mounts, userNamespace: kernel.rootUserNamespace)
    let pidNamespace = PIDNamespace(parent: kernel.rootPIDNamespace, userNamespace: kernel.rootUserNamespace)
    let container = GuestContainer(id: "run", source: try platform.makeSource(cgroups: []), pidNamespace: pidNamespace)
    try mountSystem(kernel, boot, mounts, pidNamespace, container)
    let namespaces = NamespaceSet(
        uts: UTSNamespace(userNamespace: kernel.rootUserNamespace, inode: 1, hostName: Array("guest".utf8)),
        ipc: IPCNamespace(userNamespace: kernel.rootUserNamespace, inode: 2),
        network: NetworkNamespace(userNamespace: kernel.rootUserNamespace, inode: 3), pidForChildren: pidNamespace)
    let host = HostFileSystem()
    let table = FDTable()
    for fd in 0..<3 where !terminal {
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
    var screen: HostTerminal?
    if terminal {
        let place = try boot.resolve(Array("/dev/pts".utf8))
        guard let devpts = place.mount.fileSystem as? TerminalFileSystem else { throw Errno.ENODEV }
        let made = try HostTerminal(in: devpts, rows: 24, columns: 80)
        let replica = try made.openReplica(mount: place.mount, by: task)
        for _ in 0..<3 { _ = try task.snapshot.files.install(replica, closeOnExec: false, limit: 1024) }
        try made.start(input: SharedFD(owning: HostFD(rawValue: 0)), output: SharedFD(owning: HostFD(rawValue: 1)))
        screen = made
    }
    task.startInitial()
    let status = ending.wait()
    _ = screen?.drain(until: .after(5_000_000_000))
    screen?.close()
    container.source.close()
    for (number, count) in kernel.unknownCalls.all.sorted(by: { $0.key < $1.key }) {
        say("unknown call \(SystemCallNumber(rawValue: number).name.map { "\($0)" } ?? "\(number)"): \(count) times")
    }
    return status
}

func mountSystem(_ kernel: Kernel, _ boot: Caller, _ mounts: MountNamespace, _ pidNamespace: PIDNamespace,
                 _ container: GuestContainer) throws {
    func mount(_ fileSystem: FileSystem, _ place: String) throws {
        try mounts.mount(fileSystem, at: try boot.resolve(Array(place.utf8)), flags: [.nosuid], source: Array(fileSystem.typeName.utf8))
    }
    MemoryDevices.register(in: boot.vfs)
    TerminalDevices.register(in: boot.vfs)
    boot.vfs.registerFIFOs(FIFODriver())
    let machine = Machine.probe()
    let resources = ContainerResources()
    container.memoryReport = ContainerMemory(kernel: kernel, pidNamespace: pidNamespace, machine: machine, resources: resources)
    boot.vfs.register(TmpfsType())
    boot.vfs.register(TerminalFileSystemType())
    boot.vfs.register(ProcFileSystemType(kernel: kernel, machine: machine) { _ in resources })
    boot.vfs.register(SysFileSystemType(kernel: kernel, machine: machine) { _ in resources })
    try mount(TmpfsFileSystem(.init(mode: 0o1777)), "/tmp")
    try mount(ProcFileSystem(kernel: kernel, pidNamespace: pidNamespace, machine: machine, resources: resources), "/proc")
    try mount(SysFileSystem(kernel: kernel, machine: machine), "/sys")
    try mount(CgroupFileSystem(resources: resources, kernel: kernel, container: container), "/sys/fs/cgroup")
    try mount(TmpfsFileSystem(.init(mode: 0o755)), "/dev")
    try boot.populateDevices(at: Array("/dev".utf8))
    try boot.ensureDirectory(Array("/dev/pts".utf8))
    try mount(try TerminalFileSystem(options: Array("newinstance,ptmxmode=0666,mode=0620".utf8), by: boot), "/dev/pts")
    try boot.ensureDirectory(Array("/dev/shm".utf8))
    try mount(TmpfsFileSystem(.init(mode: 0o1777)), "/dev/shm")
}

var arguments = Array(CommandLine.arguments.dropFirst())
var root: String?
var terminal = false
var systrap = false
var mediated = false
var trace = false
while let first = arguments.first, first.hasPrefix("--") {
    switch first {
    case "--terminal": terminal = true
    case "--trace": trace = true
    case "--platform=systrap": systrap = true
    case "--memory-calls=mediated": mediated = true
    case "--platform=ptrace": systrap = false
    case let path where path.hasPrefix("--root="): root = String(path.dropFirst(7))
    default:
        say("unknown option \(first)")
        exitProcess(2)
    }
    arguments.removeFirst()
}
if arguments.isEmpty {
    say("usage: guest-run [--platform=NAME] [--root=DIR] [--trace] [--terminal] PROGRAM [ARGUMENT...]")
    exitProcess(2)
}
do {
    exitProcess(try run(arguments, root: root, terminal: terminal, systrap: systrap, mediated: mediated, trace: trace).shellStatus)
} catch {
    say("\(arguments[0]): \(error)")
    exitProcess(126)
}

func exitProcess(_ status: Int32) -> Never {
    _ = try? hostCall(.exit_group, Int(status))
    fatalError()
}

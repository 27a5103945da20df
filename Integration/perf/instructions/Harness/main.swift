// Makes system calls inside of a Sentry, without a guest, and measures what they cost between the call's arrival and its
// result: nanoseconds, or under callgrind instructions (../run).
//     sentry-instructions [--repetitions=N] [--batches=N] [--gofer=PROGRAM] [NAME...]
//     sentry-instructions --gofer=PROGRAM --callgrind=VALGRIND,OUTPUT [NAME...]     starts itself under callgrind
import FileSystems
import GoferProtocol
import HostOS
import Identity
import Kernel
import LinuxABI
import Memory
import Platform
import SystemCalls
import VFS
import Waiting

func say(_ text: String) { try? HostFD(rawValue: 2).writeAll(Array("sentry-instructions: \(text)\n".utf8)) }

struct Options {
    var repetitions = 10_000
    var batches = 20
    /// The cloister-gofer to start.
    var gofer: String?
    /// A descriptor on which a Gofer serves already.
    var connection: Int32?
    /// Where valgrind is, and where callgrind writes.
    var callgrind: (program: String, output: String)?
    /// Kinds to measure, by the beginning of their names; empty: all.
    var names: [String] = []

    init(_ arguments: some Sequence<String>) {
        for argument in arguments {
            if argument.hasPrefix("--repetitions="), let n = Int(argument.dropFirst(14)) {
                repetitions = n
            } else if argument.hasPrefix("--batches="), let n = Int(argument.dropFirst(10)) {
                batches = n
            } else if argument.hasPrefix("--gofer=") {
                gofer = String(argument.dropFirst(8))
            } else if argument.hasPrefix("--connection=") {
                connection = Int32(argument.dropFirst(13))
            } else if argument.hasPrefix("--callgrind="), let comma = argument.firstIndex(of: ",") {
                callgrind = (String(argument[..<comma].dropFirst(12)), String(argument[comma...].dropFirst()))
            } else {
                names.append(argument)
            }
        }
    }
}

/// Boots a kernel with a tmpfs as root, and lets its one task make the calls.
func measure(_ options: Options) throws {
    let platform = Platform()
    let kernel = Kernel(platform: platform, systemCalls: .linux(), log: say)
    let mounts = MountNamespace(kernel.vfs, root: TmpfsFileSystem(.init(mode: 0o755)))
    let boot = Caller.kernel(in: mounts, userNamespace: kernel.rootUserNamespace)
    MemoryDevices.register(in: boot.vfs)
    let pidNamespace = PIDNamespace(parent: kernel.rootPIDNamespace, userNamespace: kernel.rootUserNamespace)
    let container = GuestContainer(id: "measure", source: StubSource(), pidNamespace: pidNamespace)
    let namespaces = NamespaceSet(
        uts: UTSNamespace(userNamespace: kernel.rootUserNamespace, inode: 1, hostName: Array("guest".utf8)),
        ipc: IPCNamespace(userNamespace: kernel.rootUserNamespace, inode: 2),
        network: NetworkNamespace(userNamespace: kernel.rootUserNamespace, inode: 3), pidForChildren: pidNamespace)
    let served = try options.connection.map { HostFD(rawValue: $0) } ?? options.gofer.map { try startGofer($0) }
    if let served {
        try boot.ensureDirectory(Array("/host".utf8))
        try mounts.mount(try GoferFileSystem(GoferConnection(owning: served), mount: 0, sharing: .exclusive), at: try boot.resolve(Array("/host".utf8)))
    }
    // As in a container: every place is a mount of its own.
    for place in ["/dev", "/tmp"] {
        try boot.ensureDirectory(Array(place.utf8))
        try mounts.mount(TmpfsFileSystem(.init(mode: 0o1777)), at: try boot.resolve(Array(place.utf8)))
    }
    try boot.populateDevices(at: Array("/dev".utf8))
    let hasGofer = served != nil
    let task = try kernel.makeInitialTask(
        container: container, credentials: boot.credentials, files: FDTable(),
        directories: DirectoryContext(root: mounts.rootPath, working: mounts.rootPath, umask: 0o022, mounts: mounts),
        namespaces: namespaces, limits: Limits(), observer: nil
    ) { (task) throws(Errno) in
        let context = ScriptedContext()
        try task.commit(ExecImage(context: context, mm: MemoryManager(addressSpace: context.addressSpace),
                                  credentials: task.credentials, name: Array("measure".utf8), isSecure: false,
                                  startAddress: 0, stackPointer: 0))
        let stage = Stage(task, context)
        let kinds = try stage.kinds(withGofer: hasGofer).filter { kind in
            options.names.isEmpty || options.names.contains { kind.name.hasPrefix($0) }
        }
        for kind in kinds { try stage.rehearse(kind) }
        context.script(kinds, repetitions: options.repetitions, batches: options.batches)
    }
    task.startInitial()
    let end = Waiter()
    while true { _ = end.park() }
}

/// A Gofer that serves a directory with one small file.
func startGofer(_ program: String) throws -> HostFD {
    let directory = "/tmp/sentry-instructions"
    try? HostFD.currentDirectory.makeDirectory(directory, mode: 0o755)
    let pair = try HostFD.socketPair(type: 5)
    let ready = try HostFD.socketPair(type: 1)
    let list = try HostFD.socketPair(type: 1)
    try list.0.writeAll(Array(directory.utf8) + [0] + Array("/".utf8) + [0] + Array("rw".utf8) + [0])
    list.0.close()
    var spawn = Spawn(path: program, arguments: ["cloister-gofer", "--connection=3", "--ready=4", "--mounts=5"])
    spawn.descriptors = [nil, nil, HostFD(rawValue: 2), pair.1, ready.1, list.1]
    _ = try spawn.start()
    for fd in [pair.1, ready.1, list.1] { fd.close() }
    _ = try ready.0.readAll()
    return pair.0
}

/// Runs this program under callgrind, which cannot start a Gofer there.
func count(_ options: Options, _ valgrind: String, _ output: String) throws {
    let own = try HostFD.currentDirectory.readLink("/proc/self/exe")
    var arguments = ["valgrind", "--quiet", "--tool=callgrind", "--dump-instr=yes", "--compress-pos=no", "--callgrind-out-file=\(output)", own,
                     "--repetitions=\(options.repetitions)"]
    if options.gofer != nil { arguments.append("--connection=3") }
    var spawn = Spawn(path: valgrind, arguments: arguments + options.names)
    spawn.descriptors = [nil, HostFD(rawValue: 1), HostFD(rawValue: 2), try options.gofer.map { try startGofer($0) }]
    _ = try spawn.start().reap()
    exitProcess(0)
}

do {
    let options = Options(CommandLine.arguments.dropFirst())
    if let (program, output) = options.callgrind { try count(options, program, output) }
    try measure(options)
} catch {
    say("\(error)")
    exitProcess(1)
}

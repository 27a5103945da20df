import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// procfs: the kernel's state as files. Each mount is an instance of its own and shows one pid namespace.
public final class ProcFileSystem: SyntheticFileSystem, @unchecked Sendable {
    public unowned let kernel: Kernel
    public let pidNamespace: PIDNamespace
    public let machine: Machine
    public let resources: ContainerResources
    let options: Options
    private var rootDirectory: ProcRoot?
    /// Guards the making of the root. Innermost.
    private let lock = Lock()

    /// mount(2)'s data for procfs.
    struct Options {
        /// 0 all see all; 1 others' directories cannot be entered; 2 nor seen; 4 nor seen but by those who may trace.
        var hidePID: UInt32 = 0
        /// Whom `hidePID` does not concern, by the kernel's own id.
        var group: UInt32?
        /// subset=pid: nothing but processes.
        var onlyProcesses = false
    }

    /// As many as its container has.
    var processorCount: Int { resources.processorCount(of: machine) }

    public init(kernel: Kernel, pidNamespace: PIDNamespace, machine: Machine, resources: ContainerResources) {
        self.kernel = kernel
        self.pidNamespace = pidNamespace
        self.machine = machine
        self.resources = resources
        options = Options()
        super.init(typeName: "proc", magic: 0x9fa0)
    }

    /// - Throws: EINVAL for options that procfs does not have.
    public init(kernel: Kernel, pidNamespace: PIDNamespace, machine: Machine, resources: ContainerResources,
                options text: [UInt8], by caller: Caller) throws(Errno) {
        self.kernel = kernel
        self.pidNamespace = pidNamespace
        self.machine = machine
        self.resources = resources
        var options = Options()
        for option in text.split(separator: 0x2c) {
            let parts = option.split(separator: 0x3d, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
            switch (parts.first ?? "", parts.count == 2 ? parts[1] : "") {
            case ("hidepid", "0"), ("hidepid", "off"): options.hidePID = 0
            case ("hidepid", "1"), ("hidepid", "noaccess"): options.hidePID = 1
            case ("hidepid", "2"), ("hidepid", "invisible"): options.hidePID = 2
            case ("hidepid", "4"), ("hidepid", "ptraceable"): options.hidePID = 4
            case ("subset", "pid"): options.onlyProcesses = true
            case ("gid", let value):
                guard let gid = UInt32(value), let id = caller.credentials.userNamespace.kernelGID(gid) else { throw .EINVAL }
                options.group = id
            default: throw .EINVAL
            }
        }
        self.options = options
        super.init(typeName: "proc", magic: 0x9fa0)
    }

    public override var root: Inode {
        lock.withLock {
            if let rootDirectory { return rootDirectory }
            let made = ProcRoot(self)
            rootDirectory = made
            return made
        }
    }

    /// A name that is not there is no place to make something in.
    public override var creationError: Errno { .ENOENT }

    public override var optionsText: String {
        var parts: [String] = []
        if let group = options.group { parts.append("gid=\(group)") }
        if options.hidePID != 0 { parts.append("hidepid=" + ["", "noaccess", "invisible", "", "ptraceable"][Int(options.hidePID)]) }
        if options.onlyProcesses { parts.append("subset=pid") }
        return parts.joined(separator: ",")
    }
}

/// Makes procfs for mount(2): in the pid namespace of the mounter.
public final class ProcFileSystemType: FileSystemType, @unchecked Sendable {
    private unowned let kernel: Kernel
    private let machine: Machine
    /// The resources of a container, by its id.
    private let resources: @Sendable (GuestContainer) -> ContainerResources

    public init(kernel: Kernel, machine: Machine, resources: @escaping @Sendable (GuestContainer) -> ContainerResources) {
        self.kernel = kernel
        self.machine = machine
        self.resources = resources
        super.init(name: "proc", allowsUserMount: true)
    }

    public override func make(source: [UInt8], options: [UInt8], by caller: Caller) throws(Errno) -> FileSystem {
        guard let task = caller as? Task else { throw .EINVAL }
        return try ProcFileSystem(kernel: kernel, pidNamespace: task.pidNamespace, machine: machine,
                                  resources: resources(task.group.container), options: options, by: caller)
    }
}

/// A file of procfs that is not a process's.
final class ProcFile: SyntheticFile, @unchecked Sendable {
    typealias Generator = @Sendable (ProcFileSystem, Caller) throws(Errno) -> [UInt8]
    typealias Store = @Sendable (ProcFileSystem, [UInt8], Caller) throws(Errno) -> Void

    private let proc: ProcFileSystem
    private let make: Generator
    private let take: Store?

    init(_ proc: ProcFileSystem, mode: UInt32 = 0o444, _ make: @escaping Generator, store: Store? = nil) {
        self.proc = proc
        self.make = make
        take = store
        super.init(proc, number: proc.nextInode(), mode: mode)
    }

    override func generate(by caller: Caller) throws(Errno) -> [UInt8] { try make(proc, caller) }

    override func store(_ bytes: [UInt8], by caller: Caller) throws(Errno) {
        guard let take else { throw .EIO }
        try take(proc, bytes, caller)
    }
}

import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// sysfs: the machine's parts (sysfs(5)). Nothing of the host's devices.
public final class SysFileSystem: SyntheticFileSystem, @unchecked Sendable {
    private let tree: SysTree
    /// Guards the making of the root. Innermost.
    private let lock = Lock()
    private var rootDirectory: StaticDirectory?

    public init(kernel: Kernel, machine: Machine, resources: ContainerResources = ContainerResources()) {
        tree = SysTree(machine: machine, resources: resources)
        super.init(typeName: "sysfs", magic: 0x6265_6572)
    }

    public override var root: Inode {
        lock.withLock {
            if let rootDirectory { return rootDirectory }
            let made = StaticDirectory(self, childMode: 0o755)
            tree.fill(made, self)
            rootDirectory = made
            return made
        }
    }
}

/// Makes sysfs for mount(2).
public final class SysFileSystemType: FileSystemType, @unchecked Sendable {
    private unowned let kernel: Kernel
    private let machine: Machine
    /// The resources of a container.
    private let resources: @Sendable (GuestContainer) -> ContainerResources

    public init(kernel: Kernel, machine: Machine, resources: @escaping @Sendable (GuestContainer) -> ContainerResources) {
        self.kernel = kernel
        self.machine = machine
        self.resources = resources
        super.init(name: "sysfs", allowsUserMount: true)
    }

    public override func make(source: [UInt8], options: [UInt8], by caller: Caller) throws(Errno) -> FileSystem {
        guard let task = caller as? Task else { throw .EINVAL }
        return SysFileSystem(kernel: kernel, machine: machine, resources: resources(task.group.container))
    }
}

/// A file of sysfs whose text is made when it is read.
final class SysFact: SyntheticFile, @unchecked Sendable {
    private let text: @Sendable () -> String

    init(_ fileSystem: SyntheticFileSystem, _ text: @escaping @Sendable () -> String) {
        self.text = text
        super.init(fileSystem, number: fileSystem.nextInode(), mode: 0o444)
    }

    override func generate(by caller: Caller) throws(Errno) -> [UInt8] { Array(text().utf8) }
}

/// A file of sysfs that keeps what is written: settings that change nothing here.
final class SysSetting: SyntheticFile, @unchecked Sendable {
    private let value: ControlValue
    /// For a setting that is one of several words: how reading shows all of them.
    private let choices: [String]

    init(_ fileSystem: SyntheticFileSystem, _ initial: String, choices: [String] = []) {
        value = ControlValue(initial)
        self.choices = choices
        super.init(fileSystem, number: fileSystem.nextInode(), mode: 0o644)
    }

    override func generate(by caller: Caller) throws(Errno) -> [UInt8] {
        let now = String(decoding: value.text, as: UTF8.self)
        if choices.isEmpty { return Array((now + "\n").utf8) }
        return Array((choices.map { $0 == now ? "[\($0)]" : $0 }.joined(separator: " ") + "\n").utf8)
    }

    override func store(_ bytes: [UInt8], by caller: Caller) throws(Errno) {
        if !caller.has(.CAP_SYS_ADMIN) { throw .EPERM }
        let word = TaskState.word(bytes)
        if !choices.isEmpty, !choices.contains(word) { throw .EINVAL }
        value.text = Array(word.utf8)
    }
}

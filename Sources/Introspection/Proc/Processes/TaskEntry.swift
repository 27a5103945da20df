import FileSystems
import LinuxABI
import VFS

/// One name below /proc/PID, and what is behind it (proc_pid(5)).
struct TaskEntry: Sendable {
    typealias Generator = @Sendable (TaskView, Caller) throws(Errno) -> [UInt8]
    typealias Store = @Sendable (TaskView, [UInt8], Caller) throws(Errno) -> Void

    enum Place { case both, process, thread }
    /// Whether opening asks for the right to trace the process.
    enum Access { case all, inspect }
    enum Kind { case file, descriptors, descriptorInfo, namespaces, threads, net, attributes, mapFiles, memory, mounts, link(TaskLink.Target) }

    let name: FileName
    let mode: UInt32
    let kind: Kind
    let place: Place
    let access: Access
    let generate: Generator?
    let store: Store?

    private init(_ name: StaticString, _ mode: UInt32, _ place: Place = .both, access: Access = .all, kind: Kind = .file,
                 of generate: Generator? = nil, store: Store? = nil) {
        self.name = FileName(stringLiteral: name)
        self.mode = mode
        self.kind = kind
        self.place = place
        self.access = access
        self.generate = generate
        self.store = store
    }

    func isIn(thread: Bool) -> Bool { place == .both || (place == .thread) == thread }

    var type: FileType {
        switch kind {
        case .file, .memory, .mounts: .regular
        case .link: .symbolicLink
        default: .directory
        }
    }

    func make(_ view: TaskView, number: UInt64) -> Inode {
        switch kind {
        case .file: TaskFile(view, self, number: number)
        case .memory: MemoryInode(view, number: number)
        case .mounts: MountsInode(view, self, number: number)
        case .link(let target): TaskLink(view, target, number: number)
        case .descriptors: DescriptorDirectory(view, number: number, info: false)
        case .descriptorInfo: DescriptorDirectory(view, number: number, info: true)
        case .namespaces: NamespaceDirectory(view, number: number)
        case .threads: ThreadsDirectory(view, number: number)
        case .net: NetworkDirectory(view, number: number)
        case .attributes: StaticDirectory(view.proc, number: number, mode: 0o555)
        case .mapFiles: MapFilesDirectory(view, number: number)
        }
    }

    static let index: [FileName: Int] = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1.name, $0) })

    /// In Linux's order of listing, roughly.
    static let all: [TaskEntry] = [
        TaskEntry("task", 0o555, .process, kind: .threads),
        TaskEntry("fd", 0o500, kind: .descriptors),
        TaskEntry("map_files", 0o500, .process, kind: .mapFiles),
        TaskEntry("fdinfo", 0o500, kind: .descriptorInfo),
        TaskEntry("ns", 0o511, kind: .namespaces),
        TaskEntry("net", 0o555, kind: .net),
        TaskEntry("environ", 0o400, access: .inspect, of: TaskMemoryText.environ),
        TaskEntry("auxv", 0o400, access: .inspect, of: TaskMemoryText.auxv),
        TaskEntry("status", 0o444, of: TaskStatus.status),
        TaskEntry("personality", 0o400, access: .inspect, of: TaskState.personality),
        TaskEntry("limits", 0o444, of: TaskLimits.limits),
        TaskEntry("sched", 0o644, of: TaskState.sched, store: TaskState.ignore),
        TaskEntry("autogroup", 0o644, .process, of: TaskState.autogroup, store: TaskState.ignore),
        TaskEntry("comm", 0o644, of: TaskState.comm, store: TaskState.setComm),
        TaskEntry("syscall", 0o400, access: .inspect, of: TaskState.syscall),
        TaskEntry("cmdline", 0o444, of: TaskMemoryText.cmdline),
        TaskEntry("stat", 0o444, of: TaskStat.stat),
        TaskEntry("statm", 0o444, of: TaskMemoryText.statm),
        TaskEntry("maps", 0o444, access: .inspect, of: MemoryMaps.maps),
        TaskEntry("children", 0o444, .thread, of: TaskState.children),
        TaskEntry("numa_maps", 0o444, access: .inspect, of: MemoryMaps.numaMaps),
        TaskEntry("mem", 0o600, kind: .memory),
        TaskEntry("cwd", 0o777, kind: .link(.workingDirectory)),
        TaskEntry("root", 0o777, kind: .link(.root)),
        TaskEntry("exe", 0o777, kind: .link(.executable)),
        TaskEntry("mounts", 0o444, kind: .mounts, of: MountText.mounts),
        TaskEntry("mountinfo", 0o444, kind: .mounts, of: MountText.mountinfo),
        TaskEntry("mountstats", 0o400, .process, kind: .mounts, of: MountText.mountstats),
        TaskEntry("clear_refs", 0o200, store: TaskState.ignore),
        TaskEntry("smaps", 0o444, access: .inspect, of: MemoryMaps.smaps),
        TaskEntry("smaps_rollup", 0o444, access: .inspect, of: MemoryMaps.smapsRollup),
        TaskEntry("pagemap", 0o400, access: .inspect, of: TaskState.nothing),
        TaskEntry("attr", 0o555, kind: .attributes),
        TaskEntry("wchan", 0o444, of: TaskState.wchan),
        TaskEntry("stack", 0o400, access: .inspect, of: TaskState.nothing),
        TaskEntry("schedstat", 0o444, of: TaskState.schedstat),
        TaskEntry("cpuset", 0o444, of: TaskState.cpuset),
        TaskEntry("cgroup", 0o444, of: TaskState.cgroup),
        TaskEntry("oom_score", 0o444, of: TaskState.oomScore),
        TaskEntry("oom_adj", 0o644, of: TaskState.oomAdj, store: TaskState.setOOMAdj),
        TaskEntry("oom_score_adj", 0o644, of: TaskState.oomScoreAdj, store: TaskState.setOOMScoreAdj),
        TaskEntry("loginuid", 0o644, of: TaskState.loginuid, store: TaskState.ignore),
        TaskEntry("sessionid", 0o444, of: TaskState.loginuid),
        TaskEntry("coredump_filter", 0o644, .process, of: TaskState.coredumpFilter, store: TaskState.ignore),
        TaskEntry("io", 0o400, access: .inspect, of: TaskState.io),
        TaskEntry("uid_map", 0o644, of: IDMaps.uidMap, store: IDMaps.setUIDMap),
        TaskEntry("gid_map", 0o644, of: IDMaps.gidMap, store: IDMaps.setGIDMap),
        TaskEntry("projid_map", 0o644, of: IDMaps.projidMap),
        TaskEntry("setgroups", 0o644, of: IDMaps.setgroups, store: IDMaps.setSetgroups),
        TaskEntry("timers", 0o444, .process, of: TaskState.nothing),
        TaskEntry("timerslack_ns", 0o666, .process, of: TaskState.timerSlack, store: TaskState.setTimerSlack),
    ]
}

import Confinement
import FileSystems
import HostOS
import Introspection
import Kernel
import LinuxABI
import Platform
import Ptrace
import SystemCalls
import Systrap
import TTRPC
import VFS

/// The Sentry from its first instruction to its last.
public enum SentryProcess {
    /// Runs until the runtime says Shutdown or closes the control socket for good.
    ///
    /// - Parameter arguments: the command line without the program's name.
    /// - Returns: the exit status.
    public static func run(_ arguments: [String]) -> Int32 {
        let now = HostClock.monotonic
        ProcessMemory.limitArenas()
        do throws(StartError) {
            let options = try Options(arguments[...]), steps = StartupSteps()
            steps.begin(launched: options.launched, here: now)
            try serve(options, steps)
            return 0
        } catch {
            Log.standardError("", error.message)
            return 1
        }
    }

    private static func serve(_ options: Options, _ steps: StartupSteps) throws(StartError) {
        let log = Log(options)
        // What must be asked of the host while its files can still be seen.
        let machine = Machine.probe()
        let choosesHugePages = options.hugePages == "large" && HostMachine.choosesHugePages
        var procfs: HostFD?
        if options.confinement == .full {
            procfs = try starting("leaving the host's file system") { () throws(Errno) in try SentryConfinement.enterEmptyRoot() }
            // Linux keeps capabilities per thread: while there is one.
            try starting("dropping privileges") { () throws(Errno) in try SentryConfinement.dropPrivileges() }
            if let procfs { OwnProcfs.use(procfs) }
            steps.mark("confined to an empty root")
        }
        // Before the filter: what it forbids, stubs need.
        let platform = try makePlatform(options, log)
        platform.mediatesMemoryCalls = options.memoryCalls == "mediated"
        platform.asksForHugePages = choosesHugePages
        steps.mark("the platform is ready")
        let callLog: (@Sendable ([UInt8]) -> Void)? = options.strace ? log.call : nil
        let kernel = Kernel(platform: platform, systemCalls: .linux(), callLog: callLog) { log.note($0) }
        if options.debug { _ = kernel.countCalls() }
        let pod = Pod(kernel: kernel, machine: machine, log: log, steps: steps)
        registerFileSystems(pod)
        steps.mark("the kernel is ready")
        let server = try starting("the control service") { () throws(Errno) in
            let server = try Server(acceptsDescriptors: true)
            ControlService(pod: pod, log: log).register(on: server)
            try server.listen(on: HostFD(rawValue: options.controlFD))
            if let owner = options.ownerFD {
                _ = try server.watch(HostFD(rawValue: owner)) {
                    log.note("the shim has ended, and the pod with it")
                    // The first process of the pod's pid namespace takes all others with it.
                    ProcessIdentity.exit(0)
                }
            }
            return server
        }
        if let procfs {
            try starting("the seccomp filter") { () throws(Errno) in try SentryConfinement.installFilter(procfs: procfs) }
        }
        steps.mark("the filter is installed: serving")
        log.detail("serving on \(options.platform)")
        try starting("serving the control socket") { () throws(Errno) in try server.run() }
        pod.shutDown()
    }

    private static func makePlatform(_ options: Options, _ log: Log) throws(StartError) -> Platform {
        switch options.platform {
        case "ptrace":
            return try starting("the ptrace platform (is ptrace permitted here?)") { () throws(Errno) in
                try PtracePlatform.start()
            }
        case "systrap":
            do throws(Errno) { return try SystrapPlatform.start() } catch {
                if error != .EOPNOTSUPP { throw StartError("the systrap platform: \(error.message); --platform=ptrace may work") }
            }
            log.note("this host lacks what the systrap platform needs (FSGSBASE, futex_waitv): the platform is ptrace")
            return try starting("the ptrace platform (is ptrace permitted here?)") { () throws(Errno) in
                try PtracePlatform.start()
            }
        default: throw StartError("unknown platform \"\(options.platform)\"; there are ptrace and systrap")
        }
    }

    /// What mount(2) and device nodes of the pod lead to.
    private static func registerFileSystems(_ pod: Pod) {
        let (kernel, machine) = (pod.kernel, pod.machine)
        machine.network = SocketStatistics(kernel)
        let resources: @Sendable (GuestContainer) -> ContainerResources = { [unowned pod] in pod.resources(of: $0.id) }
        kernel.vfs.register(TmpfsType())
        kernel.vfs.register(DevtmpfsType())
        kernel.vfs.register(TerminalFileSystemType())
        kernel.vfs.register(ProcFileSystemType(kernel: kernel, machine: machine, resources: resources))
        kernel.vfs.register(SysFileSystemType(kernel: kernel, machine: machine, resources: resources))
        kernel.vfs.register(CgroupFileSystemType(kernel: kernel, resources: resources))
        kernel.vfs.registerFIFOs(FIFODriver())
        kernel.vfs.register(MqueueType())
        MemoryDevices.register(in: kernel.vfs)
        TerminalDevices.register(in: kernel.vfs)
    }

    private static func starting<R>(_ what: String, _ body: () throws(Errno) -> R) throws(StartError) -> R {
        do throws(Errno) { return try body() } catch { throw StartError("\(what): \(error.message)") }
    }
}

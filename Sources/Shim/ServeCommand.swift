import HostOS
import LinuxABI
import Runtime
import TTRPC

/// The shim of one pod: serves containerd on descriptor 3 until nothing is left to serve.
struct ServeCommand {
    let line: CommandLine
    let definition: ShimDefinition
    /// How long a shim without containers waits for one, in nanoseconds.
    private static let patience: UInt64 = 60_000_000_000

    func run() throws(CommandFailure) {
        let listener = HostFD(rawValue: 3)
        let bundle = (try? HostFD.currentDirectory.readLink("/proc/self/cwd")) ?? "/"
        // Not for reading what containerd writes: as long as somebody holds the fifo, writing into it is no error.
        if let log = try? HostFD.currentDirectory.open("\(bundle)/log", 2 | 0o4000) {
            _ = try? log.duplicate(onto: HostFD(rawValue: 2))
            log.close()
        }
        // Of `start`: a sandbox's own request has none.
        let started = StartCommand.options(bundle: bundle)
        try? HostMounts.changeDirectory("/")
        try? HostPrivileges.becomeSubreaper()
        let signals = try CommandFailure.about("signals") { () throws(Errno) in
            try HostSignals.open([1 /* HUP */, 2 /* INT */, 13 /* PIPE */, 15 /* TERM */, 17 /* CHLD */])
        }
        let server = try CommandFailure.about("the server") { () throws(Errno) in try Server(peers: .sameUser) }
        let events = EventQueue(address: Environment.value(of: "TTRPC_ADDRESS") ?? "", namespace: line.namespace)
        let context = PodContext(id: line.id, namespace: line.namespace, debug: line.debug, server: server)
        // Some releases of containerd never say that a shim may end, and a client that asked for one can die.
        let timer = try CommandFailure.about("a timer") { () throws(Errno) in try HostFD.timer() }
        timer.setTimer(nanoseconds: Self.patience)
        let pod = Pod(events: events, onIdle: { server.stop() }, onEmpty: { timer.setTimer(nanoseconds: Self.patience) }) { (origin, options) throws(RuntimeError) in
            let made = try definition.start(context, origin, options ?? started)
            // A pod that is needed is not looked after: idle, it never wakes.
            timer.setTimer(nanoseconds: 0)
            return made
        }
        // Of a pod whose containers just run, nothing of the shim need be in memory but what waits.
        server.onRest { ProcessMemory.release() }
        TaskService(pod: pod).register(on: server)
        SandboxService(pod: pod).register(on: server)
        StreamingService(table: pod.streaming).register(on: server)
        try CommandFailure.about("the server") { () throws(Errno) in
            try server.listen(on: listener)
            _ = try server.watch(signals) {
                switch try? HostSignals.next(signals) {
                case 2, 15: _ = try? Thread.start { pod.terminate() }
                case 17: HostProcess.reapStrangers()
                default: break
                }
            }
            _ = try server.watch(timer) {
                timer.clearEvent()
                if pod.isEmpty { server.stop() }
            }
            try server.run()
        }
        events.drain(until: HostClock.monotonic + 2_000_000_000)
        PodSocket(grpcAddress: line.address, namespace: line.namespace, group: line.id).remove()
    }
}

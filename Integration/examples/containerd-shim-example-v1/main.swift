// The skeleton of a shim for another runtime: each container is a process of the host, with no isolation at all. Its
// program is the one in the bundle's root file system that args[0] names. containerd: --runtime io.containerd.example.v1
import Glibc
import HostOS
import Runtime
import Shim

struct ExamplePod: PodBackend {
    func createContainer(_ id: String, bundle: String, streams: ProcessStreams) throws(RuntimeError) -> any ContainerBackend {
        guard let args = try Spec.load(bundle: bundle).process?.args, let program = args.first else {
            throw RuntimeError(.invalidArgument, "\(id) has no program")
        }
        // Stopped before its first instruction until `start`, by a shell that stops itself and then becomes the program.
        var spawn = Spawn(path: "/bin/sh", arguments: ["sh", "-c", "kill -STOP $$; exec \"$0\" \"$@\"", bundle + "/rootfs" + program] + args.dropFirst())
        guard let null = try? HostFD.currentDirectory.open("/dev/null", 2) else { throw RuntimeError(.internalError, "no /dev/null") }
        defer { null.close() }
        spawn.descriptors = [streams.input ?? null, streams.output ?? null, streams.error ?? null]
        spawn.newSession = true
        do throws(Spawn.Failure) {
            let process = try spawn.start()
            while !isStopped(process.pid) { _ = try? HostPoll.wait([], timeout: 1) }
            return ExampleContainer(process)
        } catch { throw RuntimeError(.internalError, "\(program): \(error.errno)") }
    }

    private func isStopped(_ pid: Int32) -> Bool {
        let status = (try? HostFD.currentDirectory.readFile("/proc/\(pid)/status")) ?? []
        return status.split(separator: 10).contains { $0.starts(with: "State:\tT".utf8) } || status.isEmpty
    }

    func shutDown() {}
}

struct ExampleContainer: ContainerBackend {
    let process: HostProcess

    init(_ process: HostProcess) { self.process = process }

    var pid: UInt32 { UInt32(bitPattern: process.pid) }

    func start() throws(RuntimeError) { try signal(18 /* CONT */, exec: "", all: false) }

    func onExit(_ exec: String, _ body: @escaping @Sendable (ProcessExit) -> Void) {
        _ = try? Thread.start { body(.now(UInt32(truncatingIfNeeded: (try? process.reap())?.status ?? 255))) }
    }

    func signal(_ number: UInt32, exec: String, all: Bool) throws(RuntimeError) {
        do { try process.signal(Int32(number)) } catch { throw RuntimeError(.notFound, "process already finished") }
    }

    func delete(exec: String) throws(RuntimeError) {}
}

exit(Shim.main(Array(CommandLine.arguments.dropFirst()), ShimDefinition(
    program: "containerd-shim-example-v1", runtime: "io.containerd.example.v1", version: "1",
    start: { (_, _, _) throws(RuntimeError) in ExamplePod() }, cleanUp: { (_, _) in })))

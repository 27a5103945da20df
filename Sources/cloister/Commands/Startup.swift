import Glibc
import HostOS
import LinuxABI
import Runtime

/// `cloister debug startup`: runs a command in fresh sandboxes, one after the other, and says where the time goes.
struct Startup {
    let configuration: Configuration
    let spec: Spec
    let bundle: String
    let overlay: Bool
    let runs: Int

    /// - Parameter arguments: behind "startup": a command of this host's, or nothing for the bundle's.
    init(_ arguments: Arguments) throws(RuntimeError) {
        configuration = try GlobalFlags.configuration(arguments)
        runs = max(1, try arguments.integer("runs") ?? 10)
        let command = Array(arguments.operands.dropFirst())
        overlay = arguments.value("bundle") == nil
        if overlay {
            if command.isEmpty { throw RuntimeError(.invalidArgument, "debug startup: expected --bundle or a command") }
            bundle = "/"
            spec = Spec.command(command, cwd: "/", env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                                user: Spec.User(uid: getuid(), gid: getgid()), terminal: false, volumes: [])
        } else {
            bundle = try AbsolutePath.of(arguments.value("bundle") ?? ".")
            var loaded = try Spec.load(bundle: bundle)
            if !command.isEmpty { loaded.process?.args = command }
            loaded.process?.terminal = false
            spec = loaded
        }
    }

    private struct Step {
        var name: String
        /// Nanoseconds since the beginning.
        var time: UInt64
    }

    func report() throws(RuntimeError) -> String {
        var all: [[Step]] = []
        for run in 0..<runs { all.append(try once(run)) }
        var text = "step                                 at ms (min  median)      took ms (median)\n"
        let rows = all[0].map { step in
            let times = all.compactMap { $0.first { $0.name == step.name }?.time }.sorted()
            return (name: step.name, least: times[0], median: times[times.count / 2])
        }.sorted { $0.median < $1.median }
        var before: UInt64 = 0
        for row in rows {
            text += pad(row.name, 34) + left(milliseconds(row.least), 10) + left(milliseconds(row.median), 10)
            text += left(milliseconds(row.median - before), 18) + "\n"
            before = row.median
        }
        return text + "\(runs) runs\n"
    }

    /// One sandbox from the beginning to the end.
    private func once(_ run: Int) throws(RuntimeError) -> [Step] {
        let begin = HostClock.monotonic
        var steps: [Step] = []
        func note(_ name: String) { steps.append(Step(name: name, time: HostClock.monotonic &- begin)) }
        let id = "startup-\(getpid())-\(run)"
        let sandbox = try Sandbox.start(id: id, spec: spec, configuration: configuration, .thread)
        note("Sentry started")
        var sentry = ""
        do throws(RuntimeError) {
            let null = try NullStreams()
            let container = try sandbox.createContainer(id: id, bundle: bundle, spec: spec, streams: null.streams, overlay: overlay)
            note("created")
            try container.start()
            note("started")
            _ = container.wait()
            note("end known")
            // Not what a user waits for: its time is taken out again.
            let pause = HostClock.monotonic
            sentry = try container.debug("startup-times")
            let asked = HostClock.monotonic &- pause
            _ = try container.delete(force: true)
            sandbox.shutdown()
            steps.append(Step(name: "cleaned up", time: HostClock.monotonic &- begin &- asked))
        } catch {
            sandbox.shutdown()
            throw error
        }
        for line in sentry.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2, let time = UInt64(parts[0]), time > begin { steps.append(Step(name: String(parts[1]), time: time - begin)) }
        }
        return steps.sorted { $0.time < $1.time }
    }

    private func milliseconds(_ time: UInt64) -> String {
        let rest = "\(time / 1000 % 1000)"
        return "\(time / 1_000_000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }

    private func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.utf8.count)) }
    private func left(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(1, width - text.utf8.count)) + text }
}

/// Streams that go nowhere: what the command prints is of no interest.
private struct NullStreams: ~Copyable {
    private let file: OwnedFD

    init() throws(RuntimeError) {
        do throws(Errno) { file = OwnedFD(owning: try HostFD.currentDirectory.open("/dev/null", 2)) } catch {
            throw RuntimeError(error, "/dev/null")
        }
    }

    var streams: Streams { Streams(terminal: false, input: file.fd, output: file.fd, error: file.fd) }
}

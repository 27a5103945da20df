import Cgroups
import HostOS
import LinuxABI
import Messages

extension Sandbox {
    /// Makes a container: its Gofer, its cgroup, its root and mounts in the Sentry; not yet a process. Runs its
    /// `prestart` and `createRuntime` hooks. What was made is removed again when it fails.
    ///
    /// - Parameters:
    ///   - bundle: an absolute path.
    ///   - overlay: changes to the root go to a throw-away layer in the Sentry's memory.
    public func createContainer(id: String, bundle: String, spec: Spec, streams: Streams,
                                overlay: Bool = false) throws(RuntimeError) -> Container {
        try ContainerID.check(id)
        guard let process = spec.process else { throw RuntimeError(.invalidArgument, "config.json: process: missing") }
        if !spec.hooks.createContainer.isEmpty || !spec.hooks.startContainer.isEmpty {
            throw RuntimeError(.unimplemented, "config.json: hooks: createContainer and startContainer are not implemented")
        }
        let plan = try MountPlan(spec, bundle: bundle, overlay: overlay)
        for warning in plan.warnings { configuration.warn(warning) }
        let executables = try Executables.find()
        let folder = StateFolder(root: configuration.root, id: id)
        do throws(Errno) { try folder.claim(folder.container) } catch {
            if error == .EEXIST { throw RuntimeError(.alreadyExists, "container with id \(id) already exists") }
            throw RuntimeError(error, folder.path)
        }
        var record = ContainerRecord(id: id, sandbox: self.id, bundle: bundle,
                                     rootfs: MountPlan.absolute(spec.root?.path ?? "", in: bundle), spec: spec,
                                     created: Timestamp.text(HostClock.realtime), owner: UserIdentity.effective.uid)
        do throws(RuntimeError) {
            return try create(&record, process, plan, spec, streams, executables, folder)
        } catch {
            record.removeAll(folder: folder)
            throw error.kind == .unavailable ? RuntimeError(.internalError, lastWords()) : error
        }
    }

    private func create(_ record: inout ContainerRecord, _ process: Spec.Process, _ plan: MountPlan, _ spec: Spec,
                        _ streams: Streams, _ executables: Executables,
                        _ folder: StateFolder) throws(RuntimeError) -> Container {
        let path = spec.cgroupsPath(id: record.id, configuration)
        // Its seed is in it when the Sentry has answered.
        var placeholder: HostProcess?
        defer { placeholder?.end() }
        if path != cgroupPath {
            var early = record
            (record.cgroup, placeholder) = try Self.makeCgroup(path, spec.linux.limits, configuration) { (new) throws(RuntimeError) in
                early.cgroup = new
                if lifetime == .process { try folder.write(folder.container, early.json) }
            }
        }
        let log = try? HostFD.currentDirectory.open(self.folder.log, 0x401 /* O_WRONLY | O_APPEND */)
        defer { log?.close() }
        let gofer = try GoferLaunch(executables.gofer, plan, cgroup: CgroupEntrance(cgroup), log: log,
                                    sharing: configuration.network == .host ? nil : sentry,
                                    oomScoreAdjustment: process.oomScoreAdjustment, attached: lifetime == .thread)
        record.gofer = ProcessRecord(gofer.process)

        var descriptors = [gofer.connection.fd]
        let message = process.message(streams, &descriptors)
        var request = spec.message(id: record.id, process: message, mounts: plan.mounts)
        request.goferDescriptors = 1
        var entrances: [HostFD] = []
        defer { for fd in entrances { fd.close() } }
        if let own = record.cgroup {
            do throws(CgroupError) { entrances = try own.openEntrances() } catch {
                throw RuntimeError(.internalError, error.message)
            }
            request.cgroupDescriptors = UInt32(entrances.count)
            descriptors += entrances
        }
        let counters = (record.cgroup ?? cgroup).openCounters()
        defer { for counter in counters { counter.file.close() } }
        request.counters = counters.map(\.name)
        descriptors += counters.map(\.file)
        // Both get ready at the same time. The Gofer's complaint about a mount is the better one, so it is heard first.
        let answer = Answer<Control.CreateContainerResponse>()
        try control.start(.createContainer, request, descriptors: descriptors) { answer.set($0) }
        try folder.write(folder.container, record.json)
        do throws(RuntimeError) {
            try gofer.waitUntilReady()
            let made = try answer.get().get()
            record.seed = (record.cgroup ?? cgroup).process(numbered: made.seed).map { ProcessRecord(pid: $0) }
            // The Sentry has that of the pod, which its other children inherit.
            if let own = record.cgroup, let score = process.oomScoreAdjustment { own.adjustOOMScores(score, first: record.seed?.pid) }
            try folder.write(folder.container, record.json)
            let container = Container(record, self, folder: folder, gofer: gofer.process)
            let state = container.stateJSON(status: "creating")
            for hook in spec.hooks.prestart + spec.hooks.createRuntime { try hook.run(state: state) }
            return container
        } catch {
            // The Sentry may have made the container before another part failed.
            let reference = Control.ProcessRef(containerID: record.id)
            _ = try? control.call(.delete, reference, returning: Control.WaitResponse.self)
            throw error
        }
    }

    /// A container made before, by this process or another.
    public func container(id: String) throws(RuntimeError) -> Container {
        let folder = StateFolder(root: configuration.root, id: id)
        guard let field = try folder.read(folder.container) else {
            throw RuntimeError(.notFound, "container \"\(id)\" does not exist")
        }
        let record = try ContainerRecord(field)
        return Container(record, self, folder: folder, gofer: record.gofer?.find())
    }
}

/// The answer to a call that somebody will wait for.
final class Answer<Value: Sendable>: @unchecked Sendable {
    /// Guards `result`. Innermost.
    private let lock = Lock()
    private let arrival = Condition()
    private var result: Result<Value, RuntimeError>?

    func set(_ result: Result<Value, RuntimeError>) {
        lock.withLock {
            self.result = result
            arrival.wakeAll()
        }
    }

    func get() -> Result<Value, RuntimeError> {
        lock.withLock {
            while true {
                if let result { return result }
                _ = arrival.wait(lock)
            }
        }
    }
}

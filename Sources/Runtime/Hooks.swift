import HostOS
import LinuxABI

extension Container {
    /// The container's state as the specification words it, for hooks and `state`.
    public func stateJSON(status: String) -> JSONValue {
        record.stateJSON(status: status, pid: status == "stopped" ? 0 : pid)
    }

    /// Runs hooks after the container has started or was deleted: their failures are only warned of.
    public func run(_ hooks: [Spec.Hook], status: String) {
        for hook in hooks {
            do throws(RuntimeError) { try hook.run(state: stateJSON(status: status)) } catch {
                sandbox.configuration.warn(error.message)
            }
        }
    }
}

extension ContainerRecord {
    public func stateJSON(status: String, pid: Int32) -> JSONValue {
        ["ociVersion": .string(ociVersion), "id": .string(id), "status": .string(status), "pid": .integer(Int64(pid)),
         "bundle": .string(bundle), "rootfs": .string(rootfs), "created": .string(created),
         "owner": .string(owner == 0 ? "root" : "\(owner)"),
         "annotations": .object(annotations.mapValues { .string($0) })]
    }
}

extension Spec.Hook {
    /// Runs the program on the host with the container's state on its standard input, and waits for it.
    ///
    /// - Throws: when it fails or takes too long.
    func run(state: JSONValue) throws(RuntimeError) {
        let null = try NullDevice.open()
        let input = try about("hook \(path)") { () throws(Errno) in
            try HostFD.memoryFile("state", holding: Array(state.text().utf8))
        }
        defer { input.close() }
        var spawn = Spawn(path: path, arguments: args.isEmpty ? [path] : args)
        spawn.environment = env
        spawn.descriptors = [input, null.fd, HostFD(rawValue: 2)]
        let process: HostProcess
        do throws(Spawn.Failure) { process = try spawn.start() } catch {
            throw RuntimeError(.internalError, "hook \(path): \(error.errno.text)")
        }
        let patience = timeout.map { Int32(clamping: $0 * 1000) } ?? -1
        let ready = (try? HostPoll.wait([(process.descriptor, .readable)], timeout: patience)) ?? []
        if ready.first?.isEmpty ?? true { try? process.signal(9) }
        let ending = try? process.reap()
        if ready.first?.isEmpty ?? true { throw RuntimeError(.internalError, "hook \(path): not done after \(timeout ?? 0) s") }
        if let ending, ending.status != 0 {
            throw RuntimeError(.internalError, "hook \(path): ended with status \(ending.status)")
        }
    }
}

public import Cgroups
import HostOS
import LinuxABI

/// A container found in the state root, whether its Sentry still lives or not.
public struct KnownContainer: Sendable {
    public let record: ContainerRecord
    /// nil when the Sentry has died.
    public let container: Container?
    let configuration: Configuration

    public var id: String { record.id }
    /// The host process that stands for it; 0 when there is none.
    public var pid: Int32 { container?.pid ?? 0 }

    /// - Throws: `.notFound` when there is no such container.
    public static func find(_ id: String, _ configuration: Configuration) throws(RuntimeError) -> KnownContainer {
        try ContainerID.check(id)
        let folder = StateFolder(root: configuration.root, id: id)
        guard let field = try folder.read(folder.container) else { throw missing(id) }
        let record = try ContainerRecord(field)
        var container: Container?
        do throws(RuntimeError) {
            container = try Sandbox.open(id: record.sandbox, configuration: configuration).container(id: id)
        } catch {
            if error.kind != .unavailable && error.kind != .notFound { throw error }
        }
        return KnownContainer(record: record, container: container, configuration: configuration)
    }

    /// Those of the state root that can be read, in the order of their names.
    public static func all(_ configuration: Configuration) -> [KnownContainer] {
        StateFolder.containers(root: configuration.root).compactMap { name in try? find(name, configuration) }
    }

    private static func missing(_ id: String) -> RuntimeError {
        RuntimeError(.notFound, "container \"\(id)\" does not exist")
    }

    public func status() -> Container.Status { container?.status() ?? .stopped }

    /// The container, which must have a Sentry to talk to.
    public func alive() throws(RuntimeError) -> Container {
        guard let container else { throw RuntimeError(.failedPrecondition, "container \"\(id)\" is not running: stopped") }
        return container
    }

    /// - Parameter all: to every process of the container.
    public func signal(_ number: UInt32, all: Bool) throws(RuntimeError) {
        guard let container, status() != .stopped else {
            throw RuntimeError(.failedPrecondition, "container \"\(id)\" is not running")
        }
        try container.signal(number, all: all)
    }

    /// Removes the container, its sandbox when it was the last, and runs its `poststop` hooks.
    ///
    /// - Parameter force: end it first when it runs.
    public func delete(force: Bool) throws(RuntimeError) {
        let status = status()
        if !force && status != .stopped && status != .created {
            throw RuntimeError(.failedPrecondition, "cannot delete container \"\(id)\" that is not stopped: \(status.rawValue)")
        }
        let hooks = (try? Spec.load(bundle: record.bundle))?.hooks.poststop ?? []
        if let container {
            try container.delete(force: force || status == .created)
            if !container.sandbox.hasContainers { container.sandbox.shutdown() }
            container.run(hooks, status: "stopped")
        } else {
            record.removeAll(folder: StateFolder(root: configuration.root, id: id))
            let others = Self.all(configuration).contains { $0.record.sandbox == record.sandbox }
            if !others { Sandbox.cleanUp(id: record.sandbox, configuration: configuration) }
        }
    }

    public func stateJSON() -> JSONValue {
        let status = status()
        return record.stateJSON(status: status.rawValue, pid: status == .stopped ? 0 : pid)
    }

    /// Sets other limits.
    public func update(_ limits: Limits) throws(RuntimeError) {
        try alive().update(limits)
    }
}

import Cgroups

/// A container as kept on disk.
public struct ContainerRecord: Hashable, Sendable {
    public var id: String
    /// The sandbox that it runs in.
    public var sandbox: String
    /// An absolute path.
    public var bundle: String
    public var rootfs: String
    /// RFC 3339.
    public var created: String
    public var ociVersion: String
    public var annotations: [String: String] = [:]
    public var owner: UInt32
    var gofer: ProcessRecord?
    /// The process that its address spaces are forked from: in its cgroup, and there until the container ends.
    var seed: ProcessRecord?
    /// Its own cgroup; nil when it shares the sandbox's.
    var cgroup: Cgroup?

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id), "sandbox": .string(sandbox), "bundle": .string(bundle), "rootfs": .string(rootfs),
            "created": .string(created), "ociVersion": .string(ociVersion), "owner": .integer(Int64(owner)),
            "annotations": .object(annotations.mapValues { .string($0) }),
        ]
        members["gofer"] = gofer?.json
        members["seed"] = seed?.json
        members["cgroup"] = cgroup?.json
        return .object(members)
    }

    init(id: String, sandbox: String, bundle: String, rootfs: String, spec: Spec, created: String, owner: UInt32) {
        self.id = id
        self.sandbox = sandbox
        self.bundle = bundle
        self.rootfs = rootfs
        self.created = created
        self.owner = owner
        ociVersion = spec.version
        annotations = spec.annotations
    }

    init(_ field: Field) throws(RuntimeError) {
        id = try field.required("id").string()
        sandbox = try field.required("sandbox").string()
        bundle = try field.string("bundle")
        rootfs = try field.string("rootfs")
        created = try field.string("created")
        ociVersion = try field.string("ociVersion")
        owner = try field.integer("owner") ?? 0
        annotations = try field.optional("annotations")?.stringMap() ?? [:]
        gofer = try field.optional("gofer").map { (f) throws(RuntimeError) in try ProcessRecord(f) }
        seed = try field.optional("seed").map { (f) throws(RuntimeError) in try ProcessRecord(f) }
        cgroup = try field.optional("cgroup").map { (f) throws(RuntimeError) in try Cgroup(f) }
    }
}

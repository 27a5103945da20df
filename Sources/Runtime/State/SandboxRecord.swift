import Cgroups
import HostOS

/// A sandbox as kept on disk.
struct SandboxRecord: Hashable, Sendable {
    var id: String
    var sentry: ProcessRecord
    var cgroupPath: String
    var cgroup: Cgroup

    var json: JSONValue {
        ["id": .string(id), "sentry": sentry.json, "cgroupPath": .string(cgroupPath), "cgroup": cgroup.json]
    }

    init(id: String, sentry: ProcessRecord, cgroupPath: String, cgroup: Cgroup) {
        self.id = id
        self.sentry = sentry
        self.cgroupPath = cgroupPath
        self.cgroup = cgroup
    }

    init(_ field: Field) throws(RuntimeError) {
        id = try field.required("id").string()
        sentry = try ProcessRecord(try field.required("sentry"))
        cgroupPath = try field.string("cgroupPath")
        cgroup = try Cgroup(try field.required("cgroup"))
    }
}

extension Cgroup {
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "version": version == .v1 ? 1 : 2,
            "directories": .array(directories.map {
                ["controllers": .array($0.controllers.map { .string($0) }), "path": .string($0.path),
                 "ancestors": .array($0.ancestors.map { .string($0) })]
            }),
        ]
        if let unit { members["unit"] = ["name": .string(unit.name), "slice": .string(unit.slice)] }
        return .object(members)
    }

    init(_ field: Field) throws(RuntimeError) {
        let version = try field.required("version").integer(Int.self)
        let unit = try field.optional("unit").map { (f) throws(RuntimeError) in
            SystemdUnit(name: try f.required("name").string(), slice: try f.string("slice"))
        }
        self.init(version: version == 1 ? .v1 : .v2,
                  directories: try field.list("directories") { (f) throws(RuntimeError) in
                      Directory(controllers: try f.strings("controllers"), path: try f.required("path").string(),
                                ancestors: try f.strings("ancestors"))
                  }, unit: unit)
    }
}

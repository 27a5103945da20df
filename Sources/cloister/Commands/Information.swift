import HostOS
import LinuxABI
import Runtime

extension Command {
    static let spec = Command(
        name: "spec", abstract: "Write a config.json to start from.",
        flags: [Flag("bundle", "b", value: "FOLDER", "The bundle to write it to (.).")]
    ) { (arguments) throws(RuntimeError) in
        _ = try GlobalFlags.configuration(arguments)
        let path = "\(arguments.value("bundle") ?? ".")/config.json"
        do throws(Errno) {
            let file = OwnedFD(owning: try HostFD.currentDirectory.open(path, 0xc1 /* O_WRONLY | O_CREAT | O_EXCL */, mode: 0o666))
            try file.fd.writeAll(Array((Spec.template.text(indent: 4) + "\n").utf8))
        } catch {
            if error == .EEXIST { throw RuntimeError(.alreadyExists, "file \(path) exists: remove it first") }
            throw RuntimeError(error, path)
        }
        return 0
    }

    static let features = Command(
        name: "features", abstract: "Print what this runtime can do, as the OCI specification words it."
    ) { (arguments) throws(RuntimeError) in
        _ = try GlobalFlags.configuration(arguments)
        let features: JSONValue = [
            "ociVersionMin": "1.0.0",
            "ociVersionMax": "1.2.0",
            "hooks": ["prestart", "createRuntime", "poststart", "poststop"],
            "mountOptions": ["async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec", "noatime", "nodev",
                             "nodiratime", "noexec", "norelatime", "nosuid", "private", "rbind", "relatime", "ro", "rprivate",
                             "rw", "shared", "slave", "strictatime", "suid", "sync", "unbindable"],
            "linux": [
                "namespaces": ["ipc", "mount", "network", "pid", "user", "uts"],
                "capabilities": .array(Spec.Capabilities.allNames.map { .string($0) }),
                "cgroup": ["v1": true, "v2": true, "systemd": true, "systemdUser": false, "rdma": false],
                "seccomp": ["enabled": false],
                "apparmor": ["enabled": false],
                "selinux": ["enabled": false],
                "intelRdt": ["enabled": false],
            ],
            "annotations": ["dev.cloister.platforms": "ptrace,systrap", "dev.cloister.version": .string(Help.versionText)],
        ]
        try Report.print(features.text(indent: 2) + "\n")
        return 0
    }

    static let checkpoint = missing("checkpoint", "Save a container's state")
    static let restore = missing("restore", "Run a container from a saved state")

    private static func missing(_ name: String, _ abstract: String) -> Command {
        Command(name: name, abstract: abstract + " (not implemented yet).", operands: "CONTAINER", count: 0...0, passthrough: 0) {
            (_) throws(RuntimeError) in throw RuntimeError(.unimplemented, "\(name) is not implemented yet")
        }
    }
}

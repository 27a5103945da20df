import ArgumentParser
import HostOS
import LinuxABI
import Runtime

struct SpecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "spec", abstract: "Write a config.json to start from.")

    @OptionGroup var globals: GlobalOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("The bundle to write it to.", valueName: "folder"))
    var bundle = "."

    func run() throws {
        _ = try globals.configuration()
        let path = "\(bundle)/config.json"
        do throws(Errno) {
            let file = OwnedFD(owning: try HostFD.currentDirectory.open(path, 0xc1 /* O_WRONLY | O_CREAT | O_EXCL */, mode: 0o666))
            try file.fd.writeAll(Array((Spec.template.text(indent: 4) + "\n").utf8))
        } catch {
            if error == .EEXIST { throw RuntimeError(.alreadyExists, "file \(path) exists: remove it first") }
            throw RuntimeError(error, path)
        }
    }
}

struct Features: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print what this runtime can do, as the OCI specification words it.")

    @OptionGroup var globals: GlobalOptions

    func run() throws {
        _ = try globals.configuration()
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
                "cgroup": ["v1": true, "v2": true, "systemd": false, "systemdUser": false, "rdma": false],
                "seccomp": ["enabled": false],
                "apparmor": ["enabled": false],
                "selinux": ["enabled": false],
                "intelRdt": ["enabled": false],
            ],
            "annotations": ["dev.cloister.platforms": "ptrace", "dev.cloister.version": "0.1.0"],
        ]
        try Report.print(features.text(indent: 2) + "\n")
    }
}

struct Debug: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print what a sandbox knows about itself.")

    @OptionGroup var globals: GlobalOptions

    @Option(help: ArgumentHelp("What to print; empty for all.", valueName: "what"))
    var what = ""

    @OptionGroup var argument: ContainerArgument

    func run() throws {
        try Report.print(try KnownContainer.find(argument.id, try globals.configuration()).alive().debug(what))
    }
}

struct Checkpoint: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Save a container's state (not implemented yet).")

    @OptionGroup var globals: GlobalOptions
    @Argument(parsing: .captureForPassthrough) var rest: [String] = []

    func run() throws { throw RuntimeError(.unimplemented, "checkpoint is not implemented yet") }
}

struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run a container from a saved state (not implemented yet).")

    @OptionGroup var globals: GlobalOptions
    @Argument(parsing: .captureForPassthrough) var rest: [String] = []

    func run() throws { throw RuntimeError(.unimplemented, "restore is not implemented yet") }
}

import Messages

/// The answer to `-info`: what the runtime is, and its features as the OCI specification words them.
enum RuntimeInformation {
    static func encoded(_ definition: ShimDefinition = .cloister) throws(CommandFailure) -> [UInt8] {
        let info = Types.RuntimeInfo(
            name: definition.runtime, version: .init(version: definition.version),
            features: .init(typeURL: "types.containerd.io/opencontainers/runtime-spec/1/features/Features",
                            value: Array(definition.features.utf8)))
        guard let bytes = try? info.encode() else { throw CommandFailure("the answer can't be encoded") }
        return bytes
    }

    static let features = """
        {"ociVersionMin":"1.0.0","ociVersionMax":"1.2.0",\
        "hooks":["prestart","createRuntime","poststart","poststop"],\
        "mountOptions":["async","atime","bind","defaults","dev","diratime","dirsync","exec","noatime","nodev","nodiratime",\
        "noexec","norelatime","nostrictatime","nosuid","private","ratime","rbind","rdev","rdiratime","relatime","rexec","rnoatime",\
        "rnodev","rnodiratime","rnoexec","rnorelatime","rnostrictatime","rnosuid","ro","rprivate","rrelatime","rro","rrw",\
        "rslave","rstrictatime","rsuid","rw","slave","strictatime","suid","sync"],\
        "linux":{"namespaces":["ipc","mount","network","pid","user","uts"],\
        "cgroup":{"v1":true,"v2":true,"systemd":true,"systemdUser":false},\
        "seccomp":{"enabled":false},"apparmor":{"enabled":false},"selinux":{"enabled":false}}}
        """
}

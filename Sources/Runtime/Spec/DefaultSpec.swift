extension Spec {
    /// The capabilities that a container has unless its bundle says otherwise.
    static let defaultCapabilities = ["AUDIT_WRITE", "KILL", "NET_BIND_SERVICE"]

    /// A config.json to start from, as `spec` writes it.
    public static var template: JSONValue {
        let capabilities = JSONValue.array(defaultCapabilities.map { .string("CAP_" + $0) })
        func mount(_ destination: String, _ type: String, _ source: String, _ options: [String]) -> JSONValue {
            ["destination": .string(destination), "type": .string(type), "source": .string(source),
             "options": .array(options.map { .string($0) })]
        }
        return [
            "ociVersion": "1.2.0",
            "process": [
                "terminal": true,
                "user": ["uid": 0, "gid": 0],
                "args": ["sh"],
                "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
                "cwd": "/",
                "capabilities": ["bounding": capabilities, "effective": capabilities, "permitted": capabilities],
                "rlimits": [["type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024]],
                "noNewPrivileges": true,
            ],
            "root": ["path": "rootfs", "readonly": true],
            "hostname": "cloister",
            "mounts": [
                mount("/proc", "proc", "proc", []),
                mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
                mount("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
                mount("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
                mount("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
                mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
                mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
            ],
            "linux": [
                "namespaces": [["type": "pid"], ["type": "network"], ["type": "ipc"], ["type": "uts"], ["type": "mount"]],
                "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                                "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            ],
        ]
    }

    /// The configuration of `do`: a command of the host's file system, as this user, with every capability of a sandbox.
    public static func command(_ args: [String], cwd: String, env: [String], user: User, terminal: Bool,
                               volumes: [Mount]) -> Spec {
        var spec = Spec(version: "1.2.0")
        var process = Process(args: args, cwd: cwd)
        process.env = env
        process.user = user
        process.terminal = terminal
        let all = (UInt64(1) << UInt64(Capabilities.names.count)) - 1
        process.capabilities = Capabilities(bounding: all, effective: all, inheritable: 0, permitted: all, ambient: 0)
        spec.process = process
        spec.root = Root(path: "/")
        spec.hostname = "cloister"
        spec.mounts = [
            Mount(destination: "/proc", type: "proc", source: "proc"),
            Mount(destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro", "nosuid", "noexec", "nodev"]),
            Mount(destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"]),
            Mount(destination: "/dev/pts", type: "devpts", source: "devpts", options: ["nosuid", "noexec", "ptmxmode=0666", "mode=0620", "gid=5"]),
            Mount(destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "nodev", "mode=1777"]),
            Mount(destination: "/run", type: "tmpfs", source: "run", options: ["nosuid", "nodev", "mode=755"]),
        ] + volumes
        spec.linux.namespaces = ["pid", "network", "ipc", "uts", "mount"].map { Namespace(type: $0) }
        return spec
    }
}

import Cgroups
import HostOS
import LinuxABI
import Runtime

extension Command {
    static let doctor = Command(
        name: "doctor", abstract: "Check whether this machine and its containerd are ready for Cloister, and say what to change.",
        flags: [Flag("containerd-config", value: "FILE", "containerd's configuration (/etc/containerd/config.toml).")]
    ) { (arguments) throws(RuntimeError) in
        _ = try GlobalFlags.configuration(arguments)
        let doctor = Doctor(containerdConfig: arguments.value("containerd-config") ?? "/etc/containerd/config.toml")
        var worst = Doctor.Verdict.good
        for (subject, finding) in doctor.findings() {
            try Report.print("\(finding.verdict.rawValue)  \(subject): \(finding.text)\n")
            if finding.verdict.rank > worst.rank { worst = finding.verdict }
        }
        return worst == .bad ? 1 : 0
    }
}

/// What a machine must have, and what to do when it has not.
struct Doctor {
    enum Verdict: String {
        case good = "ok     ", poor = "warning", bad = "PROBLEM"

        var rank: Int { self == .good ? 0 : self == .poor ? 1 : 2 }
    }

    struct Finding {
        var verdict: Verdict
        var text: String
    }

    let containerdConfig: String

    /// In the order in which they are best dealt with.
    func findings() -> [(String, Finding)] {
        [("user", user), ("kernel", kernel), ("seccomp", seccomp), ("ptrace", ptrace), ("processor", processor), ("namespaces", namespaces),
         ("control groups", cgroups), ("programs", programs), ("containerd", containerd), ("a sandbox", trial)]
    }

    private static func text(_ path: String) -> String? {
        (try? HostFD.currentDirectory.readFile(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }

    private var user: Finding {
        UserIdentity.effective.uid == 0 ? .init(verdict: .good, text: "root")
            : .init(verdict: .bad, text: "not root: namespaces, mounts and control groups need it; run this with sudo")
    }

    private var kernel: Finding {
        let release = (Self.text("/proc/sys/kernel/osrelease") ?? "").split(separator: "\n").first.map(String.init) ?? ""
        let numbers = release.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
        guard numbers.count == 2 else { return .init(verdict: .poor, text: "its version can't be read") }
        let isNew = (numbers[0], numbers[1]) >= (5, 19)
        return isNew ? .init(verdict: .good, text: release)
            : .init(verdict: .bad, text: "\(release) is older than 5.19, the oldest that works")
    }

    private var seccomp: Finding {
        guard let actions = Self.text("/proc/sys/kernel/seccomp/actions_avail") else {
            return .init(verdict: .bad, text: "not built into this kernel (CONFIG_SECCOMP_FILTER)")
        }
        let missing = ["user_notif", "trap", "errno", "allow", "kill_process"].filter { name in
            !actions.split(whereSeparator: { $0 == " " || $0 == "\n" }).contains { $0 == name }
        }
        return missing.isEmpty ? .init(verdict: .good, text: "with user notification")
            : .init(verdict: .bad, text: "without \(missing.joined(separator: ", "))")
    }

    private var ptrace: Finding {
        let scope = (Self.text("/proc/sys/kernel/yama/ptrace_scope") ?? "0").prefix { $0.isNumber }
        return scope == "3" ? .init(verdict: .bad, text: "switched off for good (yama/ptrace_scope is 3), and with it the reading of guests' memory")
            : .init(verdict: .good, text: "permitted")
    }

    private var processor: Finding {
        let flags = (Self.text("/proc/cpuinfo") ?? "").split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
        return flags.split(separator: " ").contains("fsgsbase") ? .init(verdict: .good, text: "has what systrap needs")
            : .init(verdict: .poor, text: "without FSGSBASE: pods run on the slower ptrace platform")
    }

    private var namespaces: Finding {
        let missing = ["mnt", "pid", "net", "ipc", "uts"].filter { !HostFD.currentDirectory.exists("/proc/self/ns/\($0)") }
        return missing.isEmpty ? .init(verdict: .good, text: "all there")
            : .init(verdict: .bad, text: "this kernel has none of kind \(missing.joined(separator: ", "))")
    }

    private var cgroups: Finding {
        let host = Hierarchies.ofHost()
        if host.trees.isEmpty { return .init(verdict: .bad, text: "not mounted; mount -t cgroup2 none /sys/fs/cgroup") }
        var controllers = Set(host.trees.flatMap(\.controllers))
        if host.version == .v2, let tree = host.trees.first {
            controllers = Set((Self.text("\(tree.mount)/cgroup.controllers") ?? "").split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init))
        }
        let missing = ["cpu", "memory", "pids"].filter { !controllers.contains($0) }
        let version = host.version == .v1 ? "version 1" : "version 2"
        return missing.isEmpty ? .init(verdict: .good, text: version)
            : .init(verdict: .bad, text: "\(version), without \(missing.joined(separator: ", ")): limits of them can't be held; see cgroup_disable= on the kernel's command line")
    }

    private var programs: Finding {
        let own = (try? HostFD.currentDirectory.readLink("/proc/self/exe")) ?? ""
        let beside = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? ""
        let path = Environment.value(of: "PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let folders = [beside] + path.split(separator: ":").map(String.init)
        let missing = ["cloister-sentry", "cloister-gofer", "containerd-shim-cloister-v2"].filter { name in
            !folders.contains { HostFD.currentDirectory.exists("\($0)/\(name)") }
        }
        return missing.isEmpty ? .init(verdict: .good, text: "in \(beside)")
            : .init(verdict: .bad, text: "\(missing.joined(separator: ", ")): neither beside this program nor in PATH")
    }

    private var containerd: Finding {
        guard let config = Self.text(containerdConfig) else {
            return .init(verdict: .poor, text: "no \(containerdConfig): ctr works without; for Kubernetes run Integration/kubernetes/install")
        }
        let lines = config.split(separator: "\n").map { $0.filter { $0 != " " && $0 != "\t" } }.filter { !$0.hasPrefix("#") }
        guard let table = lines.firstIndex(where: { $0.hasPrefix("[") && lines.type(after: $0) == "io.containerd.cloister.v2" }) else {
            return .init(verdict: .poor, text: "\(containerdConfig) names no runtime of type io.containerd.cloister.v2: pods can't ask for it; run Integration/kubernetes/install")
        }
        let name = lines[table].split(separator: ".").last?.filter { $0 != "]" } ?? ""
        return .init(verdict: .good, text: "runtime \(name) in \(containerdConfig)")
    }

    /// The proof of the pudding.
    private var trial: Finding {
        guard let own = try? HostFD.currentDirectory.readLink("/proc/self/exe"),
              let null = try? HostFD.currentDirectory.open("/dev/null", 2) else { return .init(verdict: .poor, text: "not tried") }
        defer { null.close() }
        var spawn = Spawn(path: own, arguments: [own, "do", "true"])
        spawn.environment = ["PATH=\(Environment.value(of: "PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin")"]
        spawn.descriptors = [null, null, HostFD(rawValue: 2)]
        let begin = HostClock.monotonic
        do throws(Spawn.Failure) {
            let process = try spawn.start()
            let isDone = (try? HostPoll.wait([(process.descriptor, .readable)], timeout: 20_000))?.first.map { !$0.isEmpty } ?? false
            if !isDone { try? process.signal(9) }
            let ending = try? process.reap()
            if !isDone { return .init(verdict: .bad, text: "did not end in 20 s") }
            let milliseconds = (HostClock.monotonic - begin) / 1_000_000
            return ending?.status == 0 ? .init(verdict: .good, text: "ran `true` in \(milliseconds) ms")
                : .init(verdict: .bad, text: "could not run `true`; the line above says why")
        } catch { return .init(verdict: .bad, text: "\(own): \(error.errno.text)") }
    }
}

extension [String] {
    /// The runtime_type in the table that begins with the line `header`.
    fileprivate func type(after header: String) -> String? {
        guard let start = firstIndex(of: header) else { return nil }
        for line in self[(start + 1)...] {
            if line.hasPrefix("[") { return nil }
            if line.hasPrefix("runtime_type=") { return line.dropFirst(13).filter { $0 != "\"" && $0 != "'" } }
        }
        return nil
    }
}

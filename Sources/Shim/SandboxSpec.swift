import Messages
import Runtime

/// What a sandbox without a bundle of its own is: the part of an OCI specification that its kernel is started with.
enum SandboxSpec {
    /// - Throws: when the request's options are those of a kubelet's pod, but can't be read.
    static func make(_ request: SandboxAPI.CreateSandboxRequest) throws(RuntimeError) -> Spec {
        var spec = Spec(version: "1.1.0")
        var config = SandboxAPI.PodSandboxConfig()
        if let options = request.options, options.typeName == "runtime.v1.PodSandboxConfig" {
            do throws(MessageError) { config = try .decode(options.value) } catch {
                throw RuntimeError(.invalidArgument, "the sandbox's options: no PodSandboxConfig: \(error)")
            }
        }
        spec.annotations = config.annotations.merging(request.annotations) { $1 }
        spec.annotations["io.kubernetes.cri.container-type"] = "sandbox"
        spec.hostname = config.hostname
        spec.linux.sysctl = config.linuxConfig?.sysctls ?? [:]
        spec.linux.cgroupsPath = cgroupsPath(parent: config.linuxConfig?.cgroupParent ?? "", id: request.sandboxID)
        let resources = config.linuxConfig?.resources ?? .init(), overhead = config.linuxConfig?.overhead ?? .init()
        if resources.memoryLimitInBytes > 0 {
            spec.annotations["io.kubernetes.cri.sandbox-memory"] = "\(resources.memoryLimitInBytes &+ max(0, overhead.memoryLimitInBytes))"
        }
        if resources.cpuQuota > 0 {
            spec.annotations["io.kubernetes.cri.sandbox-cpu-quota"] = "\(resources.cpuQuota &+ max(0, overhead.cpuQuota))"
            spec.annotations["io.kubernetes.cri.sandbox-cpu-period"] = "\(resources.cpuPeriod)"
        }
        if resources.cpuShares > 0 { spec.annotations["io.kubernetes.cri.sandbox-cpu-shares"] = "\(resources.cpuShares)" }
        return spec
    }

    /// As containerd names those of containers: by the form of the parent, which shows who manages the cgroups.
    static func cgroupsPath(parent: String, id: String) -> String {
        if parent.isEmpty { return "" }
        let last = parent.split(separator: "/").last.map(String.init) ?? ""
        return last.hasSuffix(".slice") ? "\(last):cri-containerd:\(id)" : "\(parent)/\(id)"
    }
}

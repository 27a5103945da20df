import HostOS
import Runtime

/// Which containers share one shim and one kernel: those with the same of these annotations.
enum PodGroup {
    /// The file of a bundle that remembers the group for `delete`, which may come when config.json is gone.
    static let file = "pod"

    private static let annotations = ["io.containerd.runc.v2.group", "io.kubernetes.cri.sandbox-id",
                                      "io.kubernetes.cri-o.SandboxID"]

    /// A container that names no group is one of its own. config.json may be missing or broken: Create will say so.
    static func read(bundle: String, id: String) -> String {
        guard let spec = try? Spec.load(bundle: bundle) else { return id }
        for name in annotations {
            if let group = spec.annotations[name], !group.isEmpty { return group }
        }
        return id
    }

    /// Whether it is the one that a kubelet's pod begins with, of the pause image.
    static func isSandbox(_ spec: Spec) -> Bool {
        ["io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType"].contains { spec.annotations[$0] == "sandbox" }
    }

    static func recorded(bundle: String, id: String) -> String {
        guard let bytes = try? HostFD.currentDirectory.readFile("\(bundle)/\(file)", limit: 4096), !bytes.isEmpty else {
            return id
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Where the runtime keeps the state of a namespace's containers: ids are unique in a namespace only. No container's
    /// id begins with an @.
    static func root(namespace: String) -> String { "/run/cloister/@\(namespace)" }
}

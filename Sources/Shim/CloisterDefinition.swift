import HostOS
import Messages
import Runtime

extension ShimDefinition {
    /// Cloister itself.
    public static let cloister = ShimDefinition(
        program: "containerd-shim-cloister-v2", runtime: "io.containerd.cloister.v2", version: Shim.version,
        features: RuntimeInformation.features,
        start: { (pod, origin, options) throws(RuntimeError) in
            var configuration = Configuration()
            configuration.debug = pod.debug
            configuration.warn = .init { Log.warning($0) }
            let spec = try RuntimePod.spec(origin)
            try ConfigurationFile.apply(options, annotations: spec.annotations, to: &configuration)
            if let logs = configuration.debugLogs { Log.keep(logs, pod.id) }
            // Where `delete` looks, which is told of no options.
            configuration.root = PodGroup.root(namespace: pod.namespace)
            return try RuntimePod.start(id: pod.id, spec: spec, configuration: configuration, server: pod.server)
        },
        cleanUp: { (pod, namespace) in
            var configuration = Configuration()
            configuration.root = PodGroup.root(namespace: namespace)
            Sandbox.cleanUp(id: pod, configuration: configuration)
        })
}

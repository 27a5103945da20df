// Generated from Protos/sandbox.proto by Protos/generate. Do not edit.
import CMessages

/// containerd's sandbox service, as a shim serves it (containerd 1.7 and later, for sandboxes that the shim makes itself).
public enum SandboxAPI {
    /// The methods of containerd.runtime.sandbox.v1.Sandbox.
    public enum Method: String, CaseIterable, Sendable {
        case createSandbox = "CreateSandbox"
        case startSandbox = "StartSandbox"
        case platform = "Platform"
        case stopSandbox = "StopSandbox"
        /// Answers when the sandbox has ended.
        case waitSandbox = "WaitSandbox"
        case sandboxStatus = "SandboxStatus"
        case pingSandbox = "PingSandbox"
        /// The shim ends after it.
        case shutdownSandbox = "ShutdownSandbox"
        case sandboxMetrics = "SandboxMetrics"

        public static var service: String { "containerd.runtime.sandbox.v1.Sandbox" }
    }

    /// What most requests are.
    public struct SandboxRequest: Message, Equatable {
        public var sandboxID: String = ""

        public init() {}

        public init(sandboxID: String = "") {
            self.sandboxID = sandboxID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct CreateSandboxRequest: Message, Equatable {
        public var sandboxID: String = ""
        public var bundlePath: String = ""
        public var rootfs: [Types.Mount] = []
        /// The CRI's PodSandboxConfig.
        public var options: Proto.AnyMessage? = nil
        public var netnsPath: String = ""
        public var annotations: [String: String] = [:]

        public init() {}

        public init(sandboxID: String = "", bundlePath: String = "", rootfs: [Types.Mount] = [], options: Proto.AnyMessage? = nil, netnsPath: String = "", annotations: [String: String] = [:]) {
            self.sandboxID = sandboxID
            self.bundlePath = bundlePath
            self.rootfs = rootfs
            self.options = options
            self.netnsPath = netnsPath
            self.annotations = annotations
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct CreateSandboxResponse: Message, Equatable {

        public init() {}

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct StartSandboxResponse: Message, Equatable {
        public var pid: UInt32 = 0
        public var createdAt: Proto.Timestamp? = nil
        public var spec: Proto.AnyMessage? = nil

        public init() {}

        public init(pid: UInt32 = 0, createdAt: Proto.Timestamp? = nil, spec: Proto.AnyMessage? = nil) {
            self.pid = pid
            self.createdAt = createdAt
            self.spec = spec
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct SandboxPlatform: Message, Equatable {
        public var os: String = ""
        public var architecture: String = ""
        public var variant: String = ""

        public init() {}

        public init(os: String = "", architecture: String = "", variant: String = "") {
            self.os = os
            self.architecture = architecture
            self.variant = variant
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct PlatformResponse: Message, Equatable {
        public var platform: SandboxAPI.SandboxPlatform? = nil

        public init() {}

        public init(platform: SandboxAPI.SandboxPlatform? = nil) {
            self.platform = platform
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct StopSandboxRequest: Message, Equatable {
        public var sandboxID: String = ""
        public var timeoutSecs: UInt32 = 0

        public init() {}

        public init(sandboxID: String = "", timeoutSecs: UInt32 = 0) {
            self.sandboxID = sandboxID
            self.timeoutSecs = timeoutSecs
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct StopSandboxResponse: Message, Equatable {

        public init() {}

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct WaitSandboxResponse: Message, Equatable {
        public var exitStatus: UInt32 = 0
        public var exitedAt: Proto.Timestamp? = nil

        public init() {}

        public init(exitStatus: UInt32 = 0, exitedAt: Proto.Timestamp? = nil) {
            self.exitStatus = exitStatus
            self.exitedAt = exitedAt
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct SandboxStatusRequest: Message, Equatable {
        public var sandboxID: String = ""
        public var verbose: Bool = false

        public init() {}

        public init(sandboxID: String = "", verbose: Bool = false) {
            self.sandboxID = sandboxID
            self.verbose = verbose
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct SandboxStatusResponse: Message, Equatable {
        public var sandboxID: String = ""
        public var pid: UInt32 = 0
        /// SANDBOX_READY, SANDBOX_NOTREADY.
        public var state: String = ""
        public var info: [String: String] = [:]
        public var createdAt: Proto.Timestamp? = nil
        public var exitedAt: Proto.Timestamp? = nil

        public init() {}

        public init(sandboxID: String = "", pid: UInt32 = 0, state: String = "", info: [String: String] = [:], createdAt: Proto.Timestamp? = nil, exitedAt: Proto.Timestamp? = nil) {
            self.sandboxID = sandboxID
            self.pid = pid
            self.state = state
            self.info = info
            self.createdAt = createdAt
            self.exitedAt = exitedAt
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct PingResponse: Message, Equatable {

        public init() {}

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ShutdownSandboxResponse: Message, Equatable {

        public init() {}

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct SandboxMetric: Message, Equatable {
        public var timestamp: Proto.Timestamp? = nil
        public var id: String = ""
        public var data: Proto.AnyMessage? = nil

        public init() {}

        public init(timestamp: Proto.Timestamp? = nil, id: String = "", data: Proto.AnyMessage? = nil) {
            self.timestamp = timestamp
            self.id = id
            self.data = data
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct SandboxMetricsResponse: Message, Equatable {
        public var metrics: SandboxAPI.SandboxMetric? = nil

        public init() {}

        public init(metrics: SandboxAPI.SandboxMetric? = nil) {
            self.metrics = metrics
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Of the CRI's PodSandboxConfig (runtime.v1) what a sandbox needs to know.
    public struct PodSandboxConfig: Message, Equatable {
        public var hostname: String = ""
        public var annotations: [String: String] = [:]
        public var linuxConfig: SandboxAPI.PodSandboxLinux? = nil

        public init() {}

        public init(hostname: String = "", annotations: [String: String] = [:], linuxConfig: SandboxAPI.PodSandboxLinux? = nil) {
            self.hostname = hostname
            self.annotations = annotations
            self.linuxConfig = linuxConfig
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct PodSandboxLinux: Message, Equatable {
        public var cgroupParent: String = ""
        public var sysctls: [String: String] = [:]
        public var overhead: SandboxAPI.PodSandboxResources? = nil
        public var resources: SandboxAPI.PodSandboxResources? = nil

        public init() {}

        public init(cgroupParent: String = "", sysctls: [String: String] = [:], overhead: SandboxAPI.PodSandboxResources? = nil, resources: SandboxAPI.PodSandboxResources? = nil) {
            self.cgroupParent = cgroupParent
            self.sysctls = sysctls
            self.overhead = overhead
            self.resources = resources
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct PodSandboxResources: Message, Equatable {
        public var cpuPeriod: Int64 = 0
        public var cpuQuota: Int64 = 0
        public var cpuShares: Int64 = 0
        public var memoryLimitInBytes: Int64 = 0

        public init() {}

        public init(cpuPeriod: Int64 = 0, cpuQuota: Int64 = 0, cpuShares: Int64 = 0, memoryLimitInBytes: Int64 = 0) {
            self.cpuPeriod = cpuPeriod
            self.cpuQuota = cpuQuota
            self.cpuShares = cpuShares
            self.memoryLimitInBytes = memoryLimitInBytes
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension SandboxAPI.SandboxRequest: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__SandboxRequest) {
        sandboxID = unsafe CTree.text(c.sandbox_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxRequest>) { unsafe containerd__runtime__sandbox__v1__sandbox_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxRequest>, _ tree: CTree) {
        unsafe c.pointee.sandbox_id = tree.text(sandboxID)
    }
}

extension SandboxAPI.CreateSandboxRequest: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__CreateSandboxRequest) {
        sandboxID = unsafe CTree.text(c.sandbox_id)
        bundlePath = unsafe CTree.text(c.bundle_path)
        rootfs = unsafe CTree.messages(c.n_rootfs, c.rootfs)
        options = unsafe CTree.message(c.options)
        netnsPath = unsafe CTree.text(c.netns_path)
        annotations = unsafe CTree.map(c.n_annotations, c.annotations) { unsafe ($0.key, $0.value) }
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__CreateSandboxRequest>) { unsafe containerd__runtime__sandbox__v1__create_sandbox_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__CreateSandboxRequest>, _ tree: CTree) {
        unsafe c.pointee.sandbox_id = tree.text(sandboxID)
        unsafe c.pointee.bundle_path = tree.text(bundlePath)
        unsafe (c.pointee.n_rootfs, c.pointee.rootfs) = tree.messages(rootfs)
        unsafe c.pointee.options = tree.message(options)
        unsafe c.pointee.netns_path = tree.text(netnsPath)
        unsafe (c.pointee.n_annotations, c.pointee.annotations) = tree.map(annotations) { (entry: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__CreateSandboxRequest__AnnotationsEntry>, key, value) in
        unsafe containerd__runtime__sandbox__v1__create_sandbox_request__annotations_entry__init(entry)
        unsafe (entry.pointee.key, entry.pointee.value) = (key, value)
        }
    }
}

extension SandboxAPI.CreateSandboxResponse: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__CreateSandboxResponse) {
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__CreateSandboxResponse>) { unsafe containerd__runtime__sandbox__v1__create_sandbox_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__CreateSandboxResponse>, _ tree: CTree) {
    }
}

extension SandboxAPI.StartSandboxResponse: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__StartSandboxResponse) {
        pid = unsafe c.pid
        createdAt = unsafe CTree.message(c.created_at)
        spec = unsafe CTree.message(c.spec)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__StartSandboxResponse>) { unsafe containerd__runtime__sandbox__v1__start_sandbox_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__StartSandboxResponse>, _ tree: CTree) {
        unsafe c.pointee.pid = pid
        unsafe c.pointee.created_at = tree.message(createdAt)
        unsafe c.pointee.spec = tree.message(spec)
    }
}

extension SandboxAPI.SandboxPlatform: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__SandboxPlatform) {
        os = unsafe CTree.text(c.os)
        architecture = unsafe CTree.text(c.architecture)
        variant = unsafe CTree.text(c.variant)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxPlatform>) { unsafe containerd__runtime__sandbox__v1__sandbox_platform__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxPlatform>, _ tree: CTree) {
        unsafe c.pointee.os = tree.text(os)
        unsafe c.pointee.architecture = tree.text(architecture)
        unsafe c.pointee.variant = tree.text(variant)
    }
}

extension SandboxAPI.PlatformResponse: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__PlatformResponse) {
        platform = unsafe CTree.message(c.platform)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__PlatformResponse>) { unsafe containerd__runtime__sandbox__v1__platform_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__PlatformResponse>, _ tree: CTree) {
        unsafe c.pointee.platform = tree.message(platform)
    }
}

extension SandboxAPI.StopSandboxRequest: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__StopSandboxRequest) {
        sandboxID = unsafe CTree.text(c.sandbox_id)
        timeoutSecs = unsafe c.timeout_secs
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__StopSandboxRequest>) { unsafe containerd__runtime__sandbox__v1__stop_sandbox_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__StopSandboxRequest>, _ tree: CTree) {
        unsafe c.pointee.sandbox_id = tree.text(sandboxID)
        unsafe c.pointee.timeout_secs = timeoutSecs
    }
}

extension SandboxAPI.StopSandboxResponse: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__StopSandboxResponse) {
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__StopSandboxResponse>) { unsafe containerd__runtime__sandbox__v1__stop_sandbox_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__StopSandboxResponse>, _ tree: CTree) {
    }
}

extension SandboxAPI.WaitSandboxResponse: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__WaitSandboxResponse) {
        exitStatus = unsafe c.exit_status
        exitedAt = unsafe CTree.message(c.exited_at)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__WaitSandboxResponse>) { unsafe containerd__runtime__sandbox__v1__wait_sandbox_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__WaitSandboxResponse>, _ tree: CTree) {
        unsafe c.pointee.exit_status = exitStatus
        unsafe c.pointee.exited_at = tree.message(exitedAt)
    }
}

extension SandboxAPI.SandboxStatusRequest: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__SandboxStatusRequest) {
        sandboxID = unsafe CTree.text(c.sandbox_id)
        verbose = unsafe c.verbose != 0
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxStatusRequest>) { unsafe containerd__runtime__sandbox__v1__sandbox_status_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxStatusRequest>, _ tree: CTree) {
        unsafe c.pointee.sandbox_id = tree.text(sandboxID)
        unsafe c.pointee.verbose = verbose ? 1 : 0
    }
}

extension SandboxAPI.SandboxStatusResponse: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__SandboxStatusResponse) {
        sandboxID = unsafe CTree.text(c.sandbox_id)
        pid = unsafe c.pid
        state = unsafe CTree.text(c.state)
        info = unsafe CTree.map(c.n_info, c.info) { unsafe ($0.key, $0.value) }
        createdAt = unsafe CTree.message(c.created_at)
        exitedAt = unsafe CTree.message(c.exited_at)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxStatusResponse>) { unsafe containerd__runtime__sandbox__v1__sandbox_status_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxStatusResponse>, _ tree: CTree) {
        unsafe c.pointee.sandbox_id = tree.text(sandboxID)
        unsafe c.pointee.pid = pid
        unsafe c.pointee.state = tree.text(state)
        unsafe (c.pointee.n_info, c.pointee.info) = tree.map(info) { (entry: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxStatusResponse__InfoEntry>, key, value) in
        unsafe containerd__runtime__sandbox__v1__sandbox_status_response__info_entry__init(entry)
        unsafe (entry.pointee.key, entry.pointee.value) = (key, value)
        }
        unsafe c.pointee.created_at = tree.message(createdAt)
        unsafe c.pointee.exited_at = tree.message(exitedAt)
    }
}

extension SandboxAPI.PingResponse: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__PingResponse) {
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__PingResponse>) { unsafe containerd__runtime__sandbox__v1__ping_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__PingResponse>, _ tree: CTree) {
    }
}

extension SandboxAPI.ShutdownSandboxResponse: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__ShutdownSandboxResponse) {
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__ShutdownSandboxResponse>) { unsafe containerd__runtime__sandbox__v1__shutdown_sandbox_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__ShutdownSandboxResponse>, _ tree: CTree) {
    }
}

extension SandboxAPI.SandboxMetric: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__SandboxMetric) {
        timestamp = unsafe CTree.message(c.timestamp)
        id = unsafe CTree.text(c.id)
        data = unsafe CTree.message(c.data)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxMetric>) { unsafe containerd__runtime__sandbox__v1__sandbox_metric__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxMetric>, _ tree: CTree) {
        unsafe c.pointee.timestamp = tree.message(timestamp)
        unsafe c.pointee.id = tree.text(id)
        unsafe c.pointee.data = tree.message(data)
    }
}

extension SandboxAPI.SandboxMetricsResponse: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__SandboxMetricsResponse) {
        metrics = unsafe CTree.message(c.metrics)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxMetricsResponse>) { unsafe containerd__runtime__sandbox__v1__sandbox_metrics_response__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__SandboxMetricsResponse>, _ tree: CTree) {
        unsafe c.pointee.metrics = tree.message(metrics)
    }
}

extension SandboxAPI.PodSandboxConfig: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__PodSandboxConfig) {
        hostname = unsafe CTree.text(c.hostname)
        annotations = unsafe CTree.map(c.n_annotations, c.annotations) { unsafe ($0.key, $0.value) }
        linuxConfig = unsafe CTree.message(c.linux_config)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__PodSandboxConfig>) { unsafe containerd__runtime__sandbox__v1__pod_sandbox_config__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__PodSandboxConfig>, _ tree: CTree) {
        unsafe c.pointee.hostname = tree.text(hostname)
        unsafe (c.pointee.n_annotations, c.pointee.annotations) = tree.map(annotations) { (entry: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__PodSandboxConfig__AnnotationsEntry>, key, value) in
        unsafe containerd__runtime__sandbox__v1__pod_sandbox_config__annotations_entry__init(entry)
        unsafe (entry.pointee.key, entry.pointee.value) = (key, value)
        }
        unsafe c.pointee.linux_config = tree.message(linuxConfig)
    }
}

extension SandboxAPI.PodSandboxLinux: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__PodSandboxLinux) {
        cgroupParent = unsafe CTree.text(c.cgroup_parent)
        sysctls = unsafe CTree.map(c.n_sysctls, c.sysctls) { unsafe ($0.key, $0.value) }
        overhead = unsafe CTree.message(c.overhead)
        resources = unsafe CTree.message(c.resources)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__PodSandboxLinux>) { unsafe containerd__runtime__sandbox__v1__pod_sandbox_linux__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__PodSandboxLinux>, _ tree: CTree) {
        unsafe c.pointee.cgroup_parent = tree.text(cgroupParent)
        unsafe (c.pointee.n_sysctls, c.pointee.sysctls) = tree.map(sysctls) { (entry: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__PodSandboxLinux__SysctlsEntry>, key, value) in
        unsafe containerd__runtime__sandbox__v1__pod_sandbox_linux__sysctls_entry__init(entry)
        unsafe (entry.pointee.key, entry.pointee.value) = (key, value)
        }
        unsafe c.pointee.overhead = tree.message(overhead)
        unsafe c.pointee.resources = tree.message(resources)
    }
}

extension SandboxAPI.PodSandboxResources: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Sandbox__V1__PodSandboxResources) {
        cpuPeriod = unsafe c.cpu_period
        cpuQuota = unsafe c.cpu_quota
        cpuShares = unsafe c.cpu_shares
        memoryLimitInBytes = unsafe c.memory_limit_in_bytes
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__PodSandboxResources>) { unsafe containerd__runtime__sandbox__v1__pod_sandbox_resources__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Sandbox__V1__PodSandboxResources>, _ tree: CTree) {
        unsafe c.pointee.cpu_period = cpuPeriod
        unsafe c.pointee.cpu_quota = cpuQuota
        unsafe c.pointee.cpu_shares = cpuShares
        unsafe c.pointee.memory_limit_in_bytes = memoryLimitInBytes
    }
}

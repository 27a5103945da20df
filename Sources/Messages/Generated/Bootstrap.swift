// Generated from Protos/bootstrap.proto by Protos/generate. Do not edit.
import CMessages

/// What containerd 2.3 and later write to a shim's `start`, and the answer.
public enum Bootstrap {
    public struct BootstrapParams: Message, Equatable {
        public var instanceID: String = ""
        public var namespace: String = ""
        public var logLevel: Int32 = 0
        public var containerdVersion: String = ""
        public var containerdTtrpcAddress: String = ""
        public var containerdGrpcAddress: String = ""
        public var containerdBinary: String = ""
        /// The runtime's options travel as one of these.
        public var extensions: [Bootstrap.Extension] = []
        /// Where sockets belong, instead of /run/containerd/s.
        public var socketDir: String = ""

        public init() {}

        public init(instanceID: String = "", namespace: String = "", logLevel: Int32 = 0, containerdVersion: String = "", containerdTtrpcAddress: String = "", containerdGrpcAddress: String = "", containerdBinary: String = "", extensions: [Bootstrap.Extension] = [], socketDir: String = "") {
            self.instanceID = instanceID
            self.namespace = namespace
            self.logLevel = logLevel
            self.containerdVersion = containerdVersion
            self.containerdTtrpcAddress = containerdTtrpcAddress
            self.containerdGrpcAddress = containerdGrpcAddress
            self.containerdBinary = containerdBinary
            self.extensions = extensions
            self.socketDir = socketDir
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct Extension: Message, Equatable {
        public var value: Proto.AnyMessage? = nil

        public init() {}

        public init(value: Proto.AnyMessage? = nil) {
            self.value = value
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct BootstrapResult: Message, Equatable {
        public var version: Int32 = 0
        public var address: String = ""
        public var `protocol`: String = ""
        public var capabilities: [Int32] = []
        public var metadata: [String: String] = [:]

        public init() {}

        public init(version: Int32 = 0, address: String = "", `protocol`: String = "", capabilities: [Int32] = [], metadata: [String: String] = [:]) {
            self.version = version
            self.address = address
            self.protocol = `protocol`
            self.capabilities = capabilities
            self.metadata = metadata
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension Bootstrap.BootstrapParams: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Bootstrap__V1__BootstrapParams) {
        instanceID = unsafe CTree.text(c.instance_id)
        namespace = unsafe CTree.text(c.namespace_)
        logLevel = unsafe c.log_level
        containerdVersion = unsafe CTree.text(c.containerd_version)
        containerdTtrpcAddress = unsafe CTree.text(c.containerd_ttrpc_address)
        containerdGrpcAddress = unsafe CTree.text(c.containerd_grpc_address)
        containerdBinary = unsafe CTree.text(c.containerd_binary)
        extensions = unsafe CTree.messages(c.n_extensions, c.extensions)
        socketDir = unsafe CTree.text(c.socket_dir)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Bootstrap__V1__BootstrapParams>) { unsafe containerd__runtime__bootstrap__v1__bootstrap_params__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Bootstrap__V1__BootstrapParams>, _ tree: CTree) {
        unsafe c.pointee.instance_id = tree.text(instanceID)
        unsafe c.pointee.namespace_ = tree.text(namespace)
        unsafe c.pointee.log_level = logLevel
        unsafe c.pointee.containerd_version = tree.text(containerdVersion)
        unsafe c.pointee.containerd_ttrpc_address = tree.text(containerdTtrpcAddress)
        unsafe c.pointee.containerd_grpc_address = tree.text(containerdGrpcAddress)
        unsafe c.pointee.containerd_binary = tree.text(containerdBinary)
        unsafe (c.pointee.n_extensions, c.pointee.extensions) = tree.messages(extensions)
        unsafe c.pointee.socket_dir = tree.text(socketDir)
    }
}

extension Bootstrap.Extension: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Bootstrap__V1__Extension) {
        value = unsafe CTree.message(c.value)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Bootstrap__V1__Extension>) { unsafe containerd__runtime__bootstrap__v1__extension__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Bootstrap__V1__Extension>, _ tree: CTree) {
        unsafe c.pointee.value = tree.message(value)
    }
}

extension Bootstrap.BootstrapResult: @unsafe CBacked {
    init(reading c: Containerd__Runtime__Bootstrap__V1__BootstrapResult) {
        version = unsafe c.version
        address = unsafe CTree.text(c.address)
        `protocol` = unsafe CTree.text(c.protocol)
        capabilities = unsafe CTree.scalars(c.n_capabilities, c.capabilities)
        metadata = unsafe CTree.map(c.n_metadata, c.metadata) { unsafe ($0.key, $0.value) }
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runtime__Bootstrap__V1__BootstrapResult>) { unsafe containerd__runtime__bootstrap__v1__bootstrap_result__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runtime__Bootstrap__V1__BootstrapResult>, _ tree: CTree) {
        unsafe c.pointee.version = version
        unsafe c.pointee.address = tree.text(address)
        unsafe c.pointee.protocol = tree.text(`protocol`)
        unsafe (c.pointee.n_capabilities, c.pointee.capabilities) = tree.scalars(capabilities)
        unsafe (c.pointee.n_metadata, c.pointee.metadata) = tree.map(metadata) { (entry: UnsafeMutablePointer<Containerd__Runtime__Bootstrap__V1__BootstrapResult__MetadataEntry>, key, value) in
        unsafe containerd__runtime__bootstrap__v1__bootstrap_result__metadata_entry__init(entry)
        unsafe (entry.pointee.key, entry.pointee.value) = (key, value)
        }
    }
}

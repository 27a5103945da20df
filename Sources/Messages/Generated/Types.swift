// Generated from Protos/types.proto by Protos/generate. Do not edit.
import CMessages

/// What containerd's services share.
public enum Types {
    /// The state of a process (containerd.v1.types.Status).
    public struct Status: RawRepresentable, Equatable, Sendable {
        public var rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static var unknown: Self { .init(rawValue: 0) }
        public static var created: Self { .init(rawValue: 1) }
        public static var running: Self { .init(rawValue: 2) }
        public static var stopped: Self { .init(rawValue: 3) }
        public static var paused: Self { .init(rawValue: 4) }
        public static var pausing: Self { .init(rawValue: 5) }
    }

    /// One call of mount(2), to be made by whoever receives it.
    public struct Mount: Message, Equatable {
        public var type: String = ""
        public var source: String = ""
        /// Below the root file system; empty for the root itself.
        public var target: String = ""
        public var options: [String] = []

        public init() {}

        public init(type: String = "", source: String = "", target: String = "", options: [String] = []) {
            self.type = type
            self.source = source
            self.target = target
            self.options = options
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// A process of a task (containerd.v1.types.ProcessInfo).
    public struct ProcessInfo: Message, Equatable {
        public var pid: UInt32 = 0
        /// A ProcessDetails for a process that Exec started.
        public var info: Proto.AnyMessage? = nil

        public init() {}

        public init(pid: UInt32 = 0, info: Proto.AnyMessage? = nil) {
            self.pid = pid
            self.info = info
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// What a runtime is and can do: the answer to `-info`.
    public struct RuntimeInfo: Message, Equatable {
        public var name: String = ""
        public var version: Types.RuntimeVersion? = nil
        public var options: Proto.AnyMessage? = nil
        /// The OCI features document, as JSON.
        public var features: Proto.AnyMessage? = nil
        public var annotations: [String: String] = [:]

        public init() {}

        public init(name: String = "", version: Types.RuntimeVersion? = nil, options: Proto.AnyMessage? = nil, features: Proto.AnyMessage? = nil, annotations: [String: String] = [:]) {
            self.name = name
            self.version = version
            self.options = options
            self.features = features
            self.annotations = annotations
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct RuntimeVersion: Message, Equatable {
        public var version: String = ""
        public var revision: String = ""

        public init() {}

        public init(version: String = "", revision: String = "") {
            self.version = version
            self.revision = revision
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension Types.Mount: @unsafe CBacked {
    init(reading c: Containerd__Types__Mount) {
        type = unsafe CTree.text(c.type)
        source = unsafe CTree.text(c.source)
        target = unsafe CTree.text(c.target)
        options = unsafe CTree.texts(c.n_options, c.options)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Types__Mount>) { unsafe containerd__types__mount__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Types__Mount>, _ tree: CTree) {
        unsafe c.pointee.type = tree.text(type)
        unsafe c.pointee.source = tree.text(source)
        unsafe c.pointee.target = tree.text(target)
        unsafe (c.pointee.n_options, c.pointee.options) = tree.texts(options)
    }
}

extension Types.ProcessInfo: @unsafe CBacked {
    init(reading c: Containerd__Types__ProcessInfo) {
        pid = unsafe c.pid
        info = unsafe CTree.message(c.info)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Types__ProcessInfo>) { unsafe containerd__types__process_info__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Types__ProcessInfo>, _ tree: CTree) {
        unsafe c.pointee.pid = pid
        unsafe c.pointee.info = tree.message(info)
    }
}

extension Types.RuntimeInfo: @unsafe CBacked {
    init(reading c: Containerd__Types__RuntimeInfo) {
        name = unsafe CTree.text(c.name)
        version = unsafe CTree.message(c.version)
        options = unsafe CTree.message(c.options)
        features = unsafe CTree.message(c.features)
        annotations = unsafe CTree.map(c.n_annotations, c.annotations) { unsafe ($0.key, $0.value) }
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Types__RuntimeInfo>) { unsafe containerd__types__runtime_info__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Types__RuntimeInfo>, _ tree: CTree) {
        unsafe c.pointee.name = tree.text(name)
        unsafe c.pointee.version = tree.message(version)
        unsafe c.pointee.options = tree.message(options)
        unsafe c.pointee.features = tree.message(features)
        unsafe (c.pointee.n_annotations, c.pointee.annotations) = tree.map(annotations) { (entry: UnsafeMutablePointer<Containerd__Types__RuntimeInfo__AnnotationsEntry>, key, value) in
        unsafe containerd__types__runtime_info__annotations_entry__init(entry)
        unsafe (entry.pointee.key, entry.pointee.value) = (key, value)
        }
    }
}

extension Types.RuntimeVersion: @unsafe CBacked {
    init(reading c: Containerd__Types__RuntimeVersion) {
        version = unsafe CTree.text(c.version)
        revision = unsafe CTree.text(c.revision)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Types__RuntimeVersion>) { unsafe containerd__types__runtime_version__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Types__RuntimeVersion>, _ tree: CTree) {
        unsafe c.pointee.version = tree.text(version)
        unsafe c.pointee.revision = tree.text(revision)
    }
}

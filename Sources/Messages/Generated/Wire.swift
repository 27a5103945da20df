// Generated from Protos/ttrpc.proto by Protos/generate. Do not edit.
import CMessages

/// What a frame of ttrpc carries.
public enum Wire {
    /// The payload of a request frame.
    public struct Request: Message, Equatable {
        /// Full name of the service, such as containerd.task.v2.Task.
        public var service: String = ""
        /// Bare name of the method.
        public var method: String = ""
        /// The method's own request message.
        public var payload: [UInt8] = []
        /// Nanoseconds that the caller waits from when it sent this; 0 for no limit.
        public var timeoutNano: Int64 = 0
        public var metadata: [Wire.KeyValue] = []

        public init() {}

        public init(service: String = "", method: String = "", payload: [UInt8] = [], timeoutNano: Int64 = 0, metadata: [Wire.KeyValue] = []) {
            self.service = service
            self.method = method
            self.payload = payload
            self.timeoutNano = timeoutNano
            self.metadata = metadata
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// One value of a metadata key (lower case); a key may come several times.
    public struct KeyValue: Message, Equatable {
        public var key: String = ""
        public var value: String = ""

        public init() {}

        public init(key: String = "", value: String = "") {
            self.key = key
            self.value = value
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// The payload of a response frame.
    public struct Response: Message, Equatable {
        /// Absent on success.
        public var status: Wire.Status? = nil
        public var payload: [UInt8] = []

        public init() {}

        public init(status: Wire.Status? = nil, payload: [UInt8] = []) {
            self.status = status
            self.payload = payload
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// How a call failed (google.rpc.Status).
    public struct Status: Message, Equatable {
        /// One of gRPC's codes, 0 to 16.
        public var code: Int32 = 0
        public var message: String = ""
        public var details: [Proto.AnyMessage] = []

        public init() {}

        public init(code: Int32 = 0, message: String = "", details: [Proto.AnyMessage] = []) {
            self.code = code
            self.message = message
            self.details = details
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension Wire.Request: @unsafe CBacked {
    init(reading c: Ttrpc__Request) {
        service = unsafe CTree.text(c.service)
        method = unsafe CTree.text(c.method)
        payload = unsafe CTree.blob(c.payload)
        timeoutNano = unsafe c.timeout_nano
        metadata = unsafe CTree.messages(c.n_metadata, c.metadata)
    }

    static func prepare(_ c: UnsafeMutablePointer<Ttrpc__Request>) { unsafe ttrpc__request__init(c) }

    func write(to c: UnsafeMutablePointer<Ttrpc__Request>, _ tree: CTree) {
        unsafe c.pointee.service = tree.text(service)
        unsafe c.pointee.method = tree.text(method)
        unsafe c.pointee.payload = tree.blob(payload)
        unsafe c.pointee.timeout_nano = timeoutNano
        unsafe (c.pointee.n_metadata, c.pointee.metadata) = tree.messages(metadata)
    }
}

extension Wire.KeyValue: @unsafe CBacked {
    init(reading c: Ttrpc__KeyValue) {
        key = unsafe CTree.text(c.key)
        value = unsafe CTree.text(c.value)
    }

    static func prepare(_ c: UnsafeMutablePointer<Ttrpc__KeyValue>) { unsafe ttrpc__key_value__init(c) }

    func write(to c: UnsafeMutablePointer<Ttrpc__KeyValue>, _ tree: CTree) {
        unsafe c.pointee.key = tree.text(key)
        unsafe c.pointee.value = tree.text(value)
    }
}

extension Wire.Response: @unsafe CBacked {
    init(reading c: Ttrpc__Response) {
        status = unsafe CTree.message(c.status)
        payload = unsafe CTree.blob(c.payload)
    }

    static func prepare(_ c: UnsafeMutablePointer<Ttrpc__Response>) { unsafe ttrpc__response__init(c) }

    func write(to c: UnsafeMutablePointer<Ttrpc__Response>, _ tree: CTree) {
        unsafe c.pointee.status = tree.message(status)
        unsafe c.pointee.payload = tree.blob(payload)
    }
}

extension Wire.Status: @unsafe CBacked {
    init(reading c: Ttrpc__Status) {
        code = unsafe c.code
        message = unsafe CTree.text(c.message)
        details = unsafe CTree.messages(c.n_details, c.details)
    }

    static func prepare(_ c: UnsafeMutablePointer<Ttrpc__Status>) { unsafe ttrpc__status__init(c) }

    func write(to c: UnsafeMutablePointer<Ttrpc__Status>, _ tree: CTree) {
        unsafe c.pointee.code = code
        unsafe c.pointee.message = tree.text(message)
        unsafe (c.pointee.n_details, c.pointee.details) = tree.messages(details)
    }
}

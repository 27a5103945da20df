// Generated from Protos/streaming.proto by Protos/generate. Do not edit.
import CMessages

/// Standard streams as calls of containerd's streaming service, which carry messages of any of these types (containerd 2).
public enum StreamingAPI {
    /// The first message of a stream: which one it is.
    public struct StreamInit: Message, Equatable {
        public var id: String = ""

        public init() {}

        public init(id: String = "") {
            self.id = id
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// So many bytes more may be sent (containerd.types.transfer.WindowUpdate).
    public struct WindowUpdate: Message, Equatable {
        public var update: Int32 = 0

        public init() {}

        public init(update: Int32 = 0) {
            self.update = update
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// What is sent (containerd.types.transfer.Data).
    public struct Data: Message, Equatable {
        public var data: [UInt8] = []

        public init() {}

        public init(data: [UInt8] = []) {
            self.data = data
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension StreamingAPI.StreamInit: @unsafe CBacked {
    init(reading c: Containerd__Services__Streaming__V1__StreamInit) {
        id = unsafe CTree.text(c.id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Services__Streaming__V1__StreamInit>) { unsafe containerd__services__streaming__v1__stream_init__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Services__Streaming__V1__StreamInit>, _ tree: CTree) {
        unsafe c.pointee.id = tree.text(id)
    }
}

extension StreamingAPI.WindowUpdate: @unsafe CBacked {
    init(reading c: Containerd__Services__Streaming__V1__WindowUpdate) {
        update = unsafe c.update
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Services__Streaming__V1__WindowUpdate>) { unsafe containerd__services__streaming__v1__window_update__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Services__Streaming__V1__WindowUpdate>, _ tree: CTree) {
        unsafe c.pointee.update = update
    }
}

extension StreamingAPI.Data: @unsafe CBacked {
    init(reading c: Containerd__Services__Streaming__V1__Data) {
        data = unsafe CTree.blob(c.data)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Services__Streaming__V1__Data>) { unsafe containerd__services__streaming__v1__data__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Services__Streaming__V1__Data>, _ tree: CTree) {
        unsafe c.pointee.data = tree.blob(data)
    }
}

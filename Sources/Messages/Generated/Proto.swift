// Generated from Protos/well_known.proto by Protos/generate. Do not edit.
import CMessages

/// What other messages carry: protobuf's own general types.
public enum Proto {
    /// A message of any type, as bytes with the name of the type.
    public struct AnyMessage: Message, Equatable {
        /// Full name of the type, perhaps behind a prefix that ends with a slash.
        public var typeURL: String = ""
        public var value: [UInt8] = []

        public init() {}

        public init(typeURL: String = "", value: [UInt8] = []) {
            self.typeURL = typeURL
            self.value = value
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// A moment since the epoch, in UTC.
    public struct Timestamp: Message, Equatable {
        public var seconds: Int64 = 0
        /// 0 to 999,999,999, counted forwards also before the epoch.
        public var nanos: Int32 = 0

        public init() {}

        public init(seconds: Int64 = 0, nanos: Int32 = 0) {
            self.seconds = seconds
            self.nanos = nanos
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct Empty: Message, Equatable {

        public init() {}

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension Proto.AnyMessage: @unsafe CBacked {
    init(reading c: Google__Protobuf__Any) {
        typeURL = unsafe CTree.text(c.type_url)
        value = unsafe CTree.blob(c.value)
    }

    static func prepare(_ c: UnsafeMutablePointer<Google__Protobuf__Any>) { unsafe google__protobuf__any__init(c) }

    func write(to c: UnsafeMutablePointer<Google__Protobuf__Any>, _ tree: CTree) {
        unsafe c.pointee.type_url = tree.text(typeURL)
        unsafe c.pointee.value = tree.blob(value)
    }
}

extension Proto.Timestamp: @unsafe CBacked {
    init(reading c: Google__Protobuf__Timestamp) {
        seconds = unsafe c.seconds
        nanos = unsafe c.nanos
    }

    static func prepare(_ c: UnsafeMutablePointer<Google__Protobuf__Timestamp>) { unsafe google__protobuf__timestamp__init(c) }

    func write(to c: UnsafeMutablePointer<Google__Protobuf__Timestamp>, _ tree: CTree) {
        unsafe c.pointee.seconds = seconds
        unsafe c.pointee.nanos = nanos
    }
}

extension Proto.Empty: @unsafe CBacked {
    init(reading c: Google__Protobuf__Empty) {
    }

    static func prepare(_ c: UnsafeMutablePointer<Google__Protobuf__Empty>) { unsafe google__protobuf__empty__init(c) }

    func write(to c: UnsafeMutablePointer<Google__Protobuf__Empty>, _ tree: CTree) {
    }
}

// Generated from Protos/events_service.proto by Protos/generate. Do not edit.
import CMessages

/// containerd's service that takes events.
public enum EventsService {
    /// The methods of containerd.services.events.ttrpc.v1.Events.
    public enum Method: String, CaseIterable, Sendable {
        case forward = "Forward"

        public static var service: String { "containerd.services.events.ttrpc.v1.Events" }
    }

    public struct Envelope: Message, Equatable {
        public var timestamp: Proto.Timestamp? = nil
        public var namespace: String = ""
        public var topic: String = ""
        public var event: Proto.AnyMessage? = nil

        public init() {}

        public init(timestamp: Proto.Timestamp? = nil, namespace: String = "", topic: String = "", event: Proto.AnyMessage? = nil) {
            self.timestamp = timestamp
            self.namespace = namespace
            self.topic = topic
            self.event = event
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct ForwardRequest: Message, Equatable {
        public var envelope: EventsService.Envelope? = nil

        public init() {}

        public init(envelope: EventsService.Envelope? = nil) {
            self.envelope = envelope
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension EventsService.Envelope: @unsafe CBacked {
    init(reading c: Containerd__Services__Events__Ttrpc__V1__Envelope) {
        timestamp = unsafe CTree.message(c.timestamp)
        namespace = unsafe CTree.text(c.namespace_)
        topic = unsafe CTree.text(c.topic)
        event = unsafe CTree.message(c.event)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Services__Events__Ttrpc__V1__Envelope>) { unsafe containerd__services__events__ttrpc__v1__envelope__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Services__Events__Ttrpc__V1__Envelope>, _ tree: CTree) {
        unsafe c.pointee.timestamp = tree.message(timestamp)
        unsafe c.pointee.namespace_ = tree.text(namespace)
        unsafe c.pointee.topic = tree.text(topic)
        unsafe c.pointee.event = tree.message(event)
    }
}

extension EventsService.ForwardRequest: @unsafe CBacked {
    init(reading c: Containerd__Services__Events__Ttrpc__V1__ForwardRequest) {
        envelope = unsafe CTree.message(c.envelope)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Services__Events__Ttrpc__V1__ForwardRequest>) { unsafe containerd__services__events__ttrpc__v1__forward_request__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Services__Events__Ttrpc__V1__ForwardRequest>, _ tree: CTree) {
        unsafe c.pointee.envelope = tree.message(envelope)
    }
}

/// How a call failed: one of gRPC's codes and one line for a person. containerd maps the codes to its own errors.
public struct Status: Error, Equatable, Sendable {
    public struct Code: RawRepresentable, Hashable, Sendable {
        public var rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }

        public static let ok = Self(rawValue: 0)
        public static let canceled = Self(rawValue: 1)
        public static let unknown = Self(rawValue: 2)
        public static let invalidArgument = Self(rawValue: 3)
        public static let deadlineExceeded = Self(rawValue: 4)
        public static let notFound = Self(rawValue: 5)
        public static let alreadyExists = Self(rawValue: 6)
        public static let permissionDenied = Self(rawValue: 7)
        public static let resourceExhausted = Self(rawValue: 8)
        public static let failedPrecondition = Self(rawValue: 9)
        public static let aborted = Self(rawValue: 10)
        public static let outOfRange = Self(rawValue: 11)
        public static let unimplemented = Self(rawValue: 12)
        public static let internalError = Self(rawValue: 13)
        public static let unavailable = Self(rawValue: 14)
        public static let dataLoss = Self(rawValue: 15)
        public static let unauthenticated = Self(rawValue: 16)
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static func tooLarge(_ size: Int) -> Status {
        Status(.resourceExhausted, "message length \(size) exceed maximum message size of \(Frame.payloadLimit)")
    }
}

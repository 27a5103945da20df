import Identity
import Kernel
import VFS

/// Whose message it is, or who stands at a socket's other end: struct ucred, in the kernel's own numbers.
public struct SocketCredentials: Sendable, Equatable {
    /// The process's numbers, outermost pid namespace first; empty for none.
    public var ids: [Int32]
    public var namespace: PIDNamespace?
    public var uid: UInt32
    public var gid: UInt32
    public var groups: [UInt32] = []

    /// Nobody: what a socket without a peer shows.
    public static let none = SocketCredentials(ids: [], namespace: nil, uid: .max, gid: .max)

    public init(ids: [Int32], namespace: PIDNamespace?, uid: UInt32, gid: UInt32) {
        self.ids = ids
        self.namespace = namespace
        self.uid = uid
        self.gid = gid
    }

    /// A caller's own: its effective ids.
    public init(of caller: Caller) {
        let task = caller as? Task
        self.init(ids: task?.group.ids ?? [], namespace: task?.pidNamespace, uid: caller.credentials.euid,
                  gid: caller.credentials.egid)
        groups = caller.credentials.groups
    }

    /// The process id as `caller` sees it; 0 when it cannot.
    public func processID(seenBy caller: Caller) -> Int32 {
        guard let namespace, let viewer = (caller as? Task)?.pidNamespace, viewer.contains(namespace),
              viewer.level < ids.count else { return 0 }
        return ids[viewer.level]
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.uid == b.uid && a.gid == b.gid && a.ids == b.ids && a.namespace === b.namespace
    }
}

/// A sender's credentials, made once for all that it sends while they stay the same.
final class SenderIdentity: Sendable {
    let credentials: SocketCredentials
    private let source: Credentials

    private init(_ caller: Caller) {
        credentials = SocketCredentials(of: caller)
        source = caller.credentials
    }

    /// On the caller's own thread. Not counted: the caller keeps it until its next call.
    static func of(_ caller: Caller) -> Unmanaged<SenderIdentity> {
        if let known = caller.socketIdentity {
            // Nobody else stores there.
            let identity = unsafe Unmanaged.passUnretained(unsafeDowncast(known, to: SenderIdentity.self))
            if unsafe identity._withUnsafeGuaranteedRef({ $0.isCurrent(caller) }) { return unsafe identity }
        }
        let made = SenderIdentity(caller)
        caller.socketIdentity = made
        return unsafe .passUnretained(made)
    }

    @inline(__always)
    private func isCurrent(_ caller: Caller) -> Bool { caller.withCredentials { $0 === source } }
}

/// What goes along with a message's bytes (unix(7)).
public struct Ancillary {
    /// SCM_RIGHTS.
    public var rights: [OpenFile] = []
    /// SCM_CREDENTIALS, as the sender gave or has them.
    public var credentials: SocketCredentials?
    /// Counts the descriptors while they are on their way.
    var passage: RightsInFlight?

    public init() {}
}

/// What a receive gives.
public struct Received {
    /// The call's result.
    public var count = 0
    /// The sender's address: struct sockaddr; empty for none.
    public var address: [UInt8] = []
    /// MSG_TRUNC, MSG_EOR and their like.
    public var flags: MessageFlags = []
    public var ancillary = Ancillary()

    public init() {}
}

import Synchronization
import VFS
import Waiting

/// How many bytes a socket has sent that nobody has received yet: what SO_SNDBUF bounds.
final class SendBudget: Sendable {
    private let used = Atomic<Int>(0)
    /// Told when there is room again: the sending socket's.
    private let queue: WaitQueue

    init(_ queue: WaitQueue) { self.queue = queue }

    var inFlight: Int { used.load(ordering: .acquiring) }

    func take(_ bytes: Int) { used.add(bytes, ordering: .acquiringAndReleasing) }

    func give(_ bytes: Int) {
        if bytes == 0 { return }
        used.subtract(bytes, ordering: .acquiringAndReleasing)
        queue.notify(.writable)
    }
}

/// Bytes on their way, and what goes along with them. A stream's message may be read in parts, and small ones are joined.
struct UnixMessage {
    var bytes: [UInt8]
    /// Where the bytes begin that have not been read.
    var start = 0
    var rights: [OpenFile]
    var passage: RightsInFlight?
    var credentials: SocketCredentials
    /// The sender's name, of a datagram.
    var source: UnixAddress?
    let budget: SendBudget
    /// What the budget is charged with.
    var charge: Int

    var count: Int { bytes.count - start }
}

/// Messages in the order of their arrival.
struct UnixMessageQueue {
    private var messages: [UnixMessage?] = []
    private var head = 0
    /// Bytes in all messages.
    private(set) var byteCount = 0

    var count: Int { messages.count - head }
    var isEmpty: Bool { count == 0 }
    var first: UnixMessage? { isEmpty ? nil : messages[head] }

    subscript(_ index: Int) -> UnixMessage? { index < count ? messages[head + index] : nil }

    mutating func append(_ message: UnixMessage) {
        byteCount += message.count
        messages.append(message)
    }

    /// Joins bytes of the same sender with the last message, when they go without anything else.
    ///
    /// - Returns: false when they cannot be.
    mutating func join(_ bytes: [UInt8], _ credentials: SocketCredentials, _ budget: SendBudget) -> Bool {
        let last = messages.count - 1
        guard last >= head, let message = messages[last], message.rights.isEmpty, message.budget === budget,
              message.bytes.count + bytes.count <= 4096, message.credentials == credentials else { return false }
        // Taken out of the queue, so that the bytes are added in place.
        messages[last] = nil
        var joined = message
        joined.bytes.append(contentsOf: bytes)
        joined.charge += bytes.count
        messages[last] = joined
        byteCount += bytes.count
        return true
    }

    mutating func removeFirst() {
        guard let message = first else { return }
        byteCount -= message.count
        messages[head] = nil
        head += 1
        if head == messages.count {
            messages.removeAll(keepingCapacity: messages.count <= 64)
            head = 0
        } else if head >= 64, head * 2 >= messages.count {
            messages.removeFirst(head)
            head = 0
        }
    }

    /// Takes `count` bytes from the first message's front.
    ///
    /// - Returns: what the budget gets back.
    mutating func consume(_ count: Int) -> Int {
        guard var message = first else { return 0 }
        if count >= message.count {
            removeFirst()
            return message.charge
        }
        messages[head] = nil
        message.start += count
        message.charge -= count
        // What goes along goes with the first byte.
        message.rights = []
        message.passage = nil
        messages[head] = message
        byteCount -= count
        return count
    }
}

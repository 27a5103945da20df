import Memory
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
        // A barrier, as a lock's release is.
        used.subtract(bytes, ordering: .sequentiallyConsistent)
        queue.notifyUnlocked(.writable)
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
    /// Whose credentials they are, when bytes came with nothing else: more bytes of the same may be joined.
    var identity: SenderIdentity?
    /// The sender's name, of a datagram.
    var source: UnixAddress?
    let budget: SendBudget
    /// What the budget is charged with.
    var charge: Int

    var count: Int { bytes.count - start }
}

/// Messages in the order of their arrival.
struct UnixMessageQueue {
    private final class Box {
        var message: UnixMessage
        init(_ message: UnixMessage) { self.message = message }
    }

    /// In boxes, so that one part of a message can be looked at and changed without a copy of all of it.
    private var messages: [Box?] = []
    private var head = 0
    /// The last message has been read and stays, for the next bytes of its sender.
    private var isIdle = false
    /// Messages that have more to tell than bytes and a sender.
    private(set) var specialCount = 0
    /// Bytes in all messages.
    private(set) var byteCount = 0

    var count: Int { isIdle ? 0 : messages.count - head }
    var isEmpty: Bool { count == 0 }
    var first: UnixMessage? { isEmpty ? nil : messages[head]?.message }

    subscript(_ index: Int) -> UnixMessage? { index < count ? messages[head + index]?.message : nil }

    mutating func append(_ message: UnixMessage) {
        if isIdle {
            messages.removeAll(keepingCapacity: true)
            head = 0
            isIdle = false
        }
        byteCount += message.count
        if message.identity == nil { specialCount += 1 }
        messages.append(Box(message))
    }

    /// Joins bytes of the same sender with the last message, when they go without anything else.
    ///
    /// - Returns: false when they cannot be.
    mutating func join(_ bytes: [UInt8], _ credentials: SocketCredentials, _ budget: SendBudget) -> Bool {
        let last = messages.count - 1
        guard last >= head, !isIdle, let box = messages[last], box.message.rights.isEmpty, box.message.budget === budget,
              box.message.bytes.count + bytes.count <= 4096, box.message.credentials == credentials else { return false }
        box.message.bytes.append(contentsOf: bytes)
        box.message.charge += bytes.count
        byteCount += bytes.count
        return true
    }

    /// Takes `count` bytes of a sender who sends nothing else along, behind its bytes that are there.
    ///
    /// - Returns: whether they could be read; nil when the last message is not the sender's, or has no room.
    mutating func take(_ source: inout IOVector, _ count: Int, _ identity: SenderIdentity, _ budget: SendBudget) -> Bool? {
        let last = messages.count - 1
        guard last >= head, let box = messages[last], box.message.identity === identity, box.message.budget === budget,
              box.message.bytes.count + count <= 4096 else { return nil }
        guard box.message.bytes.append(wholeOf: &source, count) else { return false }
        box.message.charge += count
        byteCount += count
        isIdle = false
        return true
    }

    /// Gives bytes, while no message has anything else to tell.
    ///
    /// - Returns: how many were stored, and what the first message's budget gets back; nil when there is no such message, or
    ///   not all of its bytes could be stored.
    mutating func give(to destination: inout IOVector) -> (count: Int, budget: SendBudget, charge: Int)? {
        if isIdle || specialCount > 0 { return nil }
        guard head < messages.count, let box = messages[head], box.message.identity != nil else { return nil }
        let (start, end) = (box.message.start, box.message.bytes.count)
        let want = min(end - start, destination.remaining)
        // Taken out meanwhile, they need not be counted.
        var bytes: [UInt8] = []
        swap(&box.message.bytes, &bytes)
        let given = destination.write(bytes, at: start, count: want)
        swap(&box.message.bytes, &bytes)
        if given < want { return nil }
        byteCount -= given
        if given == end - start {
            let charge = box.message.charge
            if head == messages.count - 1 {
                box.message.bytes.removeAll(keepingCapacity: true)
                box.message.start = 0
                box.message.charge = 0
                isIdle = true
            } else {
                dropFirst()
            }
            return (given, box.message.budget, charge)
        }
        box.message.start = start + given
        box.message.charge -= given
        return (given, box.message.budget, given)
    }

    mutating func removeFirst() {
        guard let message = first else { return }
        byteCount -= message.count
        dropFirst()
    }

    private mutating func dropFirst() {
        if messages[head]?.message.identity == nil { specialCount -= 1 }
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
        guard !isEmpty, let box = messages[head] else { return 0 }
        if count >= box.message.count {
            let charge = box.message.charge
            removeFirst()
            return charge
        }
        box.message.start += count
        box.message.charge -= count
        // What goes along goes with the first byte.
        box.message.rights = []
        box.message.passage = nil
        byteCount -= count
        return count
    }
}

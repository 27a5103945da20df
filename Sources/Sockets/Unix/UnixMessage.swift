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

    func give(_ bytes: Int) { if bytes != 0, giveSilently(bytes) { tell() } }

    /// - Returns: whether somebody waits for it: who is to be told then.
    func giveSilently(_ bytes: Int) -> Bool {
        // A barrier, as a lock's release is.
        used.subtract(bytes, ordering: .sequentiallyConsistent)
        return !queue.isEmpty
    }

    func tell() { queue.notifyUnlocked(.writable) }
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

        /// `UnixMessageQueue.take`.
        func take(_ source: inout IOVector, _ count: Int, _ identity: Unmanaged<SenderIdentity>, _ budget: SendBudget) -> Bool? {
            guard let own = message.identity, unsafe Unmanaged.passUnretained(own).toOpaque() == identity.toOpaque(),
                  message.budget === budget, message.bytes.count + count <= 4096 else { return nil }
            guard message.bytes.append(wholeOf: &source, count) else { return false }
            message.charge += count
            return true
        }

        /// `UnixMessageQueue.give`: what was stored is gone from the message and from its sender's budget.
        ///
        /// - Parameter staying: whether it stays when all of it was read.
        func give(to destination: inout IOVector, staying: Bool) -> Given? {
            if message.identity == nil { return nil }
            let (start, end) = (message.start, message.bytes.count)
            let want = min(end - start, destination.remaining)
            // Taken out meanwhile, they need not be counted.
            var bytes: [UInt8] = []
            swap(&message.bytes, &bytes)
            let given = destination.write(bytes, at: start, count: want)
            swap(&message.bytes, &bytes)
            if given < want { return nil }
            let isAll = given == end - start
            let charge = isAll ? message.charge : given
            if !isAll {
                message.start = start + given
            } else if staying {
                message.bytes.removeAll(keepingCapacity: true)
                message.start = 0
            }
            message.charge -= charge
            if charge == 0 || !(unsafe Unmanaged.passUnretained(message.budget)._withUnsafeGuaranteedRef { $0.giveSilently(charge) }) {
                return Given(count: given, isAll: isAll, awaited: nil)
            }
            return Given(count: given, isAll: isAll, awaited: message.budget)
        }
    }

    struct Given {
        /// Bytes that were stored.
        let count: Int
        /// The message has no more.
        let isAll: Bool
        /// Whose room somebody waits for: who is to be told, when no lock is held.
        let awaited: SendBudget?
    }

    /// A message's box, which the queue keeps: not counted.
    @inline(__always)
    private func box(_ index: Int) -> Unmanaged<Box>? {
        guard let box = messages[index] else { return nil }
        return unsafe .passUnretained(box)
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
    mutating func take(_ source: inout IOVector, _ count: Int, _ identity: Unmanaged<SenderIdentity>,
                       _ budget: SendBudget) -> Bool? {
        let last = messages.count - 1
        guard last >= head, let box = unsafe box(last) else { return nil }
        let isTaken = unsafe box._withUnsafeGuaranteedRef { unsafe $0.take(&source, count, identity, budget) }
        if isTaken != true { return isTaken }
        byteCount += count
        isIdle = false
        return true
    }

    /// Gives bytes, while no message has anything else to tell.
    ///
    /// - Returns: what of the first message was stored; nil when there is no such message, or not all of its bytes could be
    ///   stored.
    mutating func give(to destination: inout IOVector) -> Given? {
        if isIdle || specialCount > 0 { return nil }
        guard head < messages.count, let box = unsafe box(head) else { return nil }
        let isLast = head == messages.count - 1
        guard let given = unsafe box._withUnsafeGuaranteedRef({ $0.give(to: &destination, staying: isLast) }) else { return nil }
        byteCount -= given.count
        if given.isAll { if isLast { isIdle = true } else { dropFirst() } }
        return given
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

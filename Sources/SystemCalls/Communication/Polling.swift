import HostOS
import Kernel
import LinuxABI
import Memory
import VFS
import Waiting

func registerPolling(_ table: inout SystemCallTable) {
    table[.poll] = { (task, a) throws(Errno) in
        let milliseconds = a.int(2)
        let deadline = milliseconds < 0 ? nil
            : milliseconds == 0 ? Deadline(nanoseconds: 0) : Deadline.after(UInt64(milliseconds) * 1_000_000)
        return try poll(task, a.address(0), a.uint(1), until: deadline)
    }
    table[.ppoll] = { (task, a) throws(Errno) in
        let deadline = try task.memory.loadTimeout(a.address(2))
        try task.swapMask(a.address(3), size: a.fifth)
        do throws(Errno) {
            let count = try pollOnce(task, a.address(0), a.uint(1), until: deadline)
            task.tellTimeLeft(deadline, a.address(2))
            return count
        } catch {
            task.tellTimeLeft(deadline, a.address(2))
            throw error == .ERESTARTSYS ? .ERESTARTNOHAND : error
        }
    }
    table[.select] = { (task, a) throws(Errno) in
        let timeout = a.address(4)
        var deadline: Deadline?
        if !timeout.isNull {
            guard let total = try task.memory.load(timeout, as: TimeValue.self).normalizedTotal else { throw .EINVAL }
            deadline = .after(total)
        }
        defer {
            if let deadline { try? task.memory.store(TimeValue(nanoseconds: deadline.remaining), at: timeout) }
        }
        return try select(task, a, until: deadline)
    }
    table[.pselect6] = { (task, a) throws(Errno) in
        let deadline = try task.memory.loadTimeout(a.address(4))
        if a.sixth != 0 {
            let (mask, size) = try task.memory.load(a.address(5), as: (UInt64, UInt64).self)
            try task.swapMask(GuestAddress(mask), size: size)
        }
        defer { task.tellTimeLeft(deadline, a.address(4)) }
        return try select(task, a, until: deadline)
    }
}

extension TimeValue {
    /// As select(2) takes it: microseconds beyond a second count as seconds.
    var normalizedTotal: UInt64? {
        guard seconds >= 0, microseconds >= 0 else { return nil }
        let (whole, overflow) = seconds.addingReportingOverflow(microseconds / 1_000_000)
        if overflow { return .max >> 1 }
        var normal = self
        normal.seconds = whole
        normal.microseconds = microseconds % 1_000_000
        return normal.total
    }
}

extension Task {
    /// Swaps the signal mask for the length of this call.
    ///
    /// - Throws: EINVAL for a set of another size than 8 bytes, EFAULT.
    func swapMask(_ address: GuestAddress, size: UInt64) throws(Errno) {
        if address.isNull { return }
        if size != 8 { throw .EINVAL }
        setTemporaryMask(SignalSet(rawValue: try memory.load(address, as: UInt64.self)))
    }

    /// Writes what is left of a timeout back, as Linux does; a place that cannot be written is no error.
    fileprivate func tellTimeLeft(_ deadline: Deadline?, _ address: GuestAddress) {
        if let deadline { try? memory.store(TimeSpec(nanoseconds: deadline.remaining), at: address) }
    }
}

// MARK: poll

/// struct pollfd.
private struct PollDescriptor: BitwiseCopyable {
    var fd: Int32
    var events: UInt16
    var found: UInt16
}

/// A poll that a signal interrupted.
private final class PollRestart: RestartBlock, @unchecked Sendable {
    let address: GuestAddress
    let count: UInt32
    let deadline: Deadline?

    init(address: GuestAddress, count: UInt32, deadline: Deadline?) {
        self.address = address
        self.count = count
        self.deadline = deadline
        super.init()
    }

    override func restart(_ task: Task) throws(Errno) -> UInt64 { try poll(task, address, count, until: deadline) }
}

private func poll(_ task: Task, _ address: GuestAddress, _ count: UInt32, until deadline: Deadline?) throws(Errno) -> UInt64 {
    do throws(Errno) { return try pollOnce(task, address, count, until: deadline) } catch {
        if error != .ERESTARTSYS { throw error }
        task.restartBlock = PollRestart(address: address, count: count, deadline: deadline)
        throw .ERESTART_RESTARTBLOCK
    }
}

private func pollOnce(_ task: Task, _ address: GuestAddress, _ count: UInt32,
                      until deadline: Deadline?) throws(Errno) -> UInt64 {
    if UInt64(count) > task.limit(Limits.RLIMIT_NOFILE) { throw .EINVAL }
    if count <= FewDescriptors.maximum, let ready = try pollFew(task, address, Int(count), until: deadline) { return ready }
    var entries = try task.memory.loadArray(address, count: Int(count), as: PollDescriptor.self)
    var watch = PollSet(capacity: entries.count)
    for entry in entries {
        watch.append(entry.fd < 0 ? nil : try? task.files.file(entry.fd), IOEvents(rawValue: UInt32(entry.events)))
    }
    let ready = try watch.wait(task, until: deadline, alsoReady: { index in
        // A number that is no descriptor is ready at once: POLLNVAL.
        entries[index].fd >= 0
    })
    for i in entries.indices { entries[i].found = UInt16(truncatingIfNeeded: watch.found(i, isOpen: entries[i].fd >= 0)) }
    try task.memory.store(array: entries, at: address)
    return UInt64(ready)
}

/// As many as most calls have.
private struct FewDescriptors: BitwiseCopyable {
    static var maximum: Int { 4 }
    var all: (PollDescriptor, PollDescriptor, PollDescriptor, PollDescriptor)
}

/// A poll of few descriptors that need not wait: nothing is allocated for it.
///
/// - Returns: nil when it has to wait.
private func pollFew(_ task: Task, _ address: GuestAddress, _ count: Int, until deadline: Deadline?) throws(Errno) -> UInt64? {
    let none = PollDescriptor(fd: -1, events: 0, found: 0)
    var few = FewDescriptors(all: (none, none, none, none))
    return try unsafe withUnsafeMutableBytes(of: &few) { (bytes) throws(Errno) -> UInt64? in
        let size = count * MemoryLayout<PollDescriptor>.stride
        let used = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<size])
        if unsafe task.memory.copyIn(address, into: used) < size { throw .EFAULT }
        var ready: UInt64 = 0
        for offset in stride(from: 0, to: size, by: MemoryLayout<PollDescriptor>.stride) {
            var entry = unsafe used.load(fromByteOffset: offset, as: PollDescriptor.self)
            entry.found = entry.fd < 0 ? 0 : readiness(task, entry)
            if entry.found != 0 { ready += 1 }
            unsafe used.storeBytes(of: entry, toByteOffset: offset, as: PollDescriptor.self)
        }
        if ready == 0, deadline != Deadline(nanoseconds: 0) { return nil }
        if unsafe task.memory.copyOut(address, from: UnsafeRawBufferPointer(used)) < size { throw .EFAULT }
        return ready
    }
}

private func readiness(_ task: Task, _ entry: PollDescriptor) -> UInt16 {
    let wanted = IOEvents(rawValue: UInt32(entry.events)).union([.POLLERR, .POLLHUP])
    let found = try? task.withFile(entry.fd) { (file) throws(Errno) in file.poll().intersection(wanted).rawValue }
    return UInt16(truncatingIfNeeded: found ?? IOEvents.POLLNVAL.rawValue)
}

// MARK: select

private func select(_ task: Task, _ a: SystemCallArguments, until deadline: Deadline?) throws(Errno) -> UInt64 {
    let limit = a.int(0)
    if limit < 0 { throw .EINVAL }
    // What lies beyond the table cannot be open; Linux stops at the table's size, too.
    let bits = min(Int(limit), 1 << 20)
    let words = (bits + 63) / 64
    var sets: [[UInt64]] = []
    for i in 1...3 {
        sets.append(a[i] == 0 ? [] : try task.memory.loadArray(a.address(i), count: words, as: UInt64.self))
    }
    // What of a file's readiness each set asks for.
    let meanings: [IOEvents] = [[.POLLIN, .POLLRDNORM, .POLLRDBAND, .POLLHUP, .POLLERR],
                                [.POLLOUT, .POLLWRNORM, .POLLWRBAND, .POLLERR], .POLLPRI]
    var watch = PollSet(capacity: 8)
    var numbers: [Int] = []
    for word in 0..<words {
        var wanted: UInt64 = 0
        for set in sets where !set.isEmpty { wanted |= set[word] }
        if word == words - 1, bits % 64 != 0 { wanted &= (1 << UInt64(bits % 64)) - 1 }
        while wanted != 0 {
            let bit = wanted.trailingZeroBitCount
            wanted &= wanted - 1
            let fd = word * 64 + bit
            var events: IOEvents = []
            for i in 0..<3 where !sets[i].isEmpty && sets[i][word] >> UInt64(bit) & 1 != 0 { events.formUnion(meanings[i]) }
            watch.append(try task.files.file(Int32(fd)), events)
            numbers.append(fd)
        }
    }
    do throws(Errno) { _ = try watch.wait(task, until: deadline) } catch {
        throw error == .ERESTARTSYS ? .ERESTARTNOHAND : error
    }
    var count: UInt64 = 0
    for i in 0..<3 where !sets[i].isEmpty {
        var result = [UInt64](repeating: 0, count: words)
        for (index, fd) in numbers.enumerated() where sets[i][fd / 64] >> UInt64(fd % 64) & 1 != 0 {
            if IOEvents(rawValue: watch.found(index, isOpen: true)).isDisjoint(with: meanings[i]) { continue }
            result[fd / 64] |= 1 << UInt64(fd % 64)
            count += 1
        }
        try task.memory.store(array: result, at: a.address(i + 1))
    }
    return count
}

// MARK: The wait that both share

/// Files, and what a call wants to know of each.
private struct PollSet {
    private struct Entry {
        var file: OpenFile?
        var wanted: IOEvents
        var found: IOEvents = []
    }

    private var entries: [Entry] = []

    init(capacity: Int) { entries.reserveCapacity(capacity) }

    mutating func append(_ file: OpenFile?, _ wanted: IOEvents) {
        entries.append(Entry(file: file, wanted: wanted.union([.POLLERR, .POLLHUP])))
    }

    /// What was found, POLLNVAL for an open number without a file.
    func found(_ index: Int, isOpen: Bool) -> UInt32 {
        let entry = entries[index]
        if entry.file == nil { return isOpen ? IOEvents.POLLNVAL.rawValue : 0 }
        return entry.found.rawValue
    }

    /// Waits until a file is ready.
    ///
    /// - Parameter alsoReady: whether an entry without a file counts.
    /// - Returns: how many are ready; 0 at the deadline.
    /// - Throws: ERESTARTSYS.
    mutating func wait(_ task: Task, until deadline: Deadline?, alsoReady: (Int) -> Bool = { _ in false }) throws(Errno) -> Int {
        var fixed = 0
        for i in entries.indices where entries[i].file == nil && alsoReady(i) { fixed += 1 }
        var count = look() + fixed
        if count > 0 { return count }
        if let deadline, deadline.nanoseconds <= HostClock.monotonic { return 0 }
        var waiting: [(WaitQueue, TaskWaitEntry)] = []
        for entry in entries {
            guard let queue = entry.file?.waitQueue else { continue }
            let waiter = TaskWaitEntry(task.waiter, mask: entry.wanted)
            queue.add(waiter)
            waiting.append((queue, waiter))
        }
        defer { for (queue, waiter) in waiting { queue.remove(waiter) } }
        while true {
            count = look()
            if count > 0 { return count }
            switch task.waiter.park(until: deadline) {
            case .woken: continue
            case .interrupted: throw .ERESTARTSYS
            case .timedOut: return look()
            }
        }
    }

    private mutating func look() -> Int {
        var count = 0
        for i in entries.indices {
            guard let file = entries[i].file else { continue }
            entries[i].found = file.poll().intersection(entries[i].wanted)
            if !entries[i].found.isEmpty { count += 1 }
        }
        return count
    }
}

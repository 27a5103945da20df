import HostOS
import Kernel
import LinuxABI
import Memory
import Sockets
import VFS
import Waiting

func registerSocketMessages(_ table: inout SystemCallTable) {
    table[.sendto] = { (task, a) throws(Errno) in
        let file = try task.socket(a.int(0))
        let address = a.fifth == 0 ? [] : try task.loadSocketAddress(a.address(4), a.int(5))
        var source = IOVector(task.memory, a.address(1), messageLength(a.third))
        return UInt64(try file.send(&source, flags: MessageFlags(rawValue: a.uint(3)), to: address,
                                    ancillary: Ancillary(), by: task))
    }
    table[.recvfrom] = { (task, a) throws(Errno) in
        let file = try task.socket(a.int(0))
        var destination = IOVector(task.memory, a.address(1), messageLength(a.third))
        let received = try file.receive(&destination, flags: MessageFlags(rawValue: a.uint(3)), by: task)
        if a.fifth != 0 { try task.store(socketAddress: received.address, at: a.address(4), length: a.address(5)) }
        return UInt64(received.count)
    }
    table[.sendmsg] = { (task, a) throws(Errno) in
        try send(task, try task.socket(a.int(0)), a.address(1), MessageFlags(rawValue: a.uint(2)))
    }
    table[.recvmsg] = { (task, a) throws(Errno) in
        try receive(task, try task.socket(a.int(0)), a.address(1), MessageFlags(rawValue: a.uint(2)))
    }
    table[.sendmmsg] = sendMany
    table[.recvmmsg] = receiveMany
}

/// As much as one call moves: MAX_RW_COUNT.
private func messageLength(_ length: UInt64) -> Int { Int(min(length, 0x7fff_f000)) }

/// struct msghdr.
private struct MessageHeader: BitwiseCopyable {
    var name: UInt64
    var nameLength: Int32
    var padding: UInt32
    var vector: UInt64
    var vectorCount: UInt64
    var control: UInt64
    var controlLength: UInt64
    var flags: UInt32
    var padding2: UInt32

    static let size: UInt64 = 56

    /// The pieces of memory that it names.
    ///
    /// - Throws: EMSGSIZE for more than 1024, EINVAL for a length that is none, EFAULT.
    func segments(_ memory: GuestMemory) throws(Errno) -> IOVector {
        if vectorCount > 1024 { throw .EMSGSIZE }
        let words = try memory.loadArray(GuestAddress(vector), count: Int(vectorCount) * 2, as: UInt64.self)
        var segments: [IOSegment] = []
        var left = 0x7fff_f000
        for i in 0..<Int(vectorCount) {
            guard let length = Int(exactly: words[2 * i + 1]) else { throw .EINVAL }
            segments.append(IOSegment(base: GuestAddress(words[2 * i]), length: min(length, left)))
            left -= min(length, left)
        }
        return IOVector(memory, segments)
    }
}

private func send(_ task: Task, _ file: SocketFile, _ address: GuestAddress, _ flags: MessageFlags) throws(Errno) -> UInt64 {
    let header = try task.memory.load(address, as: MessageHeader.self)
    if header.nameLength < 0 { throw .EINVAL }
    let name = header.name == 0 ? []
        : try task.loadSocketAddress(GuestAddress(header.name), min(header.nameLength, 128))
    var source = try header.segments(task.memory)
    var ancillary = Ancillary()
    if header.controlLength > 0 {
        if header.controlLength > 1 << 20 { throw .ENOBUFS }
        let control = try task.memory.loadBytes(GuestAddress(header.control), count: Int(header.controlLength))
        ancillary = try ControlMessages.decode(control, task)
    }
    return UInt64(try file.send(&source, flags: flags, to: name, ancillary: ancillary, by: task))
}

private func receive(_ task: Task, _ file: SocketFile, _ address: GuestAddress, _ flags: MessageFlags) throws(Errno) -> UInt64 {
    let header = try task.memory.load(address, as: MessageHeader.self)
    if header.nameLength < 0 { throw .EINVAL }
    var destination = try header.segments(task.memory)
    var received = try file.receive(&destination, flags: flags.subtracting(.MSG_CMSG_CLOEXEC), by: task)
    let control = ControlMessages.encode(received.ancillary, room: header.controlLength,
                                         closeOnExec: flags.contains(.MSG_CMSG_CLOEXEC), &received.flags, task)
    if flags.contains(.MSG_CMSG_CLOEXEC) { received.flags.insert(.MSG_CMSG_CLOEXEC) }
    if header.name != 0 {
        try task.memory.store(array: Array(received.address.prefix(Int(header.nameLength))), at: GuestAddress(header.name))
        try task.memory.store(Int32(received.address.count), at: address + 8)
    }
    if !control.isEmpty { try task.memory.store(array: control, at: GuestAddress(header.control)) }
    try task.memory.store(UInt64(control.count), at: address + 40)
    try task.memory.store(received.flags.rawValue, at: address + 48)
    return UInt64(received.count)
}

/// struct mmsghdr is a msghdr and the count that its message had.
private let manyHeaderSize: UInt64 = 64

private func sendMany(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try task.socket(a.int(0))
    let count = min(a.uint(2), 1024)
    var done: UInt64 = 0
    while done < UInt64(count) {
        let entry = a.address(1) + done * manyHeaderSize
        do throws(Errno) {
            let sent = try send(task, file, entry, MessageFlags(rawValue: a.uint(3)))
            try task.memory.store(UInt32(truncatingIfNeeded: sent), at: entry + MessageHeader.size)
        } catch {
            if done == 0 { throw error }
            break
        }
        done += 1
    }
    return done
}

/// recvmmsg(2). The timeout is looked at after each message, as Linux does.
private func receiveMany(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let deadline = try task.memory.loadTimeout(a.address(4))
    let file = try task.socket(a.int(0))
    var flags = MessageFlags(rawValue: a.uint(3))
    let onlyFirstWaits = flags.contains(.MSG_WAITFORONE)
    flags.remove(.MSG_WAITFORONE)
    let count = min(a.uint(2), 1024)
    var done: UInt64 = 0
    while done < UInt64(count) {
        let entry = a.address(1) + done * manyHeaderSize
        do throws(Errno) {
            let got = try receive(task, file, entry, flags)
            try task.memory.store(UInt32(truncatingIfNeeded: got), at: entry + MessageHeader.size)
        } catch {
            if done == 0 { throw error }
            break
        }
        done += 1
        if onlyFirstWaits { flags.insert(.MSG_DONTWAIT) }
        if let deadline, deadline.nanoseconds <= HostClock.monotonic { break }
    }
    if let deadline { try task.memory.store(TimeSpec(nanoseconds: deadline.remaining), at: a.address(4)) }
    return done
}

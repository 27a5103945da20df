import HostOS
import LinuxABI

/// A piece of guest memory that a call reads from or writes to (readv(2)'s struct iovec, checked).
public struct IOSegment: Sendable {
    public var base: GuestAddress
    public var length: Int

    @inlinable public init(base: GuestAddress, length: Int) {
        self.base = base
        self.length = length
    }
}

/// Bytes of the Sentry's own that take part in I/O as if they were a guest's: what exec reads, what sendfile carries.
/// Addresses are offsets.
@safe public final class KernelBuffer: GuestMemory, @unchecked Sendable {
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    public init(count: Int) { bytes = [UInt8](repeating: 0, count: count) }

    private var scratch = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit { unsafe scratch.deallocate() }

    /// How many bytes of a piece at `address` lie in the buffer.
    private func count(_ address: GuestAddress, _ wanted: Int) -> Int {
        address.rawValue > UInt64(bytes.count) ? 0 : min(wanted, bytes.count - Int(address.rawValue))
    }

    public override func copyIn(_ address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = count(address, buffer.count)
        unsafe bytes.withUnsafeBytes { all in
            let at = Int(truncatingIfNeeded: address.rawValue)
            if count > 0 { unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: all[at..<(at + count)])) }
        }
        return count
    }

    public override func copyOut(_ address: GuestAddress, from buffer: UnsafeRawBufferPointer) -> Int {
        let count = count(address, buffer.count)
        unsafe bytes.withUnsafeMutableBytes { all in
            let at = Int(truncatingIfNeeded: address.rawValue)
            if count > 0 {
                unsafe UnsafeMutableRawBufferPointer(rebasing: all[at...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
        return count
    }

    public override var staging: UnsafeMutableRawBufferPointer {
        if unsafe scratch.baseAddress == nil { unsafe scratch = .allocate(byteCount: 4096, alignment: 16) }
        return unsafe scratch
    }
}

/// The guest memory of one I/O call, consumed from its front: Linux's iov_iter. A read puts its bytes there
/// (`write`, `fill`), a write takes them from there (`read`, `drain`).
///
/// A guest's pages may vanish at any time: what was accepted counts, and a fault ends the transfer.
@safe public struct IOVector {
    /// Not counted: a call with one buffer keeps nothing but what the task keeps anyway.
    @usableFromInline let memory: Unmanaged<GuestMemory>
    /// Keeps the memory, where it is not the calling task's own.
    @usableFromInline let owner: GuestMemory?
    @usableFromInline var current: IOSegment
    /// All segments, when there are several; those from `next` on come after the current one.
    @usableFromInline let segments: [IOSegment]?
    @usableFromInline var next = 1
    /// Bytes that are left.
    public private(set) var remaining: Int
    /// A byte could not be reached: the transfer ends there.
    public private(set) var faulted = false

    /// One buffer.
    ///
    /// - Parameters:
    ///   - memory: the calling task's, which lives as long as the call: it is not retained.
    ///   - length: 0 or more.
    @inlinable @inline(__always)
    public init(_ memory: GuestMemory, _ base: GuestAddress, _ length: Int) {
        unsafe self.init(memory: .passUnretained(memory), owner: nil, current: IOSegment(base: base, length: length), segments: nil,
                         remaining: length)
    }

    @inlinable @inline(__always) @unsafe
    public init(_ memory: Unmanaged<GuestMemory>, _ base: GuestAddress, _ length: Int) {
        unsafe self.init(memory: memory, owner: nil, current: IOSegment(base: base, length: length), segments: nil, remaining: length)
    }

    /// - Parameter segments: with a sum of lengths that fits an Int, checked by the caller (MAX_RW_COUNT).
    public init(_ memory: GuestMemory, _ segments: [IOSegment]) {
        let total = segments.reduce(0) { $0 &+ $1.length }
        unsafe self.init(memory: .passUnretained(memory), owner: memory, current: segments.first ?? IOSegment(base: .null, length: 0),
                         segments: segments, remaining: total)
    }

    public init(_ buffer: KernelBuffer) {
        unsafe self.init(memory: .passUnretained(buffer), owner: buffer,
                         current: IOSegment(base: .null, length: buffer.bytes.count), segments: nil, remaining: buffer.bytes.count)
    }

    @usableFromInline
    init(memory: Unmanaged<GuestMemory>, owner: GuestMemory?, current: IOSegment, segments: [IOSegment]?, remaining: Int) {
        unsafe self.memory = memory
        self.owner = owner
        self.current = current
        self.segments = segments
        self.remaining = remaining
    }

    /// Lets the vector end after at most `count` more bytes.
    public mutating func truncate(to count: Int) { remaining = min(remaining, max(0, count)) }

    /// Puts `bytes` there.
    ///
    /// - Returns: how many were accepted: fewer when the vector is full or a page cannot be written.
    public mutating func write(_ bytes: RawSpan) -> Int {
        unsafe bytes.withUnsafeBytes { unsafe write(from: $0) }
    }

    /// Takes bytes from there into `bytes`.
    ///
    /// - Returns: how many were taken: fewer when the vector is empty or a page cannot be read.
    public mutating func read(into bytes: inout MutableRawSpan) -> Int {
        unsafe bytes.withUnsafeMutableBytes { unsafe read(into: $0) }
    }

    /// Puts one value there as it lies in memory: what eventfd, timerfd and signalfd tell.
    ///
    /// - Returns: whether all of it was accepted.
    @inlinable @inline(__always)
    public mutating func write<T: BitwiseCopyable>(value: T) -> Bool {
        unsafe withBytes(of: value) { unsafe write(from: $0) == $0.count }
    }

    /// Takes one value.
    ///
    /// - Returns: nil when not all of its bytes could be taken.
    @inlinable @inline(__always)
    public mutating func read<T: BitwiseCopyable>(as type: T.Type) -> T? {
        unsafe withUnsafeTemporaryAllocation(of: T.self, capacity: 1) { room in
            let bytes = UnsafeMutableRawBufferPointer(room)
            return unsafe read(into: bytes) == bytes.count ? bytes.loadUnaligned(as: T.self) : nil
        }
    }

    /// Takes up to `limit` bytes as an array.
    public mutating func readArray(limit: Int) -> [UInt8] {
        let count = min(limit, remaining)
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { room, initialized in
            initialized = unsafe read(into: UnsafeMutableRawBufferPointer(room))
        }
    }

    /// Takes `limit` bytes, or all that are left, as an array. As Linux fills its buffers: one that cannot be filled is not
    /// used at all.
    ///
    /// - Returns: none when a page cannot be read; `faulted` then.
    public mutating func readWhole(limit: Int) -> [UInt8] {
        let bytes = readArray(limit: limit)
        return faulted ? [] : bytes
    }

    /// Lets `body` produce bytes, chunk by chunk, and puts them there: for a source that can be read at an offset
    /// again, since what `body` produced beyond a fault is dropped.
    ///
    /// - Parameter body: fills the buffer from its start with the bytes at `done`, and returns how many, 0 at the end.
    ///   A short count ends the transfer. An error ends it too, and is thrown when nothing was transferred before.
    ///   It must not read back what it has put there: the guest may have changed it.
    /// - Returns: bytes transferred.
    /// - Throws: `body`'s error, or EFAULT when the first byte cannot be written.
    public mutating func fill(
        _ body: (_ buffer: UnsafeMutableRawBufferPointer, _ done: Int) throws(Errno) -> Int
    ) throws(Errno) -> Int {
        var done = 0
        while remaining > 0 {
            let room = unsafe room()
            let produced: Int
            do throws(Errno) { produced = try unsafe body(room, done) } catch {
                if done > 0 { return done }
                throw error
            }
            if produced == 0 { break }
            let accepted = unsafe write(from: UnsafeRawBufferPointer(rebasing: room[..<produced]))
            done += accepted
            if accepted < produced {
                if done == 0 { throw .EFAULT }
                break
            }
            if produced < room.count { break }
        }
        return done
    }

    /// Lets `body` consume bytes, chunk by chunk.
    ///
    /// - Parameter body: consumes bytes of the buffer from its start, those at `done` of the transfer, and returns how
    ///   many. A short count ends the transfer; an error is thrown when nothing was transferred before. It must decide
    ///   nothing by the bytes: the guest may change them while it looks.
    /// - Returns: bytes transferred.
    /// - Throws: `body`'s error, or EFAULT when the first byte cannot be read.
    public mutating func drain(
        _ body: (_ buffer: UnsafeRawBufferPointer, _ done: Int) throws(Errno) -> Int
    ) throws(Errno) -> Int {
        var done = 0
        while remaining > 0 {
            if let view = unsafe view() {
                let consumed: Int
                do throws(Errno) { consumed = try unsafe body(view, done) } catch {
                    if done > 0 { return done }
                    throw error
                }
                done += consumed
                advance(consumed)
                if consumed < view.count { break }
                continue
            }
            let before = self
            let room = unsafe staging(min(remaining, 64 << 10))
            let taken = unsafe read(into: room)
            if taken == 0 {
                if done == 0 { throw .EFAULT }
                break
            }
            let consumed: Int
            do throws(Errno) {
                consumed = try unsafe body(UnsafeRawBufferPointer(rebasing: room[..<taken]), done)
            } catch {
                self = before
                if done > 0 { return done }
                throw error
            }
            done += consumed
            if consumed < taken {
                self = before
                skip(consumed)
                break
            }
        }
        return done
    }

    /// Passes over `count` bytes.
    public mutating func skip(_ count: Int) {
        var left = min(count, remaining)
        while left > 0 {
            let step = min(left, current.length)
            advance(step)
            left -= step
        }
    }
}

extension IOVector {
    /// Where `fill` lets bytes be produced.
    private mutating func room() -> UnsafeMutableRawBufferPointer {
        let count = min(remaining, 64 << 10)
        if current.length == 0 { enterNextSegment() }
        if let room = unsafe memory._withUnsafeGuaranteedRef({ unsafe $0.outputRoom(current.base, min(count, current.length)) }) {
            return unsafe room
        }
        return unsafe staging(count)
    }

    /// What `drain` can let be consumed in place.
    private mutating func view() -> UnsafeRawBufferPointer? {
        if current.length == 0 { enterNextSegment() }
        return unsafe memory._withUnsafeGuaranteedRef { unsafe $0.inputView(current.base, min(min(remaining, 64 << 10), current.length)) }
    }

    private func staging(_ count: Int) -> UnsafeMutableRawBufferPointer {
        let all = unsafe memory._withUnsafeGuaranteedRef { unsafe $0.staging }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: all[..<min(count, all.count)])
    }

    @inline(__always)
    private mutating func advance(_ count: Int) {
        remaining -= count
        current.base = current.base + count
        current.length -= count
        if current.length == 0, segments != nil { enterNextSegment() }
    }

    /// Goes on to the next segment that is not empty.
    private mutating func enterNextSegment() {
        guard let segments else { return }
        while current.length == 0, next < segments.count {
            current = segments[next]
            next += 1
        }
    }

    public mutating func write(from bytes: UnsafeRawBufferPointer) -> Int {
        if bytes.count <= current.length, bytes.count <= remaining, !faulted {
            let copied = unsafe memory._withUnsafeGuaranteedRef { unsafe $0.copyOut(current.base, from: bytes) }
            if copied < bytes.count { faulted = true }
            advance(copied)
            return copied
        }
        var done = 0
        let total = min(bytes.count, remaining)
        while done < total, !faulted {
            if current.length == 0 { enterNextSegment() }
            let step = min(current.length, total - done)
            let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[done..<(done + step)])
            let copied = unsafe memory._withUnsafeGuaranteedRef { unsafe $0.copyOut(current.base, from: piece) }
            advance(copied)
            done += copied
            if copied < step { faulted = true }
        }
        return done
    }

    public mutating func read(into bytes: UnsafeMutableRawBufferPointer) -> Int {
        if bytes.count <= current.length, bytes.count <= remaining, !faulted {
            let copied = unsafe memory._withUnsafeGuaranteedRef { unsafe $0.copyIn(current.base, into: bytes) }
            if copied < bytes.count { faulted = true }
            advance(copied)
            return copied
        }
        var done = 0
        let total = min(bytes.count, remaining)
        while done < total, !faulted {
            if current.length == 0 { enterNextSegment() }
            let step = min(current.length, total - done)
            let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done..<(done + step)])
            let copied = unsafe memory._withUnsafeGuaranteedRef { unsafe $0.copyIn(current.base, into: piece) }
            advance(copied)
            done += copied
            if copied < step { faulted = true }
        }
        return done
    }
}

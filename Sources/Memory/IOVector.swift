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

/// Bytes of the Sentry's own that take part in I/O: what exec reads, what sendfile carries.
@safe public final class KernelBuffer {
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    public init(count: Int) { bytes = [UInt8](repeating: 0, count: count) }

    fileprivate var scratch = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit { unsafe scratch.deallocate() }
}

/// The guest memory of one I/O call, consumed from its front: Linux's iov_iter. A read puts its bytes there
/// (`write`, `fill`), a write takes them from there (`read`, `drain`).
///
/// A guest's pages may vanish at any time: what was accepted counts, and a fault ends the transfer.
public struct IOVector {
    @usableFromInline enum Place {
        case guest(GuestMemory)
        case kernel(KernelBuffer)
    }

    @usableFromInline let place: Place
    @usableFromInline var current: IOSegment
    @usableFromInline var rest: ArraySlice<IOSegment>
    /// Bytes that are left.
    public private(set) var remaining: Int
    /// A byte could not be reached: the transfer ends there.
    public private(set) var faulted = false

    /// - Parameter length: 0 or more.
    @inlinable
    public init(_ memory: GuestMemory, _ base: GuestAddress, _ length: Int) {
        self.init(place: .guest(memory), current: IOSegment(base: base, length: length), rest: [], remaining: length)
    }

    /// - Parameter segments: with a sum of lengths that fits an Int, checked by the caller (MAX_RW_COUNT).
    public init(_ memory: GuestMemory, _ segments: [IOSegment]) {
        let total = segments.reduce(0) { $0 &+ $1.length }
        self.init(place: .guest(memory), current: segments.first ?? IOSegment(base: .null, length: 0),
                  rest: segments.dropFirst(), remaining: total)
    }

    public init(_ buffer: KernelBuffer) {
        self.init(place: .kernel(buffer), current: IOSegment(base: .null, length: buffer.bytes.count), rest: [],
                  remaining: buffer.bytes.count)
    }

    @usableFromInline
    init(place: Place, current: IOSegment, rest: ArraySlice<IOSegment>, remaining: Int) {
        self.place = place
        self.current = current
        self.rest = rest
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
        if case .guest(let memory) = place {
            if current.length == 0 { advance(0) }
            if let room = unsafe memory.outputRoom(current.base, min(count, current.length)) { return unsafe room }
        }
        return unsafe staging(count)
    }

    /// What `drain` can let be consumed in place.
    private mutating func view() -> UnsafeRawBufferPointer? {
        guard case .guest(let memory) = place else { return nil }
        if current.length == 0 { advance(0) }
        return unsafe memory.inputView(current.base, min(min(remaining, 64 << 10), current.length))
    }

    private func staging(_ count: Int) -> UnsafeMutableRawBufferPointer {
        switch place {
        case .guest(let memory): unsafe UnsafeMutableRawBufferPointer(rebasing: memory.staging[..<count])
        case .kernel(let buffer): unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.staging[..<min(count, 4096)])
        }
    }

    private mutating func advance(_ count: Int) {
        remaining -= count
        current.base = current.base + count
        current.length -= count
        while current.length == 0, let next = rest.popFirst() { current = next }
    }

    public mutating func write(from bytes: UnsafeRawBufferPointer) -> Int {
        var done = 0
        let total = min(bytes.count, remaining)
        while done < total, !faulted {
            if current.length == 0 { advance(0) }
            let step = min(current.length, total - done)
            let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[done..<(done + step)])
            let copied: Int
            switch place {
            case .guest(let memory): copied = unsafe memory.copyOut(current.base, from: piece)
            case .kernel(let buffer): copied = unsafe buffer.copyOut(current.base, from: piece)
            }
            advance(copied)
            done += copied
            if copied < step { faulted = true }
        }
        return done
    }

    public mutating func read(into bytes: UnsafeMutableRawBufferPointer) -> Int {
        var done = 0
        let total = min(bytes.count, remaining)
        while done < total, !faulted {
            if current.length == 0 { advance(0) }
            let step = min(current.length, total - done)
            let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done..<(done + step)])
            let copied: Int
            switch place {
            case .guest(let memory): copied = unsafe memory.copyIn(current.base, into: piece)
            case .kernel(let buffer): copied = unsafe buffer.copyIn(current.base, into: piece)
            }
            advance(copied)
            done += copied
            if copied < step { faulted = true }
        }
        return done
    }
}

extension KernelBuffer {
    private func offset(_ address: GuestAddress) -> Int { Int(truncatingIfNeeded: address.rawValue) }

    fileprivate func copyOut(_ address: GuestAddress, from piece: UnsafeRawBufferPointer) -> Int {
        let at = offset(address)
        let count = min(piece.count, bytes.count - at)
        for i in 0..<max(0, count) { bytes[at + i] = unsafe piece[i] }
        return max(0, count)
    }

    fileprivate func copyIn(_ address: GuestAddress, into piece: UnsafeMutableRawBufferPointer) -> Int {
        let at = offset(address)
        let count = min(piece.count, bytes.count - at)
        for i in 0..<max(0, count) { unsafe piece[i] = bytes[at + i] }
        return max(0, count)
    }

    fileprivate var staging: UnsafeMutableRawBufferPointer {
        if unsafe scratch.baseAddress == nil { unsafe scratch = .allocate(byteCount: 4096, alignment: 16) }
        return unsafe scratch
    }
}

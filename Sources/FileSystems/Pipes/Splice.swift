import HostOS
import LinuxABI
import Memory
import VFS
import Waiting

/// splice(2), tee(2), vmsplice(2): bytes that move between pipes and files without passing through the guest.
public enum Splice {
    /// Moves up to `count` bytes from one pipe to another.
    ///
    /// - Returns: bytes moved; 0 when `source` is empty and has no writer.
    public static func move(from source: Pipe, to target: Pipe, count: Int, nonblocking: Bool,
                            by caller: Caller) throws(Errno) -> Int {
        try transfer(from: source, to: target, nonblocking: nonblocking, by: caller) { (a, b) in
            var moved = 0
            while moved < count, !b.isFull, let segment = a.popFirst(limit: count - moved) {
                moved += segment.count
                b.push(segment)
            }
            return moved
        }
    }

    /// Copies up to `count` bytes without consuming them.
    public static func copy(from source: Pipe, to target: Pipe, count: Int, nonblocking: Bool,
                            by caller: Caller) throws(Errno) -> Int {
        try transfer(from: source, to: target, nonblocking: nonblocking, by: caller) { (a, b) in
            var copied = 0
            var index = 0
            while copied < count, !b.isFull, var segment = a.segment(index) {
                segment.end = min(segment.end, segment.start + count - copied)
                copied += segment.count
                b.push(segment)
                index += 1
            }
            return copied
        }
    }

    private static func transfer(
        from source: Pipe, to target: Pipe, nonblocking: Bool, by caller: Caller,
        _ body: (inout PipeRing, inout PipeRing) -> Int
    ) throws(Errno) -> Int {
        if source === target { throw .EINVAL }
        while true {
            // Which of the two is waited for is decided under both locks, and the wait itself looks again.
            let outcome = try locked(source, target) { () throws(Errno) -> Int? in
                if target.readers == 0 { throw .EPIPE }
                if source.ring.isEmpty { return source.writers == 0 ? 0 : nil }
                if target.ring.isFull { return nil }
                return body(&source.ring, &target.ring)
            } onError: { (error) in if error == .EPIPE { caller.raise(13 /* SIGPIPE */) } }
            if let count = outcome {
                if count > 0 {
                    source.queue.notify(.writable)
                    target.queue.notify(.readable)
                }
                return count
            }
            if nonblocking { throw .EAGAIN }
            try caller.waiter.wait(on: source.queue, for: .all) { () throws(Errno) -> Void? in
                source.lock.withLock { !source.ring.isEmpty || source.writers == 0 } ? () : nil
            }
            try caller.waiter.wait(on: target.queue, for: .all) { () throws(Errno) -> Void? in
                target.lock.withLock { !target.ring.isFull || target.readers == 0 } ? () : nil
            }
        }
    }

    private static func locked<R>(_ a: Pipe, _ b: Pipe, _ body: () throws(Errno) -> R,
                                  onError: (Errno) -> Void) throws(Errno) -> R {
        let (first, second) = ObjectIdentifier(a) < ObjectIdentifier(b) ? (a, b) : (b, a)
        do throws(Errno) {
            return try first.lock.withLock { () throws(Errno) in
                try second.lock.withLock { () throws(Errno) in try body() }
            }
        } catch {
            onError(error)
            throw error
        }
    }

    /// Moves bytes of a file into a pipe.
    ///
    /// - Parameter offset: where the file is read; moved on. A stream ignores it.
    public static func fill(_ pipe: Pipe, from file: OpenFile, at offset: inout UInt64, count: Int, nonblocking: Bool,
                            by caller: Caller) throws(Errno) -> Int {
        var done = 0
        do throws(Errno) {
            while done < count {
                let room = try waitForRoom(pipe, nonblocking: nonblocking || done > 0, by: caller)
                let buffer = KernelBuffer(count: min(PipeRing.pageBytes, count - done))
                if room == 0 { break }
                var vector = IOVector(buffer)
                let got = try file.read(&vector, at: offset, by: caller)
                if got == 0 { break }
                offset &+= UInt64(got)
                pipe.lock.withLock {
                    // Another writer may have taken the slot meanwhile: what was read must not be lost.
                    if pipe.ring.isFull { _ = pipe.ring.resize(slots: pipe.ring.slotCount + 1) }
                    pipe.ring.push(PipeSegment(page: buffer.bytes, start: 0, end: got, isPacket: false))
                }
                done += got
                pipe.queue.notify(.readable)
                if got < buffer.bytes.count { break }
            }
        } catch {
            if error == .EPIPE { caller.raise(13 /* SIGPIPE */) }
            if done == 0 { throw error }
        }
        return done
    }

    /// - Returns: free slots.
    private static func waitForRoom(_ pipe: Pipe, nonblocking: Bool, by caller: Caller) throws(Errno) -> Int {
        try caller.waiter.wait(on: pipe.queue, for: .writable) { () throws(Errno) -> Int? in
            let (free, readers) = pipe.lock.withLock { (pipe.ring.slotCount - pipe.ring.used, pipe.readers) }
            if readers == 0 { throw .EPIPE }
            if free > 0 { return free }
            if nonblocking { throw .EAGAIN }
            return nil
        }
    }

    /// Moves bytes of a pipe into a file.
    public static func drain(_ pipe: Pipe, into file: OpenFile, at offset: inout UInt64, count: Int, nonblocking: Bool,
                             by caller: Caller) throws(Errno) -> Int {
        var done = 0
        do throws(Errno) {
            while done < count {
                let limit = count - done
                let mayWait = !nonblocking && done == 0
                let segment = try caller.waiter.wait(on: pipe.queue, for: .readable) { () throws(Errno) -> PipeSegment?? in
                    let (segment, ended) = pipe.lock.withLock { (pipe.ring.popFirst(limit: limit), pipe.writers == 0) }
                    if let segment { return .some(segment) }
                    if ended || done > 0 { return .some(nil) }
                    if !mayWait { throw .EAGAIN }
                    return nil
                }
                guard let segment else { break }
                var vector = IOVector(KernelBuffer(Array(segment.page[segment.start..<segment.end])))
                var written = 0
                do throws(Errno) { written = try file.write(&vector, at: &offset, by: caller) } catch {
                    restore(segment, from: 0, to: pipe)
                    throw error
                }
                offset &+= UInt64(written)
                done += written
                if written < segment.count {
                    restore(segment, from: written, to: pipe)
                    break
                }
                pipe.queue.notify(.writable)
            }
        } catch {
            if done == 0 { throw error }
        }
        return done
    }

    /// Puts the rest of a segment back to the front of its pipe.
    private static func restore(_ segment: PipeSegment, from offset: Int, to pipe: Pipe) {
        pipe.lock.withLock {
            var rest = segment
            rest.start += offset
            pipe.ring.pushFirst(rest)
        }
        pipe.queue.notify(.readable)
    }
}

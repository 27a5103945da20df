import Memory

/// A file's bytes in the Sentry's own memory: pieces of 64 KiB, each with a note of which of its pages were ever written.
struct ChunkedBytes {
    static var chunkSize: Int { 65536 }
    private static var page: Int { 4096 }

    private final class Chunk {
        /// From the chunk's start; what is behind reads as zero.
        var bytes: [UInt8] = []
        /// Bit n: page n holds data.
        var present: UInt16 = 0
    }

    private var chunks: [Chunk?] = []
    private(set) var pages: UInt64 = 0

    /// Pages of `range` that hold no data yet.
    func missingPages(_ offset: UInt64, _ count: Int) -> UInt64 {
        var missing: UInt64 = 0
        var at = offset
        let end = offset + UInt64(count)
        while at < end {
            let (index, start, length) = Self.place(at, end)
            let wanted = Self.mask(start, length)
            let have = index < chunks.count ? chunks[index]?.present ?? 0 : 0
            missing += UInt64((wanted & ~have).nonzeroBitCount)
            at += UInt64(length)
        }
        return missing
    }

    /// Chunk, offset in it and length of the first piece of `at..<end`.
    private static func place(_ at: UInt64, _ end: UInt64) -> (Int, Int, Int) {
        let start = Int(at % UInt64(chunkSize))
        return (Int(at / UInt64(chunkSize)), start, min(chunkSize - start, Int(end - at)))
    }

    /// Pages of a chunk that `length` bytes from `start` on touch.
    private static func mask(_ start: Int, _ length: Int) -> UInt16 {
        if length == 0 { return 0 }
        let (first, last) = (start / page, (start + length - 1) / page)
        return UInt16(truncatingIfNeeded: ((UInt32(1) << UInt32(last + 1)) &- (UInt32(1) << UInt32(first))))
    }

    /// Puts bytes into `destination`, holes as zeroes.
    ///
    /// - Returns: how many were accepted.
    func read(_ offset: UInt64, _ count: Int, into destination: inout IOVector) -> Int {
        var done = 0
        while done < count {
            let (index, start, length) = Self.place(offset + UInt64(done), offset + UInt64(count))
            var accepted = 0
            if index < chunks.count, let chunk = chunks[index], start < chunk.bytes.count {
                let have = min(length, chunk.bytes.count - start)
                accepted = destination.write(chunk.bytes, at: start, count: have)
                if accepted < have { return done + accepted }
            }
            if accepted < length {
                let rest = length - accepted
                let zeroes = destination.writeZeroes(rest)
                accepted += zeroes
                if zeroes < rest { return done + accepted }
            }
            done += length
        }
        return done
    }

    /// Takes bytes from `source`, up to `count`.
    ///
    /// - Returns: how many were taken.
    mutating func write(_ offset: UInt64, _ count: Int, from source: inout IOVector) -> Int {
        var done = 0
        while done < count {
            let (index, start, length) = Self.place(offset + UInt64(done), offset + UInt64(count))
            let chunk = makeChunk(index, bytes: start + length)
            let taken = source.read(into: &chunk.bytes, at: start, count: length)
            note(chunk, start, taken)
            done += taken
            if taken < length { break }
        }
        return done
    }

    private mutating func makeChunk(_ index: Int, bytes: Int) -> Chunk {
        while chunks.count <= index { chunks.append(nil) }
        let chunk: Chunk
        if let known = chunks[index] { chunk = known } else {
            chunk = Chunk()
            chunks[index] = chunk
        }
        if chunk.bytes.count < bytes {
            // Small files stay small; what grows, doubles.
            let size = index > 0 ? Self.chunkSize : min(Self.chunkSize, max(bytes, chunk.bytes.count * 2, 256))
            chunk.bytes.reserveCapacity(size)
            chunk.bytes.append(contentsOf: repeatElement(0, count: size - chunk.bytes.count))
        }
        return chunk
    }

    private mutating func note(_ chunk: Chunk, _ start: Int, _ length: Int) {
        let new = Self.mask(start, length) & ~chunk.present
        chunk.present |= new
        pages += UInt64(new.nonzeroBitCount)
    }

    /// Marks pages as holding data (zeroes), for fallocate.
    mutating func reserve(_ offset: UInt64, _ count: UInt64) {
        var at = offset
        while at < offset + count {
            let (index, start, length) = Self.place(at, min(offset + count, at + UInt64(Self.chunkSize)))
            let chunk = makeChunk(index, bytes: 0)
            note(chunk, start, length)
            at += UInt64(length)
        }
    }

    /// Makes `count` bytes from `offset` on zero, and gives whole pages back.
    mutating func punch(_ offset: UInt64, _ count: UInt64) {
        let end = min(offset + count, UInt64(chunks.count) * UInt64(Self.chunkSize))
        var at = offset
        while at < end {
            let (index, start, length) = Self.place(at, min(end, at + UInt64(Self.chunkSize)))
            at += UInt64(length)
            guard let chunk = chunks[index] else { continue }
            if length == Self.chunkSize {
                pages -= UInt64(chunk.present.nonzeroBitCount)
                chunks[index] = nil
                continue
            }
            let last = min(start + length, chunk.bytes.count)
            if start < last { for i in start..<last { chunk.bytes[i] = 0 } }
            let (firstWhole, lastWhole) = ((start + Self.page - 1) / Self.page, (start + length) / Self.page)
            if firstWhole < lastWhole {
                let gone = Self.mask(firstWhole * Self.page, (lastWhole - firstWhole) * Self.page) & chunk.present
                chunk.present &= ~gone
                pages -= UInt64(gone.nonzeroBitCount)
                if chunk.present == 0 { chunks[index] = nil }
            }
        }
    }

    /// Forgets all bytes from `size` on.
    mutating func truncate(to size: UInt64) {
        punch(size, UInt64(Int64.max) - size)
        let kept = Int((size + UInt64(Self.chunkSize) - 1) / UInt64(Self.chunkSize))
        if chunks.count > kept {
            for chunk in chunks[kept...] { pages -= UInt64(chunk?.present.nonzeroBitCount ?? 0) }
            chunks.removeSubrange(kept...)
        }
        // The page in which the file ends stays, its end was made zero; the pages behind it go.
        let start = Int(size % UInt64(Self.chunkSize))
        if start > 0, kept > 0, kept <= chunks.count, let chunk = chunks[kept - 1] {
            let keptPages = (start + Self.page - 1) / Self.page
            let gone = chunk.present & ~Self.mask(0, keptPages * Self.page)
            chunk.present &= ~gone
            pages -= UInt64(gone.nonzeroBitCount)
        }
    }

    /// The first byte from `offset` on that lies in a page with data, or without.
    ///
    /// - Returns: nil when there is none up to the end of what is stored.
    func next(from offset: UInt64, data: Bool) -> UInt64? {
        var at = offset
        let end = UInt64(chunks.count) * UInt64(Self.chunkSize)
        while at < end {
            let (index, start, _) = Self.place(at, end)
            guard let chunk = chunks[index] else {
                if !data { return at }
                at += UInt64(Self.chunkSize - start)
                continue
            }
            if (chunk.present >> UInt16(start / Self.page)) & 1 == (data ? 1 : 0) { return at }
            at += UInt64(Self.page - start % Self.page)
        }
        return data ? nil : at
    }

    /// The runs of pages that hold data, in order: where in the file, and which part of `bytes` it is.
    func forEachRun(_ body: (_ offset: UInt64, _ bytes: [UInt8], _ range: Range<Int>) -> Void) {
        for (i, chunk) in chunks.enumerated() {
            guard let chunk else { continue }
            var page = 0
            while page < 16 {
                if (chunk.present >> UInt16(page)) & 1 == 0 {
                    page += 1
                    continue
                }
                let first = page
                while page < 16, (chunk.present >> UInt16(page)) & 1 != 0 { page += 1 }
                let range = min(first * Self.page, chunk.bytes.count)..<min(page * Self.page, chunk.bytes.count)
                if !range.isEmpty { body(UInt64(i) * UInt64(Self.chunkSize) + UInt64(range.lowerBound), chunk.bytes, range) }
            }
        }
    }
}

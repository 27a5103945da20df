import Memory

/// A file's bytes in the Sentry's own memory: pieces of 64 KiB, each with a note of which of its pages were ever written.
struct ChunkedBytes {
    static var chunkSize: Int { 65536 }
    private static var page: Int { 4096 }

    fileprivate final class Chunk {
        /// From the chunk's start; what is behind reads as zero.
        var bytes: [UInt8] = []
        /// Bit n: page n holds data.
        var present: UInt16 = 0
    }

    /// By their place in the file: a guest may write anywhere up to the largest position.
    private var chunks = ChunkMap()
    private(set) var pages: UInt64 = 0

    /// Pages of `range` that hold no data yet.
    func missingPages(_ offset: UInt64, _ count: Int) -> UInt64 {
        var missing: UInt64 = 0
        var at = offset
        let end = offset + UInt64(count)
        while at < end {
            let (index, start, length) = Self.place(at, end)
            let wanted = Self.mask(start, length)
            let have = chunks[index]?.present ?? 0
            missing += UInt64((wanted & ~have).nonzeroBitCount)
            at += UInt64(length)
        }
        return missing
    }

    /// Chunk, offset in it and length of the first piece of `at..<end`.
    private static func place(_ at: UInt64, _ end: UInt64) -> (UInt64, Int, Int) {
        let start = Int(at % UInt64(chunkSize))
        return (at / UInt64(chunkSize), start, Int(min(UInt64(chunkSize - start), end - at)))
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
            if let chunk = chunks[index], start < chunk.bytes.count {
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

    private mutating func makeChunk(_ index: UInt64, bytes: Int) -> Chunk {
        let chunk: Chunk
        if let known = chunks[index] { chunk = known } else {
            chunk = Chunk()
            chunks[index] = chunk
        }
        if chunk.bytes.count < bytes {
            // Small files stay small; what grows, doubles.
            let size = index > 0 && bytes > 4096 ? Self.chunkSize : min(Self.chunkSize, max(bytes, chunk.bytes.count * 2, 256))
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

    /// The chunks between two positions, in order.
    private func indices(_ offset: UInt64, _ end: UInt64) -> [UInt64] {
        if offset >= end { return [] }
        let (first, last) = (offset / UInt64(Self.chunkSize), (end - 1) / UInt64(Self.chunkSize))
        // Whichever is shorter: the places, or the chunks that there are.
        if last - first < UInt64(chunks.count) { return (first...last).filter { chunks[$0] != nil } }
        return chunks.sortedKeys.filter { $0 >= first && $0 <= last }
    }

    /// Makes `count` bytes from `offset` on zero, and gives whole pages back.
    mutating func punch(_ offset: UInt64, _ count: UInt64) {
        let end = offset + count
        for index in indices(offset, end) {
            guard let chunk = chunks[index] else { continue }
            let base = index * UInt64(Self.chunkSize)
            let start = Int(max(offset, base) - base)
            let stop = Int(min(end - base, UInt64(Self.chunkSize)))
            if start == 0, stop == Self.chunkSize {
                pages -= UInt64(chunk.present.nonzeroBitCount)
                chunks[index] = nil
                continue
            }
            let last = min(stop, chunk.bytes.count)
            if start < last { for i in start..<last { chunk.bytes[i] = 0 } }
            give(index, chunk, from: (start + Self.page - 1) / Self.page, to: stop / Self.page)
        }
    }

    /// Gives whole pages of a chunk back.
    private mutating func give(_ index: UInt64, _ chunk: Chunk, from first: Int, to last: Int) {
        if first >= last { return }
        let gone = Self.mask(first * Self.page, (last - first) * Self.page) & chunk.present
        chunk.present &= ~gone
        pages -= UInt64(gone.nonzeroBitCount)
        if chunk.present == 0 { chunks[index] = nil }
    }

    /// Forgets all bytes from `size` on.
    mutating func truncate(to size: UInt64) {
        let maximum = UInt64(Int64.max)
        if size >= maximum { return }
        punch(size, maximum - size)
    }

    /// The first byte from `offset` on that lies in a page with data, or without.
    ///
    /// - Returns: nil when there is no data behind `offset`.
    func next(from offset: UInt64, data: Bool) -> UInt64? {
        var at = offset
        for index in indices(offset, UInt64(Int64.max)) {
            let base = index * UInt64(Self.chunkSize)
            guard let chunk = chunks[index] else { continue }
            if base > at {
                if !data { return at }
                at = base
            }
            while at < base + UInt64(Self.chunkSize) {
                let page = UInt16(Int(at - base) / Self.page)
                if (chunk.present >> page) & 1 == (data ? 1 : 0) { return at }
                at = base + (UInt64(page) + 1) * UInt64(Self.page)
            }
        }
        return data ? nil : at
    }

    /// The runs of pages that hold data, in order: where in the file, and which part of `bytes` it is.
    func forEachRun(_ body: (_ offset: UInt64, _ bytes: [UInt8], _ range: Range<Int>) -> Void) {
        for i in chunks.sortedKeys {
            guard let chunk = chunks[i] else { continue }
            var page = 0
            while page < 16 {
                if (chunk.present >> UInt16(page)) & 1 == 0 {
                    page += 1
                    continue
                }
                let first = page
                while page < 16, (chunk.present >> UInt16(page)) & 1 != 0 { page += 1 }
                let range = min(first * Self.page, chunk.bytes.count)..<min(page * Self.page, chunk.bytes.count)
                if !range.isEmpty { body(i * UInt64(Self.chunkSize) + UInt64(range.lowerBound), chunk.bytes, range) }
            }
        }
    }
}

/// Chunks by their place: those from the file's start on in an array, those behind a large hole in a table.
private struct ChunkMap {
    private var dense: [ChunkedBytes.Chunk?] = []
    private var sparse: [UInt64: ChunkedBytes.Chunk] = [:]
    private(set) var count = 0

    /// How far behind the array's end a chunk may lie to make it longer.
    private static var gap: UInt64 { 64 }

    subscript(_ index: UInt64) -> ChunkedBytes.Chunk? {
        @inline(__always) get {
            if index < UInt64(dense.count) { return dense[Int(index)] }
            return sparse.isEmpty ? nil : sparse[index]
        }
        set {
            let had = self[index] != nil
            count += (newValue == nil ? 0 : 1) - (had ? 1 : 0)
            if index < UInt64(dense.count) {
                dense[Int(index)] = newValue
            } else if newValue != nil, index < UInt64(dense.count) + Self.gap {
                while UInt64(dense.count) <= index { dense.append(sparse.removeValue(forKey: UInt64(dense.count))) }
                dense[Int(index)] = newValue
            } else {
                sparse[index] = newValue
            }
        }
    }

    var sortedKeys: [UInt64] { dense.indices.filter { dense[$0] != nil }.map { UInt64($0) } + sparse.keys.sorted() }
}

import GoferProtocol
import HostOS
import LinuxABI

extension FileServer {
    /// An entry's bytes in a reply, without name and attributes.
    private static let entrySize = 8 + 1 + 8 + 2 + 1
    private static let attributesSize = 108

    func readDirectory(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let node = try handles.directory(try fields.u64())
        let cookie = try fields.u64()
        let wantsAttributes = try fields.u8() != 0
        let limit = try fields.u16()
        try fields.finish()

        let endAt = reply.message.count
        reply.message.u8(0)
        reply.message.u16(0)
        let room = Limits.maximumMessage - Self.entrySize - Limits.maximumName - Self.attributesSize
        // With attributes a record grows: what would not fit into this reply need not be read.
        var records = [UInt8](repeating: 0, count: wantsAttributes ? 8 << 10 : 32 << 10)
        var count: UInt16 = 0
        node.lock.lock()
        defer { node.lock.unlock() }
        try node.fd.seek(Int64(bitPattern: cookie), whence: 0)
        while true {
            let filled = try node.fd.readDirectory(into: &records)
            if filled == 0 {
                reply.message.patch(byte: 1, at: endAt)
                break
            }
            var offset = 0
            while let record = DirectoryRecord(records, at: offset, end: filled) {
                offset += record.length
                let name = records[record.name]
                if name.elementsEqual([0x2e]) || name.elementsEqual([0x2e, 0x2e]) { continue }
                guard reply.message.count <= room, count < limit else {
                    reply.message.patch(count, at: endAt + 1)
                    return
                }
                reply.message.u64(record.inode)
                reply.message.u8(record.type)
                reply.message.u64(record.cookie)
                reply.message.bytes(name)
                if wantsAttributes, record.type != 4 /* DT_DIR */, let status = try? node.fd.status(of: try HostPath(name)) {
                    reply.message.u8(1)
                    reply.message.attributes(status)
                } else {
                    reply.message.u8(0)
                }
                count += 1
            }
            if reply.message.count > room { break }
        }
        reply.message.patch(count, at: endAt + 1)
    }
}

/// A struct linux_dirent64 in a buffer.
private struct DirectoryRecord {
    var inode: UInt64 = 0
    var cookie: UInt64 = 0
    var length = 0
    var type: UInt8 = 0
    var name: Range<Int> = 0..<0

    init?(_ buffer: [UInt8], at start: Int, end: Int) {
        guard start + 19 <= end, end <= buffer.count else { return nil }
        inode = buffer.load(littleEndian: UInt64.self, at: start)
        cookie = buffer.load(littleEndian: UInt64.self, at: start + 8)
        length = Int(buffer.load(littleEndian: UInt16.self, at: start + 16))
        type = buffer[start + 18]
        guard length >= 20, start + length <= end else { return nil }
        var last = start + 19
        while last < start + length, buffer[last] != 0 { last += 1 }
        name = start + 19..<last
    }
}

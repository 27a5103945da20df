import CMessages
import Glibc

/// A message that has a C form `C` (a structure of protobuf-c, which begins with a ProtobufCMessage).
protocol CBacked: Message {
    associatedtype C
    /// Copies what `c` and its pointers hold.
    init(reading c: C)
    /// Makes `c` an empty message.
    static func prepare(_ c: UnsafeMutablePointer<C>)
    /// Fills an empty message; what it points to is allocated from `tree` and lives as long.
    func write(to c: UnsafeMutablePointer<C>, _ tree: CTree)
}

extension CBacked {
    static func decoded(_ bytes: [UInt8]) throws(MessageError) -> Self {
        if bytes.count > messageLimit { throw .tooLarge(bytes.count) }
        let message: UnsafeMutablePointer<ProtobufCMessage>? = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe messages_decode(descriptor, buffer.baseAddress, buffer.count, 32 << 20)
        }
        guard let message = unsafe message else { throw .malformed }
        defer { unsafe protobuf_c_message_free_unpacked(message, nil) }
        return unsafe UnsafeRawPointer(message).withMemoryRebound(to: C.self, capacity: 1) { c in
            unsafe Self(reading: c.pointee)
        }
    }

    func encoded() throws(MessageError) -> [UInt8] {
        let tree = CTree()
        defer { tree.release() }
        let message = unsafe UnsafeMutableRawPointer(tree.make(self)).assumingMemoryBound(to: ProtobufCMessage.self)
        let size = unsafe protobuf_c_message_get_packed_size(message)
        if size > messageLimit { throw .tooLarge(size) }
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = unsafe size == 0 ? 0 : protobuf_c_message_pack(message, buffer.baseAddress)
        }
    }

    private static var descriptor: UnsafePointer<ProtobufCMessageDescriptor>? {
        unsafe withUnsafeTemporaryAllocation(of: C.self, capacity: 1) { buffer in
            unsafe prepare(buffer.baseAddress!)
            return unsafe UnsafeRawPointer(buffer.baseAddress!).load(as: ProtobufCMessage.self).descriptor
        }
    }
}

/// The memory of one C message while it is encoded: blocks that are freed together.
@safe final class CTree {
    private var blocks: [UnsafeMutableRawPointer] = unsafe []
    private var free = 0
    private static let blockSize = 4096

    func release() {
        for unsafe block in unsafe blocks { unsafe Glibc.free(block) }
        unsafe blocks = []
    }

    private func take(_ size: Int) -> UnsafeMutableRawPointer {
        let rounded = (size &+ 15) & ~15
        if rounded > Self.blockSize / 4 {
            // Below the block in use, which stays last.
            let block = unsafe malloc(rounded)!
            unsafe blocks.insert(block, at: 0)
            return unsafe block
        }
        if rounded > free {
            unsafe blocks.append(malloc(Self.blockSize)!)
            free = Self.blockSize
        }
        defer { free &-= rounded }
        return unsafe blocks[blocks.count &- 1] + (Self.blockSize &- free)
    }

    private func take<T>(_ count: Int, of type: T.Type) -> UnsafeMutablePointer<T> {
        unsafe take(count &* MemoryLayout<T>.stride).bindMemory(to: type, capacity: count)
    }

    func make<M: CBacked>(_ message: M) -> UnsafeMutablePointer<M.C> {
        let c = unsafe take(1, of: M.C.self)
        unsafe M.prepare(c)
        unsafe message.write(to: c, self)
        return unsafe c
    }

    // Values as C.

    func text(_ value: String) -> UnsafeMutablePointer<CChar> {
        let bytes = value.utf8
        let c = unsafe take(bytes.count &+ 1, of: CChar.self)
        var i = 0
        for byte in bytes {
            unsafe c[i] = CChar(bitPattern: byte)
            i &+= 1
        }
        unsafe c[i] = 0
        return unsafe c
    }

    func blob(_ value: [UInt8]) -> ProtobufCBinaryData {
        let c = unsafe take(value.count, of: UInt8.self)
        unsafe value.withUnsafeBufferPointer { b in
            if let from = b.baseAddress { unsafe c.update(from: from, count: b.count) }
        }
        return unsafe ProtobufCBinaryData(len: value.count, data: c)
    }

    func message<M: CBacked>(_ value: M?) -> UnsafeMutablePointer<M.C>? {
        if let value { return unsafe make(value) }
        return nil
    }

    private func list<V, T>(_ values: [V], _ make: (V) -> T) -> (Int, UnsafeMutablePointer<T>?) {
        if values.isEmpty { return (0, nil) }
        let c = unsafe take(values.count, of: T.self)
        for i in values.indices { unsafe (c + i).initialize(to: make(values[i])) }
        return unsafe (values.count, c)
    }

    func scalars<T: BitwiseCopyable>(_ values: [T]) -> (Int, UnsafeMutablePointer<T>?) { unsafe list(values) { $0 } }

    func texts(_ values: [String]) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) {
        unsafe list(values) { unsafe text($0) }
    }

    func blobs(_ values: [[UInt8]]) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
        unsafe list(values) { unsafe blob($0) }
    }

    func messages<M: CBacked>(_ values: [M]) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<M.C>?>?) {
        unsafe list(values) { unsafe make($0) }
    }

    /// A map, in the order of its keys, as entries that `fill` makes of the C strings.
    func map<E>(
        _ values: [String: String],
        _ fill: (UnsafeMutablePointer<E>, UnsafeMutablePointer<CChar>, UnsafeMutablePointer<CChar>) -> Void
    ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<E>?>?) {
        unsafe list(values.sorted { $0.key < $1.key }) { pair in
            let entry = unsafe take(1, of: E.self)
            unsafe fill(entry, text(pair.key), text(pair.value))
            return unsafe entry
        }
    }
}

extension CTree {
    // C as values.

    static func text(_ c: UnsafePointer<CChar>?) -> String {
        if let c = unsafe c { return unsafe String(cString: c) }
        return ""
    }

    static func blob(_ c: ProtobufCBinaryData) -> [UInt8] {
        unsafe [UInt8](UnsafeBufferPointer(start: c.data, count: c.data == nil ? 0 : c.len))
    }

    static func message<M: CBacked>(_ c: UnsafeMutablePointer<M.C>?) -> M? {
        if let c = unsafe c { return unsafe M(reading: c.pointee) }
        return nil
    }

    private static func list<T, V>(_ count: Int, _ c: UnsafeMutablePointer<T>?, _ make: (T) -> V) -> [V] {
        guard let c = unsafe c else { return [] }
        var values: [V] = []
        values.reserveCapacity(count)
        for i in 0..<count { unsafe values.append(make(c[i])) }
        return values
    }

    static func scalars<T: BitwiseCopyable>(_ count: Int, _ c: UnsafeMutablePointer<T>?) -> [T] {
        unsafe list(count, c) { $0 }
    }

    static func texts(_ count: Int, _ c: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [String] {
        unsafe list(count, c) { unsafe text($0) }
    }

    static func blobs(_ count: Int, _ c: UnsafeMutablePointer<ProtobufCBinaryData>?) -> [[UInt8]] {
        unsafe list(count, c) { unsafe blob($0) }
    }

    static func messages<M: CBacked>(_ count: Int, _ c: UnsafeMutablePointer<UnsafeMutablePointer<M.C>?>?) -> [M] {
        unsafe list(count, c) { unsafe M(reading: $0!.pointee) }
    }

    static func map<E>(
        _ count: Int, _ c: UnsafeMutablePointer<UnsafeMutablePointer<E>?>?,
        _ pair: (E) -> (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?)
    ) -> [String: String] {
        var values: [String: String] = [:]
        guard let c = unsafe c else { return values }
        for i in 0..<count {
            let (key, value) = unsafe pair(c[i]!.pointee)
            unsafe values[text(key)] = text(value)
        }
        return values
    }
}

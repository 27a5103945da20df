import HostOS

/// One frame of ttrpc: a header of ten bytes (length, stream id, type, flags; big-endian) and a payload.
struct Frame: Sendable {
    static let headerSize = 10
    static let payloadLimit = 4 << 20

    enum Kind {
        static let request: UInt8 = 1
        static let response: UInt8 = 2
        static let data: UInt8 = 3
    }

    struct Flags: OptionSet, Sendable {
        var rawValue: UInt8
        /// The sender sends nothing more on this stream.
        static let remoteClosed = Flags(rawValue: 1)
        /// The sender will send data.
        static let remoteOpen = Flags(rawValue: 2)
        /// There is no message, as opposed to an empty one.
        static let noData = Flags(rawValue: 4)
    }

    var stream: UInt32
    var kind: UInt8
    var flags: Flags = []
    var payload: [UInt8] = []
    /// Descriptors beside the frame. An extension of ours: the upper five bits of the flags say how many, which travel
    /// as SCM_RIGHTS with the frame's first byte. containerd never sets these bits.
    var descriptorCount = 0

    /// The frame as it goes over the wire.
    func bytes() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerSize + payload.count)
        let length = UInt32(truncatingIfNeeded: payload.count)
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: stream >> shift)) }
        bytes.append(kind)
        bytes.append(flags.rawValue | UInt8(truncatingIfNeeded: descriptorCount << 3))
        bytes.append(contentsOf: payload)
        return bytes
    }
}

/// Makes frames of the bytes that arrive in any pieces. Never holds more than one frame.
struct FrameAssembler {
    enum Arrival {
        case frame(Frame)
        /// The payload of a frame that was too long was skipped.
        case oversized(Frame, length: Int)
    }

    private var header: [UInt8] = []
    private var frame: Frame?
    private var length = 0
    /// How many payload bytes are still to be thrown away.
    private var skipping = 0

    /// Takes the first `count` of `bytes`, and calls `each` with what they complete.
    mutating func take(_ bytes: [UInt8], count: Int, _ each: (Arrival) -> Void) {
        var i = 0
        while i < count {
            if frame == nil {
                let part = min(Frame.headerSize - header.count, count - i)
                header.append(contentsOf: bytes[i..<(i + part)])
                i += part
                if header.count == Frame.headerSize { begin() }
            } else if skipping > 0 {
                let part = min(skipping, count - i)
                skipping -= part
                i += part
                if skipping > 0 { return }
            } else {
                let part = min(length - (frame?.payload.count ?? 0), count - i)
                frame?.payload.append(contentsOf: bytes[i..<(i + part)])
                i += part
            }
            if skipping > 0 { continue }
            if let done = frame, length > Frame.payloadLimit || done.payload.count == length {
                frame = nil
                each(length > Frame.payloadLimit ? .oversized(done, length: length) : .frame(done))
            }
        }
    }

    private mutating func begin() {
        func word(_ at: Int) -> UInt32 { header[at..<(at + 4)].reduce(0) { $0 << 8 | UInt32($1) } }
        length = Int(word(0))
        var new = Frame(stream: word(4), kind: header[8], flags: .init(rawValue: header[9] & 7))
        new.descriptorCount = Int(header[9] >> 3)
        if length > Frame.payloadLimit { skipping = length } else { new.payload.reserveCapacity(min(length, 64 << 10)) }
        frame = new
        header.removeAll(keepingCapacity: true)
    }
}

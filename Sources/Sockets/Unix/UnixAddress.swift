import LinuxABI

/// A unix socket's name (unix(7)).
public enum UnixAddress: Hashable, Sendable {
    /// A file: the path as it was given.
    case path([UInt8])
    /// A name of the network namespace, of any bytes.
    case abstract([UInt8])

    /// What `bind` asks for with nothing but a family.
    static var autobind: UnixAddress { .abstract([]) }

    /// Reads struct sockaddr_un.
    ///
    /// - Throws: EINVAL for another family or a length that is none.
    init(_ bytes: [UInt8]) throws(Errno) {
        guard bytes.count > 2, bytes.count <= 110, bytes.uint16(at: 0) == UInt16(AddressFamily.AF_UNIX) else { throw .EINVAL }
        if bytes[2] == 0 {
            self = .abstract(Array(bytes[3...]))
        } else {
            let end = bytes[2...].firstIndex(of: 0) ?? bytes.endIndex
            self = .path(Array(bytes[2..<end]))
        }
    }

    /// struct sockaddr_un, as long as the name.
    var bytes: [UInt8] {
        let family = UInt16(AddressFamily.AF_UNIX).bytes
        switch self {
        case .path(let path): return family + path + [0]
        case .abstract(let name): return family + [0] + name
        }
    }

    /// What getsockname(2) gives for a socket without a name.
    static var unnamed: [UInt8] { UInt16(AddressFamily.AF_UNIX).bytes }

    /// As /proc/net/unix shows it.
    public var text: [UInt8] {
        switch self {
        case .path(let path): path
        case .abstract(let name): [UInt8(ascii: "@")] + name.map { $0 == 0 ? UInt8(ascii: "@") : $0 }
        }
    }
}

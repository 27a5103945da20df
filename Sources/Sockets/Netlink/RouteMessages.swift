import LinuxABI

/// rtnetlink(7) for a sandbox whose only interface is lo.
enum RouteMessages {
    // Message types and flags.
    private static var NLMSG_ERROR: UInt16 { 2 }
    private static var NLMSG_DONE: UInt16 { 3 }
    private static var RTM_NEWLINK: UInt16 { 16 }
    private static var RTM_GETLINK: UInt16 { 18 }
    private static var RTM_NEWADDR: UInt16 { 20 }
    private static var RTM_GETADDR: UInt16 { 22 }
    private static var RTM_GETROUTE: UInt16 { 26 }
    private static var NLM_F_MULTI: UInt16 { 2 }
    private static var NLM_F_ACK: UInt16 { 4 }
    private static var NLM_F_DUMP: UInt16 { 0x300 }

    /// Answers each request in `bytes`.
    static func answer(_ bytes: [UInt8], port: UInt32) -> [[UInt8]] {
        var answers: [[UInt8]] = []
        var at = 0
        while let length = bytes.int32(at: at), let type = bytes.uint16(at: at + 4), let flags = bytes.uint16(at: at + 6),
              let sequence = bytes.int32(at: at + 8), length >= 16, Int(length) <= bytes.count - at {
            let request = Array(bytes[at..<(at + Int(length))])
            if flags & 1 != 0 { // NLM_F_REQUEST
                answers += answer(request, type, flags, UInt32(bitPattern: sequence), port)
            }
            at += (Int(length) + 3) & ~3
        }
        return answers
    }

    private static func answer(_ request: [UInt8], _ type: UInt16, _ flags: UInt16, _ sequence: UInt32,
                               _ port: UInt32) -> [[UInt8]] {
        let dumps = flags & NLM_F_DUMP == NLM_F_DUMP
        let family = request.count > 16 ? request[16] : 0
        var found: [[UInt8]] = []
        switch type {
        case RTM_GETLINK:
            if !dumps, let index = request.int32(at: 20), index > 1 {
                return [error(.ENODEV, request, sequence, port)]
            }
            if !dumps, let name = stringAttribute(3, in: request, from: 32), name != Array("lo".utf8) {
                return [error(.ENODEV, request, sequence, port)]
            }
            found = [message(RTM_NEWLINK, dumps ? NLM_F_MULTI : 0, sequence, port, link)]
        case RTM_GETADDR:
            if !dumps { return [error(.EOPNOTSUPP, request, sequence, port)] }
            if family == 0 || family == 2 { found = [message(RTM_NEWADDR, NLM_F_MULTI, sequence, port, loopbackAddress)] }
        case RTM_GETROUTE:
            if !dumps { return [error(.ENETUNREACH, request, sequence, port)] }
        case 30, 34, 38, 42, 66, 74, 78, 82: // GETNEIGH, GETRULE, GETQDISC, GETTFILTER...: dumps of nothing.
            if !dumps { return [error(.ENOENT, request, sequence, port)] }
        case 0..<16: return flags & NLM_F_ACK != 0 ? [error(nil, request, sequence, port)] : []
        default:
            // Changes: nobody may make any, for there is no network to change.
            return [error(.EPERM, request, sequence, port)]
        }
        if dumps {
            found.append(message(NLMSG_DONE, NLM_F_MULTI, sequence, port, Int32(0).bytes))
            // Linux packs a dump's messages into as few datagrams as it can; the end comes in one of its own.
            return found
        }
        return flags & NLM_F_ACK != 0 ? found + [error(nil, request, sequence, port)] : found
    }

    /// struct nlmsghdr and its body.
    private static func message(_ type: UInt16, _ flags: UInt16, _ sequence: UInt32, _ port: UInt32, _ body: [UInt8]) -> [UInt8] {
        UInt32(16 + body.count).bytes + type.bytes + flags.bytes + sequence.bytes + port.bytes + body
    }

    /// struct nlmsgerr: the error, 0 for an acknowledgement, and the request's header; on errors the whole request.
    private static func error(_ error: Errno?, _ request: [UInt8], _ sequence: UInt32, _ port: UInt32) -> [UInt8] {
        let body = (-(error?.rawValue ?? 0)).bytes + (error == nil ? Array(request.prefix(16)) : request)
        return message(NLMSG_ERROR, 0, sequence, port, body)
    }

    /// struct rtattr, padded.
    private static func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
        let bytes = UInt16(4 + value.count).bytes + type.bytes + value
        return bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    }

    private static func stringAttribute(_ wanted: UInt16, in request: [UInt8], from start: Int) -> [UInt8]? {
        var at = start
        while let length = request.uint16(at: at), let type = request.uint16(at: at + 2), length >= 4,
              Int(length) <= request.count - at {
            if type & 0x3fff == wanted { return request[(at + 4)..<(at + Int(length))].prefix { $0 != 0 }.map { $0 } }
            at += (Int(length) + 3) & ~3
        }
        return nil
    }

    /// struct ifinfomsg and attributes of lo.
    private static var link: [UInt8] {
        // family, padding, ARPHRD_LOOPBACK, index 1, IFF_UP | LOOPBACK | RUNNING | LOWER_UP, change.
        var body: [UInt8] = [0, 0] + UInt16(772).bytes + Int32(1).bytes + UInt32(0x10049).bytes + UInt32(0).bytes
        body += attribute(3, Array("lo".utf8) + [0]) // IFLA_IFNAME
        body += attribute(13, UInt32(1000).bytes) // IFLA_TXQLEN
        body += attribute(16, [0]) // IFLA_OPERSTATE: unknown
        body += attribute(17, [0]) // IFLA_LINKMODE
        body += attribute(4, UInt32(65536).bytes) // IFLA_MTU
        body += attribute(27, UInt32(0).bytes) // IFLA_GROUP
        body += attribute(6, Array("noqueue".utf8) + [0]) // IFLA_QDISC
        body += attribute(1, [UInt8](repeating: 0, count: 6)) // IFLA_ADDRESS
        body += attribute(2, [UInt8](repeating: 0, count: 6)) // IFLA_BROADCAST
        return body
    }

    /// struct ifaddrmsg and attributes of 127.0.0.1/8.
    private static var loopbackAddress: [UInt8] {
        // AF_INET, prefix, IFA_F_PERMANENT, RT_SCOPE_HOST, index.
        var body: [UInt8] = [2, 8, 0x80, 254] + UInt32(1).bytes
        body += attribute(1, [127, 0, 0, 1]) // IFA_ADDRESS
        body += attribute(2, [127, 0, 0, 1]) // IFA_LOCAL
        body += attribute(3, Array("lo".utf8) + [0]) // IFA_LABEL
        body += attribute(8, UInt32(0x80).bytes) // IFA_FLAGS
        return body
    }
}

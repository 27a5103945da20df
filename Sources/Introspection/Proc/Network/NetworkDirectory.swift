import FileSystems
import HostOS
import Kernel
import LinuxABI
import VFS

/// What the socket layer tells /proc/net of a network namespace. The Sentry sets the pod's.
open class NetworkStatistics: @unchecked Sendable {
    public init() {}

    /// The lines of /proc/net/`name` below its header, for "unix", "tcp", "udp", "dev" and their like.
    ///
    /// - Returns: nil for a file that it has nothing to tell of.
    open func rows(_ name: String, of namespace: NetworkNamespace, by caller: Caller) -> [UInt8]? { nil }
}

/// /proc/PID/net: headers, and what the socket layer tells.
final class NetworkDirectory: SyntheticDirectory, @unchecked Sendable {
    private let view: TaskView

    init(_ view: TaskView, number: UInt64) {
        self.view = view
        super.init(view.proc, number: number)
    }

    override func lookup(_ name: FileName, by caller: Caller) throws(Errno) -> Inode? {
        guard let index = Self.files.firstIndex(where: { $0.name == name }) else { return nil }
        return NetworkFile(view, name, Self.files[index].header, number: number &+ 128 &+ UInt64(index))
    }

    override func fixedEntries(by caller: Caller) throws(Errno) -> [(name: FileName, inode: UInt64, type: FileType)] {
        Self.files.enumerated().map { ($1.name, number &+ 128 &+ UInt64($0), .regular) }
    }

    private static let tail4 = "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    private static let addresses6 = "  sl  local_address                         remote_address                        "
    private static let datagram4 = "   sl  local_address rem_address   \(tail4) ref pointer drops             \n"
    private static let datagram6 = "\(addresses6)\(tail4) ref pointer drops\n"

    private static let files: [(name: FileName, header: String)] = [
        ("dev", "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop"
            + " fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"),
        ("route", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
            + "                                                       \n"),
        ("arp", "IP address       HW type     Flags       HW address            Mask     Device\n"),
        ("if_inet6", ""), ("ipv6_route", ""),
        ("tcp", "  sl  local_address rem_address   \(tail4)                                                     \n"),
        ("udp", datagram4), ("raw", datagram4), ("icmp", datagram4), ("tcp6", "\(addresses6)\(tail4)\n"),
        ("udp6", datagram6), ("raw6", datagram6), ("icmp6", datagram6),
        ("unix", "Num       RefCount Protocol Flags    Type St Inode Path\n"),
        ("netlink", "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"),
        ("packet", "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"),
        ("protocols", "protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re bi br ha uh gp em\n"),
        ("psched", "000003e8 00000040 000f4240 3b9aca00\n"), ("ptype", "Type Device      Function\n"),
        ("sockstat", "sockets: used 0\nTCP: inuse 0 orphan 0 tw 0 alloc 0 mem 0\nUDP: inuse 0 mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\n"
            + "FRAG: inuse 0 memory 0\n"),
        ("sockstat6", "TCP6: inuse 0\nUDP6: inuse 0\nUDPLITE6: inuse 0\nRAW6: inuse 0\nFRAG6: inuse 0 memory 0\n"),
        ("snmp", snmp),
        ("netstat", "TcpExt: SyncookiesSent SyncookiesRecv SyncookiesFailed\nTcpExt: 0 0 0\n"
            + "IpExt: InNoRoutes InTruncatedPkts InMcastPkts\nIpExt: 0 0 0\n"),
        ("snmp6", ""), ("dev_mcast", ""), ("igmp", "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"),
        ("fib_trie", ""), ("fib_triestat", ""), ("softnet_stat", ""), ("wireless", ""), ("anycast6", ""),
    ]

    /// A group of counters that are all zero.
    private static func zeroes(_ group: String, _ names: String, first: [String] = []) -> String {
        let count = names.split(separator: " ").count
        let values = first + [String](repeating: "0", count: max(0, count - first.count))
        return "\(group): \(names)\n\(group): \(values.joined(separator: " "))\n"
    }

    private static let snmp = zeroes("Ip", "Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos"
            + " InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails"
            + " FragCreates", first: ["2", "64"])
        + zeroes("Icmp", "InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs InRedirects InEchos"
            + " InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors OutRateLimitGlobal"
            + " OutRateLimitHost OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps"
            + " OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps")
        + zeroes("Tcp", "RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs"
            + " OutSegs RetransSegs InErrs OutRsts InCsumErrors", first: ["1", "200", "120000", "-1"])
        + zeroes("Udp", "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors")
        + zeroes("UdpLite", "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors")
}

private final class NetworkFile: SyntheticFile, @unchecked Sendable {
    private let view: TaskView
    private let name: FileName
    private let header: String

    init(_ view: TaskView, _ name: FileName, _ header: String, number: UInt64) {
        self.view = view
        self.name = name
        self.header = header
        super.init(view.proc, number: number)
    }

    override func generate(by caller: Caller) throws(Errno) -> [UInt8] {
        guard let task = view.live else { throw .EINVAL }
        let namespace = view.proc.kernel.treeLock.withLock { task.namespaces.network }
        var text = Array(header.utf8)
        if let rows = view.proc.machine.network?.rows(name.description, of: namespace, by: caller) {
            text += rows
        } else if name == "dev" {
            text += ("    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0"
                + "       0          0\n").utf8
        }
        return text
    }
}

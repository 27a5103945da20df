import LinuxABI
import Memory
import VFS

/// The SIOCGIF* requests (netdevice(7)): a sandbox without a network has lo alone.
enum InterfaceCalls {
    private static var loopback: [UInt8] { Array("lo".utf8) + [UInt8](repeating: 0, count: 14) }

    /// - Throws: ENODEV for another interface, ENOTTY for what is no request about interfaces, EPERM for changes.
    static func answer(_ request: UInt32, _ address: GuestAddress, by caller: Caller) throws(Errno) -> UInt64 {
        switch request {
        case 0x8912: return try list(address, caller)
        case 0x8910: // SIOCGIFNAME
            if try caller.memory.load(address + 16, as: Int32.self) != 1 { throw .ENODEV }
            try caller.memory.store(array: loopback, at: address)
            return 0
        case 0x8913, 0x8915, 0x8917, 0x8919, 0x891b, 0x891d, 0x8921, 0x8927, 0x8933, 0x8942, 0x8970:
            let name = try caller.memory.loadBytes(address, count: 16)
            guard name.prefix(while: { $0 != 0 }) == Array("lo".utf8)[...] else { throw .ENODEV }
            try caller.memory.store(array: try value(of: request), at: address + 16)
            return 0
        case 0x8914, 0x8916, 0x8918, 0x891a, 0x891c, 0x8922, 0x8924: throw .EPERM
        default: throw .ENOTTY
        }
    }

    /// What follows the name in struct ifreq.
    private static func value(of request: UInt32) throws(Errno) -> [UInt8] {
        func inet(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> [UInt8] { [2, 0, 0, 0, a, b, c, d] + [UInt8](repeating: 0, count: 8) }
        switch request {
        case 0x8913: return UInt16(0x49).bytes // SIOCGIFFLAGS: UP, LOOPBACK, RUNNING
        case 0x8915, 0x8917: return inet(127, 0, 0, 1) // SIOCGIFADDR, SIOCGIFDSTADDR
        case 0x8919: return inet(0, 0, 0, 0) // SIOCGIFBRDADDR
        case 0x891b: return inet(255, 0, 0, 0) // SIOCGIFNETMASK
        case 0x891d: return Int32(0).bytes // SIOCGIFMETRIC
        case 0x8921: return Int32(65536).bytes // SIOCGIFMTU
        case 0x8927: return UInt16(772).bytes + [UInt8](repeating: 0, count: 14) // SIOCGIFHWADDR: ARPHRD_LOOPBACK
        case 0x8933: return Int32(1).bytes // SIOCGIFINDEX
        case 0x8942: return Int32(1000).bytes // SIOCGIFTXQLEN
        default: return [UInt8](repeating: 0, count: 24) // SIOCGIFMAP
        }
    }

    /// SIOCGIFCONF.
    private static func list(_ address: GuestAddress, _ caller: Caller) throws(Errno) -> UInt64 {
        let length = try caller.memory.load(address, as: Int32.self)
        let buffer = try caller.memory.load(address + 8, as: UInt64.self)
        let entry = loopback + (try value(of: 0x8915)) + [UInt8](repeating: 0, count: 8)
        if buffer == 0 {
            try caller.memory.store(Int32(entry.count), at: address)
        } else if length >= Int32(entry.count) {
            try caller.memory.store(array: entry, at: GuestAddress(buffer))
            try caller.memory.store(Int32(entry.count), at: address)
        } else {
            try caller.memory.store(Int32(0), at: address)
        }
        return 0
    }
}

internal import CStub
public import Memory

/// Where things lie in a stub's address space (native-memory.md, section 2), and where its code has its entries.
public enum StubLayout {
    /// "L": the end of what an argument of a native call may name.
    public static var argumentLimit: UInt64 { UInt64(STUB_ARGUMENT_LIMIT) }
    /// From here up everything is occupied before guest code runs; the last 8 GiB below L are not told apart by the filter.
    public static var fillStart: UInt64 { UInt64(STUB_FILL_START) }

    static var imageBase: UInt64 { UInt64(STUB_IMAGE_BASE) }
    static var textStart: UInt64 { imageBase + UInt64(STUB_TEXT_OFFSET) }

    public static let gateA = address(\.gate_a)
    public static let gateB = address(\.gate_b)
    public static let injectA = address(\.inject_a)
    public static let injectB = address(\.inject_b)
    public static let injectThread = address(\.inject_thread)
    public static let injectFork = address(\.inject_fork)
    public static let park = address(\.park)
    public static let parkEnd = address(\.park_end)
    public static let touchRead = address(\.touch_read)
    public static let touchWrite = address(\.touch_write)
    public static let compareExchange = address(\.compare_exchange)
    /// Where the systrap platform's stubs have the memory that they share with the Sentry.
    static var arena: UInt64 { UInt64(STUB_ARENA) }
    static var arenaLength: UInt64 { UInt64(STUB_ARENA_LENGTH) }
    static var infoLength: UInt64 { UInt64(STUB_INFO_LENGTH) }
    /// Where they have the files that their own code reads and writes.
    public static var files: UInt64 { UInt64(STUB_FILES) }
    public static var filesLength: UInt64 { UInt64(STUB_FILES_LENGTH) }
    /// Where rewritten code jumps to (CStub.h).
    public static let entryCall = address(\.entry_call)
    static let entry = address(\.entry)

    /// Where the image has the struct sock_fprog of a filter that closes gate A.
    static func closer(_ closer: CStub.stub_closer) -> UInt64 {
        imageBase + UInt64(STUB_DATA_OFFSET) + 24 + 16 * UInt64(closer.rawValue)
    }

    /// The number of the stub's own requests, which no kernel has.
    public static var requestNumber: Int { Int(STUB_REQUEST) }
    public static var minimalTicket: UInt64 { UInt64(STUB_MINIMAL_TICKET) }
    public static var requestDescriptor: UInt64 { UInt64(STUB_REQUEST_DESCRIPTOR) }

    private static func address(_ place: KeyPath<CStub.stub_places, Int>) -> UInt64 {
        textStart + UInt64(stub_places()[keyPath: place])
    }

    /// Whether [address, address + length) may be named in a native call: the filter's own test.
    public static func contains(_ address: UInt64, _ length: UInt64) -> Bool {
        let (a, l) = (address >> 32, length >> 32)
        return a <= 0x7fff && l <= 0x7fff && a + l + 1 < argumentLimit >> 32
    }

    /// A new end for a guest's address space: 28 random bits of pages.
    public static func drawLimit() -> GuestAddress {
        let pages = UInt64.random(in: 0..<(1 << 28))
        return GuestAddress(fillStart - 0x1_0000_0000 - pages * pageSize)
    }
}

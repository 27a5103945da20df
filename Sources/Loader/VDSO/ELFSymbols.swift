import LinuxABI

/// The dynamic symbols of an ELF image in memory: name to address.
struct ELFSymbols {
    private(set) var addresses: [[UInt8]: UInt64] = [:]

    private static let PT_DYNAMIC: UInt64 = 2
    private static let DT_HASH: UInt64 = 4, DT_STRTAB: UInt64 = 5, DT_SYMTAB: UInt64 = 6

    /// - Parameter image: as it lies in memory, its first byte at address 0.
    /// - Throws: ENOEXEC for an image that is not what it should be.
    init(_ image: [UInt8]) throws(Errno) {
        let fields = ByteFields(image)
        let dynamic = try Self.dynamicSection(fields)
        guard let symbols = dynamic[Self.DT_SYMTAB], let names = dynamic[Self.DT_STRTAB] else { throw .ENOEXEC }
        let count: Int
        if let hash = dynamic[Self.DT_HASH] {
            count = Int(try fields.uint(Int(clamping: hash &+ 4), 4))
        } else {
            // The strings follow the symbols in what linkers make.
            count = names > symbols ? Int(clamping: (names - symbols) / 24) : 0
        }
        for index in 0..<min(count, image.count / 24) {
            let symbol = Int(clamping: symbols &+ UInt64(index) * 24)
            let name = Int(clamping: names &+ (try fields.uint(symbol, 4)))
            guard name < image.count, let end = image[name...].firstIndex(of: 0) else { throw .ENOEXEC }
            let value = try fields.uint(symbol + 8, 8)
            if value != 0 { addresses[Array(image[name..<end])] = value }
        }
    }

    /// Where an image has the table that unwinding looks for (PT_GNU_EH_FRAME); nil: nowhere.
    static func frames(_ image: [UInt8]) -> Range<UInt64>? {
        let fields = ByteFields(image)
        guard let table = try? fields.uint(32, 8), let count = try? fields.uint(56, 2) else { return nil }
        for index in 0..<count {
            let header = Int(clamping: table &+ index &* 56)
            guard (try? fields.uint(header, 4)) == 0x6474_e550, let place = try? fields.uint(header + 16, 8),
                  let size = try? fields.uint(header + 40, 8), place &+ size >= place else { continue }
            return place..<(place &+ size)
        }
        return nil
    }

    private static func dynamicSection(_ fields: ByteFields) throws(Errno) -> [UInt64: UInt64] {
        let table = try fields.uint(32, 8)
        for index in 0..<(try fields.uint(56, 2)) {
            let header = Int(clamping: table &+ index &* 56)
            guard try fields.uint(header, 4) == PT_DYNAMIC else { continue }
            var values: [UInt64: UInt64] = [:]
            var at = Int(clamping: try fields.uint(header + 16, 8))
            while true {
                let tag = try fields.uint(at, 8)
                if tag == 0 { return values }
                values[tag] = try fields.uint(at + 8, 8)
                at += 16
            }
        }
        throw .ENOEXEC
    }
}

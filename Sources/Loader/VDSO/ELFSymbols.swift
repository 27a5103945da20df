import LinuxABI

/// The dynamic symbols of an ELF image in memory: name to address.
struct ELFSymbols {
    private(set) var addresses: [[UInt8]: UInt64] = [:]

    /// - Throws: ENOEXEC for an image that is not what it should be.
    init(_ image: [UInt8]) throws(Errno) {
        let fields = ByteFields(image)
        let sectionTable = try fields.uint(40, 8)
        let count = try fields.uint(60, 2)
        for index in 0..<count {
            let section = Int(clamping: sectionTable &+ index &* 64)
            // SHT_DYNSYM
            guard try fields.uint(section + 4, 4) == 11 else { continue }
            let symbols = Int(clamping: try fields.uint(section + 24, 8))
            let size = Int(clamping: try fields.uint(section + 32, 8))
            let linked = Int(clamping: sectionTable &+ (try fields.uint(section + 40, 4)) &* 64)
            let names = Int(clamping: try fields.uint(linked + 24, 8))
            for symbol in stride(from: symbols, to: symbols + min(size, image.count), by: 24) {
                let name = names + Int(try fields.uint(symbol, 4))
                guard name >= 0, name < image.count, let end = image[name...].firstIndex(of: 0) else { throw .ENOEXEC }
                let value = try fields.uint(symbol + 8, 8)
                if value != 0 { addresses[Array(image[name..<end])] = value }
            }
        }
    }
}

/// Builds the text of a generated file, byte by byte: no formatting machinery, and bytes of the guest pass unchanged.
public struct TextBuilder {
    public private(set) var bytes: [UInt8] = []

    public init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

    public var count: Int { bytes.count }

    public mutating func put(_ text: StaticString) {
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    public mutating func put(text: String) { bytes.append(contentsOf: text.utf8) }
    public mutating func put(bytes more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }
    public mutating func put(byte: UInt8) { bytes.append(byte) }
    public mutating func space() { bytes.append(0x20) }
    public mutating func newline() { bytes.append(0x0a) }

    /// A number in decimal, filled up with `fill` on the left to `width`.
    public mutating func put(_ number: some BinaryInteger, width: Int = 0, fill: UInt8 = 0x20) {
        if number < 0 {
            let digits = Self.digits(UInt64(clamping: number.magnitude), radix: 10)
            pad(width - digits.count - 1, fill)
            bytes.append(0x2d)
            bytes.append(contentsOf: digits)
        } else {
            let digits = Self.digits(UInt64(clamping: number), radix: 10)
            pad(width - digits.count, fill)
            bytes.append(contentsOf: digits)
        }
    }

    /// A number in hexadecimal, with zeroes on the left to `width`.
    public mutating func put(hex number: UInt64, width: Int = 0) {
        let digits = Self.digits(number, radix: 16)
        pad(width - digits.count, 0x30)
        bytes.append(contentsOf: digits)
    }

    public mutating func put(octal number: UInt64, width: Int = 0) {
        let digits = Self.digits(number, radix: 8)
        pad(width - digits.count, 0x30)
        bytes.append(contentsOf: digits)
    }

    /// "name:value" lines of status and meminfo with the number right-justified: "MemTotal:       16384 kB".
    public mutating func putKilobytes(_ name: StaticString, _ kilobytes: UInt64, column: Int) {
        put(name)
        put(byte: 0x3a)
        put(kilobytes, width: column - name.utf8CodeUnitCount - 1)
        put(" kB\n")
    }

    /// Fills the line that began at `start` with spaces up to `column`.
    public mutating func padLine(from start: Int, to column: Int) { pad(column - (bytes.count - start), 0x20) }

    /// Bytes of a name with what would break a line of fields written as \ooo (mounts(5)).
    public mutating func put(escaped name: some Sequence<UInt8>, _ special: StaticString = " \t\n\\") {
        for byte in name {
            let isSpecial = unsafe UnsafeBufferPointer(start: special.utf8Start, count: special.utf8CodeUnitCount).contains(byte)
            if isSpecial {
                bytes.append(0x5c)
                put(octal: UInt64(byte), width: 3)
            } else {
                bytes.append(byte)
            }
        }
    }

    private mutating func pad(_ count: Int, _ fill: UInt8) {
        if count > 0 { for _ in 0..<count { bytes.append(fill) } }
    }

    private static func digits(_ number: UInt64, radix: UInt64) -> ReversedCollection<[UInt8]> {
        var out: [UInt8] = []
        var rest = number
        repeat {
            let digit = UInt8(truncatingIfNeeded: rest % radix)
            out.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            rest /= radix
        } while rest > 0
        return out.reversed()
    }
}

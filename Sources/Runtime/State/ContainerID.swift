/// The name of a container: it becomes a file name and part of host paths, so only harmless ones are taken.
public enum ContainerID {
    /// - Throws: when it is empty, too long, "." or "..", or has anything but letters, digits, '_', '+', '-', '.'.
    public static func check(_ id: String) throws(RuntimeError) {
        func allowed(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                 UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        if id.isEmpty || id == "." || id == ".." || !id.utf8.allSatisfy(allowed) {
            throw RuntimeError(.invalidArgument,
                               "invalid container ID \"\(id)\": letters, digits, '_', '+', '-' and '.' are allowed")
        }
        if id.utf8.count > 200 { throw RuntimeError(.invalidArgument, "invalid container ID: longer than 200 characters") }
    }
}

/// A unit of systemd's that a control group belongs to, as "linux.cgroupsPath" names it for the systemd driver.
public struct SystemdUnit: Hashable, Sendable {
    /// "prefix-name.scope", or a slice's name.
    public var name: String
    /// The slice that it is in.
    public var slice: String

    public init(name: String, slice: String) {
        self.name = name
        self.slice = slice
    }

    /// - Parameter path: "slice:prefix:name", the slice and the prefix possibly empty; nil for any other form.
    public init?(path: String) {
        let parts = path.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, !path.contains("/"), !parts[2].isEmpty else { return nil }
        slice = parts[0].isEmpty ? "system.slice" : parts[0].hasSuffix(".slice") ? parts[0] : parts[0] + ".slice"
        let unit = parts[1].isEmpty ? parts[2] : "\(parts[1])-\(parts[2])"
        name = unit.hasSuffix(".slice") ? parts[2] : unit + ".scope"
    }

    /// Where its control group is below a tree's root: "a-b.slice" is in "a.slice" (systemd.slice(5)).
    public var path: String { (isSlice ? "" : Self.path(ofSlice: slice)) + (isSlice ? Self.path(ofSlice: name) : "/" + name) }

    var isSlice: Bool { name.hasSuffix(".slice") }

    private static func path(ofSlice name: String) -> String {
        var result = "", slice = ""
        for part in name.dropLast(6).split(separator: "-") {
            slice += slice.isEmpty ? part : "-" + part
            result += "/\(slice).slice"
        }
        return result
    }
}

public import HostOS

extension UnixAddress {
    /// An address as containerd writes it: `unix:///path`, a bare absolute path, or the name of an abstract socket
    /// (with or without an @).
    public init?(ttrpc text: String) {
        var name = Substring(text)
        if text.hasPrefix("unix://") { name = name.dropFirst(7) } else if text.utf8.contains(UInt8(ascii: ":")) { return nil }
        if name.isEmpty { return nil }
        if name.hasPrefix("/") { self = .path(String(name)) } else if name.hasPrefix("@") {
            self = .abstract(String(name.dropFirst()))
        } else { self = .abstract(String(name)) }
    }
}

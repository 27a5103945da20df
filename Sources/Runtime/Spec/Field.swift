/// A place in a JSON document that is being read, with its path for the error: "process.args[2]".
struct Field {
    let file: String
    let path: String
    let value: JSONValue

    init(file: String, value: JSONValue) {
        self.file = file
        self.path = ""
        self.value = value
    }

    private init(_ parent: Field, path: String, value: JSONValue) {
        file = parent.file
        self.path = path
        self.value = value
    }

    func failure(expected: String) -> RuntimeError {
        invalid("expected \(expected), found \(value.kind)")
    }

    func invalid(_ message: String) -> RuntimeError {
        RuntimeError(.invalidArgument, path.isEmpty ? "\(file): \(message)" : "\(file): \(path): \(message)")
    }

    /// A member of this object; nil when it is absent or null (as Go writes an empty one).
    func optional(_ name: String) throws(RuntimeError) -> Field? {
        guard case .object(let members) = value else { throw failure(expected: "an object") }
        guard let member = members[name], member != .null else { return nil }
        return Field(self, path: path.isEmpty ? name : "\(path).\(name)", value: member)
    }

    func required(_ name: String) throws(RuntimeError) -> Field {
        guard let field = try optional(name) else {
            throw RuntimeError(.invalidArgument, "\(file): \(path.isEmpty ? name : "\(path).\(name)"): missing")
        }
        return field
    }

    func string() throws(RuntimeError) -> String {
        guard case .string(let text) = value else { throw failure(expected: "a string") }
        if text.utf8.contains(0) { throw invalid("has a NUL character") }
        return text
    }

    func bool() throws(RuntimeError) -> Bool {
        guard case .bool(let value) = value else { throw failure(expected: "a boolean") }
        return value
    }

    func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(RuntimeError) -> T {
        switch value {
        case .integer(let number):
            guard let exact = T(exactly: number) else { throw invalid("\(number) is out of range") }
            return exact
        case .unsigned(let number):
            guard let exact = T(exactly: number) else { throw invalid("\(number) is out of range") }
            return exact
        case .real(let number):
            // Written like 1e9.
            guard let exact = T(exactly: number) else { throw invalid("expected an integer, found \(number)") }
            return exact
        default: throw failure(expected: "an integer")
        }
    }

    func elements(of what: String = "an array") throws(RuntimeError) -> [Field] {
        guard case .array(let values) = value else { throw failure(expected: what) }
        return values.enumerated().map { Field(self, path: "\(path)[\($0.offset)]", value: $0.element) }
    }

    func strings() throws(RuntimeError) -> [String] {
        var all: [String] = []
        for element in try elements(of: "an array of strings") { all.append(try element.string()) }
        return all
    }

    func members() throws(RuntimeError) -> [(name: String, field: Field)] {
        guard case .object(let members) = value else { throw failure(expected: "an object") }
        return members.keys.sorted().map { name in
            (name, Field(self, path: path.isEmpty ? name : "\(path).\(name)", value: members[name] ?? .null))
        }
    }

    func stringMap() throws(RuntimeError) -> [String: String] {
        var map: [String: String] = [:]
        for (name, field) in try members() { map[name] = try field.string() }
        return map
    }
}

extension Field {
    func string(_ name: String, default fallback: String = "") throws(RuntimeError) -> String {
        try optional(name)?.string() ?? fallback
    }

    func bool(_ name: String) throws(RuntimeError) -> Bool { try optional(name)?.bool() ?? false }

    func strings(_ name: String) throws(RuntimeError) -> [String] { try optional(name)?.strings() ?? [] }

    func integer<T: FixedWidthInteger>(_ name: String, _ type: T.Type = T.self) throws(RuntimeError) -> T? {
        try optional(name)?.integer(type)
    }

    /// The elements of an array member, read one by one; empty when it is absent.
    func list<T>(_ name: String, _ read: (Field) throws(RuntimeError) -> T) throws(RuntimeError) -> [T] {
        var all: [T] = []
        for element in try optional(name)?.elements() ?? [] { all.append(try read(element)) }
        return all
    }
}

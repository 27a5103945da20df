import FileSystems
import HostOS
import Identity
import Kernel
import LinuxABI
import VFS

/// A number or text below /proc/sys that is kept for a container: all its procfs mounts share it.
final class ControlValue: @unchecked Sendable {
    /// Guards the text. Innermost.
    private let lock = Lock()
    private var stored: [UInt8]

    init(_ text: String) { stored = Array(text.utf8) }

    var text: [UInt8] {
        get { lock.withLock { stored } }
        set { lock.withLock { stored = newValue } }
    }
}

/// The values of a container's sysctls that nothing else keeps, by their path below /proc/sys.
public final class ControlValues: @unchecked Sendable {
    /// Guards the table. Above a value's lock.
    private let lock = Lock()
    private var values: [String: ControlValue] = [:]

    public init() {}

    func value(_ path: String, _ initial: String) -> ControlValue {
        lock.withLock {
            if let known = values[path] { return known }
            let made = ControlValue(initial)
            values[path] = made
            return made
        }
    }

    /// The value of a sysctl as it is now, for those whom it concerns: "net/core/somaxconn". nil before its procfs exists.
    public func number(_ path: String) -> Int64? {
        guard let value = lock.withLock({ values[path] }) else { return nil }
        return Int64(String(decoding: value.text, as: UTF8.self))
    }
}

/// A file below /proc/sys (proc_sys(5)).
final class ControlFile: SyntheticFile, @unchecked Sendable {
    typealias Read = @Sendable (ProcFileSystem, Caller) throws(Errno) -> [UInt8]
    typealias Write = @Sendable (ProcFileSystem, [UInt8], Caller) throws(Errno) -> Void

    /// What a write must look like.
    enum Form: Sendable {
        case text
        /// That many integers, each within the range.
        case numbers(count: Int, ClosedRange<Int64>)
    }

    private let proc: ProcFileSystem
    private let read: Read
    private let write: Write?

    init(_ proc: ProcFileSystem, mode: UInt32 = 0o444, _ read: @escaping Read, write: Write? = nil) {
        self.proc = proc
        self.read = read
        self.write = write
        super.init(proc, number: proc.nextInode(), mode: mode)
    }

    /// A file for a value that is kept.
    ///
    /// - Parameter capability: what writing needs beyond the file's mode.
    convenience init(_ proc: ProcFileSystem, _ value: ControlValue, _ form: Form, capability: Capabilities = .CAP_SYS_ADMIN) {
        self.init(proc, mode: 0o644, { (_, _) throws(Errno) -> [UInt8] in
            value.text + [0x0a]
        }, write: { (_, bytes, caller) throws(Errno) in
            if !caller.has(capability) { throw .EPERM }
            value.text = try Self.parse(bytes, form)
        })
    }

    /// The value that a write means.
    ///
    /// - Throws: EINVAL.
    static func parse(_ bytes: [UInt8], _ form: Form) throws(Errno) -> [UInt8] {
        switch form {
        case .text: return Array(bytes.prefix { $0 != 0 && $0 != 0x0a })
        case .numbers(let count, let range):
            let words = bytes.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0 }
            if words.count != count { throw .EINVAL }
            var out: [String] = []
            for word in words {
                guard let n = Int64(String(decoding: word, as: UTF8.self)), range.contains(n) else { throw .EINVAL }
                out.append(String(n))
            }
            return Array(out.joined(separator: "\t").utf8)
        }
    }

    override func generate(by caller: Caller) throws(Errno) -> [UInt8] { try read(proc, caller) }

    override func store(_ bytes: [UInt8], by caller: Caller) throws(Errno) {
        guard let write else { throw .EPERM }
        try write(proc, bytes, caller)
    }

    override func open(_ path: Path, flags: OpenFlags, by caller: Caller) throws(Errno) -> OpenFile {
        // Even root cannot write what the mode forbids: no capability overrides it.
        if flags.isWritable, write == nil { throw .EACCES }
        return try super.open(path, flags: flags, by: caller)
    }
}

/// A directory of /proc/sys while it is filled.
struct ControlDirectory {
    let proc: ProcFileSystem
    let directory: StaticDirectory
    /// Below /proc/sys, with a slash at the end.
    let path: String

    func directory(_ name: String) -> ControlDirectory {
        ControlDirectory(proc: proc, directory: directory.directory(FileName(name)), path: path + name + "/")
    }

    /// Adds values that are kept for the container.
    func keep(_ values: [(String, String, ControlFile.Form)], capability: Capabilities = .CAP_SYS_ADMIN) {
        for (name, initial, form) in values {
            let value = proc.resources.controls.value(path + name, initial)
            directory.add(FileName(name), ControlFile(proc, value, form, capability: capability))
        }
    }

    /// Adds values that nobody changes.
    func fix(_ values: [(String, String)]) {
        for (name, text) in values {
            directory.add(FileName(name), ControlFile(proc, { (_, _) throws(Errno) -> [UInt8] in Array((text + "\n").utf8) }))
        }
    }

    func add(_ name: String, _ file: SyntheticFile) { directory.add(FileName(name), file) }
}

extension ControlFile.Form {
    static var natural: Self { .numbers(count: 1, 0...Int64(Int32.max)) }
    static var integer: Self { .numbers(count: 1, Int64(Int32.min)...Int64(Int32.max)) }
    static var flag: Self { .numbers(count: 1, 0...1) }
    static var long: Self { .numbers(count: 1, 0...Int64.max) }
    static func upTo(_ limit: Int64) -> Self { .numbers(count: 1, 0...limit) }
}

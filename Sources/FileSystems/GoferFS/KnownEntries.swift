import HostOS
import VFS

/// What a complete listing of a directory told, followed by what was changed since.
///
/// A listing brings the attributes of files along. They serve the first look-up of each name without a call, and are
/// forgotten then: the inode knows better. Those of files with several names are not kept, for another name may change them.
final class KnownEntries: @unchecked Sendable {
    struct Entry {
        var name: FileName
        var inode: UInt64
        var type: FileType
        var status: FileStatus?
    }

    enum Answer {
        case unknown
        case absent
        case present(FileStatus)
    }

    /// Guards all below. A leaf.
    private let lock = Lock()
    private var ordered: [Entry]?
    /// Nil until there is a listing; then every name that exists.
    private var byName: [FileName: FileStatus?]?
    private var changes: UInt64 = 0

    /// The listing, if nothing was changed since.
    var list: [Entry]? { lock.withLock { ordered } }

    /// How many entries one listing may have to be remembered.
    static let maximumCount = 16384

    /// Counts changes, so that a listing that overlaps with one is not believed.
    var version: UInt64 { lock.withLock { changes } }

    /// - Returns: whether the listing is remembered.
    func learn(_ entries: [Entry], asOf version: UInt64) -> Bool {
        if entries.count > Self.maximumCount { return false }
        // Without the status, which is for the index only.
        let plain = entries.map { Entry(name: $0.name, inode: $0.inode, type: $0.type, status: nil) }
        return lock.withLock {
            guard version == changes else { return false }
            ordered = plain
            if byName != nil { return false }
            var index: [FileName: FileStatus?] = [:]
            index.reserveCapacity(entries.count)
            for entry in entries {
                let isSingle = entry.status.map { $0.fileType == .directory || $0.links == 1 } ?? false
                index.updateValue(isSingle ? entry.status : nil, forKey: entry.name)
            }
            byName = index
            return true
        }
    }

    /// The caller makes the inode: the attributes are given out once.
    func find(_ name: FileName) -> Answer {
        lock.withLock {
            guard byName != nil else { return .unknown }
            guard let known = byName?[name] else { return .absent }
            guard let status = known else { return .unknown }
            byName?.updateValue(nil, forKey: name)
            return .present(status)
        }
    }

    func add(_ name: FileName) { change { $0.updateValue(nil, forKey: name) } }
    func remove(_ name: FileName) { change { $0.removeValue(forKey: name) } }
    func forgetStatus(_ name: FileName) { add(name) }

    func forget() {
        lock.withLock {
            changes &+= 1
            ordered = nil
            byName = nil
        }
    }

    private func change(_ body: (inout [FileName: FileStatus?]) -> Void) {
        lock.withLock {
            changes &+= 1
            ordered = nil
            if byName != nil { body(&byName!) }
        }
    }
}

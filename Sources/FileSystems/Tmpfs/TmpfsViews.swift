import HostOS
import LinuxABI
import Memory
import VFS

/// What guests' threads read and write of a file without a call.
///
/// They are shown as much of it as has no hole from its start on: a hole that is looked at through a mapping becomes a
/// page, and one that is read does not.
extension TmpfsFile {
    /// A file that is smaller gains nothing.
    private static var smallest: UInt64 { 4096 }

    var viewed: ViewedFile? { hasViewed.load(ordering: .acquiring) ? viewedStorage : nil }

    func viewRequest(of file: OpenFile, writable: Bool) -> FileViewRequest? {
        if !file.flags.isReadable { return nil }
        contentLock.lock()
        defer { contentLock.unlock() }
        if size < Self.smallest { return nil }
        guard let bytes = try? memoryFile() else { return nil }
        if dense < size {
            dense = min(size, (try? bytes.writable.fd.seek(Int64(dense), whence: 4 /* SEEK_HOLE */)).map { UInt64($0) } ?? dense)
        }
        if dense < Self.smallest { return nil }
        let mayWrite = writable && file.flags.isWritable && !file.appends && seals == .F_SEAL_SEAL && !mayHavePrivileges
        let viewed: ViewedFile
        if let known = viewedStorage { viewed = known } else {
            viewed = ViewedFile()
            viewedStorage = viewed
            fileSystem.viewedFiles.add(viewed)
            hasViewed.store(true, ordering: .releasing)
        }
        return FileViewRequest(bytes: mayWrite ? bytes.writable : bytes.readOnly, isWritable: mayWrite, file: viewed, size: size,
                               notesAccess: notesAccess(by: file))
    }

    func add(_ view: FileView) {
        contentLock.withLock { viewedStorage?.add(view, length: dense, isWhole: dense == size) }
    }

    /// With the lock held: tells the views how far they go now.
    func showLength() { viewedStorage?.setLength(dense, isWhole: dense == size) }

    /// With the lock held: the file is to become `new` bytes long, and nothing behind `kept` bytes can be relied upon.
    func noteSize(_ new: UInt64, kept: UInt64) {
        if new > size { clearTail(until: new) }
        if kept >= dense { return }
        dense = kept
        viewedStorage?.setLength(dense, isWhole: false)
    }

    /// With the lock held: what a guest's thread has stored behind the end while that was being moved is not part of the
    /// file when it grows.
    func clearTail(until end: UInt64) {
        guard let mapped, size % 4096 != 0, viewedStorage?.wasWritable == true else { return }
        let count = Int(min(4096 - size % 4096, end - size))
        if count > 0 { try? mapped.writable.fd.pwriteAll([UInt8](repeating: 0, count: count)[...], at: size) }
    }

    /// Takes over when guests' threads have used the file by themselves.
    @inline(__always)
    func takeMarks() {
        if hasViewed.load(ordering: .relaxed), let viewed, viewed.isViewed { takeMarks(of: viewed) }
    }

    @inline(never)
    private func takeMarks(of viewed: ViewedFile) {
        let marks = viewed.takeMarks()
        if let modified = marks.modified {
            let time = FileTime(seconds: Int64(modified / 1_000_000_000), nanoseconds: UInt32(modified % 1_000_000_000))
            update { a in
                a.modified = time
                a.changed = max(a.changed, time)
            }
        }
        if marks.accessed { noteAccess() }
    }
}

/// What guests store through mappings moves the time of the memory file, at the first store into a page that was not writable:
/// by whom and when, the Sentry is not told.
extension TmpfsFile {
    /// With the lock held: a guest is going to map the file for writing.
    func watchStores() {
        storesSeen = HostTime()
        clearHostTime()
    }

    /// With the lock held: takes over when guests have stored.
    func takeStores() {
        guard let seen = storesSeen, let time = (try? mapped?.writable.fd.statusOfDescriptor())?.modificationTime,
              time.seconds != seen.seconds || time.nanoseconds != seen.nanoseconds else { return }
        storesSeen = time
        let stored = FileTime(time)
        update { a in
            a.modified = max(a.modified, stored)
            a.changed = max(a.changed, stored)
        }
    }

    /// With the lock held: the file gets another time than that of what was stored until now.
    func forgetStores() {
        if storesSeen == nil { return }
        takeStores()
        watchStores()
    }

    /// A time that no store gives it: the host's clock may not move between two.
    private func clearHostTime() {
        try? mapped?.writable.fd.setTimes(access: .omit, modification: HostTime())
    }
}

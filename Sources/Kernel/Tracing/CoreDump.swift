import HostOS
import LinuxABI
import Memory
import Platform
import Synchronization
import VFS
import Waiting

/// A process that is about to die of a signal and leaves a core file (core(5)): its threads meet here, leave their
/// registers, and wait until the one that took the signal has written the file.
final class CoreDump: @unchecked Sendable {
    struct ThreadState {
        var id: Int32
        var registers: Registers
        var floatingPoint: [UInt8]
        var pending: UInt64
        var blocked: UInt64
    }

    let dumper: Task
    /// Guards the two lists. Innermost.
    private let lock = Lock()
    private var states: [ThreadState] = []
    private var waiting: [Task] = []
    private let isDone = Atomic<Bool>(false)

    init(dumper: Task) { self.dumper = dumper }

    var threads: [ThreadState] { lock.withLock { states } }

    /// One of the other threads, on its way out.
    func meet(_ task: Task) {
        let state = task.threadState
        lock.withLock {
            states.append(state)
            waiting.append(task)
        }
        dumper.waiter.unpark()
        while !isDone.load(ordering: .acquiring) { _ = task.waiter.park(interruptible: false) }
    }

    func finish() {
        isDone.store(true, ordering: .releasing)
        for task in lock.withLock({ waiting }) { task.waiter.unpark() }
    }
}

extension Task {
    /// On the task's own thread.
    var threadState: CoreDump.ThreadState {
        CoreDump.ThreadState(id: ids.last ?? 0, registers: context.registers, floatingPoint: describedFloatingPoint(),
                             pending: pendingSignals.rawValue, blocked: blocked.rawValue)
    }

    /// At the beginning of the end of a thread: if another one writes a core file, it gets this one's registers.
    func meetCoreDump() {
        if let dump = group.signalLock.withLock({ group.coreDump }), dump.dumper !== self { dump.meet(self) }
    }

    /// Writes the process's core file, if it may have one. Afterwards the process must end.
    ///
    /// - Returns: whether there is one now.
    func dumpCore(_ info: SignalInfo) -> Bool {
        let limit = limit(Limits.RLIMIT_CORE)
        if limit == 0 || mm.dumpable != 1 { return false }
        let dump = CoreDump(dumper: self)
        let isFirst = group.signalLock.withLock {
            if group.groupExit != nil || group.execing != nil || group.coreDump != nil { return false }
            group.coreDump = dump
            // Nobody makes threads or execs from now on.
            group.execing = self
            for task in group.tasks where task !== self {
                task.isKilled = true
                task.waiter.unpark()
                task.interrupt()
            }
            return true
        }
        if !isFirst { return false }
        defer {
            group.kill(.signaled(info.signal, coreDumped: false))
            group.signalLock.withLock {
                group.execing = nil
                group.coreDump = nil
            }
            dump.finish()
        }
        while true {
            let (others, killed) = group.signalLock.withLock { (group.tasks.count - 1, group.groupExit != nil) }
            if killed { return false }
            if dump.threads.count >= others { break }
            _ = waiter.park(interruptible: false)
        }
        do throws(Errno) {
            var writer = try CoreWriter(self, limit: limit)
            try writer.write(info, [threadState] + dump.threads)
        } catch {
            return false
        }
        group.kill(.signaled(info.signal, coreDumped: true))
        return true
    }
}

/// One core file under construction.
private struct CoreWriter {
    /// A mapping of the process, and how much of it the file holds.
    private struct Area {
        var start: UInt64
        var end: UInt64
        /// PF_X 1, PF_W 2, PF_R 4.
        var flags: UInt32
        var offset: UInt64
        /// nil: of no file.
        var name: [UInt8]?
        var stored: UInt64
    }

    private let task: Task
    private let file: OpenFile
    private let limit: UInt64
    private var position: UInt64 = 0

    /// - Throws: what keeps the file from being made: in the working directory, a plain file that nobody else shares.
    init(_ task: Task, limit: UInt64) throws(Errno) {
        self.task = task
        self.limit = limit
        file = try task.open(Array("core".utf8), OpenHow([.O_CREAT, .O_RDWR, .O_NOFOLLOW], mode: 0o600))
        let attributes = try file.inode.attributes()
        if file.inode.type != .regular || attributes.links > 1 || attributes.uid != task.credentials.fsuid { throw .EPERM }
        try file.inode.setAttributes(AttributeChange(size: 0), by: task)
    }

    mutating func write(_ info: SignalInfo, _ threads: [CoreDump.ThreadState]) throws(Errno) {
        defer { try? task.close(file) }
        let areas = Array(try self.areas().prefix(65_000))
        let notes = notes(info, threads, areas)
        let headersSize = 64 + 56 * (areas.count + 1)
        var place = (UInt64(headersSize + notes.count) + 4095) & ~4095
        var headers = fileHeader(count: areas.count + 1)
        headers += programHeader(type: 4, flags: 0, offset: UInt64(headersSize), address: 0, stored: UInt64(notes.count), size: 0)
        for area in areas {
            headers += programHeader(type: 1, flags: area.flags, offset: place, address: area.start, stored: area.stored,
                                     size: area.end - area.start)
            place += area.stored
        }
        try put(headers + notes)
        position = (position + 4095) & ~4095
        for area in areas { try put(area) }
        // The last pages may be zeroes, which are not written.
        let size = min(position, limit)
        if try file.inode.attributes().size < size { try file.inode.setAttributes(AttributeChange(size: size), by: task) }
    }

    private mutating func put(_ bytes: [UInt8]) throws(Errno) {
        if position >= limit { return }
        let part = Array(bytes.prefix(Int(min(UInt64(bytes.count), limit - position))))
        var source = IOVector(KernelBuffer(part))
        while source.remaining > 0 {
            let done = try task.write(file, from: &source, at: position + UInt64(part.count - source.remaining))
            if done <= 0 { throw .EIO }
        }
        position += UInt64(bytes.count)
    }

    /// The contents of a mapping; what cannot be read and what is zero stays a hole.
    private mutating func put(_ area: Area) throws(Errno) {
        var at = area.start
        let end = area.start + area.stored
        while at < end {
            if task.group.signalLock.withLock({ task.isKilled }) { throw .EINTR }
            let count = min(end - at, 256 << 10)
            if let bytes = try? task.context.loadBytes(GuestAddress(at), count: Int(count)) {
                if bytes.contains(where: { $0 != 0 }) { try put(bytes) } else { position += count }
            } else {
                for page in stride(from: at, to: at + count, by: 4096) {
                    let bytes = (try? task.context.loadBytes(GuestAddress(page), count: 4096)) ?? []
                    if bytes.contains(where: { $0 != 0 }) { try put(bytes) } else { position += 4096 }
                }
            }
            at += count
        }
    }

    // MARK: Mappings

    /// The guest's part of the host's list, with the filter that Linux has by default (0x33): anonymous memory, and of
    /// unchanged files only the first page of programs.
    private func areas() throws(Errno) -> [Area] {
        let mm = task.mm
        let end = mm.addressSpace.limit.rawValue
        var areas: [Area] = []
        for line in try mm.addressSpace.hostProc("maps").split(separator: 0x0a) {
            let fields = line.split(separator: 0x20, maxSplits: 5)
            guard fields.count >= 5 else { continue }
            let text = fields.map { String(decoding: $0, as: UTF8.self) }
            let range = text[0].split(separator: "-"), device = text[3].split(separator: ":")
            guard range.count == 2, device.count == 2, let start = UInt64(range[0], radix: 16), let stop = UInt64(range[1], radix: 16),
                  let offset = UInt64(text[2], radix: 16), let major = UInt32(device[0], radix: 16),
                  let minor = UInt32(device[1], radix: 16), let inode = UInt64(text[4]), start < min(stop, end) else { continue }
            let permissions = Array(fields[1])
            func has(_ index: Int, _ letter: Unicode.Scalar) -> UInt32 { permissions.count > index && permissions[index] == UInt8(ascii: letter) ? 1 : 0 }
            let flags = has(0, "r") << 2 | has(1, "w") << 1 | has(2, "x")
            var area = Area(start: start, end: min(stop, end), flags: flags, offset: 0, name: nil, stored: 0)
            if inode != 0, let mapped = mm.mappedFile(.init(device: DeviceNumber(major: major, minor: minor).encoded, inode: inode)) {
                area.offset = offset
                area.name = mapped.path.linkText(from: task.directories.root, task.vfs)
                let isChanged = flags & 2 != 0 && has(3, "p") == 1
                let isProgram = offset == 0 && (try? task.context.load(GuestAddress(start), as: UInt32.self)) == 0x464c_457f
                area.stored = isChanged ? area.end - area.start : isProgram ? 4096 : 0
            } else if flags & 4 != 0 {
                area.stored = area.end - area.start
            }
            areas.append(area)
        }
        return areas
    }

    // MARK: Headers and notes

    private func fileHeader(count: Int) -> [UInt8] {
        var b = ByteWriter()
        b.bytes = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        b.put(UInt16(4), UInt16(62)) // ET_CORE, EM_X86_64
        b.put(UInt32(1))
        b.put(UInt64(0), UInt64(64), UInt64(0))
        b.put(UInt32(0))
        b.put(UInt16(64), UInt16(56), UInt16(truncatingIfNeeded: count), UInt16(0), UInt16(0), UInt16(0))
        return b.bytes
    }

    private func programHeader(type: UInt32, flags: UInt32, offset: UInt64, address: UInt64, stored: UInt64, size: UInt64) -> [UInt8] {
        var b = ByteWriter()
        b.put(type, flags)
        b.put(offset, address, UInt64(0), stored, size, type == 1 ? UInt64(4096) : 4)
        return b.bytes
    }

    private func notes(_ info: SignalInfo, _ threads: [CoreDump.ThreadState], _ areas: [Area]) -> [UInt8] {
        var all: [UInt8] = []
        for (index, thread) in threads.enumerated() {
            all += note(1, "CORE", status(thread, info.signal, isFirst: index == 0))
            if index == 0 {
                all += note(3, "CORE", process())
                var b = ByteWriter()
                for word in 0..<16 { b.put(info.words[word]) }
                all += note(0x5349_4749, "CORE", b.bytes)
                var auxiliary = ByteWriter()
                for word in task.mm.layout.auxiliaryVector { auxiliary.put(word) }
                all += note(6, "CORE", auxiliary.bytes)
                all += note(0x4649_4c45, "CORE", files(areas))
            }
            all += note(2, "CORE", Array(thread.floatingPoint.prefix(512)))
            if thread.floatingPoint.count >= 576 { all += note(0x202, "LINUX", thread.floatingPoint) }
        }
        return all
    }

    private func note(_ type: UInt32, _ name: StaticString, _ contents: [UInt8]) -> [UInt8] {
        var b = ByteWriter()
        let nameSize = name.utf8CodeUnitCount + 1
        b.put(UInt32(nameSize), UInt32(contents.count), type)
        b.bytes += "\(name)".utf8
        b.bytes += [UInt8](repeating: 0, count: 8 - name.utf8CodeUnitCount)
        b.bytes += contents
        b.bytes += [UInt8](repeating: 0, count: (4 - contents.count % 4) % 4)
        return b.bytes
    }

    /// struct elf_prstatus.
    private func status(_ thread: CoreDump.ThreadState, _ signal: Int32, isFirst: Bool) -> [UInt8] {
        var b = ByteWriter()
        b.put(UInt32(bitPattern: isFirst ? signal : 0), UInt32(0), UInt32(0))
        b.put(UInt16(truncatingIfNeeded: isFirst ? signal : 0), UInt16(0))
        b.put(thread.pending, thread.blocked)
        for id in ids(thread.id) { b.put(UInt32(bitPattern: id)) }
        // Times.
        for _ in 0..<8 { b.put(UInt64(0)) }
        b.bytes += thread.registers.bytes
        b.put(UInt32(1), UInt32(0))
        return b.bytes
    }

    /// pid, ppid, pgrp, sid.
    private func ids(_ own: Int32) -> [Int32] {
        let namespace = task.pidNamespace, group = task.group
        return task.kernel.treeLock.withLock {
            [own, group.parent?.id(in: namespace) ?? 0, group.processGroup.id(in: namespace), group.processGroup.ownSession.id(in: namespace)]
        }
    }

    /// struct elf_prpsinfo.
    private func process() -> [UInt8] {
        var b = ByteWriter()
        b.bytes = [0, UInt8(ascii: "R"), 0, UInt8(truncatingIfNeeded: task.nice)]
        b.put(UInt32(0))
        b.put(UInt64(0))
        b.put(task.credentials.ruid, task.credentials.rgid)
        for id in ids(task.group.id(in: task.pidNamespace)) { b.put(UInt32(bitPattern: id)) }
        b.bytes += task.name + [UInt8](repeating: 0, count: 16 - task.name.count)
        let layout = task.mm.layout
        let count = Int(min(layout.argumentsEnd &- min(layout.argumentsStart, layout.argumentsEnd), 79))
        let arguments = (try? task.context.loadBytes(GuestAddress(layout.argumentsStart), count: count)) ?? []
        let shown = arguments.map { $0 == 0 ? 0x20 : $0 }
        b.bytes += shown + [UInt8](repeating: 0, count: 80 - shown.count)
        return b.bytes
    }

    /// NT_FILE: addresses and names of mapped files.
    private func files(_ areas: [Area]) -> [UInt8] {
        let mapped = areas.filter { $0.name != nil }
        var b = ByteWriter()
        b.put(UInt64(mapped.count), UInt64(4096))
        for area in mapped { b.put(area.start, area.end, area.offset / 4096) }
        for area in mapped { b.bytes += (area.name ?? []) + [0] }
        return b.bytes
    }
}

/// Numbers as the processor stores them.
private struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func put<T: FixedWidthInteger>(_ values: T...) {
        for value in values {
            for shift in stride(from: 0, to: T.bitWidth, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> T(shift))) }
        }
    }
}

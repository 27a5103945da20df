import CHostOS
import CStub
import Glibc
import HostOS
import LinuxABI
import Stubs

/// The memory that one stub shares with the Sentry: a slot per thread (CStub.h).
///
/// A memory file of its own, whose size is sealed: a stub cannot make the Sentry's accesses fail. All that a stub writes
/// there is the guest's word: read once, then checked.
final class Arena: @unchecked Sendable {
    let file: HostFD
    private let base: UnsafeMutableRawPointer

    /// Guards `threads`. A leaf.
    private let lock = Lock()
    /// Per slot: 0 never used, -1 in use, else the thread that is ending or has ended on it.
    private var threads = [Int32](repeating: 0, count: 1)

    init() throws(Errno) {
        let name: StaticString = "cloister-arena"
        // MFD_CLOEXEC | MFD_ALLOW_SEALING
        file = HostFD(rawValue: Int32(try unsafe hostCall(.memfd_create, Int(name.utf8Start), 3)))
        do throws(Errno) {
            try hostCall(.ftruncate, file.argument, Int(STUB_ARENA_LENGTH))
            // F_ADD_SEALS: SEAL | SHRINK | GROW.
            try hostCall(.fcntl, file.argument, 1033, 7)
            let address = try hostCall(.mmap, 0, Int(STUB_ARENA_LENGTH), 3, 1, file.argument, 0)
            guard let pointer = unsafe UnsafeMutableRawPointer(bitPattern: address) else { throw .ENOMEM }
            unsafe base = pointer
        } catch {
            file.close()
            throw error
        }
    }

    deinit {
        file.close()
        _ = try? unsafe hostCall(.munmap, Int(UnsafeRawPointer(base)), Int(STUB_ARENA_LENGTH))
    }

    /// The pointers stay valid while this object lives.
    func slot(_ index: Int) -> UnsafeMutablePointer<CStub.stub_slot> {
        precondition(index >= 0 && index < Int(STUB_SLOTS))
        return unsafe (base + Int(STUB_INFO_LENGTH) + index * Int(STUB_SLOT_SIZE)).assumingMemoryBound(to: CStub.stub_slot.self)
    }

    /// Where a slot begins in the file.
    func offset(_ index: Int) -> UInt64 { UInt64(STUB_INFO_LENGTH) + UInt64(index) * UInt64(STUB_SLOT_SIZE) }

    /// What a thread's slot says it is. The stub cannot write it.
    func info(_ index: Int) -> UnsafeMutablePointer<CStub.stub_info> {
        precondition(index >= 0 && index < Int(STUB_SLOTS))
        return unsafe (base + Int(STUB_LINES_OFFSET)).assumingMemoryBound(to: CStub.stub_info.self) + index
    }

    /// How often the thread on a slot has answered calls, in the order of `MarshalTable.counted`.
    func answered(_ index: Int) -> [UInt64] {
        let slot = unsafe slot(index)
        return unsafe withUnsafeMutableBytes(of: &slot.pointee.answered) { a in
            MarshalTable.counted.indices.map { i in
                unsafe host_load64((a.baseAddress! + 8 * i).assumingMemoryBound(to: UInt64.self))
            }
        }
    }

    func clearAnswered(_ index: Int) {
        let slot = unsafe slot(index)
        unsafe withUnsafeMutableBytes(of: &slot.pointee.answered) { a in unsafe a.initializeMemory(as: UInt8.self, repeating: 0) }
    }

    /// Whether some thread is in a memory call that it answers itself. The guest's word.
    var isChangingMappings: Bool { slotsInUse.contains { unsafe host_load32(&slot($0).pointee.changes) != 0 } }

    /// Slots with a thread that is not about to end.
    var slotsInUse: [Int] { lock.withLock { threads.indices.filter { threads[$0] == -1 } } }

    /// What holds for the whole address space. The stub cannot write it.
    var space: UnsafeMutablePointer<CStub.stub_space_info> {
        unsafe (base + Int(STUB_SPACE_OFFSET)).assumingMemoryBound(to: CStub.stub_space_info.self)
    }

    /// What the stub knows of rewritten code. The stub cannot write it.
    var code: UnsafeMutablePointer<CStub.stub_code> {
        unsafe (base + Int(STUB_CODE_OFFSET)).assumingMemoryBound(to: CStub.stub_code.self)
    }

    /// A descriptor's view. The stub cannot write it.
    func view(_ index: Int) -> UnsafeMutablePointer<CStub.stub_view> {
        precondition(index >= 0 && index < Int(STUB_VIEWS))
        return unsafe (base + Int(STUB_VIEWS_OFFSET)).assumingMemoryBound(to: CStub.stub_view.self) + index
    }

    /// What the stub tells of it.
    func mark(_ index: Int) -> UnsafeMutablePointer<CStub.stub_mark> {
        precondition(index >= 0 && index < Int(STUB_VIEWS))
        return unsafe (base + Int(STUB_MARKS_OFFSET)).assumingMemoryBound(to: CStub.stub_mark.self) + index
    }

    /// Takes a slot that no thread uses.
    ///
    /// - Parameter process: the stub, to find out whether threads are gone.
    /// - Throws: EAGAIN when there is none.
    func takeSlot(process: Int32) throws(Errno) -> Int {
        try lock.withLock { () throws(Errno) -> Int in
            for i in 0..<threads.count where threads[i] >= 0 {
                if threads[i] != 0 {
                    // Its area is in use until the host's thread is gone.
                    do throws(Errno) {
                        try HostTrace.signal(process: process, thread: threads[i], 0)
                        continue
                    } catch { if error != .ESRCH { continue } }
                }
                threads[i] = -1
                unsafe memset(slot(i), 0, 4096)
                unsafe info(i).initialize(to: CStub.stub_info())
                unsafe info(i).pointee = CStub.stub_info()
                return i
            }
            if threads.count >= Int(STUB_SLOTS) { throw .EAGAIN }
            threads.append(-1)
            return threads.count - 1
        }
    }

    /// Makes the pages that every process needs.
    fileprivate func touch() {
        unsafe host_store32(&space.pointee.flags, 0)
        unsafe host_store32(&slot(0).pointee.kick, 0)
    }

    /// Takes this slot, in an arena whose stub does not run yet.
    func take(_ index: Int) {
        lock.withLock {
            while threads.count <= index { threads.append(0) }
            threads[index] = -1
        }
    }

    /// The slot is free when `thread` is gone; 0: at once.
    func free(_ index: Int, after thread: Int32) { lock.withLock { threads[index] = max(0, thread) } }
}

/// Arenas that nobody uses yet, for the next forks of a container's processes.
final class SpareArenas: @unchecked Sendable {
    /// Two: who makes one at the end of a process is often late for the next fork, and in time for the one after.
    private static let most = 2

    /// Guards `arenas`. A leaf.
    private let lock = Lock()
    private var arenas: [Arena] = []

    func take() throws(Errno) -> Arena {
        if let spare = lock.withLock({ arenas.popLast() }) { return spare }
        return try Arena()
    }

    /// Makes one if there are few: while nobody waits.
    func refill() {
        if lock.withLock({ arenas.count >= Self.most }) { return }
        guard let new = try? Arena() else { return }
        new.touch()
        lock.withLock { if arenas.count < Self.most { arenas.append(new) } }
    }
}

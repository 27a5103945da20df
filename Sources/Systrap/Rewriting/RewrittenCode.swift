import CHostOS
import CStub
import HostOS
import Synchronization

/// What has been rewritten in one address space. A fork has a copy of it.
@safe final class RewrittenCode: @unchecked Sendable {
    /// A site that is rewritten, or was.
    struct Patch {
        var plan: SitePlan
        var trampoline: Trampoline
        /// The jump stands in the program's code.
        var isActive = false
        /// How often it was taken back.
        var withdrawals = 0
    }

    /// Guards all that follows. Held while the stub carries out commands for it, and while it is forked: for as long as
    /// a guest likes, so only threads of that stub wait for it. Above the lock of requests, below the kernel's.
    let lock = Lock()
    /// Guards `zones`, `formerZones` and `patches` for those who only read them: who changes them holds `lock` as well.
    /// A leaf.
    private let tables = Lock()
    var sites = SiteTable()
    private(set) var zones: [CodeZone] = []
    /// Zones that had to give way: where rip may still be.
    private var formerZones: [CodeZone] = []
    private(set) var patches: [Patch] = []
    /// Indices of patches: by the `syscall` instruction, by where the jump stands, and by the instructions that were moved.
    var bySite: [UInt64: Int] = [:]
    var byStart: [UInt64: Int] = [:]
    var byMoved: [UInt64: Int] = [:]
    /// Mappings of code, private and not writable, that hold patches. Calls that change one come to the Sentry.
    var mappings: [Range<UInt64>] = []
    /// How many calls that change mappings are under way: nothing is rewritten meanwhile.
    var changes = 0

    /// No more of it: the program uses gs, traces itself, or the host forbids it.
    let isOff = Atomic<Bool>(false)
    /// Counts what was taken back.
    let generation = Atomic<UInt32>(0)
    /// All patches lie within; `low` is the largest when there is none.
    let low = Atomic<UInt64>(.max)
    let high = Atomic<UInt64>(0)

    static let most = 1024

    /// A bit for each page that has a patch or had one, by a hash of its number. Read without the lock.
    private let pages = UnsafeMutablePointer<UInt64>.allocate(capacity: RewrittenCode.pageWords)
    private static let pageWords = 64

    init() { unsafe pages.initialize(repeating: 0, count: Self.pageWords) }

    deinit { unsafe pages.deallocate() }

    /// Where the stub reads the same, once that is known.
    private var arena: Arena?

    /// Tells the stub's own code of what is rewritten, from now on. Before guest code runs.
    func show(in arena: Arena) {
        self.arena = arena
        show()
    }

    private func show() {
        guard let code = unsafe arena?.code else { return }
        unsafe withUnsafeMutableBytes(of: &code.pointee.pages) { words in
            for word in 0..<Self.pageWords {
                unsafe words.storeBytes(of: pages[word], toByteOffset: word * 8, as: UInt64.self)
            }
        }
        unsafe host_store64(&code.pointee.low, low.load(ordering: .relaxed))
        unsafe host_store64(&code.pointee.high, high.load(ordering: .relaxed))
    }

    private static func bit(_ page: UInt64) -> (word: Int, mask: UInt64) {
        let hash = UInt64(stub_code_bit(page))
        return (Int(hash >> 6), 1 << (hash & 63))
    }

    /// For a fork, with the lock held.
    func copy() -> RewrittenCode {
        let new = RewrittenCode()
        new.sites = sites
        (new.zones, new.formerZones, new.patches) = (zones, formerZones, patches)
        (new.bySite, new.byStart, new.byMoved) = (bySite, byStart, byMoved)
        new.mappings = mappings
        new.isOff.store(isOff.load(ordering: .relaxed), ordering: .relaxed)
        new.low.store(low.load(ordering: .relaxed), ordering: .relaxed)
        new.high.store(high.load(ordering: .relaxed), ordering: .relaxed)
        unsafe new.pages.update(from: pages, count: Self.pageWords)
        return new
    }

    /// Whether code was rewritten within these bytes. Without the lock.
    func mayMeet(_ start: UInt64, _ count: UInt64) -> Bool {
        if start >= high.load(ordering: .relaxed) || start &+ count <= low.load(ordering: .relaxed) { return false }
        let (first, last) = (start >> 12, (start &+ count &- 1) >> 12)
        if count == 0 || last < first || last - first > 64 { return count != 0 }
        for page in first...last {
            let (word, mask) = Self.bit(page)
            if unsafe host_load64(pages + word) & mask != 0 { return true }
        }
        return false
    }

    /// With the lock held: notes that bytes of `plan` have changed.
    func include(_ plan: SitePlan) {
        low.store(min(low.load(ordering: .relaxed), plan.start), ordering: .relaxed)
        high.store(max(high.load(ordering: .relaxed), plan.start &+ 5), ordering: .relaxed)
        for page in (plan.start >> 12)...(plan.start &+ 4) >> 12 {
            let (word, mask) = Self.bit(page)
            unsafe host_store64(pages + word, host_load64(pages + word) | mask)
        }
        show()
    }

    // With the lock held:

    func addZone(_ zone: CodeZone) { tables.withLock { zones.append(zone) } }

    /// The zone gives way to the program's own memory.
    func retireZone(_ base: UInt64) {
        tables.withLock {
            formerZones += zones.filter { $0.base == base }
            zones.removeAll { $0.base == base }
        }
    }

    /// A place for a trampoline of `length` bytes in zone `index`.
    func takePlace(_ index: Int, _ length: Int, for plan: SitePlan) -> UInt64? {
        tables.withLock { zones[index].take(length, for: plan) }
    }

    func giveBackPlace(_ index: Int, _ address: UInt64, _ length: Int) {
        tables.withLock { zones[index].giveBack(address, length) }
    }

    func activate(_ index: Int, _ isActive: Bool) {
        tables.withLock {
            if patches[index].isActive && !isActive { patches[index].withdrawals += 1 }
            patches[index].isActive = isActive
        }
    }

    /// With `tables` held: the zones, in use or not.
    private func isInZone(_ rip: UInt64) -> Bool {
        zones.contains { $0.contains(rip) } || formerZones.contains { $0.contains(rip) }
    }

    /// With the lock held: a patch for `plan`, with its old trampoline if there is one.
    func index(of plan: SitePlan) -> Int? {
        guard let index = bySite[plan.site], patches[index].plan == plan,
              zones.contains(where: { $0.contains(patches[index].trampoline.address) }) else { return nil }
        return index
    }

    func add(_ patch: Patch) -> Int {
        let index = patches.count
        tables.withLock { patches.append(patch) }
        bySite[patch.plan.site] = index
        byStart[patch.plan.start] = index
        for moved in patch.plan.moved { byMoved[moved.address] = index }
        return index
    }
}

extension RewrittenCode {
    /// What rip means to the program; nil: just what it says.
    func visible(_ rip: UInt64) -> UInt64? {
        if low.load(ordering: .relaxed) == .max { return nil }
        return tables.withLock {
            if !isInZone(rip) { return nil }
            for patch in patches { if let visible = patch.trampoline.visible(rip) { return visible } }
            return nil
        }
    }

    /// Whether `rip` is in the part of a trampoline that replaces what lies in front of the call.
    func isHead(_ rip: UInt64) -> Bool {
        tables.withLock {
            patches.contains { patch in
                let offset = rip &- patch.trampoline.address
                return offset < UInt64(patch.trampoline.bytes.count) && (patch.plan.moved.isEmpty || rip < patch.trampoline.tail)
            }
        }
    }

    /// Where to go when the program is to go on at `rip`, whose instruction may have moved.
    func landing(_ rip: UInt64) -> UInt64 {
        if !mayMeet(rip &- 4, 8) { return rip }
        return lock.withLock {
            guard let index = byMoved[rip], patches[index].isActive else { return rip }
            return patches[index].trampoline.place(of: rip) ?? rip
        }
    }

    /// Whether an invalid instruction at `rip` was met because of a patch: one that is being made, or one of bytes that
    /// are there to stop whoever comes. After this the patch is whole.
    func stops(_ rip: UInt64) -> Bool {
        if low.load(ordering: .relaxed) == .max { return false }
        return lock.withLock { byStart[rip] != nil || byMoved[rip] != nil }
    }

    /// Puts the program's own bytes into what was read from `address` on.
    func restoreOriginal(in buffer: UnsafeMutableRawBufferPointer, at address: UInt64) {
        if !mayMeet(address, UInt64(buffer.count)) { return }
        tables.withLock {
            for patch in patches where patch.isActive {
                for i in 0..<5 {
                    let place = patch.plan.start &+ UInt64(i) &- address
                    if place < UInt64(buffer.count) { unsafe buffer[Int(place)] = patch.plan.original[i] }
                }
            }
        }
    }

    /// Parts of memory that the program does not know of.
    var hiddenRanges: [Range<UInt64>] {
        if low.load(ordering: .relaxed) == .max { return [] }
        return tables.withLock { zones.map { $0.base..<$0.end } }
    }
}

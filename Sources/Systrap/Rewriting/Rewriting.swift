import CHostOS
import CStub
import HostOS
import LinuxABI
import Memory
import Stubs

/// Replacing system call instructions by jumps to the stub's entry code (native-memory.md, section 12).
extension SystrapAddressSpace {
    /// A system call was trapped at `site`: it is rewritten when that has happened often enough.
    ///
    /// - Parameters:
    ///   - number: the call's number.
    ///   - context: the caller's, whose thread stands.
    func noteTrap(_ site: UInt64, number: UInt64, by context: SystrapContext) {
        let code = rewritten
        if code.isOff.load(ordering: .relaxed) || site >= limit.rawValue || !code.lock.tryLock() { return }
        let isFrequent = code.sites.note(site)
        code.lock.unlock()
        if !isFrequent { return }
        // The entry code finds its memory by gs.
        if context.registers.gsBase != 0 { return withdrawAll(by: context) }
        code.lock.lock()
        defer { code.lock.unlock() }
        rewrite(site, number: UInt32(truncatingIfNeeded: number), by: context)
    }

    /// With the lock held.
    private func rewrite(_ site: UInt64, number: UInt32, by context: SystrapContext) {
        let code = rewritten
        if let old = code.bySite[site], code.patches[old].withdrawals >= 4 { return code.sites.settle(site) }
        if code.changes > 0 { return }
        guard code.patches.count < RewrittenCode.most, let mapping = codeMapping(of: site) else { return code.sites.settle(site) }
        if !code.mappings.contains(mapping) {
            // The stub may have changed it before it knew, or be about to: then another time.
            track(mapping)
            guard synchronize(by: context), !arena.isChangingMappings, codeMapping(of: site, anew: true) == mapping else {
                code.mappings.removeAll { $0 == mapping }
                return publishTracked()
            }
        }
        guard let file = openMemory(flags: 2 /* O_RDWR */) else { return code.isOff.store(true, ordering: .relaxed) }
        defer { file.close() }
        let writer = CodeWriter(file: file) { self.synchronize(by: context) }
        if let old = code.bySite[site], code.patches[old].isActive {
            let patch = code.patches[old]
            // It still stands: what traps are jumps behind it, and nothing can be done about those.
            if patch.plan.jump(to: patch.trampoline.address) == writer.read(patch.plan.start, 5) { return code.sites.settle(site) }
            // The program has dropped it with the page.
            code.activate(old, false)
        }

        guard let plan = plan(site, in: mapping, number: number, writer), let index = code.index(of: plan) ?? makePatch(plan, mapping, writer, context),
              let jump = plan.jump(to: code.patches[index].trampoline.address) else { return code.sites.settle(site) }
        // Before its first byte changes: who meets it knows what to ask.
        code.activate(index, true)
        code.include(plan)
        if !writer.install(plan, jump) {
            code.activate(index, false)
            code.isOff.store(true, ordering: .relaxed)
        }
        code.sites.restart(site)
    }

    private func plan(_ site: UInt64, in mapping: Range<UInt64>, number: UInt32, _ writer: CodeWriter) -> SitePlan? {
        let from = max(mapping.lowerBound, site &- min(site, UInt64(SitePlan.before)))
        let to = min(mapping.upperBound, site &+ UInt64(SitePlan.behindStart))
        guard from < to else { return nil }
        var bytes = writer.read(from, Int(to - from))
        unsafe bytes.withMutableBytes { unsafe rewritten.restoreOriginal(in: $0, at: from) }
        guard bytes.count == Int(to - from), case .success(let plan) = SitePlan.make(bytes, base: from, site: site, number: number),
              plan.end <= mapping.upperBound else { return nil }
        return plan
    }

    /// With the lock held: finds a place for the trampoline and writes it.
    private func makePatch(_ plan: SitePlan, _ mapping: Range<UInt64>, _ writer: CodeWriter, _ context: SystrapContext) -> Int? {
        let code = rewritten
        for zone in code.zones.indices {
            if let patch = place(plan, zone, writer) { return code.add(patch) }
        }
        guard code.zones.count < 8 else { return nil }
        for candidate in ZonePlaces.candidates(plan, mapping: mapping, limit: limit.rawValue, fillEnd: StubLayout.fillStart) {
            // PROT_READ | PROT_EXEC; MAP_PRIVATE | ANONYMOUS, FIXED or FIXED_NOREPLACE.
            let flags: UInt64 = candidate.isFiller ? 0x32 : 0x10_0022
            let mapped = context.callForRewriting(.mmap, candidate.base, CodeZone.size, 5, flags, .max)
            guard mapped == candidate.base else { continue }
            let zone = CodeZone(base: candidate.base)
            let entry = (0..<8).map { UInt8(truncatingIfNeeded: StubLayout.entryCall >> UInt64(8 * $0)) }
            guard writer.write(entry, at: zone.pointer) else { return nil }
            code.addZone(zone)
            if !candidate.isFiller { track(zone.base..<zone.end) }
            if let patch = place(plan, code.zones.count - 1, writer) { return code.add(patch) }
        }
        return nil
    }

    private func place(_ plan: SitePlan, _ zone: Int, _ writer: CodeWriter) -> RewrittenCode.Patch? {
        let pointer = rewritten.zones[zone].pointer
        // A far zone is of no use: the distance of the trampoline's start is enough to see that.
        guard let rough = Instruction.distance(from: plan.start, to: pointer), rough.magnitude < ZonePlaces.reach,
              let sample = Trampoline(plan, at: pointer &+ 16, pointer: pointer),
              let address = rewritten.takePlace(zone, sample.bytes.count, for: plan) else { return nil }
        guard let trampoline = Trampoline(plan, at: address, pointer: pointer), writer.write(trampoline.bytes, at: address) else {
            rewritten.giveBackPlace(zone, address, sample.bytes.count)
            return nil
        }
        return RewrittenCode.Patch(plan: plan, trampoline: trampoline)
    }

    // MARK: Taking back

    /// Puts the original instructions back wherever they are within `ranges`, which `change` is about to change.
    ///
    /// - Parameter context: whose thread stands, if it is one of this stub's.
    func withdraw<R, E: Error>(_ ranges: [Range<UInt64>], by context: SystrapContext?, while change: () throws(E) -> R) throws(E) -> R {
        rewritten.lock.withLock { rewritten.changes += 1 }
        defer { rewritten.lock.withLock { rewritten.changes -= 1 } }
        for range in ranges { withdraw(range, by: context) }
        return try change()
    }

    private func withdraw(_ range: Range<UInt64>, by context: SystrapContext?) {
        let code = rewritten
        let (hasPatches, hasZones) = (code.mayMeet(range.lowerBound, range.upperBound &- range.lowerBound), !code.hiddenRanges.isEmpty)
        if !hasPatches && !hasZones { return }
        code.lock.withLock {
            let zones = code.zones.filter { $0.base < range.upperBound && range.lowerBound < $0.end && $0.base < limit.rawValue }
            let affected = code.patches.indices.filter { i in
                let patch = code.patches[i]
                return patch.isActive && (patch.plan.start < range.upperBound && range.lowerBound < patch.plan.start &+ 5
                    || zones.contains { $0.contains(patch.trampoline.address) })
            }
            takeBack(affected, by: context)
            for zone in zones {
                code.retireZone(zone.base)
                if let context { _ = context.callForRewriting(.munmap, zone.base, CodeZone.size) }
            }
            code.mappings = code.mappings.flatMap { mapping in
                if !mapping.overlaps(range) { return [mapping] }
                // What is left of it on either side.
                return [mapping.lowerBound..<max(mapping.lowerBound, range.lowerBound),
                        min(mapping.upperBound, range.upperBound)..<mapping.upperBound].filter { rest in
                    code.patches.contains { $0.isActive && rest.contains($0.plan.start) }
                }
            }
            publishTracked()
        }
    }

    /// Puts all original instructions back, for good.
    func withdrawAll(by context: SystrapContext?) {
        let code = rewritten
        code.isOff.store(true, ordering: .relaxed)
        if code.low.load(ordering: .relaxed) == .max { return }
        code.lock.withLock { takeBack(code.patches.indices.filter { code.patches[$0].isActive }, by: context) }
    }

    private func takeBack(_ indices: [Int], by context: SystrapContext?) {
        let code = rewritten
        guard !indices.isEmpty, let file = openMemory(flags: 2) else { return }
        defer { file.close() }
        let writer = CodeWriter(file: file) { self.synchronize(by: context) }
        for index in indices {
            let patch = code.patches[index]
            // What is not our jump any more has been dropped by the program (MADV_DONTNEED), or belongs to a liar.
            if patch.plan.jump(to: patch.trampoline.address) == writer.read(patch.plan.start, 5) { _ = writer.restore(patch.plan) }
            code.activate(index, false)
            code.sites.restart(patch.plan.site)
        }
        code.generation.add(1, ordering: .releasing)
    }

    /// Every processor that runs a thread of the stub sees what was written to its code before.
    private func synchronize(by context: SystrapContext?) -> Bool {
        if contextCount == 1 { return true }
        guard let context else {
            // MEMBARRIER_CMD_GLOBAL: from a process that has nothing to do with it.
            return (try? hostCall(.membarrier, 1, 0)) != nil
        }
        let (number, register, barrier) = (UInt32(SystemCallNumber.membarrier.rawValue), UInt64(64), UInt64(32))
        // Most often it is registered already.
        if context.command(STUB_CALL_A, number: number, barrier) == 0 { return true }
        return context.command(STUB_CALL_A, number: number, register) == 0
            && context.command(STUB_CALL_A, number: number, barrier) == 0
    }

    // MARK: Mappings

    /// The private mapping of code, not writable, that `site` lies in; nil: it lies in another kind.
    private func codeMapping(of site: UInt64, anew: Bool = false) -> Range<UInt64>? {
        if !anew, let known = rewritten.mappings.first(where: { $0.contains(site) && !isZone($0) }) { return known }
        guard let text = try? super.hostProc("maps") else { return nil }
        return MapLines.mapping(of: site, in: text, permissions: "r-xp")
    }

    private func isZone(_ range: Range<UInt64>) -> Bool { rewritten.zones.contains { $0.base == range.lowerBound } }

    private func track(_ range: Range<UInt64>) {
        if rewritten.mappings.contains(range) { return }
        rewritten.mappings.append(range)
        publishTracked()
    }

    /// Tells the stub which memory calls it must not answer by itself.
    func publishTracked() {
        let space = unsafe arena.space
        let ranges = TrackedRanges.covering(rewritten.mappings, atMost: Int(STUB_TRACKED_RANGES))
        // While they change, it answers none.
        unsafe space.pointee.tracked_count = UInt32(STUB_TRACKED_RANGES) + 1
        host_fence()
        unsafe withUnsafeMutableBytes(of: &space.pointee.tracked) { t in
            for (i, range) in ranges.enumerated() {
                unsafe t.storeBytes(of: range.lowerBound, toByteOffset: 16 * i, as: UInt64.self)
                unsafe t.storeBytes(of: range.upperBound, toByteOffset: 16 * i + 8, as: UInt64.self)
            }
        }
        host_fence()
        unsafe space.pointee.tracked_count = UInt32(ranges.count)
    }
}

/// The few ranges that a stub can look at, for the many that are tracked.
enum TrackedRanges {
    /// At most `most` ranges that cover all of `ranges`, and as little as possible between them: a call that meets only what
    /// lies between is handed over for nothing.
    static func covering(_ ranges: [Range<UInt64>], atMost most: Int) -> [Range<UInt64>] {
        let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
        // The widest gaps stay open.
        let gaps = sorted.indices.dropFirst().sorted { a, b in gap(sorted, a) > gap(sorted, b) }.prefix(max(0, most - 1))
        let open = Set(gaps)
        var covering: [Range<UInt64>] = []
        for (i, range) in sorted.enumerated() {
            if let last = covering.last, !open.contains(i) || range.lowerBound <= last.upperBound {
                covering[covering.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                covering.append(range)
            }
        }
        return covering
    }

    private static func gap(_ sorted: [Range<UInt64>], _ index: Int) -> UInt64 {
        let (before, here) = (sorted[index - 1].upperBound, sorted[index].lowerBound)
        return here > before ? here - before : 0
    }
}

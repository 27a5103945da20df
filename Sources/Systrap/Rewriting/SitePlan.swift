/// How one `syscall` instruction can be replaced by a jump of five bytes, `e9` and a distance.
///
/// - In front of it stands `mov $number, %eax`: the jump replaces the mov. The instruction itself stays, and is trapped
///   when something jumps to it.
/// - Else the jump replaces the instruction and what follows, which is copied to the trampoline. Where instructions began
///   whose bytes are now the jump's distance, the distance must have bytes that stop whoever gets there.
struct SitePlan: Equatable {
    /// An instruction that runs in the trampoline instead of where it stood.
    struct Moved: Equatable {
        var address: UInt64
        var bytes: [UInt8]
    }

    /// The `syscall` instruction.
    var site: UInt64
    /// Where the jump goes.
    var start: UInt64
    /// The five bytes that it replaces.
    var original: [UInt8]
    /// What the mov loads; nil: there is none.
    var number: UInt32?
    var moved: [Moved] = []
    /// Bytes 1 to 4 of the jump that must be an invalid opcode: the second and the fourth of them can be asked for.
    var stopsSecond = false
    var stopsFourth = false

    /// Behind the instruction: what a program sees as rip.
    var behind: UInt64 { site &+ 2 }
    /// Behind what has moved.
    var end: UInt64 { moved.last.map { $0.address &+ UInt64($0.bytes.count) } ?? behind }
    /// Whether the last of them never goes on behind itself.
    var endsFlow = false

    enum Refusal: Equatable, Error {
        /// The bytes there are no `syscall` instruction.
        case notThere
        /// What surrounds it cannot be moved.
        case surroundings
    }

    /// How many bytes in front of a site, and behind its start, a plan looks at.
    static let before = 64, behindStart = 40

    /// Looks at the `syscall` instruction at `site`.
    ///
    /// - Parameters:
    ///   - code: what lies from `base` on, as much of the mapping as there is around the site.
    ///   - number: the call's number when it was trapped.
    static func make(_ code: [UInt8], base: UInt64, site: UInt64, number: UInt32) -> Result<SitePlan, Refusal> {
        guard site >= base, site &- base < UInt64(code.count) else { return .failure(.notThere) }
        let at = Int(site &- base)
        guard at + 2 <= code.count, code[at] == 0x0f, code[at + 1] == 0x05 else { return .failure(.notThere) }
        if let length = loadLength(code, at, number) {
            let start = at - length
            return .success(SitePlan(site: site, start: site &- UInt64(length), original: Array(code[start..<(start + 5)]),
                                     number: number))
        }
        return following(code, base: base, at: at)
    }

    /// The length of the `mov $number, %eax` (or %rax) that ends at `at`; nil: none does.
    private static func loadLength(_ code: [UInt8], _ at: Int, _ number: UInt32) -> Int? {
        func holdsNumber(_ place: Int) -> Bool {
            (0..<4).allSatisfy { code[place + $0] == UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) }
        }
        if at >= 7, number <= Int32.max, code[at - 7] == 0x48, code[at - 6] == 0xc7, code[at - 5] == 0xc0, holdsNumber(at - 4),
           isBoundary(code, at - 7, at) { return 7 }
        if at >= 5, code[at - 5] == 0xb8, holdsNumber(at - 4), isBoundary(code, at - 5, at) { return 5 }
        return nil
    }

    /// Whether `start` is the beginning of the instruction that ends at `at`, rather than the tail of a longer one.
    ///
    /// x86 code cannot be read backwards. But whoever begins to decode anywhere falls into step after a few
    /// instructions: so it is tried from many places in front.
    private static func isBoundary(_ code: [UInt8], _ start: Int, _ at: Int) -> Bool {
        var hits = 0, misses = 0
        for begin in max(0, at - before)..<max(0, start - 15) {
            var here = begin, hit = false
            while here < at {
                if here == start { hit = true }
                guard let instruction = Instruction(code, at: here) else { break }
                here += instruction.length
            }
            if here != at { continue }
            if hit { hits += 1 } else { misses += 1 }
        }
        if hits + misses >= 4 { return misses * 8 <= hits }
        // Too near to the beginning of the mapping, or data in front: a mov with a prefix, or as somebody's immediate?
        return start == 0 || isPlainStart(code, start)
    }

    /// Whether no instruction that begins up to 10 bytes earlier can have `start` and what follows as its tail.
    private static func isPlainStart(_ code: [UInt8], _ start: Int) -> Bool {
        for begin in max(0, start - 10)..<start {
            if let instruction = Instruction(code, at: begin), begin + instruction.length > start { return false }
        }
        return true
    }

    private static func following(_ code: [UInt8], base: UInt64, at: Int) -> Result<SitePlan, Refusal> {
        var plan = SitePlan(site: base &+ UInt64(at), start: base &+ UInt64(at), original: [])
        guard at + 5 <= code.count else { return .failure(.surroundings) }
        plan.original = Array(code[at..<(at + 5)])
        plan.stopsSecond = true
        var here = at + 2
        while here < at + 5 {
            // Beginnings at the third byte of the distance cannot be kept.
            if here == at + 3 { return .failure(.surroundings) }
            if here == at + 4 { plan.stopsFourth = true }
            guard let instruction = Instruction(code, at: here), instruction.movement != nil else { return .failure(.surroundings) }
            plan.moved.append(Moved(address: base &+ UInt64(here), bytes: Array(code[here..<(here + instruction.length)])))
            here += instruction.length
            if instruction.endsFlow {
                plan.endsFlow = true
                if here < at + 5 && !isPadding(code, from: here, base: base) { return .failure(.surroundings) }
                break
            }
        }
        return .success(plan)
    }

    /// Whether from `from` up to where a function can begin there is only padding.
    private static func isPadding(_ code: [UInt8], from: Int, base: UInt64) -> Bool {
        var here = from
        while (base &+ UInt64(here)) & 15 != 0 {
            guard let instruction = Instruction(code, at: here), instruction.isPadding(code, at: here) else { return false }
            here += instruction.length
        }
        return here > from
    }

    /// Whether a jump from `start` to `target` has the bytes that the plan asks for.
    func admits(target: UInt64) -> Bool {
        guard let distance = Instruction.distance(from: start &+ 5, to: target) else { return false }
        let bits = UInt32(bitPattern: distance)
        if stopsSecond && !Instruction.isInvalid(UInt8(truncatingIfNeeded: bits >> 8)) { return false }
        return !stopsFourth || Instruction.isInvalid(UInt8(truncatingIfNeeded: bits >> 24))
    }

    /// The jump's bytes.
    func jump(to target: UInt64) -> [UInt8]? {
        guard let distance = Instruction.distance(from: start &+ 5, to: target) else { return nil }
        var bytes: [UInt8] = [0xe9, 0, 0, 0, 0]
        Instruction.put(distance, into: &bytes, at: 1)
        return bytes
    }
}

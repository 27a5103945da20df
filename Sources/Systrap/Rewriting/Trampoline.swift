/// The code that a rewritten site jumps to, and what a program is to believe about where it runs.
struct Trampoline: Equatable {
    var address: UInt64
    var bytes: [UInt8] = []
    /// Where the call's end continues.
    var tail: UInt64 = 0
    /// For each instruction, in order of places: from which byte on rip means which address to the program.
    var places: [Place] = []

    struct Place: Equatable {
        var offset: Int
        var visible: UInt64
    }

    /// The most that one takes.
    static let largest = 20 + 3 * 15 + 5

    /// - Parameters:
    ///   - address: where it will lie.
    ///   - pointer: where 8 bytes lie that hold the address of the stub's entry.
    /// - Returns: nil when something is out of reach from there.
    init?(_ plan: SitePlan, at address: UInt64, pointer: UInt64) {
        self.address = address
        if let number = plan.number {
            // mov $number, %eax
            mark(plan.start)
            bytes += [0xb8, 0, 0, 0, 0]
            Instruction.put(Int32(bitPattern: number), into: &bytes, at: bytes.count - 4)
        }
        mark(plan.site)
        // lea behind(%rip), %rcx
        if !reach([0x48, 0x8d, 0x0d], plan.behind) { return nil }
        if plan.moved.isEmpty {
            tail = plan.behind
            // mov %rcx, %r11
            bytes += [0x49, 0x89, 0xcb]
        } else {
            tail = address &+ UInt64(bytes.count) &+ 13
            // lea tail(%rip), %r11
            if !reach([0x4c, 0x8d, 0x1d], tail) { return nil }
        }
        // jmp *pointer(%rip)
        if !reach([0xff, 0x25], pointer) { return nil }
        for moved in plan.moved {
            guard let instruction = Instruction(moved.bytes, at: 0),
                  let copy = instruction.moved(moved.bytes, from: 0, address: moved.address,
                                               to: address &+ UInt64(bytes.count)) else { return nil }
            mark(moved.address)
            bytes += copy
        }
        if !plan.moved.isEmpty && !plan.endsFlow {
            mark(plan.end)
            // jmp end
            if !reach([0xe9], plan.end) { return nil }
        }
    }

    private mutating func mark(_ visible: UInt64) { places.append(Place(offset: bytes.count, visible: visible)) }

    /// Appends an opcode and the distance to `target` from its end.
    private mutating func reach(_ opcode: [UInt8], _ target: UInt64) -> Bool {
        bytes += opcode
        guard let distance = Instruction.distance(from: address &+ UInt64(bytes.count) &+ 4, to: target) else { return false }
        bytes += [0, 0, 0, 0]
        Instruction.put(distance, into: &bytes, at: bytes.count - 4)
        return true
    }

    /// What rip means to the program when the thread stands at `rip`.
    func visible(_ rip: UInt64) -> UInt64? {
        let offset = rip &- address
        if offset >= UInt64(bytes.count) { return nil }
        return places.last { $0.offset <= Int(offset) }?.visible
    }

    /// Where a thread goes on that wants to run the original instruction at `visible`, which was moved here.
    func place(of visible: UInt64) -> UInt64? {
        places.last { $0.visible == visible && address &+ UInt64($0.offset) >= tail }.map { address &+ UInt64($0.offset) }
    }
}

import CStub
@testable import Systrap
import Testing

/// The stub's code is copied away from all else: it must not refer to anything outside of itself.
@Suite struct StubTextTests {
    @Test func refersToNothingOutside() throws {
        let code = unsafe [UInt8](UnsafeRawBufferPointer(start: stub_text_start(), count: stub_text_length()))
        var here = 0
        while here < code.count {
            let instruction = try #require(Instruction(code, at: here), "no instruction at \(here)")
            let end = here + instruction.length
            let isJump = switch instruction.movement {
            case .jump: true
            default: instruction.map == .oneByte && instruction.opcode == 0xe8
            }
            if let place = instruction.relativeDisplacement ?? (isJump ? instruction.immediate : nil) {
                let target = end + distance(code, here + place, isJump ? instruction.immediateSize : 4)
                #expect(target >= 0 && target < code.count, "\(here) refers to \(target)")
            }
            here = end
        }
    }

    private func distance(_ code: [UInt8], _ at: Int, _ size: Int) -> Int {
        if size == 1 { return Int(Int8(bitPattern: code[at])) }
        return Int(Int32(bitPattern: code[at..<(at + 4)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }))
    }
}

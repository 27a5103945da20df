import CStub
import LinuxABI
import Testing
@testable import Systrap

@Suite struct ArenaTests {
    /// As many threads as a stub may have, and one more.
    @Test func slotsAreExhausted() throws {
        let arena = try Arena()
        for i in 0..<Int(STUB_SLOTS) { #expect(try arena.takeSlot(process: 0) == i) }
        #expect(throws: Errno.EAGAIN) { try arena.takeSlot(process: 0) }
        arena.free(7, after: 0)
        #expect(try arena.takeSlot(process: 0) == 7)
        #expect(throws: Errno.EAGAIN) { try arena.takeSlot(process: 0) }
    }
}

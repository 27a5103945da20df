import CStub
import HostOS
import LinuxABI
import Platform
import Testing

@Suite struct BreakTests {
    /// The word by which the stub's own code keeps others from moving the break.
    func word(_ context: ExecutionContext) -> UInt32? {
        var word: UInt32 = 7
        let count = unsafe withUnsafeMutableBytes(of: &word) {
            unsafe RemoteMemory.read(context.addressSpace.hostProcess, at: UInt64(STUB_COMMON), into: $0)
        }
        return count == 4 ? word : nil
    }

    @Test("The Sentry moves the break under the lock that the stub's threads take")
    func sharesTheLock() throws {
        let source = try Guest.source("systrap")
        defer { source.close() }
        let guest = try Guest(source, [0xf4])
        defer { guest.context.end() }
        #expect(word(guest.context) == 0)
        guest.context.lockBreak()
        #expect(word(guest.context) == 1)
        guest.context.unlockBreak()
        #expect(word(guest.context) == 0)
    }
}

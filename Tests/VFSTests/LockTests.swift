import HostOS
import LinuxABI
import Synchronization
import Testing
import Waiting
@testable import FileSystems
@testable import VFS

@Suite struct LockTests {
    let world = World()
    var c: Caller { world.root }

    func set(_ caller: Caller, _ file: OpenFile, _ range: ClosedRange<UInt64>, _ exclusive: Bool?, waits: Bool = false,
             open: Bool = false) throws(Errno) {
        try caller.setLock(file, first: range.lowerBound, last: range.upperBound, exclusive: exclusive, ofOpenFile: open, waits: waits)
    }

    @Test func rangesSplitAndMerge() throws {
        try c.write("/f")
        let file = try c.open(bytes("/f"), OpenHow(.O_RDWR))
        let (a, b) = (world.user(1), world.user(2))
        try set(a, file, 0...99, true)
        try set(a, file, 20...29, nil)
        try set(a, file, 50...59, false)
        #expect(file.inode.attachments?.locks.descriptions.ranges.map { [$0.first, $0.last, $0.isExclusive ? 1 : 0] }
                == [[0, 19, 1], [30, 49, 1], [50, 59, 0], [60, 99, 1]])
        try set(b, file, 20...29, true)
        try set(b, file, 50...55, false)
        #expect(errno { try set(b, file, 50...60, false) } == .EAGAIN)
        #expect(errno { try set(b, file, 50...51, true) } == .EAGAIN)
        #expect(b.testLock(file, first: 0, last: 1000, exclusive: true, ofOpenFile: false)?.first == 0)
        #expect(errno { try set(a, file, 50...59, true) } == .EAGAIN)
    }

    @Test func closingAnyDescriptorDropsTheProcessLocks() throws {
        try c.write("/f")
        let (a, b) = (world.user(1), world.user(2))
        try c.changeMode(try c.resolve(bytes("/f")), 0o666)
        let first = try a.open(bytes("/f"), OpenHow(.O_RDWR))
        let fd = try a.install(try a.open(bytes("/f"), OpenHow(.O_RDWR)), closeOnExec: false)
        let other = try b.open(bytes("/f"), OpenHow(.O_RDWR))
        try set(a, first, 0...9, true)
        #expect(errno { try set(b, other, 5...5, true) } == .EAGAIN)
        try a.close(try a.files.remove(fd))
        try set(b, other, 5...5, true)
    }

    @Test func openFileLocksBelongToTheOpenFile() throws {
        try c.write("/f")
        let first = try c.open(bytes("/f"), OpenHow(.O_RDWR))
        do {
            let second = try c.open(bytes("/f"), OpenHow(.O_RDWR))
            try set(c, second, 0...0, true, open: true)
            #expect(errno { try set(c, first, 0...0, true, open: true) } == .EAGAIN)
            #expect(errno { try set(c, first, 0...0, true) } == .EAGAIN)
            try c.lockWhole(second, exclusive: true, waits: false)
            #expect(errno { try c.lockWhole(first, exclusive: false, waits: false) } == .EAGAIN)
            withExtendedLifetime(second) {}
        }
        try set(c, first, 0...0, true, open: true)
        try c.lockWhole(first, exclusive: true, waits: false)
        try c.lockWhole(first, exclusive: false, waits: false)
        try c.lockWhole(first, exclusive: nil, waits: false)
    }

    @Test func circlesOfWaitersAreDeadlocks() throws {
        try c.write("/f")
        try c.changeMode(try c.resolve(bytes("/f")), 0o666)
        let (a, b) = (world.user(1), world.user(2))
        let file = try c.open(bytes("/f"), OpenHow(.O_RDWR))
        try set(a, file, 0...0, true)
        try set(b, file, 1...1, true)
        let result = Mutex<Errno??>(nil)
        let done = Waiter()
        let waiting = Carrier(a, file)
        try Thread.start {
            let e = errno { try waiting.caller.setLock(waiting.file, first: 1, last: 1, exclusive: true, ofOpenFile: false, waits: true) }
            result.withLock { $0 = .some(e) }
            if e != nil { try? waiting.caller.setLock(waiting.file, first: 0, last: 0, exclusive: nil, ofOpenFile: false, waits: false) }
            done.unpark()
        }
        // Whichever asks second is told.
        var mine: Errno?
        repeat { mine = errno { try set(b, file, 0...0, true, waits: true) } } while mine == .EAGAIN
        let theirs = result.withLock { $0 }
        #expect(mine == .EDEADLK || theirs == .some(.EDEADLK))
        if mine == .EDEADLK {
            try set(b, file, 1...1, nil)
            _ = done.park()
            #expect(result.withLock { $0 } == .some(nil))
        }
    }

    @Test func interruptionEndsAWait() throws {
        try c.write("/f")
        let (a, b) = (world.user(1), world.user(2))
        let file = try c.open(bytes("/f"), OpenHow(.O_RDWR))
        try set(a, file, 0...0, true)
        b.waiter.interrupt()
        #expect(errno { try set(b, file, 0...0, true, waits: true) } == .ERESTARTSYS)
    }
}

/// Hands a caller and a file to another thread.
final class Carrier: @unchecked Sendable {
    let caller: Caller
    let file: OpenFile

    init(_ caller: Caller, _ file: OpenFile) {
        self.caller = caller
        self.file = file
    }
}

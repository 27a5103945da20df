import CHostOS
import CStub
import LinuxABI
import Memory
import Platform

/// Guest memory as the thread in its call has it: what the slot carries first, remote copies for the rest.
extension SystrapContext {
    @inline(__always)
    func take(_ address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        // What waits for delivery is newer than what was brought.
        if window.isPending(address.rawValue, buffer.count) {
            deliver()
            return unsafe takeRemotely(address, into: buffer)
        }
        let done = unsafe window.take(address.rawValue, into: buffer)
        unsafe space.rewritten.restoreOriginal(in: UnsafeMutableRawBufferPointer(rebasing: buffer[..<done]), at: address.rawValue)
        if done == buffer.count { return done }
        return done + (unsafe takeRemotely(address + done, into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...])))
    }

    @inline(__always)
    func put(_ address: GuestAddress, from buffer: UnsafeRawBufferPointer) -> Int {
        let done = unsafe window.put(address.rawValue, from: buffer)
        if done == buffer.count { return done }
        return done + (unsafe putRemotely(address + done, from: UnsafeRawBufferPointer(rebasing: buffer[done...])))
    }

    /// Lets the stub's thread copy to the guest what waits for it.
    func deliver() {
        if !window.hasOutput || hasEnded { return }
        tell(STUB_SETTLE, unsafe window.handOver(slot))
        if result() != 0 { hasFailedDelivery = true }
    }

    // Remote copies do not grow stacks: where one ends, the stub's own access decides.

    @inline(never)
    private func takeRemotely(_ address: GuestAddress, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var done = unsafe space.copyIn(address, into: buffer)
        while done < buffer.count, touch(address + done, writing: false) {
            let more = unsafe space.copyIn(address + done, into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
            if more == 0 { break }
            done += more
        }
        return done
    }

    @inline(never)
    private func putRemotely(_ address: GuestAddress, from buffer: UnsafeRawBufferPointer) -> Int {
        // Where it lies on what waits for delivery, that came first.
        if window.isPending(address.rawValue, buffer.count) { deliver() }
        var done = unsafe putLarge(address, from: buffer)
        if done < buffer.count {
            done += unsafe space.copyOut(address + done, from: UnsafeRawBufferPointer(rebasing: buffer[done...]))
        }
        while done < buffer.count, touch(address + done, writing: true) {
            let more = unsafe space.copyOut(address + done, from: UnsafeRawBufferPointer(rebasing: buffer[done...]))
            if more == 0 { break }
            done += more
        }
        return done
    }

    /// Large answers go to pages that the stub's thread has touched before. A remote copy that has to make them would hold
    /// the memory of a stub that is killed for want of it, and wait for just that memory: another process would have to die.
    private func putLarge(_ address: GuestAddress, from buffer: UnsafeRawBufferPointer) -> Int {
        var done = 0
        while buffer.count - done >= Self.pieceLimit, !hasEnded {
            let place = address + done
            if place >= space.limit { break }
            let wanted = min(UInt64(buffer.count - done), UInt64(STUB_PROBE_RANGE), space.limit.rawValue - place.rawValue)
            let writable = Int(min(command(STUB_PROBE, place.rawValue, wanted) ?? 0, wanted))
            if writable == 0 { break }
            let copied = unsafe space.copyOut(place, from: UnsafeRawBufferPointer(rebasing: buffer[done..<(done + writable)]))
            done += copied
            if copied < Int(wanted) { break }
        }
        return done
    }

    /// From this size on the rest of a large read goes through the window, too, piece by piece: a third less than a remote
    /// copy costs for 64 KiB (11.4 against 16.7 us, the read itself counted in), as long as the stub's thread looks for
    /// commands. Waking it makes them equal.
    private static var pieceLimit: Int { 32 << 10 }

    /// Room for the next piece of a large read, when the window has none that may be written.
    @inline(never)
    func nextRoom(_ address: GuestAddress, _ count: Int) -> UnsafeMutableRawBufferPointer? {
        guard count >= Self.pieceLimit, window.isOpen, unsafe host_load32(&slot.pointee.told) & STUB_ASLEEP == 0 else { return nil }
        deliver()
        let writable = probe(address, count)
        if writable < Int(pageSize) { return nil }
        window.allow(address.rawValue, writable)
        return unsafe window.room(address.rawValue, count)
    }

    /// How many bytes the stub's thread can write.
    func probe(_ address: GuestAddress, _ count: Int) -> Int {
        if address >= space.limit || hasEnded { return 0 }
        let wanted = UInt64(min(count, Window.capacity))
        return Int(min(command(STUB_PROBE, address.rawValue, min(wanted, space.limit.rawValue - address.rawValue)) ?? 0, wanted))
    }

    private func touch(_ address: GuestAddress, writing: Bool) -> Bool {
        if address >= space.limit || hasEnded { return false }
        return command(STUB_TOUCH, address.rawValue, writing ? 1 : 0) == 0
    }
}

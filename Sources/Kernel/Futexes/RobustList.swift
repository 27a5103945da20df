import LinuxABI
import Memory
import Platform

extension Task {
    /// What a thread's end owes to others: locks of its robust list are marked and one waiter each is woken
    /// (set_robust_list(2)), and the word of set_tid_address(2) is cleared and woken. On the task's own thread, while its
    /// memory is there.
    func releaseFutexesAtExit() {
        if !robustList.isNull { walkRobustList() }
        // Nobody can wait for the word in memory that ends with this thread.
        if !clearChildTID.isNull, !isLastOfGroup || vforkDone != nil {
            if context.clearsAtEnd, vforkDone == nil {
                context.clearAtEnd = clearChildTID
            } else {
                try? context.store(UInt32(0), at: clearChildTID)
                wake(clearChildTID)
            }
        }
        clearChildTID = .null
    }

    private func walkRobustList() {
        let head = robustList
        robustList = .null
        do throws(Errno) {
            let words = try context.loadArray(head, count: 3, as: UInt64.self)
            if words.count < 3 { return }
            var entry = words[0]
            let (offset, pending) = (words[1], words[2])
            var left = 2048
            while entry & ~1 != head.rawValue, left > 0 {
                let next = try context.load(GuestAddress(entry & ~1), as: UInt64.self)
                if entry != pending { try giveUp(GuestAddress((entry & ~1) &+ offset)) }
                entry = next
                left -= 1
            }
            if pending & ~1 != 0 { try giveUp(GuestAddress((pending & ~1) &+ offset)) }
        } catch {}
    }

    /// Marks a lock word whose owner ends, when this thread owns it.
    private func giveUp(_ word: GuestAddress) throws(Errno) {
        var value = try context.load(word, as: UInt32.self)
        while true {
            guard value & 0x3fff_ffff == UInt32(bitPattern: id(in: pidNamespace)) else { return }
            // FUTEX_OWNER_DIED, keeping FUTEX_WAITERS, which another thread may be setting now.
            let seen = try context.compareExchange(word, expected: value, desired: value & 0x8000_0000 | 0x4000_0000)
            if seen == value { break }
            value = seen
        }
        if value & 0x8000_0000 != 0 { wake(word) }
    }

    /// FUTEX_WAKE of one waiter, shared or private.
    private func wake(_ word: GuestAddress) {
        _ = try? context.nativeCall(.futex, word.rawValue, 1, 1)
        _ = try? context.nativeCall(.futex, word.rawValue, 1 | 128, 1)
    }
}

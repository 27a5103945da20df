import LinuxABI
import Platform
import Synchronization

/// Who else looks at a task's system calls. None of them: a call goes straight to its handler.
struct CallHooks: OptionSet {
    var rawValue: UInt32

    /// A filter or mode of seccomp(2).
    static let seccomp = CallHooks(rawValue: 1)
    /// `--strace`.
    static let log = CallHooks(rawValue: 2)
    /// `cloister debug syscalls`.
    static let counts = CallHooks(rawValue: 4)
}

extension Task {
    /// From any thread; the task takes notice at its next call.
    func addHook(_ hook: CallHooks) { hooks.bitwiseOr(hook.rawValue, ordering: .acquiringAndReleasing) }

    func removeHook(_ hook: CallHooks) { hooks.bitwiseAnd(~hook.rawValue, ordering: .acquiringAndReleasing) }

    /// Lets the platform know whether it may answer calls by itself. On the task's own thread, for each new context and
    /// whenever hooks have changed.
    func applyHooks() {
        context.handOverAll = hooks.load(ordering: .acquiring) & ~CallHooks.counts.rawValue != 0
    }

    /// The call at hand, while somebody looks.
    func dispatchWatched() {
        let number = callNumber
        let arguments = SystemCallArguments(context.call)
        let active = CallHooks(rawValue: hooks.load(ordering: .acquiring))
        if active.contains(.seccomp), !passesSeccomp(number) { return }
        answer(number, arguments)
    }

    /// Linux looks at eax alone, sign-extended.
    var callNumber: Int { Int(Int32(truncatingIfNeeded: context.call.number)) }
}

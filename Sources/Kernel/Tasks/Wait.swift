import HostOS
import LinuxABI
import VFS
import Waiting

/// Which children a wait is about.
public enum WaitTarget {
    case any
    case process(Int32)
    /// A process group's number in the caller's pid namespace; 0: the caller's own.
    case processGroup(Int32)
    /// By pidfd.
    case group(ThreadGroup)
}

/// W* of waitid(2) and wait4(2).
public struct WaitOptions: OptionSet, Sendable {
    public var rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let WNOHANG = WaitOptions(rawValue: 1)
    public static let WSTOPPED = WaitOptions(rawValue: 2)
    public static let WEXITED = WaitOptions(rawValue: 4)
    public static let WCONTINUED = WaitOptions(rawValue: 8)
    public static let WNOWAIT = WaitOptions(rawValue: 0x0100_0000)
    public static let __WNOTHREAD = WaitOptions(rawValue: 0x2000_0000)
    public static let __WALL = WaitOptions(rawValue: 0x4000_0000)
    public static let __WCLONE = WaitOptions(rawValue: 0x8000_0000)
}

/// A child's change of state.
public struct WaitResult: Sendable {
    /// In the caller's namespaces.
    public var pid: Int32
    public var uid: UInt32
    /// si_code and si_status.
    public var code: Int32
    public var status: Int32
    /// wait4(2)'s status word.
    public var word: Int32
    public var usage: Usage
}

extension Task {
    /// Waits for a child to change its state.
    ///
    /// - Returns: nil with WNOHANG when none has.
    /// - Throws: ECHILD, ERESTARTSYS.
    public func wait(for target: WaitTarget, _ options: WaitOptions) throws(Errno) -> WaitResult? {
        if options.contains(.WNOHANG) { return try look(target, options) }
        return try waiter.wait(on: group.childrenChanged, for: .all) { () throws(Errno) in try look(target, options) }
    }

    private func look(_ target: WaitTarget, _ options: WaitOptions) throws(Errno) -> WaitResult? {
        try kernel.treeLock.withLock { () throws(Errno) in
            var exists = false
            for child in group.children where matches(child, target, options) {
                exists = true
                if let trace = child.leader?.trace {
                    // Its stops are the tracer's, and so is its end until the tracer has waited for it.
                    if trace.tracer.group === group { continue }
                    if child.hasEnded { continue }
                }
                if let result = report(child, options) { return result }
            }
            if let result = lookAtTracees(target, options, exists: &exists) { return result }
            if !exists { throw .ECHILD }
            return nil
        }
    }

    private func matches(_ child: ThreadGroup, _ target: WaitTarget, _ options: WaitOptions) -> Bool {
        if options.contains(.__WNOTHREAD), child.parentThread !== self { return false }
        if !options.contains(.__WALL), (child.exitSignal != Signal.SIGCHLD) != options.contains(.__WCLONE) { return false }
        switch target {
        case .any: return true
        case .process(let pid): return child.id(in: pidNamespace) == pid
        case .processGroup(0): return child.processGroup === group.processGroup
        case .processGroup(let id): return child.processGroup.id(in: pidNamespace) == id
        case .group(let wanted): return child === wanted
        }
    }

    /// What `child` has to tell; takes it, unless WNOWAIT. The tree lock is held.
    private func report(_ child: ThreadGroup, _ options: WaitOptions) -> WaitResult? {
        let ruid = child.leader?.snapshot.credentials.ruid ?? 0
        var result = WaitResult(pid: child.id(in: pidNamespace), uid: credentials.userNamespace.visibleUID(ruid),
                                code: 0, status: 0, word: 0, usage: Usage())
        let takes = !options.contains(.WNOWAIT)
        if child.hasEnded {
            guard options.contains(.WEXITED) else { return nil }
            let status = child.exitStatus ?? .exited(0)
            (result.code, result.status) = status.childCode
            result.word = status.rawValue
            result.usage = child.pastUsage
            result.usage.add(child.childUsage)
            if takes {
                group.childUsage.add(result.usage)
                child.release()
            }
            return result
        }
        if options.contains(.WSTOPPED), child.unreportedStop != 0 {
            (result.code, result.status) = (SignalInfo.CLD_STOPPED, child.unreportedStop)
            result.word = child.unreportedStop << 8 | 0x7f
            if takes { child.unreportedStop = 0 }
            return result
        }
        if options.contains(.WCONTINUED), child.unreportedContinue {
            (result.code, result.status) = (SignalInfo.CLD_CONTINUED, Signal.SIGCONT)
            result.word = 0xffff
            if takes { child.unreportedContinue = false }
            return result
        }
        return nil
    }
}

import HostOS
import LinuxABI
import VFS

/// Controlling terminals and the foreground (termios(3), "tcgetpgrp(3)", credentials(7)).
extension Terminal {
    /// Makes this the controlling terminal of `caller`'s session, if it leads one that has none.
    ///
    /// - Parameter stealing: takes it from the session that has it.
    /// - Returns: whether it is that now.
    @discardableResult
    func adopt(_ caller: Caller, stealing: Bool) -> Bool {
        guard caller.isSessionLeader, let session = caller.session, session.terminal == nil else { return false }
        var robbed: TerminalSession?
        let done = lock.withLock { () -> Bool in
            if let owner = controlledSession, owner !== session {
                if !stealing { return false }
                robbed = owner
            }
            controlledSession = session
            foreground = caller.processGroup
            return true
        }
        if !done { return false }
        if let robbed, robbed.terminal === self { robbed.terminal = nil }
        session.terminal = self
        return true
    }

    func controls(_ caller: Caller) -> Bool { caller.session?.terminal === self }

    /// What happens to a caller in the background that reads (SIGTTIN), or writes or changes the terminal (SIGTTOU).
    ///
    /// - Returns: normally when it may go on.
    /// - Throws: EIO when nobody could continue it; ERESTARTSYS after its group got `signal`.
    func checkForeground(_ caller: Caller, _ signal: Int32) throws(Errno) {
        guard controls(caller), let group = caller.processGroup, let foreground = foregroundGroup, foreground !== group
        else { return }
        if caller.isBlockedOrIgnored(signal) {
            if signal == 21 /* SIGTTIN */ { throw .EIO }
            return
        }
        if group.isOrphaned { throw .EIO }
        group.send(signal)
        throw .ERESTARTSYS
    }

    /// TIOCSCTTY.
    func setControlling(_ caller: Caller, argument: UInt64, readable: Bool) throws(Errno) {
        if caller.isSessionLeader, controls(caller) { return }
        guard caller.isSessionLeader, caller.session?.terminal == nil else { throw .EPERM }
        let privileged = caller.has(.CAP_SYS_ADMIN)
        if !readable, !privileged { throw .EPERM }
        if !adopt(caller, stealing: argument == 1 && privileged) { throw .EPERM }
    }

    /// TIOCNOTTY: a leader takes the terminal from all of its session.
    func giveUp(_ caller: Caller) throws(Errno) {
        guard controls(caller), let session = caller.session else { throw .ENOTTY }
        // A session has one reference to its terminal: a member that is not the leader keeps it.
        if caller.isSessionLeader { disassociate(session) }
    }

    /// TIOCGPGRP.
    func foregroundID(for caller: Caller, fromMaster: Bool) throws(Errno) -> Int32 {
        if !fromMaster, !controls(caller) { throw .ENOTTY }
        return foregroundGroup?.id(seenBy: caller) ?? 0
    }

    /// TIOCSPGRP.
    func setForeground(_ id: Int32, by caller: Caller) throws(Errno) {
        do throws(Errno) { try checkForeground(caller, 22 /* SIGTTOU */) } catch {
            throw error == .EIO ? .ENOTTY : error
        }
        guard controls(caller), let session = caller.session, lock.withLock({ controlledSession === session }) else {
            throw .ENOTTY
        }
        if id < 0 { throw .EINVAL }
        guard let group = caller.processGroup(withID: id) else { throw .ESRCH }
        guard group.session === session else { throw .EPERM }
        lock.withLock { foreground = group }
    }

    /// TIOCGSID.
    func sessionID(for caller: Caller, fromMaster: Bool) throws(Errno) -> Int32 {
        if !fromMaster, !controls(caller) { throw .ENOTTY }
        guard let session = lock.withLock({ controlledSession }) else { throw .ENOTTY }
        return session.id(seenBy: caller)
    }
}

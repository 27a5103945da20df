import HostOS
import Identity
import LinuxABI
import Platform
import VFS
import Waiting

/// What exec has prepared, when nothing can go wrong any more.
public struct ExecImage {
    public var context: ExecutionContext
    public var mm: MemoryManager
    public var credentials: Credentials
    /// comm: the file's last name.
    public var name: [UInt8]
    /// Ids or capabilities were gained (AT_SECURE).
    public var isSecure: Bool
    public var startAddress: UInt64
    public var stackPointer: UInt64

    public init(context: ExecutionContext, mm: MemoryManager, credentials: Credentials, name: [UInt8], isSecure: Bool,
                startAddress: UInt64, stackPointer: UInt64) {
        self.context = context
        self.mm = mm
        self.credentials = credentials
        self.name = name
        self.isSecure = isSecure
        self.startAddress = startAddress
        self.stackPointer = stackPointer
    }
}

extension Task {
    /// Ends all other threads of the process, and takes the leader's ids: exec's first irrevocable step.
    ///
    /// - Throws: EAGAIN when another thread does the same; ERESTARTNOINTR when the process is ending.
    private func becomeSoleThread() throws(Errno) {
        try group.signalLock.withLock { () throws(Errno) in
            if group.groupExit != nil { throw .ERESTARTNOINTR }
            if group.execing != nil { throw .EAGAIN }
            if group.tasks.count == 1 { return }
            group.execing = self
            for task in group.tasks where task !== self {
                task.isKilled = true
                task.waiter.unpark()
                task.interrupt()
            }
        }
        defer { group.signalLock.withLock { group.execing = nil } }
        while true {
            let (alone, killed) = group.signalLock.withLock { (group.tasks.count == 1, isKilled) }
            if alone { break }
            if killed { throw .ERESTARTNOINTR }
            _ = waiter.park(interruptible: false)
        }
        takeLeadership()
    }

    private func takeLeadership() {
        kernel.treeLock.withLock {
            guard let old = group.leader, old !== self else { return }
            // Whoever traced it traces nobody now.
            old.unlink()
            pidNamespace.forEachLevel(ids) { namespace, id in namespace.tasks[id] = nil }
            ids = old.ids
            pidNamespace.forEachLevel(ids) { namespace, id in namespace.tasks[id] = self }
            group.leader = self
            for child in group.children where child.parentThread === old { child.parentThread = self }
        }
    }

    /// exec's point of no return: the task runs `image` from now on. The new context has been bound by this thread.
    ///
    /// - Throws: only before anything of the task has changed.
    public func commit(_ image: ExecImage) throws(Errno) {
        let former = numberForTracer(of: self)
        try closeNativeCalls(of: image.context)
        try becomeSoleThread()
        releaseFutexesAtExit()
        kernel.priorityFutexes.abandon(self)
        let old = context
        let sharesMemory = vforkDone != nil
        if !sharesMemory {
            let time = mm.addressSpace.cpuTime
            kernel.treeLock.withLock {
                group.pastUsage.user &+= time.user
                group.pastUsage.system &+= time.system
            }
        }
        replace(context: image.context, mm: image.mm)
        kernel.treeLock.withLock { publishNumbers() }
        kernel.watch(image.mm)
        if group.limits.limitsGrowth { image.mm.addressSpace.limitGrowth(true) }
        if group.hasOwnOOMScore { image.mm.addressSpace.setOOMScore(group.oomScoreAdjustment) }
        old.end()
        vforkDone?.complete()
        vforkDone = nil

        group.deletePosixTimers()
        unshareFiles()
        for file in files.removeCloseOnExec() { try? close(file) }
        replace(credentials: image.credentials)
        name = image.name
        group.signalLock.withLock {
            group.handlers = group.handlers.copyForExec()
            allowMaskChangesLocked()
        }
        kernel.treeLock.withLock {
            group.hasExeced = true
            group.exitSignal = group.exitSignal == 0 ? 0 : Signal.SIGCHLD
            if image.isSecure { parentDeathSignal = 0 }
        }
        alternateStack = AlternateStack()
        clearChildTID = .null
        robustList = .null
        rseq = (.null, 0, 0)
        restartBlock = nil
        lastFault = nil
        if image.isSecure { personality &= ~0x0040_0000 /* ADDR_NO_RANDOMIZE */ }
        var registers = Registers()
        registers.rip = image.startAddress
        registers.rsp = image.stackPointer
        registers.origRax = UInt64(bitPattern: Int64(currentCall))
        context.registers = registers
        keepsRegisters = true
        applyHooks()
        standAfterExec(former: former)
    }
}

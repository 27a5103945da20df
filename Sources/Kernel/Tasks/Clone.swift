import HostOS
import Identity
import LinuxABI
import Memory
import Platform
import Synchronization
import VFS
import Waiting

extension Task {
    /// Makes a thread or a process (clone(2)). The caller of a vfork waits here until the child execs or ends.
    ///
    /// - Parameter publish: called with the child before it runs; what it throws undoes the child (pidfd).
    /// - Returns: the child's number in the caller's pid namespace.
    public func clone(_ request: CloneRequest, publish: (Task) throws(Errno) -> Void = { _ in }) throws(Errno) -> Int32 {
        try request.check()
        let flags = request.flags
        if flags.contains(.CLONE_PARENT), group.isInit { throw .EINVAL }
        if flags.contains(.CLONE_THREAD), namespaces.pidForChildren !== pidNamespace { throw .EINVAL }
        let identity = try namespacesAfter(flags)
        try checkProcessLimit(identity.credentials)
        if mustRestartFork { throw .ERESTARTNOINTR }

        let childContext = flags.contains(.CLONE_VM) ? try context.cloneThread() : try context.forkAddressSpace()
        let childMM = flags.contains(.CLONE_VM) ? mm : mm.copy(for: childContext.addressSpace)
        if childMM !== mm {
            kernel.watch(childMM)
            if group.limits.limitsGrowth { childMM.addressSpace.limitGrowth(true) }
        }
        childContext.registers = context.registers
        childContext.registers.rax = 0
        childContext.registers.origRax = .max
        if request.stackPointer != 0 { childContext.registers.rsp = request.stackPointer }
        if flags.contains(.CLONE_SETTLS) { childContext.registers.fsBase = request.tls }

        let event = cloneEvent(request)
        let child: Task
        do throws(Errno) {
            child = try adopt(childContext, childMM, request, identity, isTraced: event != nil || isTraced && flags.contains(.CLONE_PTRACE))
        } catch {
            abandon(childContext)
            throw error
        }
        let vfork = flags.contains(.CLONE_VFORK) ? VforkCompletion() : nil
        child.vforkDone = vfork
        let number = child.id(in: pidNamespace)
        if flags.contains(.CLONE_PARENT_SETTID) { try? context.store(number, at: request.parentTID) }
        let childNumber = child.id(in: child.pidNamespace)
        let setTID = flags.contains(.CLONE_CHILD_SETTID) ? request.childTID : .null
        do throws(Errno) {
            try publish(child)
            try child.start { task in task.begin(setTID: setTID, number: childNumber) }
        } catch {
            child.undo()
            abandon(childContext)
            throw error
        }
        let numberForTracer = numberForTracer(of: child)
        if let event { standForEvent(event, message: numberForTracer) }
        if let vfork {
            waitForVfork(vfork)
            standForEvent(.vforkDone, message: numberForTracer)
        }
        return number
    }

    /// The first steps of a child's thread.
    private func begin(setTID: GuestAddress, number: Int32) -> Bool {
        do throws(Errno) { try context.bind() } catch {
            kernel.log("a new thread cannot be run: \(error)")
            return false
        }
        if !setTID.isNull { try? context.store(number, at: setTID) }
        applyHooks()
        return true
    }

    /// Ends a context that no thread has run: nothing else would.
    private func abandon(_ context: ExecutionContext) { context.end() }

    /// Whether a fork has to wait for what is under way in its process.
    private var mustRestartFork: Bool {
        group.signalLock.withLock { group.groupExit != nil || group.execing != nil || group.stopSignal != 0 && trace == nil }
    }

    private func waitForVfork(_ vfork: VforkCompletion) {
        let entry = TaskWaitEntry(waiter)
        vfork.queue.add(entry)
        defer { vfork.queue.remove(entry) }
        while !vfork.isDone, !group.signalLock.withLock({ isKilled }) {
            _ = waiter.park(interruptible: false)
        }
    }

    /// RLIMIT_NPROC: threads of the real user.
    private func checkProcessLimit(_ credentials: Credentials) throws(Errno) {
        let limit = limit(Limits.RLIMIT_NPROC)
        let (ruid, exempt) = (credentials.ruid, credentials.ruid == 0
            || credentials.has(.CAP_SYS_RESOURCE, in: kernel.rootUserNamespace)
            || credentials.has(.CAP_SYS_ADMIN, in: kernel.rootUserNamespace))
        if exempt || limit == .max { return }
        let all = kernel.treeLock.withLock { Array(kernel.rootPIDNamespace.tasks.values) }
        if UInt64(all.count) < limit { return }
        let mine = all.reduce(UInt64(0)) { $0 + ($1.snapshot.credentials.ruid == ruid ? 1 : 0) }
        if mine >= limit { throw .EAGAIN }
    }

    /// Makes the child's task and puts it into the tree.
    private func adopt(_ childContext: ExecutionContext, _ childMM: MemoryManager, _ request: CloneRequest,
                       _ identity: ChildIdentity, isTraced: Bool) throws(Errno) -> Task {
        let flags = request.flags
        let childFiles = flags.contains(.CLONE_FILES) ? files : files.copy()
        let name = self.name
        kernel.treeLock.lock()
        defer { kernel.treeLock.unlock() }
        let child: Task
        if flags.contains(.CLONE_THREAD) {
            if mustRestartFork { throw .ERESTARTNOINTR }
            let ids = try pidNamespace.allocateAll()
            child = Task(kernel: kernel, group: group, ids: ids, context: childContext, mm: childMM,
                         credentials: identity.credentials, files: childFiles, directories: identity.directories,
                         namespaces: identity.namespaces, name: name)
        } else {
            let namespace = identity.namespaces.pidForChildren
            if namespace.initGroup == nil, namespace.lastID != 0, !namespace.isWithoutInit { throw .ENOMEM }
            let ids = try namespace.allocateAll()
            let handlers: SignalHandlers
            if flags.contains(.CLONE_SIGHAND) {
                handlers = group.handlersNow
            } else if flags.contains(.CLONE_CLEAR_SIGHAND) {
                handlers = group.handlersNow.copyForExec(clearIgnored: false)
            } else {
                handlers = group.handlersNow.copy()
            }
            let process = ThreadGroup(kernel: kernel, container: group.container, pidNamespace: namespace, ids: ids,
                                      handlers: handlers, limits: group.limits.copy(), processGroup: group.processGroup,
                                      exitSignal: request.exitSignal)
            process.oomScoreAdjustment = group.oomScoreAdjustment
            process.hasOwnOOMScore = group.hasOwnOOMScore
            child = Task(kernel: kernel, group: process, ids: ids, context: childContext, mm: childMM,
                         credentials: identity.credentials, files: childFiles, directories: identity.directories,
                         namespaces: identity.namespaces, name: name)
            process.leader = child
            if flags.contains(.CLONE_PARENT) {
                process.parent = group.parent
                process.parentThread = group.parentThread
                process.exitSignal = group.exitSignal
            } else {
                process.parent = group
                process.parentThread = self
            }
            process.parent?.children.append(process)
            group.processGroup.members.append(process)
            if ids.last == 1 { namespace.initGroup = process }
            kernel.forkCount.add(1, ordering: .relaxed)
        }
        child.inherit(from: self, flags)
        child.clearChildTID = flags.contains(.CLONE_CHILD_CLEARTID) ? request.childTID : .null
        child.group.signalLock.withLock {
            child.group.tasks.append(child)
            // Killed after it was looked at above: whoever did that has not seen this thread.
            if flags.contains(.CLONE_THREAD), group.groupExit != nil || group.execing != nil {
                child.isKilled = true
                child.interrupt()
            }
            child.allowMaskChangesLocked()
        }
        child.pidNamespace.forEachLevel(child.ids) { namespace, id in namespace.tasks[id] = child }
        if isTraced { child.inheritTrace(from: self) }
        child.publishNumbers()
        child.publishUsers()
        return child
    }

    private func inherit(from parent: Task, _ flags: CloneFlags) {
        blocked = parent.blocked
        if !flags.contains(.CLONE_VM) || flags.contains(.CLONE_VFORK) { alternateStack = parent.alternateStack }
        if !flags.contains(.CLONE_VM) { rseq = parent.rseq }
        noNewPrivileges = parent.noNewPrivileges
        inheritSeccomp(from: parent)
        timerSlack = parent.timerSlack
        nice = parent.nice
        personality = parent.personality
        schedulingPolicy = parent.schedulingPolicy
        schedulingPriority = parent.schedulingPriority
        ioPriority = parent.ioPriority
        affinity = parent.affinity
    }

    /// Takes back a child that never ran.
    func undo() {
        kernel.treeLock.withLock {
            unlink()
            group.signalLock.withLock {
                group.tasks.removeAll { $0 === self }
                hasExited = true
            }
            if group.leader === self {
                group.hasEnded = true
                group.release()
            } else {
                pidNamespace.forEachLevel(ids) { namespace, id in namespace.tasks[id] = nil }
            }
        }
    }
}

import HostOS
import Identity
import LinuxABI
import Platform
import Synchronization
import VFS
import Waiting

/// Where a task that was made from outside waits for its start, and its maker for what came of loading its program.
final class InitialGate: @unchecked Sendable {
    /// Guards the result. Innermost.
    private let lock = Lock()
    private var failure: Errno?
    private var isLoaded = false
    private let mayStart = Atomic<Bool>(false)
    private let isWatched = Atomic<Bool>(false)
    let maker = Waiter()

    func report(_ error: Errno?) {
        lock.withLock {
            failure = error
            isLoaded = true
        }
        maker.unpark()
    }

    func waitForLoad() throws(Errno) {
        while !lock.withLock({ isLoaded }) { _ = maker.park() }
        if let failure = lock.withLock({ failure }) { throw failure }
    }

    /// From now on somebody is told of the task's end.
    func watch() { isWatched.store(true, ordering: .releasing) }

    func open() { mayStart.store(true, ordering: .releasing) }
    var isOpen: Bool { mayStart.load(ordering: .acquiring) }
    var mayEnd: Bool { isWatched.load(ordering: .acquiring) }
}

extension Kernel {
    /// Makes a task without a parent, leader of a session of its own. `load` runs on the task's own thread and gives it
    /// its program (exec); the task then waits for `startInitial`.
    ///
    /// - Throws: what `load` throws: nothing of the task is left then.
    public func makeInitialTask(
        container: GuestContainer, credentials: Credentials, files: FDTable, directories: DirectoryContext,
        namespaces: NamespaceSet, limits: Limits, observer: ExitObserver?,
        load: @escaping @Sendable (Task) throws(Errno) -> Void
    ) throws(Errno) -> Task {
        let namespace = namespaces.pidForChildren
        let gate = InitialGate()
        let task = try treeLock.withLock { () throws(Errno) in
            let ids = try namespace.allocateAll()
            let session = Session(kernel: self, ids: ids, namespace: namespace)
            let processGroup = ProcessGroup(kernel: self, ids: ids, namespace: namespace, session: session)
            let group = ThreadGroup(kernel: self, container: container, pidNamespace: namespace, ids: ids,
                                    handlers: SignalHandlers(), limits: limits, processGroup: processGroup,
                                    exitSignal: Signal.SIGCHLD)
            let task = Task(kernel: self, group: group, ids: ids, context: noContext, mm: noMemory,
                            credentials: credentials, files: files, directories: directories, namespaces: namespaces,
                            name: [])
            group.leader = task
            session.leader = group
            processGroup.members = [group]
            group.tasks = [task]
            task.initialGate = gate
            if ids.last == 1 { namespace.initGroup = group }
            namespace.forEachLevel(ids) { namespace, id in
                namespace.tasks[id] = task
                namespace.processGroups[id] = processGroup
                namespace.sessions[id] = session
            }
            forkCount.add(1, ordering: .relaxed)
            return task
        }
        do throws(Errno) {
            try task.start { task in task.loadInitial(load) }
        } catch {
            gate.report(error)
            task.undo()
        }
        try gate.waitForLoad()
        treeLock.withLock { task.group.exitObserver = observer }
        gate.watch()
        task.waiter.unpark()
        return task
    }
}

extension Task {
    /// Lets a task that `makeInitialTask` made run its program.
    public func startInitial() {
        initialGate?.open()
        waiter.unpark()
    }

    /// On the task's own thread.
    func loadInitial(_ load: (Task) throws(Errno) -> Void) -> Bool {
        guard let gate = initialGate else { return false }
        do throws(Errno) {
            try load(self)
            keepsRegisters = false
        } catch where error.isRestart && isBeingKilled {
            // Not the program's fault: it has been killed before its first instruction.
        } catch {
            // Its maker is told when nothing is left of the task.
            loadFailure = error
            return false
        }
        gate.report(nil)
        while !gate.isOpen, !(gate.mayEnd && isBeingKilled) { _ = waiter.park(interruptible: false) }
        initialGate = nil
        return true
    }

    private var isBeingKilled: Bool { group.signalLock.withLock { isKilled } }

    /// Tells the maker of a task whose program could not be loaded.
    func reportLoadFailure() {
        if let loadFailure { initialGate?.report(loadFailure) }
    }
}

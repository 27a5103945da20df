import HostOS
import LinuxABI
import Platform
import Waiting

/// PTRACE_O_* (ptrace(2)).
struct TraceOptions: OptionSet {
    var rawValue: UInt64

    static let sysgood = TraceOptions(rawValue: 1)
    static let fork = TraceOptions(rawValue: 2)
    static let vfork = TraceOptions(rawValue: 4)
    static let clone = TraceOptions(rawValue: 8)
    static let exec = TraceOptions(rawValue: 16)
    static let vforkDone = TraceOptions(rawValue: 32)
    static let exit = TraceOptions(rawValue: 64)
    static let seccomp = TraceOptions(rawValue: 128)
    static let exitKill = TraceOptions(rawValue: 1 << 20)
    /// SUSPEND_SECCOMP, which is for checkpointing, is not to be had.
    static let known = TraceOptions(rawValue: 0xff | 1 << 20)
}

/// PTRACE_EVENT_*.
enum TraceEvent: Int32 {
    case fork = 1, vfork, clone, exec, vforkDone, exit, seccomp
    case stop = 128

    /// What has to be asked for to see it.
    var option: TraceOptions { self == .stop ? [] : TraceOptions(rawValue: 1 << UInt64(rawValue)) }

    /// What wait(2) says of it.
    func code(_ signal: Int32 = Signal.SIGTRAP) -> Int32 { signal | rawValue << 8 }
}

/// Where a traced task stands, for its tracer to look at.
struct TraceStop {
    enum Kind {
        /// A signal is about to be delivered; its tracer may change it.
        case signal
        /// The whole process was stopped, or the tracer wanted it to stop.
        case group
        case event(TraceEvent)
        case callEntry, callExit
    }

    var kind: Kind
    /// What wait(2) reports in the second byte and above.
    var code: Int32
    /// PTRACE_GETSIGINFO; nil where there is no signal.
    var info: SignalInfo?
    /// PTRACE_GETEVENTMSG.
    var message: UInt64
    var registers: Registers
    var hasNewRegisters = false
    /// Some wait has taken it.
    var isReported = false
}

/// How a tracer lets a task go on.
struct TraceResumption {
    enum Mode {
        case freely
        /// Up to the next entry or exit of a system call.
        case toCall
        /// Up to the next call, which is not made.
        case emulatingCalls
        case step, stepEmulating
    }

    var mode = Mode.freely
    /// The signal to be delivered, 0 for none.
    var signal: Int32 = 0
}

/// Something that only the traced task's own thread can do, while it stands.
final class TraceWork: @unchecked Sendable {
    private let body: (Task) -> Void
    /// Guards the outcome. Innermost.
    private let lock = Lock()
    private var isDone: Bool?
    private let asker = Waiter()

    init(_ body: @escaping (Task) -> Void) { self.body = body }

    func perform(_ task: Task) {
        body(task)
        end(true)
    }

    /// The task has left its stop without doing it.
    func abandon() { end(false) }

    private func end(_ done: Bool) {
        lock.withLock { isDone = done }
        asker.unpark()
    }

    /// - Returns: whether it was done.
    func wait() -> Bool {
        while true {
            if let isDone = lock.withLock({ isDone }) { return isDone }
            _ = asker.park(interruptible: false)
        }
    }
}

/// One task being traced by another. It hangs on the traced task and changes hands never: detaching ends it.
///
/// What can change is guarded by the signal lock of the traced task's group.
final class Trace: @unchecked Sendable {
    let tracer: Task
    /// PTRACE_SEIZE: no SIGSTOP at the beginning, and stops of the process can be told from others.
    let isSeized: Bool
    var options: TraceOptions
    /// Set while the task stands.
    var stop: TraceStop?
    /// The tracer has said how to go on.
    var resumption: TraceResumption?
    var work: TraceWork?
    /// The task has to stop for its tracer when it next can: PTRACE_INTERRUPT, PTRACE_ATTACH to a stopped process.
    var isStopWanted = false
    /// It was continued (SIGCONT): a seized task stops once more to say so.
    var isContinueNoted = false
    /// PTRACE_LISTEN: it stands in a stop of its process, and its tracer does not count it as standing.
    var isListening = false

    init(tracer: Task, isSeized: Bool, options: TraceOptions) {
        self.tracer = tracer
        self.isSeized = isSeized
        self.options = options
    }

    var mustStop: Bool { isStopWanted || isContinueNoted }
}

import HostOS

/// When each step of the start was done, for `cloister debug startup`: of the Sentry and of the first containers.
final class StartupSteps: @unchecked Sendable {
    private struct Step {
        var name: StaticString
        var container: String
        var time: UInt64
    }

    /// Guards `steps`. A leaf.
    private let lock = Lock()
    private var steps: [Step] = []
    private static let bound = 64

    /// - Parameter launched: CLOCK_MONOTONIC when the runtime began with the pod; 0: not known.
    func begin(launched: UInt64, here: UInt64) {
        lock.withLock {
            if launched > 0 { steps.append(Step(name: "the runtime begins", container: "", time: launched)) }
            steps.append(Step(name: "the Sentry runs", container: "", time: here))
        }
    }

    /// The step `name` is done now.
    func mark(_ name: StaticString, _ container: String = "") {
        let now = HostClock.monotonic
        lock.withLock {
            if steps.count < Self.bound { steps.append(Step(name: name, container: container, time: now)) }
        }
    }

    /// Microseconds since the first step and since the one before, and what was done then.
    var report: String {
        let all = lock.withLock { steps }.sorted { $0.time < $1.time }
        guard let first = all.first else { return "" }
        var text = "     SINCE\n START STEP (microseconds)\n", before = first.time
        for step in all {
            text += Self.number(step.time &- first.time) + Self.number(step.time &- before) + "  \(step.name)"
                + (step.container.isEmpty ? "\n" : " (\(step.container))\n")
            before = step.time
        }
        return text
    }

    /// The same for programs: CLOCK_MONOTONIC in nanoseconds and the step, a line each.
    var times: String { lock.withLock { steps }.map { "\($0.time) \($0.name)\n" }.joined() }

    private static func number(_ nanoseconds: UInt64) -> String {
        let digits = String(nanoseconds / 1000)
        return String(repeating: " ", count: max(1, 7 - digits.utf8.count)) + digits
    }
}

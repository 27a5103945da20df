import HostOS
import LinuxABI
import Messages
import TTRPC

/// Sends events to containerd, in the order in which they happened. They wait while containerd restarts; nobody waits
/// for them. A thread runs while there are some.
final class EventQueue: @unchecked Sendable {
    private struct Event {
        var topic: String
        var envelope: EventsService.Envelope
        /// When it is dropped, CLOCK_MONOTONIC.
        var expiry: UInt64
    }

    private let address: UnixAddress?
    let namespace: String
    /// Guards all below. Innermost: nothing else is locked with it held.
    private let lock = Lock()
    private let change = Condition()
    private var events: [Event] = []
    private var running = false

    private static let limit = 2048
    private static let patience: UInt64 = 90_000_000_000
    private static let second: UInt64 = 1_000_000_000

    /// - Parameter address: containerd's ttrpc socket; empty (as CRI-O has it) for no events at all.
    init(address: String, namespace: String) {
        self.address = UnixAddress(ttrpc: address)
        self.namespace = namespace
    }

    func publish(_ topic: String, _ type: String, _ message: some Message) {
        guard address != nil, let event = try? Proto.AnyMessage("containerd.events.\(type)", message) else { return }
        let envelope = EventsService.Envelope(timestamp: .init(nanoseconds: Int64(HostClock.realtime)), namespace: namespace,
                                              topic: topic, event: event)
        let start = lock.withLock {
            if events.count >= Self.limit {
                // What ended is told before anything else.
                let i = events.firstIndex { $0.topic != "/tasks/exit" } ?? 0
                events.remove(at: i)
            }
            events.append(Event(topic: topic, envelope: envelope, expiry: HostClock.monotonic + Self.patience))
            change.wakeAll()
            defer { running = true }
            return !running
        }
        if start, (try? Thread.start({ self.run() })) == nil { lock.withLock { running = false } }
    }

    /// Waits until everything is sent or `deadline`.
    func drain(until deadline: UInt64) {
        lock.withLock {
            while !events.isEmpty && running, change.wait(lock, deadline: deadline) {}
        }
    }

    private func run() {
        var client: Client?
        while let event = next() {
            if let status = send(event, &client) {
                // Code 3: containerd will never take it.
                if status.code != .invalidArgument && HostClock.monotonic < event.expiry {
                    client = nil
                    lock.withLock { _ = change.wait(lock, deadline: HostClock.monotonic + Self.second / 2) }
                    continue
                }
                Log.warning("event \(event.topic) was not delivered: \(status.message)")
            }
            lock.withLock {
                if !events.isEmpty { events.removeFirst() }
                change.wakeAll()
            }
        }
    }

    private func next() -> Event? {
        lock.withLock {
            let deadline = HostClock.monotonic + 2 * Self.second
            while events.isEmpty {
                if !change.wait(lock, deadline: deadline) && events.isEmpty {
                    running = false
                    return nil
                }
            }
            return events[0]
        }
    }

    /// - Returns: why it failed.
    private func send(_ event: Event, _ client: inout Client?) -> Status? {
        guard let address else { return nil }
        do throws(Errno) { if client == nil { client = try Client(address) } } catch {
            return Status(.unavailable, "containerd's socket: \(error)")
        }
        do throws(Status) {
            let request = try Client.encode(EventsService.ForwardRequest(envelope: event.envelope))
            _ = try client?.call(EventsService.Method.service, EventsService.Method.forward.rawValue, payload: request,
                                 metadata: [("containerd-namespace-ttrpc", namespace)], timeout: 5 * Self.second)
            return nil
        } catch { return error }
    }
}

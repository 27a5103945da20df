import HostOS
import LinuxABI
import Memory
import Stubs

/// A stub of the systrap platform.
final class SystrapAddressSpace: StubProcess, @unchecked Sendable {
    let arena: Arena

    /// Guards `bells` and `dead`. A leaf.
    private let bellLock = Lock()
    private var bells: [Bell] = []
    private var dead = false

    init(process: Int32, limit: GuestAddress, seed: Seed, watch: StubWatch, arena: Arena) {
        self.arena = arena
        super.init(process: process, limit: limit, seed: seed, watch: watch)
    }

    var isDead: Bool { bellLock.withLock { dead } }

    func add(_ bell: Bell) {
        bellLock.withLock { bells.append(bell) }
    }

    func remove(_ bell: Bell) {
        bellLock.withLock { bells.removeAll { $0 === bell } }
    }

    /// Those who wait for the stub's threads wait no longer.
    private func ringAll() {
        let all = bellLock.withLock {
            dead = true
            return bells
        }
        for bell in all { bell.ring() }
    }

    override func kill() {
        super.kill()
        ringAll()
    }

    override func noticeDeath() {
        ringAll()
        super.noticeDeath()
    }
}

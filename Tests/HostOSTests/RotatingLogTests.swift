import HostOS
import LinuxABI
import Testing

@Suite struct RotatingLogs {
    private let folder = "/tmp/rotating-log-\(ProcessIdentity.pid)-\(HostClock.monotonic)"

    private func content(_ number: Int) throws -> String {
        String(decoding: try HostFD.currentDirectory.readFile("\(folder)/a.\(number).log", limit: 4096), as: UTF8.self)
    }

    private func removeAll() {
        for name in (try? HostFD.currentDirectory.list(folder)) ?? [] { try? HostFD.currentDirectory.unlink("\(folder)/\(name)") }
        try? HostFD.currentDirectory.unlink(folder, directory: true)
    }

    @Test func filesTakeTurns() throws {
        defer { removeAll() }
        let (first, second) = try RotatingLog.open(folder, "a")
        let log = RotatingLog(first, second, limit: 10)
        for number in 1...5 { log.write(Array("line \(number)\n".utf8)) }
        // Each holds two lines before it is full; the last ones are there.
        #expect(try content(1) == "line 5\n")
        #expect(try content(2) == "line 3\nline 4\n")
        first.close()
        second.close()
        // The next one goes on where this one has stopped.
        let (third, fourth) = try RotatingLog.open(folder, "a")
        RotatingLog(third, fourth, limit: 10).write(Array("line 6\n".utf8))
        #expect(try content(1) == "line 5\nline 6\n")
        third.close()
        fourth.close()
    }

    @Test func theOldestGo() throws {
        defer { removeAll() }
        try HostFD.currentDirectory.makeDirectories(folder, mode: 0o700)
        for name in ["a.log", "b.log", "c.log", "keep"] {
            try HostFD.currentDirectory.replaceFile("\(folder)/\(name)", with: [], mode: 0o600)
        }
        RotatingLog.prune(folder, keeping: 2)
        #expect(try HostFD.currentDirectory.list(folder).count == 3)
        #expect(HostFD.currentDirectory.exists("\(folder)/keep"))
    }
}

import HostOS
import LinuxABI

/// A process of ours, as kept on disk: the start time tells it from a later one with the same number.
struct ProcessRecord: Hashable, Sendable {
    var pid: Int32
    var startTime: UInt64

    init(pid: Int32, startTime: UInt64) {
        self.pid = pid
        self.startTime = startTime
    }

    init(pid: Int32) {
        self.pid = pid
        startTime = HostProcess.startTime(of: pid) ?? 0
    }

    init(_ process: HostProcess) { self.init(pid: process.pid) }

    /// nil when it has ended.
    func find() -> HostProcess? { try? HostProcess.find(pid: pid, startTime: startTime) }

    var json: JSONValue { ["pid": .integer(Int64(pid)), "start": .integer(Int64(bitPattern: startTime))] }

    init(_ field: Field) throws(RuntimeError) {
        pid = try field.required("pid").integer()
        startTime = UInt64(bitPattern: try field.required("start").integer(Int64.self))
    }
}

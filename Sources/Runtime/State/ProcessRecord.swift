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

    init(_ process: HostProcess) {
        pid = process.pid
        startTime = HostProcess.startTime(of: process.pid) ?? 0
    }

    /// nil when it has ended.
    func find() -> HostProcess? { try? HostProcess.find(pid: pid, startTime: startTime) }

    var json: JSONValue { ["pid": .integer(Int64(pid)), "start": .integer(Int64(bitPattern: startTime))] }

    init(_ field: Field) throws(RuntimeError) {
        pid = try field.required("pid").integer()
        startTime = UInt64(bitPattern: try field.required("start").integer(Int64.self))
    }
}

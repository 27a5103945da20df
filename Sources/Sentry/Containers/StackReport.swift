import HostOS
import Kernel
import LinuxABI
import Platform

/// `cloister debug stacks`: what every task and every thread of the Sentry is doing.
enum StackReport {
    static func text(_ kernel: Kernel) -> String {
        var text = ""
        var served: [Int32: Int32] = [:]
        for task in kernel.snapshot() {
            served[task.sentryThread] = task.tid
            let state = String(decoding: [task.state], as: UTF8.self)
            text += "task \(task.tid) of process \(task.pid) \"\(String(decoding: task.name, as: UTF8.self))\" \(state)"
            text += ", served by thread \(task.sentryThread), stub \(task.hostProcess)\n"
            if let call = task.call { text += "  in \(String(decoding: call.drop { $0 != 0x20 }.drop { $0 == 0x20 }, as: UTF8.self))\n" }
            if let registers = task.registers { text += words(registers) }
        }
        for thread in OwnThreads.all() {
            text += "thread \(thread.id) \"\(thread.name)\" \(thread.state)"
            if let tid = served[thread.id] { text += " of task \(tid)" }
            text += thread.place.isEmpty ? "\n" : ", waits in \(thread.place)\n"
            if !thread.call.isEmpty { text += "  host call \(thread.call)\n" }
        }
        return text
    }

    private static func words(_ r: Registers) -> String {
        let rows: [[(String, UInt64)]] = [
            [("rip", r.rip), ("rsp", r.rsp), ("rbp", r.rbp), ("eflags", r.eflags)],
            [("rax", r.rax), ("rbx", r.rbx), ("rcx", r.rcx), ("rdx", r.rdx)],
            [("rsi", r.rsi), ("rdi", r.rdi), ("r8", r.r8), ("r9", r.r9)],
            [("r10", r.r10), ("r11", r.r11), ("r12", r.r12), ("r13", r.r13)],
            [("r14", r.r14), ("r15", r.r15), ("fs", r.fsBase), ("gs", r.gsBase)],
        ]
        var text = ""
        for row in rows {
            text += " "
            for (name, value) in row {
                let digits = String(value, radix: 16)
                text += " \(name)" + String(repeating: " ", count: 4 - min(3, name.utf8.count)) + String(repeating: "0", count: 16 - digits.utf8.count) + digits
            }
            text += "\n"
        }
        return text
    }
}

/// The threads of this process, as the host shows them.
struct OwnThreads {
    let id: Int32
    let name: String
    /// "S (sleeping)".
    let state: String
    /// The kernel's function that it sleeps in.
    let place: String
    /// The host's call and its arguments: /proc/PID/syscall.
    let call: String

    static func all() -> [OwnThreads] {
        guard let directory = try? OwnProcfs.open("self/task") else { return [] }
        defer { directory.close() }
        var ids: [Int32] = []
        var buffer = [UInt8](repeating: 0, count: 32 << 10)
        while let count = try? directory.readDirectory(into: &buffer), count > 0 {
            var at = 0
            // struct linux_dirent64: ino, off, reclen (16 bits), type (8 bits), name.
            while at + 19 < count {
                let length = Int(buffer[at + 16]) | Int(buffer[at + 17]) << 8
                if length < 19 || at + length > count { break }
                if let id = Int32(String(decoding: buffer[(at + 19)..<(at + length)].prefix { $0 != 0 }, as: UTF8.self)) { ids.append(id) }
                at += length
            }
        }
        return ids.map { id in
            let status = line(id, "status", after: "State:")
            let call = line(id, "syscall", after: nil)
            return OwnThreads(id: id, name: line(id, "comm", after: nil), state: status, place: line(id, "wchan", after: nil),
                              call: call == "running" ? "" : call)
        }
    }

    /// A file's first line, or the one that begins with `key`.
    private static func line(_ id: Int32, _ file: String, after key: String?) -> String {
        guard let opened = try? OwnProcfs.open("self/task/\(id)/\(file)") else { return "" }
        defer { opened.close() }
        guard let bytes = try? opened.readAll() else { return "" }
        for line in bytes.split(separator: 10) {
            guard let key else { return line.elementsEqual([0x30]) ? "" : String(decoding: line, as: UTF8.self) }
            if line.starts(with: key.utf8) {
                return String(decoding: line.dropFirst(key.utf8.count).drop { $0 == 0x20 || $0 == 9 }, as: UTF8.self)
            }
        }
        return ""
    }
}

import CHostOS
public import LinuxABI

/// CLONE_NEW* flags (clone(2)).
public struct HostNamespaces: OptionSet, Sendable {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let mount = Self(rawValue: 0x2_0000)
    public static let cgroup = Self(rawValue: 0x200_0000)
    public static let uts = Self(rawValue: 0x400_0000)
    public static let ipc = Self(rawValue: 0x800_0000)
    public static let user = Self(rawValue: 0x1000_0000)
    public static let pid = Self(rawValue: 0x2000_0000)
    public static let network = Self(rawValue: 0x4000_0000)
}

/// A program to be started as a child process of the host. No memory of this process is copied (as with vfork).
public struct Spawn: Sendable {
    /// The program, an absolute path.
    public var path: String
    /// The arguments, the first being the program's name for itself.
    public var arguments: [String]
    public var environment: [String] = []
    /// The child's descriptors 0, 1, 2, ...; nil: closed. It gets no others.
    public var descriptors: [HostFD?] = []
    public var workingDirectory: String?
    public var namespaces: HostNamespaces = []
    /// Namespaces of another process that the child enters.
    public var joining: (process: HostFD, types: HostNamespaces)?
    /// Opened cgroup.procs files of version 1 hierarchies that the child enters before its program runs.
    public var cgroupProcesses: [HostFD] = []
    /// A directory of the version 2 hierarchy that the child is born in.
    public var cgroup: HostFD?
    /// Sent to the child when the thread that started it ends; 0: none.
    public var deathSignal: Int32 = 0
    /// setsid(2).
    public var newSession = false
    /// Descriptor 0 becomes the controlling terminal of the new session.
    public var terminal = false
    public var oomScoreAdjustment: Int32?
    public var umask: Int32?

    public init(path: String, arguments: [String]) {
        self.path = path
        self.arguments = arguments
    }

    /// What of starting a process failed.
    public struct Failure: Error, Sendable {
        public enum Step: Int32, Sendable { case clone, cgroup, namespace, descriptors, directory, exec }
        public var step: Step
        public var errno: Errno
    }

    /// Starts the process; returns when its program runs.
    public func start() throws(Failure) -> HostProcess {
        var pidfd: Int32 = -1
        var step: Int32 = 0
        let numbers = descriptors.map { $0?.rawValue ?? -1 }
        let groups = cgroupProcesses.map(\.rawValue)
        let result = unsafe withCStrings(arguments) { argv in
            unsafe withCStrings(environment) { envp in
                unsafe path.withCString { path in
                    unsafe withOptionalCString(workingDirectory) { directory in
                        unsafe numbers.withUnsafeBufferPointer { numbers in
                            unsafe groups.withUnsafeBufferPointer { groups in
                                var what = unsafe host_spawn()
                                unsafe what.path = path
                                unsafe what.arguments = argv
                                unsafe what.environment = envp
                                unsafe what.directory = directory
                                unsafe what.namespaces = namespaces.rawValue
                                unsafe what.descriptors = numbers.baseAddress
                                unsafe what.descriptor_count = numbers.count
                                unsafe what.cgroup_processes = groups.baseAddress
                                unsafe what.cgroup_process_count = groups.count
                                unsafe what.cgroup = cgroup?.rawValue ?? -1
                                unsafe what.join = joining?.process.rawValue ?? -1
                                unsafe what.join_types = Int32(truncatingIfNeeded: joining?.types.rawValue ?? 0)
                                unsafe what.death_signal = deathSignal
                                unsafe what.new_session = newSession ? 1 : 0
                                unsafe what.terminal = terminal ? 1 : 0
                                unsafe what.oom_score_adjustment = oomScoreAdjustment ?? 0
                                unsafe what.has_oom_score_adjustment = oomScoreAdjustment == nil ? 0 : 1
                                unsafe what.mask = umask ?? -1
                                return Children.bear { unsafe host_spawn(&what, &pidfd, &step) }
                            }
                        }
                    }
                }
            }
        }
        guard result > 0 else {
            throw Failure(step: Failure.Step(rawValue: step) ?? .clone,
                          errno: Errno(rawValue: Int32(truncatingIfNeeded: -result)))
        }
        return HostProcess(pid: Int32(truncatingIfNeeded: result), owning: HostFD(rawValue: pidfd))
    }
}

/// A process of the host, named by a pidfd: a number that was used again cannot be mistaken for it.
public final class HostProcess: Sendable {
    public let pid: Int32
    /// Readable (poll) when the process has ended. Closed with this object.
    public let descriptor: HostFD

    public init(pid: Int32, owning descriptor: HostFD) {
        self.pid = pid
        self.descriptor = descriptor
    }

    deinit { descriptor.close() }

    /// A child that does nothing until it is killed, at the latest when the calling thread ends.
    public static func placeholder() throws(Errno) -> HostProcess {
        var pidfd: Int32 = -1
        let result = Children.bear { unsafe host_spawn_placeholder(&pidfd) }
        if result < 0 { throw Errno(rawValue: Int32(truncatingIfNeeded: -result)) }
        return HostProcess(pid: Int32(truncatingIfNeeded: result), owning: HostFD(rawValue: pidfd))
    }

    /// A process that is not our child.
    ///
    /// - Parameter startTime: its start in clock ticks since boot (field 22 of /proc/PID/stat); ESRCH when the number
    ///   belongs to another process by now.
    public static func find(pid: Int32, startTime: UInt64) throws(Errno) -> HostProcess {
        let fd = HostFD(rawValue: Int32(try hostCall(.pidfd_open, Int(pid), 0)))
        let process = HostProcess(pid: pid, owning: fd)
        guard Self.startTime(of: pid) == startTime else { throw .ESRCH }
        return process
    }

    /// Field 22 of /proc/PID/stat; nil when there is no such process.
    public static func startTime(of pid: Int32) -> UInt64? {
        guard let file = try? HostFD.currentDirectory.open("/proc/\(pid)/stat", 0) else { return nil }
        defer { file.close() }
        guard let bytes = try? file.readAll(limit: 4096), let name = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        // The name may hold anything; after it come state (field 3), then numbers.
        let fields = bytes[(name + 1)...].split(separator: UInt8(ascii: " "))
        return fields.count > 19 ? UInt64(String(decoding: fields[19], as: UTF8.self)) : nil
    }

    /// Sends a signal; ESRCH when the process has ended and was reaped.
    public func signal(_ number: Int32) throws(Errno) {
        try hostCall(.pidfd_send_signal, descriptor.argument, Int(number), 0, 0)
    }

    /// How a process ended.
    public enum Ending: Hashable, Sendable {
        case exited(Int32)
        case signalled(Int32)

        /// As a shell shows it.
        public var status: Int32 {
            switch self {
            case .exited(let code): code
            case .signalled(let signal): 128 + signal
            }
        }
    }

    /// Waits for the end of a child and reaps it.
    ///
    /// - Parameter now: do not wait; nil when it has not ended.
    /// - Throws: ECHILD when it is not a child of ours or was reaped.
    public func reap(now: Bool = false) throws(Errno) -> Ending? {
        var info = [Int32](repeating: 0, count: 32)
        let options = 4 /* WEXITED */ | (now ? 1 /* WNOHANG */ : 0)
        try unsafe info.withMutableBytes { (b) throws(Errno) in
            _ = try unsafe hostCallRetrying(.waitid, 3 /* P_PIDFD */, descriptor.argument, Int(b.baseAddress), options)
        }
        // siginfo_t: si_signo, si_errno, si_code, (padding), si_pid, si_uid, si_status.
        guard info[0] != 0 else { return nil }
        Children.reaped(pid)
        return info[2] == 1 /* CLD_EXITED */ ? .exited(info[6]) : .signalled(info[6] & 0x7f)
    }
}

/// Calls `body` with the strings as a NULL-terminated array of C strings.
private func withCStrings<R>(_ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R) -> R {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(bytes.count)
        bytes.append(contentsOf: string.utf8.lazy.map { CChar(bitPattern: $0) })
        bytes.append(0)
    }
    return unsafe bytes.withUnsafeMutableBufferPointer { storage in
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe offsets.map { unsafe storage.baseAddress! + $0 }
        unsafe pointers.append(nil)
        return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    }
}

private func withOptionalCString<R>(_ string: String?, _ body: (UnsafePointer<CChar>?) -> R) -> R {
    guard let string else { return body(nil) }
    return unsafe string.withCString { unsafe body($0) }
}

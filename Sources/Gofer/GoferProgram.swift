import Confinement
import GoferProtocol
import HostOS
import LinuxABI
import Synchronization

/// The program cloister-gofer: reads what it shall serve, locks itself in, serves until nobody is connected any more.
public enum GoferProgram {
    struct Options {
        var connections: [HostFD] = []
        var mounts: HostFD?
        var ready: HostFD?
        var log: HostFD?
        var inheritsNamespaces = false
        var allowsSockets = false

        init(_ arguments: [String]) throws(StartFailure) {
            for argument in arguments {
                let parts = argument.split(separator: "=", maxSplits: 1)
                let fd = parts.count == 2 ? Int32(parts[1]).flatMap { $0 >= 0 ? HostFD(rawValue: $0) : nil } : nil
                switch (parts.first ?? "", fd) {
                case ("--connection", let fd?): connections.append(fd)
                case ("--mounts", let fd?): mounts = fd
                case ("--ready", let fd?): ready = fd
                case ("--log", let fd?): log = fd
                case ("--namespaces", _) where argument == "--namespaces=inherited": inheritsNamespaces = true
                case ("--unix-sockets", _): allowsSockets = true
                default: throw StartFailure("unknown argument \(argument)")
                }
            }
            guard !connections.isEmpty, mounts != nil else { throw StartFailure("--connection and --mounts are needed") }
        }
    }

    /// Runs the program with its arguments (without its name).
    public static func run(_ arguments: [String]) -> Never {
        ProcessMemory.limitArenas()
        var options: Options?
        do throws(StartFailure) {
            let parsed = try Options(arguments)
            options = parsed
            let server = try prepare(parsed)
            if let ready = parsed.ready {
                try? ready.writeAll(Array("ready\n".utf8))
                ready.close()
            }
            serve(parsed, server)
        } catch {
            let line = Array("error: \(error.text)\n".utf8)
            try? (options?.ready ?? HostFD(rawValue: 2)).writeAll(line)
            try? options?.log?.writeAll(line)
            exit(1)
        }
    }

    private static func prepare(_ options: Options) throws(StartFailure) -> (mounts: [ServedMount], descriptors: HostFD) {
        let list = try attempt("the mount list") { () throws(Errno) in
            let bytes = try options.mounts!.readAll(limit: 4 << 20)
            options.mounts!.close()
            return bytes
        }
        let requests = try MountRequest.parse(list)
        if !options.inheritsNamespaces {
            try attempt("namespaces") { () throws(Errno) in
                try HostNamespaces([.mount, .network, .ipc, .uts]).unshare()
            }
        }
        try attempt("mount propagation") { () throws(Errno) in
            try HostMounts.mount("", at: "/", flags: [.recursive, .slave])
        }
        let served = try MountTree.enter(requests)
        try attempt("confinement") { () throws(Errno) in
            // Modes are the client's business.
            try hostCall(.umask, 0)
            raiseDescriptorLimit()
            try HostPrivileges.dropCapabilities(keeping: [.chown, .dacOverride, .dacReadSearch, .fowner, .fsetid])
            try HostPrivileges.forbidNewPrivileges()
            try GoferFilter.load(allowsSockets: options.allowsSockets)
        }
        return served
    }

    /// Each handle is a descriptor here: as many as the host lets a process have.
    private static func raiseDescriptorLimit() {
        for limit in [UInt64(1 << 20), 1 << 19, 1 << 16, 1 << 14] {
            do throws(Errno) {
                try HostPrivileges.setLimit(7 /* RLIMIT_NOFILE */, soft: limit, hard: limit)
                return
            } catch {}
        }
    }

    private static func serve(_ options: Options, _ served: (mounts: [ServedMount], descriptors: HostFD)) -> Never {
        let left = SessionCount(options.connections.count)
        let sessions = options.connections.map { socket in
            Session(socket: socket, files: FileServer(mounts: served.mounts, descriptors: served.descriptors,
                                                      allowsSockets: options.allowsSockets)) {
                if left.countDown() { exit(0) }
            }
        }
        for session in sessions.dropFirst() {
            do throws(Errno) { try Thread.start { session.run() } } catch { exit(1) }
        }
        sessions[0].run()
        // Other sessions, or other threads of this one, go on.
        while true { _ = try? hostCall(.pause) }
    }

    private static func exit(_ status: Int) -> Never {
        while true { _ = try? hostCall(.exit_group, status) }
    }
}

/// How many connections are left.
final class SessionCount: Sendable {
    private let count: Atomic<Int>

    init(_ count: Int) { self.count = Atomic(count) }

    /// Returns whether this was the last.
    func countDown() -> Bool { count.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
}

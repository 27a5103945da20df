import Cgroups
public import LinuxABI

/// What went wrong, for the person who asked: one line that says what and where, without a trailing full stop.
public struct RuntimeError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: String, Hashable, Sendable {
        /// The request or the bundle is wrong.
        case invalidArgument
        case notFound
        case alreadyExists
        /// Right in itself, but not in the state that the container is in.
        case failedPrecondition
        case permissionDenied
        case unimplemented
        /// The Sentry does not answer (any more).
        case unavailable
        /// args[0] is not there; the shell's status 127.
        case commandNotFound
        /// args[0] cannot be executed; the shell's status 126.
        case notExecutable
        case internalError
    }

    public var kind: Kind
    public var message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        // A message that came from elsewhere must not forge further lines.
        self.message = String(message.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) })
    }

    /// An operation on `subject` that the host refused.
    public init(_ errno: Errno, _ subject: String) {
        let kind: Kind = switch errno {
        case .ENOENT, .ESRCH: .notFound
        case .EEXIST: .alreadyExists
        case .EPERM, .EACCES: .permissionDenied
        case .EINVAL, .ENOTDIR, .ENAMETOOLONG, .ELOOP: .invalidArgument
        default: .internalError
        }
        self.init(kind, "\(subject): \(errno.text)")
    }

    public var description: String { message }

    /// The exit status of a command that fails with this error.
    public var exitStatus: Int32 {
        switch kind {
        case .commandNotFound: 127
        case .notExecutable: 126
        default: 1
        }
    }
}

extension CgroupError {
    /// Values that the kernel refuses are the caller's fault.
    var kind: RuntimeError.Kind {
        switch errno {
        case .EINVAL, .ERANGE, .EDOM: .invalidArgument
        case .EACCES, .EPERM, .EROFS: .permissionDenied
        case .EBUSY, .EOPNOTSUPP: .failedPrecondition
        case .EEXIST: .alreadyExists
        default: .internalError
        }
    }
}

/// Runs `body`; an errno becomes an error about `subject`.
func about<R>(_ subject: @autoclosure () -> String, _ body: () throws(Errno) -> R) throws(RuntimeError) -> R {
    do throws(Errno) { return try body() } catch { throw RuntimeError(error, subject()) }
}

extension Errno {
    /// As strerror(3) words it, in lower case, for the errors that people meet.
    public var text: String {
        switch self {
        case .EPERM: "operation not permitted"
        case .ENOENT: "no such file or directory"
        case .ESRCH: "no such process"
        case .EIO: "input/output error"
        case .E2BIG: "argument list too long"
        case .ENOEXEC: "exec format error"
        case .EAGAIN: "resource temporarily unavailable"
        case .ENOMEM: "cannot allocate memory"
        case .EACCES: "permission denied"
        case .EBUSY: "device or resource busy"
        case .EEXIST: "file exists"
        case .ENODEV: "no such device"
        case .ENOTDIR: "not a directory"
        case .EISDIR: "is a directory"
        case .EINVAL: "invalid argument"
        case .EMFILE: "too many open files"
        case .ENOTTY: "inappropriate ioctl for device"
        case .ETXTBSY: "text file busy"
        case .EFBIG: "file too large"
        case .ENOSPC: "no space left on device"
        case .EROFS: "read-only file system"
        case .EPIPE: "broken pipe"
        case .ENAMETOOLONG: "file name too long"
        case .ENOSYS: "function not implemented"
        case .ENOTEMPTY: "directory not empty"
        case .ELOOP: "too many levels of symbolic links"
        case .ECONNREFUSED: "connection refused"
        case .ECONNRESET: "connection reset by peer"
        default: "error \(rawValue)"
        }
    }
}

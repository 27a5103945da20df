import HostOS
import LinuxABI
import Messages
import TTRPC

/// The control service of one Sentry, as its callers on the host see it.
struct ControlClient: Sendable {
    private let client: Client

    /// Connects to the Sentry that listens in `folder`. The Sentry may still be starting: the socket is there before it.
    init(_ folder: StateFolder) throws(RuntimeError) {
        do throws(Errno) {
            client = try folder.withControlAddress { (address) throws(Errno) in try Client(address) }
        } catch {
            throw RuntimeError(.unavailable, "the Sentry of \(folder.path) does not answer: \(error.text)")
        }
    }

    func call<R: Message>(_ method: Control.Method, _ request: some Message, returning: R.Type = R.self,
                          descriptors: [HostFD] = []) throws(RuntimeError) -> R {
        do throws(Status) {
            return try client.call(Control.Method.service, method.rawValue, request, returning: R.self,
                                   descriptors: descriptors)
        } catch {
            throw Self.error(error)
        }
    }

    /// Calls without waiting. `completion` runs on the connection's thread and must not block.
    func start<R: Message>(_ method: Control.Method, _ request: some Message, returning: R.Type = R.self,
                           descriptors: [HostFD] = [],
                           completion: @escaping @Sendable (Result<R, RuntimeError>) -> Void) throws(RuntimeError) {
        do throws(Status) {
            try client.start(Control.Method.service, method.rawValue, payload: try Client.encode(request),
                             descriptors: descriptors) { answer in
                switch answer {
                case .failure(let status): completion(.failure(Self.error(status)))
                case .success(let answer):
                    if let message = try? R.decode(answer.payload) { completion(.success(message)) } else {
                        completion(.failure(RuntimeError(.internalError, "\(method.rawValue): the answer can't be decoded")))
                    }
                }
            }
        } catch {
            throw Self.error(error)
        }
    }

    private static func error(_ status: Status) -> RuntimeError {
        // The Sentry words failures to execute as runc does; the shell's exit status goes with them.
        let aboutProgram = status.message.hasPrefix("exec: ")
        let kind: RuntimeError.Kind = switch status.code {
        case .invalidArgument: .invalidArgument
        case .notFound: aboutProgram ? .commandNotFound : .notFound
        case .alreadyExists: .alreadyExists
        case .permissionDenied: aboutProgram ? .notExecutable : .permissionDenied
        case .failedPrecondition: .failedPrecondition
        case .unimplemented: .unimplemented
        case .unavailable: .unavailable
        default: .internalError
        }
        return RuntimeError(kind, status.message)
    }
}

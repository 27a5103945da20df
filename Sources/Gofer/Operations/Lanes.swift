import GoferProtocol
import HostOS
import LinuxABI
import Synchronization

extension FileServer {
    /// Serves a further socket, on one processor.
    func openLane(_ fields: inout Decoder, _ reply: inout Reply) throws(Errno) {
        let processor = Int(try fields.u32())
        try fields.finish()
        guard processor < Limits.maximumLanes else { throw .EINVAL }
        guard lanes.add(1, ordering: .relaxed).newValue <= Limits.maximumLanes else {
            lanes.subtract(1, ordering: .relaxed)
            throw .EMFILE
        }
        do throws(Errno) {
            let pair = try HostFD.socketPair(type: 5 /* SOCK_SEQPACKET */)
            let session = Session(socket: pair.0, files: self, isLane: true) { [self] in
                pair.0.close()
                lanes.subtract(1, ordering: .relaxed)
            }
            do throws(Errno) {
                try Thread.start {
                    HostProcessors.bind(to: processor)
                    session.run()
                }
            } catch {
                pair.0.close()
                pair.1.close()
                throw error
            }
            reply.give(pair.1)
        } catch {
            lanes.subtract(1, ordering: .relaxed)
            throw error
        }
    }
}

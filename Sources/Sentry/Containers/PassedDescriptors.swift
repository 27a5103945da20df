import LinuxABI
import HostOS
import Introspection
import Messages
import TTRPC

/// The descriptors that came with a request, sorted by what they are for.
struct PassedDescriptors {
    var gofers: [HostFD] = []
    var cgroups: [HostFD] = []
    var streams = HostStreams()
    var counters = ContainerResources.Counters()
    /// Keeps those that are only borrowed open as long as this lives.
    private let all: [SharedFD]

    /// The order of control.proto: Gofers, streams by their indexes, cgroup.procs files, counters.
    ///
    /// - Throws: InvalidArgument when the numbers do not fit the descriptors.
    init(_ request: Control.CreateContainerRequest, _ descriptors: [SharedFD]) throws(Status) {
        all = descriptors
        let (gofers, cgroups, counted) = (Int(request.goferDescriptors), Int(request.cgroupDescriptors), request.counters.count)
        guard gofers + cgroups + counted <= descriptors.count else {
            throw Status(.invalidArgument, "\(descriptors.count) descriptors came with a request for \(gofers + cgroups + counted)")
        }
        for shared in descriptors[..<gofers] { self.gofers.append(try Self.own(shared)) }
        let last = descriptors.count - counted
        self.cgroups = descriptors[(last - cgroups)..<last].map(\.fd)
        for (name, file) in zip(request.counters, descriptors[last...]) { counters.files[name] = file }
        if let process = request.process { streams = try Self.streams(process, descriptors, from: 0) }
    }

    static func streams(_ process: Control.Process, _ descriptors: [SharedFD], from first: Int) throws(Status) -> HostStreams {
        var streams = HostStreams()
        guard let stdio = process.stdio else { return streams }
        func pick(_ index: Int32) throws(Status) -> SharedFD? {
            if index < 0 { return nil }
            guard Int(index) + first < descriptors.count else { throw Status(.invalidArgument, "stdio names descriptor \(index), which did not come") }
            return descriptors[Int(index) + first]
        }
        streams.terminal = stdio.terminal
        streams.input = try pick(stdio.input)
        streams.output = try pick(stdio.output)
        streams.error = try pick(stdio.error)
        streams.rows = UInt16(truncatingIfNeeded: stdio.rows)
        streams.columns = UInt16(truncatingIfNeeded: stdio.columns)
        return streams
    }

    private static func own(_ shared: SharedFD) throws(Status) -> HostFD {
        try failing("a passed descriptor") { () throws(Errno) in try shared.fd.duplicate() }
    }
}

/// Where a process's standard streams come from on the host.
struct HostStreams {
    var terminal = false
    var input: SharedFD?
    var output: SharedFD?
    var error: SharedFD?
    var rows: UInt16 = 0
    var columns: UInt16 = 0
}

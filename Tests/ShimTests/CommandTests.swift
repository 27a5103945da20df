import HostOS
import LinuxABI
import Messages
import Runtime
@testable import Shim
import Synchronization
import Testing

@Suite struct Commands {
    @Test func flagsAreThoseOfContainerd() {
        let line = CommandLine(["-namespace", "k8s.io", "--address=/run/c.sock", "-publish-binary", "/usr/bin/containerd",
                                "-future", "-id", "x", "-debug", "-bundle=/b", "delete", "-ignored"])
        #expect(line.action == .delete && line.namespace == "k8s.io" && line.address == "/run/c.sock" && line.id == "x")
        #expect(line.debug && line.bundle == "/b" && line.publishBinary == "/usr/bin/containerd" && line.unknown == ["-future"])
        #expect(CommandLine(["-v"]).action == .version)
        #expect(CommandLine(["-info"]).action == .info)
        #expect(CommandLine(["-id", "x"]).action == .serve)
        #expect(CommandLine(["-id"]).id == "")
    }

    @Test func digestsAreThoseOfTheStandard() {
        #expect(SHA256.hex([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(SHA256.hex(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
        #expect(SHA256.hex(Array(long.utf8)) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(SHA256.hex([UInt8](repeating: 0x61, count: 1000)) == "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3")
    }

    @Test func socketsHaveShortNames() {
        let socket = PodSocket(grpcAddress: "/run/containerd/containerd.sock", namespace: String(repeating: "n", count: 76),
                               group: String(repeating: "c", count: 64))
        #expect(socket.path.utf8.count < 108 && socket.address.hasPrefix("unix:///run/containerd/s/"))
        #expect(PodSocket.cleaned("/a//b/./c/../d/") == "/a/b/d")
        #expect(PodSocket.cleaned("a/b") == "a/b")
        #expect(PodSocket.cleaned("/../a") == "/a")
    }

    @Test func aSocketThatNobodyServesIsTakenOver() throws {
        let directory = "/tmp/shim-socket-\(HostClock.monotonic)"
        let socket = PodSocket(directory: directory, grpcAddress: "/c", namespace: "n", group: "g")
        let first = try #require(try socket.listen())
        #expect(try socket.listen() == nil)
        first.close()
        #expect(!socket.isServed)
        let second = try #require(try socket.listen())
        #expect(socket.isServed)
        second.close()
        socket.remove()
        try HostFD.currentDirectory.unlink(directory, directory: true)
    }

    @Test func identifiers() {
        for id in ["a", "a.b-c_d", "A0", String(repeating: "x", count: 76)] {
            #expect(throws: Never.self) { try Pod.checkID(id) }
        }
        for id in ["", ".", "..", "a/b", "-a", "a-", "a..b", "é", "a\0", String(repeating: "x", count: 77)] {
            #expect(throws: (any Error).self) { try Pod.checkID(id) }
        }
    }

    @Test func metricsAreThoseOfTheHostsVersion() throws {
        var one = Statistics1.make(.v1)
        one.memoryDetails["total_rss"] = 5
        let first = try Metrics.message(one)
        #expect(first.typeURL == "io.containerd.cgroups.v1.Metrics")
        #expect(try CgroupV1.Metrics.decode(first.value).memory?.totalRss == 5)
        let second = try Metrics.message(Statistics1.make(.v2))
        #expect(second.typeURL == "io.containerd.cgroups.v2.Metrics")
        #expect(try CgroupV2.Metrics.decode(second.value).cpu?.usageUsec == 3)
    }
}

@Suite struct ConfigurationFiles {
    @Test func keysAreSet() throws {
        var configuration = Configuration()
        let text = "# comment\n[runtime]\nplatform = \"systrap\" # why\nnetwork='none'\r\n\n debug = true\nmemory-calls = \"mediated\"\nhuge-pages = \"asked\""
        try ConfigurationFile.apply(text: Array(text.utf8), name: "c", to: &configuration)
        #expect(configuration.platform == .systrap && configuration.network == .none && configuration.debug)
        #expect(configuration.memoryCalls == .mediated)
        #expect(configuration.hugePages == .asked)
    }

    @Test(arguments: ["platform = \"tea\"", "platform", "nonsense = 1", "debug = maybe", "network = \"x", "network = \"lan\""])
    func nonsenseIsRefused(text: String) {
        var configuration = Configuration()
        #expect(throws: RuntimeError.self) {
            try ConfigurationFile.apply(text: Array(text.utf8), name: "c", to: &configuration)
        }
    }

    @Test func optionsOfOthersAreIgnored() throws {
        var configuration = Configuration()
        try ConfigurationFile.apply(.init(typeURL: "containerd.runc.v1.Options", value: [1, 2, 3]), to: &configuration)
        let own = RuntimeOptions.Options(configPath: "/nowhere/at/all.toml")
        #expect(throws: RuntimeError.self) {
            try ConfigurationFile.apply(try Proto.AnyMessage("runtimeoptions.v1.Options", own), to: &configuration)
        }
    }
}

@Suite struct StreamSets {
    @Test func aFifoNeedsNoClient() throws {
        let path = "/tmp/shim-fifo-\(HostClock.monotonic)"
        try HostFD.currentDirectory.makeNode(HostPath(Array(path.utf8)), mode: 0o10600, device: 0)
        defer { try? HostFD.currentDirectory.unlink(path) }
        let streams = try StreamSet(.init(stdin: path))
        #expect(streams.forSentry.input != nil && streams.forSentry.output == nil)
        let output = try StreamSet(.init(stdout: path, stderr: path))
        #expect(output.forSentry.output == output.forSentry.error)
        try output.forSentry.output?.writeAll([1, 2, 3])
        // Whoever writes is gone, but the input has not ended until it is closed.
        output.handedOver()
        #expect(try HostPoll.wait([(streams.forSentry.input ?? HostFD(rawValue: -1), .readable)], timeout: 0)[0] == .readable)
    }

    /// containerd's clients give up a fifo that they have not opened when the process has ended.
    @Test func aClientThatIsLateIsWaitedFor() throws {
        let path = "/tmp/shim-late-\(HostClock.monotonic)"
        try HostFD.currentDirectory.makeNode(HostPath(Array(path.utf8)), mode: 0o10600, device: 0)
        defer { try? HostFD.currentDirectory.unlink(path) }
        let coming = Flag()
        try Thread.start {
            _ = try? HostPoll.wait([], timeout: 50)
            coming.raised.store(true, ordering: .sequentiallyConsistent)
            let reader = try? HostFD.currentDirectory.open(path, 0o4000)
            coming.reader.store(reader?.rawValue ?? -1, ordering: .sequentiallyConsistent)
        }
        let streams = try StreamSet(.init(stdout: path))
        #expect(coming.isRaised)
        streams.handedOver()
        while coming.reader.load(ordering: .sequentiallyConsistent) == 0 { _ = try HostPoll.wait([], timeout: 1) }
        HostFD(rawValue: coming.reader.load(ordering: .sequentiallyConsistent)).close()
    }

    /// Nor do they read on once Delete is answered.
    @Test func deleteWaitsForTheReader() throws {
        let path = "/tmp/shim-unread-\(HostClock.monotonic)"
        try HostFD.currentDirectory.makeNode(HostPath(Array(path.utf8)), mode: 0o10600, device: 0)
        defer { try? HostFD.currentDirectory.unlink(path) }
        let reader = try HostFD.currentDirectory.open(path, 0o4000)
        defer { reader.close() }
        let stdio = Events.TaskIO(stdout: path, stderr: path)
        let streams = try StreamSet(stdio)
        try streams.forSentry.output?.writeAll(Array("late".utf8))
        streams.handedOver()
        let reading = Flag()
        try Thread.start {
            _ = try? HostPoll.wait([], timeout: 50)
            reading.raised.store(true, ordering: .sequentiallyConsistent)
            var bytes = [UInt8](repeating: 0, count: 4)
            _ = try? bytes.withMutableBytes { (b) throws(Errno) in try unsafe reader.read(into: b) }
            reading.reader.store(1, ordering: .sequentiallyConsistent)
        }
        StreamSet.drain(stdio)
        #expect(reading.isRaised)
        while reading.reader.load(ordering: .sequentiallyConsistent) == 0 { _ = try HostPoll.wait([], timeout: 1) }
        // Nobody reads any more, and there is nothing to wait for.
        StreamSet.drain(stdio)
    }

    private final class Flag: Sendable {
        let raised = Atomic<Bool>(false)
        let reader = Atomic<Int32>(0)
        var isRaised: Bool { raised.load(ordering: .sequentiallyConsistent) }
    }

    @Test func filesAreAppendedTo() throws {
        let path = "/tmp/shim-file-\(HostClock.monotonic)/x/log"
        let streams = try StreamSet(.init(stdout: "file://" + path, stderr: ""))
        try streams.forSentry.output?.writeAll(Array("a".utf8))
        let again = try StreamSet(.init(stdout: path))
        try again.forSentry.output?.writeAll(Array("b".utf8))
        #expect(try HostFD.currentDirectory.readFile(path) == Array("ab".utf8))
        #expect(throws: (any Error).self) { try StreamSet(.init(stdout: "nonsense:///x")) }
        #expect(throws: (any Error).self) { try StreamSet(.init(stdin: "/nowhere/at/all")) }
    }
}

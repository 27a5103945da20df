import HostOS
import LinuxABI
import Messages
import Runtime
@testable import Shim
import Testing
import TTRPC

@Suite struct Sandboxes {
    private func call<R: Message>(_ f: Fixture, _ method: SandboxAPI.Method, _ request: some Message) throws -> R {
        try f.client.call(SandboxAPI.Method.service, method.rawValue, request, returning: R.self, timeout: 10_000_000_000)
    }

    private func made(_ f: Fixture, _ id: String = "pod") throws {
        let _: SandboxAPI.CreateSandboxResponse = try call(f, .createSandbox, SandboxAPI.CreateSandboxRequest(sandboxID: id))
        let answer: SandboxAPI.StartSandboxResponse = try call(f, .startSandbox, SandboxAPI.SandboxRequest(sandboxID: id))
        #expect(answer.pid == 4711)
        #expect((answer.createdAt?.seconds ?? 0) > 0)
    }

    @Test func aSandboxLivesWithoutContainers() throws {
        let f = try Fixture()
        try made(f)
        let status: SandboxAPI.SandboxStatusResponse = try call(f, .sandboxStatus, SandboxAPI.SandboxStatusRequest(sandboxID: "pod"))
        #expect(status.state == "SANDBOX_READY")
        _ = try f.create("a")
        try f.start("a")
        f.kernel.lock.withLock { f.kernel.containers["a"] }?.end("", 0)
        #expect(try f.wait("a") == 0)
        _ = try f.delete("a")
        let _: Proto.Empty = try f.call("Shutdown", TaskAPI.ShutdownRequest(id: "a"))
        #expect(!f.kernel.lock.withLock { f.kernel.isShutDown })
        let _: SandboxAPI.PingResponse = try call(f, .pingSandbox, SandboxAPI.SandboxRequest(sandboxID: "pod"))
        let platform: SandboxAPI.PlatformResponse = try call(f, .platform, SandboxAPI.SandboxRequest(sandboxID: "pod"))
        #expect(platform.platform?.os == "linux")
    }

    @Test func itsEndIsToldToWhoWaits() throws {
        let f = try Fixture()
        try made(f)
        f.kernel.lock.withLock { f.kernel.containers["the sandbox"] }?.end("", 137)
        let exit: SandboxAPI.WaitSandboxResponse = try call(f, .waitSandbox, SandboxAPI.SandboxRequest(sandboxID: "pod"))
        #expect(exit.exitStatus == 137)
        let status: SandboxAPI.SandboxStatusResponse = try call(f, .sandboxStatus, SandboxAPI.SandboxStatusRequest(sandboxID: "pod"))
        #expect(status.state == "SANDBOX_NOTREADY")
    }

    @Test func shutdownEndsAllAndTheShim() throws {
        let f = try Fixture()
        try made(f)
        _ = try f.create("a")
        try f.start("a")
        let _: SandboxAPI.ShutdownSandboxResponse = try call(f, .shutdownSandbox, SandboxAPI.SandboxRequest(sandboxID: "pod"))
        #expect(f.kernel.lock.withLock { f.kernel.isShutDown })
        f.idle.wait()
    }

    @Test func anotherSandboxIsRefused() throws {
        let f = try Fixture()
        try made(f)
        func code(_ method: SandboxAPI.Method, _ request: some Message) -> Status.Code? {
            do {
                let _: Proto.Empty = try call(f, method, request)
                return nil
            } catch { return (error as? Status)?.code }
        }
        #expect(code(.createSandbox, SandboxAPI.CreateSandboxRequest(sandboxID: "pod")) == .alreadyExists)
        #expect(code(.createSandbox, SandboxAPI.CreateSandboxRequest(sandboxID: "other")) == .failedPrecondition)
        #expect(code(.createSandbox, SandboxAPI.CreateSandboxRequest(sandboxID: "../x")) == .invalidArgument)
        #expect(code(.startSandbox, SandboxAPI.SandboxRequest(sandboxID: "other")) == .notFound)
    }

    @Test func aKubeletsConfigurationBecomesASpecification() throws {
        let config = SandboxAPI.PodSandboxConfig(
            hostname: "h", annotations: ["a": "b"],
            linuxConfig: .init(cgroupParent: "/kubepods/pod1", sysctls: ["net.core.somaxconn": "5"],
                               overhead: .init(memoryLimitInBytes: 1 << 20), resources: .init(cpuQuota: 66_000, memoryLimitInBytes: 256 << 20)))
        let any = try Proto.AnyMessage("runtime.v1.PodSandboxConfig", config)
        let spec = try SandboxSpec.make(.init(sandboxID: "p", options: any))
        #expect(spec.hostname == "h")
        #expect(spec.linux.cgroupsPath == "/kubepods/pod1/p")
        #expect(spec.linux.sysctl == ["net.core.somaxconn": "5"])
        var limits = spec.linux.limits
        PodLimits.adjust(&limits, spec.annotations)
        #expect(limits.memoryLimit == 257 << 20)
        #expect(limits.cpuQuota == 66_000)
        #expect(SandboxSpec.cgroupsPath(parent: "/x/kubepods-pod1.slice", id: "p") == "kubepods-pod1.slice:cri-containerd:p")
        #expect(throws: RuntimeError.self) {
            try SandboxSpec.make(.init(sandboxID: "p", options: .init(typeURL: "runtime.v1.PodSandboxConfig", value: [255])))
        }
    }
}

@Suite struct LogPrograms {
    @Test func uris() {
        #expect(LogURI("file:///x") == nil)
        let uri = LogURI("binary:///bin/log?a=b%20c&d&a=again&e=x+y")
        #expect(uri?.path == "/bin/log")
        #expect(uri?.arguments == ["a", "b c", "d", "", "e", "x y"])
        #expect(uri?.announcesByByte == false)
        #expect(LogURI("binary-v2:///p%2Fq")?.path == "/p/q")
    }

    @Test func aProgramThatEndsBeforeItIsReadyIsAnError() throws {
        let early = try #require(LogURI("binary-v2:///bin/true")), missing = try #require(LogURI("binary:///no/such"))
        #expect(throws: StreamError.self) { try LogProgram.start(early, id: "a", namespace: "n") }
        #expect(throws: StreamError.self) { try LogProgram.start(missing, id: "a", namespace: "n") }
    }
}

@Suite struct PodAnnotations {
    private func apply(_ text: String, _ annotations: [String: String]) throws -> Configuration {
        let own = RuntimeOptions.Options(configBody: Array(text.utf8))
        var configuration = Configuration()
        try ConfigurationFile.apply(try Proto.AnyMessage("runtimeoptions.v1.Options", own), annotations: annotations, to: &configuration)
        return configuration
    }

    @Test func onlyWhatAnAdministratorAllows() throws {
        let asked = ["dev.cloister.debug": "true", "dev.cloister.strace": "true", "other": "x"]
        #expect(try !apply("", asked).debug)
        let some = try apply("allowed-annotations = [\"dev.cloister.debug\"] # one", asked)
        #expect(some.debug && !some.strace)
        let all = try apply("allowed-annotations = ['dev.cloister.*']", asked)
        #expect(all.debug && all.strace)
        #expect(throws: RuntimeError.self) {
            try apply("allowed-annotations = ['dev.cloister.*']", ["dev.cloister.allowed-annotations": "x"])
        }
        #expect(throws: RuntimeError.self) { try apply("allowed-annotations = ['dev.cloister.*']", ["dev.cloister.debug": "maybe"]) }
        #expect(throws: RuntimeError.self) { try apply("allowed-annotations = true", [:]) }
    }
}

import HostOS
import Messages
import Runtime
@testable import Shim
import Testing
import TTRPC

@Suite struct LifeCycle {
    @Test(arguments: [TaskAPI.Method.service, TaskAPI3.Method.service])
    func aContainerFromCreateToShutdown(service: String) throws {
        let shim = try Fixture(service)
        let container = try shim.create()
        #expect(try shim.state() == .created)
        try shim.start()
        #expect(try shim.state() == .running)
        container.end("", 7)
        #expect(try shim.wait() == 7)
        #expect(try shim.state() == .stopped)
        let deleted = try shim.delete()
        #expect(deleted.exitStatus == 7 && deleted.pid == 4711)
        #expect(shim.kernel.isShutDown)
        #expect(shim.code("Delete", TaskAPI.DeleteRequest(id: "a")) == .notFound)
        #expect(shim.code("State", TaskAPI.StateRequest(id: "a")) == .notFound)
        #expect(shim.events.first(4) == ["/tasks/create", "/tasks/start", "/tasks/exit a 7", "/tasks/delete"])
        #expect(!shim.idle.value)
        let _: Proto.Empty = try shim.call("Shutdown", TaskAPI.ShutdownRequest(id: "a"))
        shim.idle.wait()
    }

    @Test func wrongOrderIsRefused() throws {
        let shim = try Fixture()
        #expect(shim.code("Start", TaskAPI.StartRequest(id: "a")) == .notFound)
        #expect(shim.code("Create", TaskAPI.CreateTaskRequest(id: "../a", bundle: shim.bundle)) == .invalidArgument)
        #expect(shim.code("Create", TaskAPI.CreateTaskRequest(id: "", bundle: shim.bundle)) == .invalidArgument)
        let container = try shim.create()
        #expect(shim.code("Create", TaskAPI.CreateTaskRequest(id: "a", bundle: shim.bundle)) == .alreadyExists)
        #expect(shim.code("Pause", TaskAPI.PauseRequest(id: "a")) == .failedPrecondition)
        #expect(shim.code("Exec", TaskAPI.ExecProcessRequest(id: "a", execID: "e")) == .invalidArgument)
        try shim.start()
        #expect(shim.code("Start", TaskAPI.StartRequest(id: "a")) == .failedPrecondition)
        #expect(shim.code("Delete", TaskAPI.DeleteRequest(id: "a")) == .failedPrecondition)
        #expect(shim.code("Resume", TaskAPI.ResumeRequest(id: "a")) == .failedPrecondition)
        #expect(shim.code("Kill", TaskAPI.KillRequest(id: "a", signal: 65)) == .invalidArgument)
        #expect(shim.code("Wait", TaskAPI.WaitRequest(id: "a", execID: "e")) == .notFound)
        #expect(shim.code("Checkpoint", TaskAPI.CheckpointTaskRequest(id: "a")) == .unimplemented)
        container.end("", 0)
        #expect(try shim.wait() == 0)
        #expect(shim.code("Kill", TaskAPI.KillRequest(id: "a", signal: 15)) == .notFound)
        #expect(shim.code("Start", TaskAPI.StartRequest(id: "a")) == .failedPrecondition)
    }

    @Test func connectNeverFails() throws {
        let shim = try Fixture()
        for id in ["", "nobody"] {
            let answer: TaskAPI.ConnectResponse = try shim.call("Connect", TaskAPI.ConnectRequest(id: id))
            #expect(answer.shimPID == ProcessIdentity.pid && answer.taskPID == 0)
        }
        _ = try shim.create()
        let answer: TaskAPI.ConnectResponse = try shim.call("Connect", TaskAPI.ConnectRequest(id: "a"))
        #expect(answer.taskPID == 4711)
        let pids: TaskAPI.PidsResponse = try shim.call("Pids", TaskAPI.PidsRequest(id: "a"))
        #expect(pids.processes.map(\.pid) == [4711])
    }

    @Test func aFailedCreateLeavesNothing() throws {
        let shim = try Fixture()
        shim.kernel.failCreate = RuntimeError(.commandNotFound, "exec: \"x\": executable file not found in $PATH")
        #expect(shim.code("Create", TaskAPI.CreateTaskRequest(id: "a", bundle: shim.bundle)) == .unknown)
        #expect(shim.code("Delete", TaskAPI.DeleteRequest(id: "a")) == .notFound)
        #expect(shim.kernel.isShutDown)
        let mount = Types.Mount(type: "nonsense", source: "none")
        #expect(shim.code("Create", TaskAPI.CreateTaskRequest(id: "b", bundle: shim.bundle, rootfs: [mount])) == .unknown)
        let _: Proto.Empty = try shim.call("Shutdown", TaskAPI.ShutdownRequest(id: "a"))
        shim.idle.wait()
    }

    /// A process that ends while Start is under way: its start is told first.
    @Test func theEndIsToldAfterTheStart() throws {
        let shim = try Fixture()
        let container = try shim.create()
        container.whileStarting = { [unowned container] in container.end("", 3) }
        try shim.start()
        #expect(try shim.wait() == 3)
        #expect(shim.events.first(3) == ["/tasks/create", "/tasks/start", "/tasks/exit a 3"])
    }

    @Test func aContainerThatDiesBeforeItsStartIsStopped() throws {
        let shim = try Fixture()
        let container = try shim.create()
        container.end("", 137)
        #expect(try shim.wait() == 137)
        #expect(try shim.state() == .stopped)
        #expect(try shim.delete().exitStatus == 137)
    }

    @Test func aFailedStartLetsWaitersGo() throws {
        let shim = try Fixture()
        let container = try shim.create()
        container.failStart = RuntimeError(.internalError, "no")
        #expect(shim.code("Start", TaskAPI.StartRequest(id: "a")) == .internalError)
        #expect(try shim.wait() == 128)
        _ = try shim.delete()
        #expect(shim.events.first(2) == ["/tasks/create", "/tasks/delete"])
    }

    @Test func wantOfMemoryIsToldBeforeTheEnd() throws {
        let shim = try Fixture()
        let container = try shim.create()
        try shim.start()
        container.lock.withLock { container.oomKilled = true }
        container.end("", 137)
        #expect(try shim.wait() == 137)
        #expect(shim.events.first(4).suffix(2) == ["/tasks/oom", "/tasks/exit a 137"])
    }

    @Test func pausedContainersDieOfKill() throws {
        let shim = try Fixture()
        _ = try shim.create()
        try shim.start()
        let _: Proto.Empty = try shim.call("Pause", TaskAPI.PauseRequest(id: "a"))
        #expect(try shim.state() == .paused)
        #expect(shim.code("Pause", TaskAPI.PauseRequest(id: "a")) == .failedPrecondition)
        let _: Proto.Empty = try shim.call("Kill", TaskAPI.KillRequest(id: "a", signal: 9))
        #expect(try shim.wait() == 137)
        #expect(try shim.state() == .stopped)
    }

    /// The pod's first container may go before the others; the shim ends with the last.
    @Test func theShimEndsWithTheLastContainer() throws {
        let shim = try Fixture()
        for id in ["pause", "work"] {
            let container = try shim.create(id)
            try shim.start(id)
            container.end("", 0)
            _ = try shim.wait(id)
        }
        _ = try shim.delete("pause")
        let _: Proto.Empty = try shim.call("Shutdown", TaskAPI.ShutdownRequest(id: "pause"))
        #expect(!shim.idle.value && !shim.kernel.isShutDown)
        _ = try shim.delete("work")
        let _: Proto.Empty = try shim.call("Shutdown", TaskAPI.ShutdownRequest(id: "work"))
        shim.idle.wait()
        #expect(shim.kernel.isShutDown)
    }

    /// containerd asks one container's shim to end while the last one is being deleted.
    @Test func theLastDeleteIsAnsweredBeforeTheShimEnds() throws {
        for _ in 0..<30 {
            let f = try Fixture(ends: true)
            let container = try f.create()
            try f.start()
            container.end("", 5)
            _ = try f.wait()
            let other = try Client(f.address), asked = Flag()
            try Thread.start {
                let _: Proto.Empty? = try? other.call(TaskAPI.Method.service, "Shutdown", TaskAPI.ShutdownRequest(id: "a"),
                                                      returning: Proto.Empty.self, timeout: 10_000_000_000)
                asked.set()
            }
            #expect(try f.delete().exitStatus == 5)
            asked.wait()
        }
    }
}

@Suite struct Execs {
    @Test func anExecFromAddedToDeleted() throws {
        let shim = try Fixture()
        let container = try shim.create()
        try shim.start()
        try shim.exec("e")
        #expect(shim.code("Kill", TaskAPI.KillRequest(id: "a", execID: "e", signal: 9)) == .failedPrecondition)
        #expect(try shim.state("a", "e") == .created)
        try shim.start("a", "e")
        #expect(shim.code("Delete", TaskAPI.DeleteRequest(id: "a", execID: "e")) == .failedPrecondition)
        container.end("e", 6)
        #expect(try shim.wait("a", "e") == 6)
        #expect(try shim.delete("a", "e").exitStatus == 6)
        #expect(shim.code("State", TaskAPI.StateRequest(id: "a", execID: "e")) == .notFound)
        #expect(shim.events.first(5) == ["/tasks/create", "/tasks/start", "/tasks/exec-added", "/tasks/exec-started", "/tasks/exit e 6"])
    }

    @Test func anExecThatNeverRanIsDeletedWithStatusZero() throws {
        let shim = try Fixture()
        _ = try shim.create()
        try shim.start()
        try shim.exec("e")
        #expect(try shim.delete("a", "e").exitStatus == 0)
        try shim.exec("e")
    }

    /// The container's own end is told after those of its execs, which die with it.
    @Test func execsEndBeforeTheContainer() throws {
        let shim = try Fixture()
        let container = try shim.create()
        try shim.start()
        try shim.exec("e")
        try shim.start("a", "e")
        container.end("", 1)
        #expect(try shim.wait() == 1)
        #expect(try shim.wait("a", "e") == 137)
        #expect(shim.events.first(6).suffix(2) == ["/tasks/exit e 137", "/tasks/exit a 1"])
        try #require(shim.code("Exec", TaskAPI.ExecProcessRequest(id: "a", execID: "f", spec: .init())) == .failedPrecondition)
    }

    @Test func anExecThatFailsToStartIsToldOfByNobody() throws {
        let shim = try Fixture()
        let container = try shim.create()
        try shim.start()
        try shim.exec("e")
        container.failStart = RuntimeError(.commandNotFound, "exec: \"x\": executable file not found in $PATH")
        #expect(shim.code("Start", TaskAPI.StartRequest(id: "a", execID: "e")) == .unknown)
        #expect(try shim.wait("a", "e") == 128)
        _ = try shim.delete("a", "e")
        container.end("", 0)
        #expect(shim.events.first(4).last == "/tasks/exit a 0")
    }
}

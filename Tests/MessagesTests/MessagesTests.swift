import Messages
import Testing

@Suite struct Encoding {
    /// The first request that containerd sends, byte by byte.
    @Test func requestHasTheWireForm() throws {
        let connect = try TaskAPI.ConnectRequest(id: "a").encode()
        #expect(connect == [0x0a, 1, 0x61])
        let request = try Wire.Request(service: "containerd.task.v2.Task", method: "Connect", payload: connect).encode()
        #expect(request == [0x0a, 0x17] + Array("containerd.task.v2.Task".utf8) + [0x12, 7] + Array("Connect".utf8)
            + [0x1a, 3, 0x0a, 1, 0x61])
        #expect(try Wire.Request.decode(request).payload == connect)
    }

    @Test func bootstrapResultHasTheWireForm() throws {
        let bytes = try Bootstrap.BootstrapResult(version: 2, address: "unix:///run/x", protocol: "ttrpc").encode()
        #expect(bytes == [0x08, 2, 0x12, 0x0d] + Array("unix:///run/x".utf8) + [0x1a, 5] + Array("ttrpc".utf8))
    }

    @Test func everyKindOfFieldComesBack() throws {
        let create = Control.CreateContainerRequest(
            containerID: "c",
            process: .init(args: [[1, 0, 255], []], env: [], cwd: "/", user: .init(uid: 1, gid: 2, additionalGIDs: [3, 1 << 31]),
                           rlimits: [.init(resource: 7, soft: .max, hard: 0)], noNewPrivileges: true, oomScoreAdj: -1000,
                           stdio: .init(terminal: true, input: -1, output: 2, error: -1)),
            mounts: (0..<300).map { .init(destination: "/\($0)", options: ["ro", "größe"], goferIndex: -1) },
            annotations: ["b": "2", "a": "", "": "x"], resources: .init(memoryLimit: .max))
        #expect(try Control.CreateContainerRequest.decode(create.encode()) == create)
        let metrics = CgroupV1.Metrics(cpu: .init(usage: .init(total: 5, perCPU: [1, 2, .max])), memory: .init(usage: .init(usage: 9)))
        #expect(try CgroupV1.Metrics.decode(metrics.encode()) == metrics)
        let state = TaskAPI.StateResponse(status: .paused, exitedAt: .never)
        #expect(try TaskAPI.StateResponse.decode(state.encode()) == state)
        #expect(try Proto.Empty().encode() == [])
        #expect(try Proto.Empty.decode([]) == Proto.Empty())
    }

    @Test func timesBeforeTheEpochCountForwards() {
        #expect(Proto.Timestamp(nanoseconds: -1) == .init(seconds: -1, nanos: 999_999_999))
        #expect(Proto.Timestamp(nanoseconds: 1_500_000_000).nanoseconds == 1_500_000_000)
        #expect(Proto.Timestamp(seconds: .max).nanoseconds == .max)
        #expect(Proto.Timestamp.never.nanoseconds == .min)
    }

    @Test func theNameOfATypeIsWhatFollowsTheSlash() {
        #expect(Proto.AnyMessage(typeURL: "type.googleapis.com/a.B", value: []).typeName == "a.B")
        #expect(Proto.AnyMessage(typeURL: "a.B", value: []).typeName == "a.B")
        #expect(Proto.AnyMessage(typeURL: "a/", value: []).typeName == "")
    }
}

@Suite struct HostileInput {
    @Test func whatIsNoMessageIsAnError() {
        for bytes in [[0x0a], [0x0a, 5, 1], [0xff], [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
                      [0x0b, 0x0b, 0x0b], [0x08]] as [[UInt8]] {
            #expect(throws: MessageError.malformed) { try Wire.Request.decode(bytes) }
        }
    }

    @Test func sizeIsBounded() throws {
        #expect(throws: MessageError.tooLarge(messageLimit + 1)) {
            try Wire.Request.decode([UInt8](repeating: 0, count: messageLimit + 1))
        }
        var request = Wire.Request(payload: [UInt8](repeating: 0, count: messageLimit))
        #expect(throws: MessageError.tooLarge(messageLimit + 5)) { try request.encode() }
        request.payload.removeLast(5)
        #expect(try Wire.Request.decode(request.encode()) == request)
    }

    /// Two bytes of input stand for a structure each: 4 MiB of them would take hundreds.
    @Test func memoryIsBounded() {
        let entry: [UInt8] = [0x2a, 0]
        #expect(throws: MessageError.malformed) {
            try Wire.Request.decode((0..<(1 << 20)).flatMap { _ in entry })
        }
    }

    @Test func depthBeyondTheSchemaIsAnError() {
        var bytes: [UInt8] = []
        for _ in 0..<5000 {
            var n = bytes.count, size: [UInt8] = []
            while n > 127 { size.append(UInt8(n & 127) | 128); n >>= 7 }
            bytes = [0x0a] + size + [UInt8(n)] + bytes
        }
        #expect(throws: MessageError.malformed) { try EventsService.ForwardRequest.decode(bytes) }
    }

    @Test func randomBytesNeverTrap() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<10_000 {
            let bytes = (0..<Int.random(in: 0..<200, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) & 0x7f }
            _ = try? Control.CreateContainerRequest.decode(bytes)
            _ = try? TaskAPI.CreateTaskRequest.decode(bytes)
            _ = try? CgroupV1.Metrics.decode(bytes)
        }
    }
}

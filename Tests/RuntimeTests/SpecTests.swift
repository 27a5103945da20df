import Testing
@testable import Runtime

@Suite struct SpecTests {
    private func spec(_ text: String) throws(RuntimeError) -> Spec { try Spec(parsing: Array(text.utf8)) }

    private func message(_ text: String) -> String {
        do throws(RuntimeError) { _ = try spec(text); return "" } catch { return error.message }
    }

    @Test func readsAWholeConfiguration() throws {
        let spec = try spec("""
            {"ociVersion": "1.0.2-dev", "hostname": "h",
             "process": {"terminal": true, "consoleSize": {"height": 24, "width": 80}, "args": ["sh", "-c", "x"],
               "env": ["A=b"], "cwd": "/w", "user": {"uid": 1, "gid": 2, "umask": 18, "additionalGids": [3, 4]},
               "capabilities": {"bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_OF_TOMORROW"], "effective": ["CAP_KILL"]},
               "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 18446744073709551615}],
               "noNewPrivileges": true, "oomScoreAdj": -998},
             "root": {"path": "rootfs", "readonly": true},
             "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
             "annotations": {"k": "v"},
             "hooks": {"poststop": [{"path": "/bin/true", "timeout": 5}]},
             "linux": {"cgroupsPath": "/a/b", "namespaces": [{"type": "pid"}, {"type": "network", "path": "/proc/1/ns/net"}],
               "devices": [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": 438}],
               "resources": {"memory": {"limit": 1048576, "swap": -1}, "cpu": {"shares": 512, "quota": 50000, "period": 100000},
                 "pids": {"limit": 10}, "unified": {"memory.high": "1"}},
               "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"], "sysctl": {"kernel.shmmax": "1"}}}
            """)
        let process = try #require(spec.process)
        #expect(process.args == ["sh", "-c", "x"])
        #expect((process.rows, process.columns) == (24, 80))
        #expect(process.user == { var u = Spec.User(uid: 1, gid: 2); u.umask = 18; u.additionalGids = [3, 4]; return u }())
        #expect(process.capabilities?.bounding == 1 << 0 | 1 << 5)
        #expect(process.capabilities?.effective == 1 << 5)
        #expect(process.rlimits == [.init(resource: 7, soft: 1024, hard: .max)])
        #expect(process.oomScoreAdjustment == -998)
        #expect(spec.root == .init(path: "rootfs", readonly: true))
        #expect(spec.linux.limits.memoryLimit == 1 << 20)
        #expect(spec.linux.limits.memorySwap == -1)
        #expect(spec.linux.limits.unified == ["memory.high": "1"])
        #expect(spec.linux.namespaces.count == 2)
        #expect(spec.linux.devices.first?.mode == 0o666)
        #expect(spec.hooks.poststop.first?.timeout == 5)
    }

    @Test func treatsNullAsAbsent() throws {
        let spec = try spec(#"{"ociVersion": "1.2.0", "process": null, "mounts": null, "linux": {"resources": null}, "hooks": null}"#)
        #expect(spec.process == nil)
        #expect(spec.mounts.isEmpty)
    }

    @Test(arguments: [
        (#"{"ociVersion": 1}"#, "config.json: ociVersion: expected a string, found an integer"),
        (#"{}"#, "config.json: ociVersion: missing"),
        (#"[]"#, "config.json: expected an object, found an array"),
        (#"{"ociVersion": "2.0.0"}"#, "config.json: ociVersion: version \"2.0.0\" is not supported, 1.0 to 1.2 are"),
        (#"{"ociVersion": "1.0.0", "process": []}"#, "config.json: process: expected an object, found an array"),
        (#"{"ociVersion": "1.0.0", "process": {"args": "sh", "cwd": "/"}}"#,
         "config.json: process.args: expected an array of strings, found a string"),
        (#"{"ociVersion": "1.0.0", "process": {"args": ["sh", 1], "cwd": "/"}}"#,
         "config.json: process.args[1]: expected a string, found an integer"),
        (#"{"ociVersion": "1.0.0", "process": {"args": [], "cwd": "/"}}"#, "config.json: process.args: must not be empty"),
        (#"{"ociVersion": "1.0.0", "process": {"args": ["x"], "cwd": "a"}}"#,
         "config.json: process.cwd: \"a\" must be an absolute path"),
        (#"{"ociVersion": "1.0.0", "process": {"args": ["x"], "cwd": "/", "user": {"uid": -1}}}"#,
         "config.json: process.user.uid: -1 is out of range"),
        (#"{"ociVersion": "1.0.0", "process": {"args": ["x"], "cwd": "/", "terminal": "yes"}}"#,
         "config.json: process.terminal: expected a boolean, found a string"),
        (#"{"ociVersion": "1.0.0", "process": {"args": ["x"], "cwd": "/", "rlimits": [{"type": "RLIMIT_X"}]}}"#,
         "config.json: process.rlimits[0].type: unknown limit \"RLIMIT_X\""),
        (#"{"ociVersion": "1.0.0", "root": {}}"#, "config.json: root.path: missing"),
        (#"{"ociVersion": "1.0.0", "mounts": [{"destination": "/a"}, {"type": "proc"}]}"#,
         "config.json: mounts[1].destination: missing"),
        (#"{"ociVersion": "1.0.0", "linux": {"namespaces": [{"type": "x"}]}}"#,
         "config.json: linux.namespaces[0].type: unknown namespace \"x\""),
        (#"{"ociVersion": "1.0.0", "linux": {"resources": {"memory": {"limit": "1g"}}}}"#,
         "config.json: linux.resources.memory.limit: expected an integer, found a string"),
        ("{\n\"ociVersion\": }", "config.json: line 2, column 15: expected a value, found '}'"),
    ])
    func namesTheFieldThatIsWrong(_ text: String, _ expected: String) {
        #expect(message(text) == expected)
    }

    @Test func readsItsOwnTemplate() throws {
        let spec = try spec(Spec.template.text())
        #expect(spec.process?.args == ["sh"])
        #expect(spec.mounts.count == 7)
        #expect(spec.process?.capabilities?.bounding == 1 << 29 | 1 << 5 | 1 << 10)
    }
}

@Suite struct SignalNameTests {
    @Test(arguments: [("9", 9), ("KILL", 9), ("SIGKILL", 9), ("sigterm", 15), ("WINCH", 28), ("RTMIN", 34), ("RTMIN+2", 36),
                      ("RTMAX-1", 63), ("SIGRTMAX", 64), ("0", 0), ("-9", 9)] as [(String, UInt32)])
    func knowsNamesAndNumbers(_ text: String, _ number: UInt32) throws {
        #expect(try SignalName.number(text) == number)
    }

    @Test(arguments: ["", "SIG", "FOO", "-", "65", "9x", "RTMIN+99"])
    func refusesOthers(_ text: String) {
        #expect(throws: RuntimeError.self) { try SignalName.number(text) }
    }
}

@Suite struct ContainerIDTests {
    @Test(arguments: ["a", "A-b_c.d+1", "0", String(repeating: "x", count: 200)])
    func takesHarmlessNames(_ id: String) throws { try ContainerID.check(id) }

    @Test(arguments: ["", ".", "..", "a/b", "/", "a b", "a\n", "ä", "a\0", String(repeating: "x", count: 201)])
    func refusesOthers(_ id: String) { #expect(throws: RuntimeError.self) { try ContainerID.check(id) } }
}

@Suite struct TimestampTests {
    @Test(arguments: [(0, "1970-01-01T00:00:00.000000000Z"), (951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z"),
                      (1_795_218_627_123_456_789, "2026-11-20T23:50:27.123456789Z"),
                      (4_102_444_799_000_000_000, "2099-12-31T23:59:59.000000000Z")] as [(UInt64, String)])
    func writesDates(_ time: UInt64, _ text: String) { #expect(Timestamp.text(time) == text) }
}

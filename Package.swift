// swift-tools-version: 6.2
import PackageDescription

// Dependencies point downwards only; see README.md, "How the pieces fit".
// Every Swift target is compiled in Swift 6 mode with strict memory safety.
let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import",
                  "-enforce-exclusivity=unchecked"]),
    // Generic types are made by calls of their accessors rather than from their mangled names, which takes the runtime ten
    // microseconds and more for each type when it is first used: two milliseconds of a sandbox's start.
    .unsafeFlags(["-Xfrontend", "-disable-concrete-type-metadata-mangled-name-accessors"], .when(configuration: .release)),
]

/// A Swift module and the modules directly below it.
func module(_ name: String, _ below: [String] = [], products: [Target.Dependency] = [],
            exclude: [String] = [], linker: [LinkerSetting] = []) -> Target {
    .target(name: name, dependencies: below.map { .init(stringLiteral: $0) } + products, exclude: exclude,
            swiftSettings: swift, linkerSettings: linker)
}

/// A C module: what Swift cannot express (macros, assembly, code that runs without a runtime).
func cModule(_ name: String, flags: [String] = [], linker: [LinkerSetting] = []) -> Target {
    .target(name: name, cSettings: [.define("_GNU_SOURCE")] + (flags.isEmpty ? [] : [.unsafeFlags(flags)]),
            linkerSettings: linker)
}

func program(_ name: String, _ below: [String], products: [Target.Dependency] = []) -> Target {
    .executableTarget(name: name, dependencies: below.map { .init(stringLiteral: $0) } + products,
                      swiftSettings: swift)
}

func tests(_ name: String, _ below: [String]) -> Target {
    .testTarget(name: name, dependencies: below.map { .init(stringLiteral: $0) }, swiftSettings: swift)
}

let package = Package(
    name: "cloister",
    products: [
        .executable(name: "cloister", targets: ["cloister"]),
        .executable(name: "cloister-sentry", targets: ["cloister-sentry"]),
        .executable(name: "cloister-gofer", targets: ["cloister-gofer"]),
        .executable(name: "containerd-shim-cloister-v2", targets: ["containerd-shim-cloister-v2"]),
        // For shims of other runtimes; Integration/examples has one.
        .library(name: "ContainerdShim", targets: ["Shim"]),
    ],
    targets: [
        // Programs: main files only.
        program("cloister", ["Runtime", "Cgroups", "HostOS", "LinuxABI"]),
        program("cloister-sentry", ["Sentry"]),
        program("cloister-gofer", ["Gofer"]),
        program("containerd-shim-cloister-v2", ["Shim"]),
        .executableTarget(name: "containerd-shim-example-v1", dependencies: ["Shim", "Runtime", "HostOS"],
                          path: "Integration/examples/containerd-shim-example-v1", swiftSettings: swift),

        // On the host's side of a pod.
        module("Shim", ["Runtime", "Messages", "TTRPC", "Cgroups", "HostOS", "LinuxABI"]),
        module("Runtime", ["Messages", "TTRPC", "Cgroups", "Confinement", "HostOS", "LinuxABI"]),
        module("Cgroups", ["DBus", "HostOS", "LinuxABI"]),
        module("DBus", ["HostOS", "LinuxABI"]),
        module("Confinement", ["HostOS", "LinuxABI"], exclude: ["README.md"]),
        module("TTRPC", ["Messages", "HostOS", "LinuxABI"]),
        module("Messages", ["CMessages"]),
        .target(name: "CMessages", exclude: [], cSettings: [.define("_GNU_SOURCE")],
                linkerSettings: [.linkedLibrary("protobuf-c")]),

        // The file process.
        module("Gofer", ["GoferProtocol", "Confinement", "HostOS", "LinuxABI"]),
        module("GoferProtocol", ["HostOS", "LinuxABI"]),

        // The kernel process, from the top down.
        module("Sentry", ["SystemCalls", "Introspection", "Sockets", "Loader", "Kernel", "FileSystems", "VFS",
                          "Memory", "Platform", "Ptrace", "Systrap", "Confinement", "Messages", "TTRPC", "GoferProtocol",
                          "HostOS", "LinuxABI"]),
        module("SystemCalls", ["Sockets", "Loader", "Kernel", "FileSystems", "VFS", "Memory", "Platform",
                               "Waiting", "Identity", "HostOS", "LinuxABI"]),
        module("Introspection", ["Kernel", "FileSystems", "VFS", "Memory", "Platform", "Waiting", "Identity",
                                 "HostOS", "LinuxABI"]),
        module("Sockets", ["Kernel", "VFS", "Memory", "Waiting", "Identity", "HostOS", "LinuxABI"]),
        module("Loader", ["Kernel", "VFS", "Memory", "Platform", "Waiting", "Identity", "HostOS", "LinuxABI"]),
        module("Kernel", ["VFS", "Memory", "Platform", "Waiting", "Identity", "HostOS", "LinuxABI"]),
        module("FileSystems", ["VFS", "Memory", "GoferProtocol", "Waiting", "Identity", "HostOS", "LinuxABI"]),
        module("VFS", ["Memory", "Waiting", "Identity", "HostOS", "LinuxABI"]),
        module("Memory", ["HostOS", "LinuxABI"]),
        module("Ptrace", ["Stubs", "Platform", "Memory", "HostOS", "LinuxABI"]),
        module("Systrap", ["Stubs", "Platform", "Memory", "HostOS", "LinuxABI", "CHostOS", "CStub"]),
        module("Stubs", ["Platform", "Memory", "HostOS", "LinuxABI", "CStub"], exclude: ["README.md"]),
        module("Platform", ["Memory", "HostOS", "LinuxABI"]),
        cModule("CStub", flags: [
            "-O2", "-mgeneral-regs-only", "-mno-red-zone", "-fno-stack-protector", "-fno-jump-tables", "-fno-builtin",
            "-fcf-protection=none", "-fno-asynchronous-unwind-tables", "-fvisibility=default", "-fno-sanitize=all",
        ]),

        // The ground.
        module("Waiting", ["HostOS", "LinuxABI"]),
        module("Identity", ["HostOS", "LinuxABI"]),
        module("HostOS", ["LinuxABI", "CHostOS"]),
        module("LinuxABI"),
        cModule("CHostOS"),

        tests("WaitingTests", ["Waiting", "HostOS", "LinuxABI"]),
        tests("SocketsTests", ["Sockets", "FileSystems", "VFS", "Memory", "Waiting", "Identity", "HostOS", "LinuxABI"]),
        tests("VFSTests", ["FileSystems", "VFS", "Memory", "Waiting", "Identity", "HostOS", "LinuxABI"]),
        tests("IntrospectionTests", ["Introspection", "FileSystems", "HostOS", "LinuxABI"]),
        tests("TerminalTests", ["FileSystems", "VFS", "Memory", "Waiting", "Identity", "HostOS", "LinuxABI"]),
        tests("RuntimeTests", ["Runtime", "Messages", "Cgroups", "HostOS", "LinuxABI"]),
        tests("CgroupsTests", ["Cgroups", "DBus", "HostOS", "LinuxABI"]),
        tests("DBusTests", ["DBus", "HostOS", "LinuxABI"]),
        tests("HostOSTests", ["HostOS", "LinuxABI"]),
        tests("GoferTests", ["Gofer", "GoferProtocol", "FileSystems", "VFS", "Memory", "Identity", "HostOS", "LinuxABI"]),
        tests("MessagesTests", ["Messages"]),
        tests("ConfinementTests", ["Confinement", "HostOS", "LinuxABI"]),
        tests("ShimTests", ["Shim", "Runtime", "Cgroups", "Messages", "TTRPC", "HostOS", "LinuxABI"]),
        tests("TTRPCTests", ["TTRPC", "Messages", "HostOS", "LinuxABI"]),
        tests("KernelTests", ["Kernel", "FileSystems", "VFS", "Memory", "Platform", "Waiting", "Identity", "HostOS", "LinuxABI"]),
        tests("LoaderTests", ["Loader", "Kernel", "LinuxABI", "HostOS"]),
        .executableTarget(name: "guest-run",
                          dependencies: ["SystemCalls", "Introspection", "Loader", "Kernel", "FileSystems", "VFS", "Ptrace", "Systrap",
                                         "Platform", "GoferProtocol", "Waiting", "Identity", "HostOS", "LinuxABI"],
                          path: "Tests/GuestRun", swiftSettings: swift),
        // Measures what calls cost inside of the Sentry: Integration/perf/instructions/run.
        .executableTarget(name: "sentry-instructions",
                          dependencies: ["SystemCalls", "Kernel", "FileSystems", "VFS", "Memory", "Platform", "GoferProtocol",
                                         "Waiting", "Identity", "HostOS", "LinuxABI", "CMarks"],
                          path: "Integration/perf/instructions/Harness", swiftSettings: swift),
        .target(name: "CMarks", path: "Integration/perf/instructions/CMarks"),
        tests("PlatformTests", ["Systrap", "Stubs", "CStub", "Ptrace", "Platform", "Memory", "HostOS", "LinuxABI"]),
    ]
)

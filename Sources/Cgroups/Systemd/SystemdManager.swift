import DBus
import HostOS
import LinuxABI

/// systemd's manager, as its D-Bus interface has it (org.freedesktop.systemd1(5)).
struct SystemdManager {
    private static let name = "org.freedesktop.systemd1", path = "/org/freedesktop/systemd1", interface = "org.freedesktop.systemd1.Manager"
    private let bus: DBusConnection

    /// Whether systemd is this machine's manager (sd_booted(3)).
    static var isRunning: Bool { HostFD.currentDirectory.exists("/run/systemd/system") }

    /// Asks the manager itself, or by the system's bus where its own socket is not to be had.
    ///
    /// - Parameter patience: milliseconds that an answer may take.
    static func connect(patience: Int32 = 25_000) throws(CgroupError) -> SystemdManager {
        if !isRunning { throw CgroupError(message: "systemd: it does not run on this machine", errno: .EOPNOTSUPP) }
        let own = "/run/systemd/private", system = "/run/dbus/system_bus_socket"
        var failed = Errno.ENOENT
        for (path, isDirect) in [(own, true), (system, false)] {
            let socket: HostFD
            do throws(Errno) { socket = try HostFD.connect(to: .path(path)) } catch {
                failed = error
                continue
            }
            return try SystemdManager(owning: socket, isDirect: isDirect, patience: patience)
        }
        throw CgroupError(message: "systemd: neither \(own) nor \(system) answers: error \(failed.rawValue)", errno: failed)
    }

    /// - Parameters:
    ///   - socket: connected; closed with this object.
    ///   - isDirect: to the manager itself; else to a bus.
    ///   - patience: milliseconds that an answer may take.
    init(owning socket: HostFD, isDirect: Bool, patience: Int32) throws(CgroupError) {
        do throws(DBusError) {
            bus = try DBusConnection(owning: socket, patience: patience)
            if isDirect { return }
            _ = try bus.call("Hello", of: "org.freedesktop.DBus", at: "/org/freedesktop/DBus", destination: "org.freedesktop.DBus")
            let rule = "type='signal',sender='\(Self.name)',interface='\(Self.interface)',member='JobRemoved'"
            _ = try bus.call("AddMatch", of: "org.freedesktop.DBus", at: "/org/freedesktop/DBus", destination: "org.freedesktop.DBus",
                             [.string(rule)])
            _ = try ask("Subscribe", [])
        } catch { throw CgroupError(message: "systemd: \(error.message)", errno: .EIO) }
    }

    /// Makes a scope around processes, or a slice; returns when its control group is there and they are in it.
    func start(_ unit: SystemdUnit, _ properties: UnitProperties, processes: [Int32]) throws(CgroupError) {
        var all: UnitProperties = [("Description", .string("Cloister \(unit.name)")), ("DefaultDependencies", .boolean(false)),
                                   // Units that failed (an OOM is enough) would stay, and their names with them.
                                   ("CollectMode", .string("inactive-or-failed"))]
        if unit.isSlice {
            all.append(("Wants", .array(of: "s", [.string(unit.slice)])))
        } else {
            all.append(("Slice", .string(unit.slice)))
            all.append(("Delegate", .boolean(true)))
            all.append(("PIDs", .array(of: "u", processes.map { .uint32(UInt32(bitPattern: $0)) })))
        }
        for kind in ["CPU", "Memory", "Tasks", "IO"] { all.append(("\(kind)Accounting", .boolean(true))) }
        all += properties
        let arguments: [DBusValue] = [.string(unit.name), .string("replace"), Self.encode(all), .array(of: "(sa(sv))", [])]
        do throws(DBusError) {
            do throws(DBusError) {
                try run("StartTransientUnit", arguments, unit)
            } catch {
                guard error.name.hasSuffix(".UnitExists") else { throw error }
                // It may be one that has failed and waits for somebody to look at it.
                _ = try? ask("ResetFailedUnit", [.string(unit.name)])
                try run("StartTransientUnit", arguments, unit)
            }
        } catch {
            if error.name.hasSuffix(".UnitExists") {
                throw CgroupError(message: "systemd: there is a unit \(unit.name) already", errno: .EEXIST)
            }
            throw Self.failure("starting", unit, error)
        }
    }

    /// Ends the unit and what is left in it; returns when it is gone. One that is gone is no error.
    func stop(_ unit: SystemdUnit) throws(CgroupError) {
        do throws(DBusError) { try run("StopUnit", [.string(unit.name), .string("replace")], unit) } catch {
            if error.name.hasSuffix(".NoSuchUnit") { return }
            throw Self.failure("stopping", unit, error)
        }
    }

    /// Changes a unit until it ends.
    func set(_ properties: UnitProperties, of unit: SystemdUnit) throws(CgroupError) {
        if properties.isEmpty { return }
        do throws(DBusError) {
            _ = try ask("SetUnitProperties", [.string(unit.name), .boolean(true), Self.encode(properties)])
        } catch { throw Self.failure("changing", unit, error) }
    }

    /// Calls a method that makes a job, and waits until that is done.
    private func run(_ method: String, _ arguments: [DBusValue], _ unit: SystemdUnit) throws(DBusError) {
        guard let job = try ask(method, arguments).first?.text else { throw DBusError("\(method) did not answer with a job") }
        var result = ""
        _ = try bus.signal { message in
            // u id, o job, s unit, s result
            guard message.member == "JobRemoved", message.interface == Self.interface, let values = try? message.values(),
                  values.count == 4, values[1].text == job else { return false }
            result = values[3].text ?? ""
            return true
        }
        // A unit that ends by itself takes the job that would have ended it along.
        if result != "done" && !(method == "StopUnit" && result == "canceled") {
            throw DBusError("its job ended as \"\(result)\"; systemctl status \(unit.name) may say why")
        }
    }

    private func ask(_ method: String, _ arguments: [DBusValue]) throws(DBusError) -> [DBusValue] {
        try bus.call(method, of: Self.interface, at: Self.path, destination: Self.name, arguments)
    }

    private static func encode(_ properties: UnitProperties) -> DBusValue {
        .array(of: "(sv)", properties.map { .structure([.string($0.name), .variant($0.value)]) })
    }

    private static func failure(_ what: String, _ unit: SystemdUnit, _ error: DBusError) -> CgroupError {
        let errno: Errno = switch error.name.split(separator: ".").last ?? "" {
        case "AccessDenied", "InteractiveAuthorizationRequired": .EACCES
        case "InvalidArgs", "PropertyReadOnly", "UnknownProperty": .EINVAL
        case "NoSuchUnit": .ENOENT
        default: .EIO
        }
        return CgroupError(message: "systemd: \(what) \(unit.name): \(error.message)", errno: errno)
    }
}

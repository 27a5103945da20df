// Generated from Protos/runc_options.proto by Protos/generate. Do not edit.
import CMessages

/// Options in the form that runc's shim takes; containerd sends them to other shims too in some cases.
public enum RuncOptions {
    public struct Options: Message, Equatable {
        public var noPivotRoot: Bool = false
        public var noNewKeyring: Bool = false
        public var shimCgroup: String = ""
        /// Owner of the pipes for the standard streams.
        public var ioUID: UInt32 = 0
        public var ioGID: UInt32 = 0
        public var binaryName: String = ""
        public var root: String = ""
        public var systemdCgroup: Bool = false
        public var criuImagePath: String = ""
        public var criuWorkPath: String = ""
        public var taskApiAddress: String = ""
        public var taskApiVersion: UInt32 = 0

        public init() {}

        public init(noPivotRoot: Bool = false, noNewKeyring: Bool = false, shimCgroup: String = "", ioUID: UInt32 = 0, ioGID: UInt32 = 0, binaryName: String = "", root: String = "", systemdCgroup: Bool = false, criuImagePath: String = "", criuWorkPath: String = "", taskApiAddress: String = "", taskApiVersion: UInt32 = 0) {
            self.noPivotRoot = noPivotRoot
            self.noNewKeyring = noNewKeyring
            self.shimCgroup = shimCgroup
            self.ioUID = ioUID
            self.ioGID = ioGID
            self.binaryName = binaryName
            self.root = root
            self.systemdCgroup = systemdCgroup
            self.criuImagePath = criuImagePath
            self.criuWorkPath = criuWorkPath
            self.taskApiAddress = taskApiAddress
            self.taskApiVersion = taskApiVersion
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    public struct CheckpointOptions: Message, Equatable {
        public var exit: Bool = false
        public var openTcp: Bool = false
        public var externalUnixSockets: Bool = false
        public var terminal: Bool = false
        public var fileLocks: Bool = false
        public var emptyNamespaces: [String] = []
        public var cgroupsMode: String = ""
        public var imagePath: String = ""
        public var workPath: String = ""

        public init() {}

        public init(exit: Bool = false, openTcp: Bool = false, externalUnixSockets: Bool = false, terminal: Bool = false, fileLocks: Bool = false, emptyNamespaces: [String] = [], cgroupsMode: String = "", imagePath: String = "", workPath: String = "") {
            self.exit = exit
            self.openTcp = openTcp
            self.externalUnixSockets = externalUnixSockets
            self.terminal = terminal
            self.fileLocks = fileLocks
            self.emptyNamespaces = emptyNamespaces
            self.cgroupsMode = cgroupsMode
            self.imagePath = imagePath
            self.workPath = workPath
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }

    /// Of a process that Exec started.
    public struct ProcessDetails: Message, Equatable {
        public var execID: String = ""

        public init() {}

        public init(execID: String = "") {
            self.execID = execID
        }

        public static func decode(_ bytes: [UInt8]) throws(MessageError) -> Self { unsafe try decoded(bytes) }
        public func encode() throws(MessageError) -> [UInt8] { unsafe try encoded() }
    }
}

extension RuncOptions.Options: @unsafe CBacked {
    init(reading c: Containerd__Runc__V1__Options) {
        noPivotRoot = unsafe c.no_pivot_root != 0
        noNewKeyring = unsafe c.no_new_keyring != 0
        shimCgroup = unsafe CTree.text(c.shim_cgroup)
        ioUID = unsafe c.io_uid
        ioGID = unsafe c.io_gid
        binaryName = unsafe CTree.text(c.binary_name)
        root = unsafe CTree.text(c.root)
        systemdCgroup = unsafe c.systemd_cgroup != 0
        criuImagePath = unsafe CTree.text(c.criu_image_path)
        criuWorkPath = unsafe CTree.text(c.criu_work_path)
        taskApiAddress = unsafe CTree.text(c.task_api_address)
        taskApiVersion = unsafe c.task_api_version
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runc__V1__Options>) { unsafe containerd__runc__v1__options__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runc__V1__Options>, _ tree: CTree) {
        unsafe c.pointee.no_pivot_root = noPivotRoot ? 1 : 0
        unsafe c.pointee.no_new_keyring = noNewKeyring ? 1 : 0
        unsafe c.pointee.shim_cgroup = tree.text(shimCgroup)
        unsafe c.pointee.io_uid = ioUID
        unsafe c.pointee.io_gid = ioGID
        unsafe c.pointee.binary_name = tree.text(binaryName)
        unsafe c.pointee.root = tree.text(root)
        unsafe c.pointee.systemd_cgroup = systemdCgroup ? 1 : 0
        unsafe c.pointee.criu_image_path = tree.text(criuImagePath)
        unsafe c.pointee.criu_work_path = tree.text(criuWorkPath)
        unsafe c.pointee.task_api_address = tree.text(taskApiAddress)
        unsafe c.pointee.task_api_version = taskApiVersion
    }
}

extension RuncOptions.CheckpointOptions: @unsafe CBacked {
    init(reading c: Containerd__Runc__V1__CheckpointOptions) {
        exit = unsafe c.exit != 0
        openTcp = unsafe c.open_tcp != 0
        externalUnixSockets = unsafe c.external_unix_sockets != 0
        terminal = unsafe c.terminal != 0
        fileLocks = unsafe c.file_locks != 0
        emptyNamespaces = unsafe CTree.texts(c.n_empty_namespaces, c.empty_namespaces)
        cgroupsMode = unsafe CTree.text(c.cgroups_mode)
        imagePath = unsafe CTree.text(c.image_path)
        workPath = unsafe CTree.text(c.work_path)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runc__V1__CheckpointOptions>) { unsafe containerd__runc__v1__checkpoint_options__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runc__V1__CheckpointOptions>, _ tree: CTree) {
        unsafe c.pointee.exit = exit ? 1 : 0
        unsafe c.pointee.open_tcp = openTcp ? 1 : 0
        unsafe c.pointee.external_unix_sockets = externalUnixSockets ? 1 : 0
        unsafe c.pointee.terminal = terminal ? 1 : 0
        unsafe c.pointee.file_locks = fileLocks ? 1 : 0
        unsafe (c.pointee.n_empty_namespaces, c.pointee.empty_namespaces) = tree.texts(emptyNamespaces)
        unsafe c.pointee.cgroups_mode = tree.text(cgroupsMode)
        unsafe c.pointee.image_path = tree.text(imagePath)
        unsafe c.pointee.work_path = tree.text(workPath)
    }
}

extension RuncOptions.ProcessDetails: @unsafe CBacked {
    init(reading c: Containerd__Runc__V1__ProcessDetails) {
        execID = unsafe CTree.text(c.exec_id)
    }

    static func prepare(_ c: UnsafeMutablePointer<Containerd__Runc__V1__ProcessDetails>) { unsafe containerd__runc__v1__process_details__init(c) }

    func write(to c: UnsafeMutablePointer<Containerd__Runc__V1__ProcessDetails>, _ tree: CTree) {
        unsafe c.pointee.exec_id = tree.text(execID)
    }
}

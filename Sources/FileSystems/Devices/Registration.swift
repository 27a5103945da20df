import VFS

extension VirtualFileSystem {
    /// Makes known what this module has that needs nothing of the host: tmpfs, devtmpfs, the devices of major 1, FIFOs.
    public func registerMemoryFileSystems() {
        register(TmpfsType())
        register(DevtmpfsType())
        MemoryDevices.register(in: self)
        registerFIFOs(FIFODriver())
    }
}

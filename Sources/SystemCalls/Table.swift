import Kernel

extension SystemCallTable {
    /// Linux's calls on x86-64, as far as this kernel has them. A number without a handler is ENOSYS.
    public static func linux() -> SystemCallTable {
        var table = SystemCallTable()
        registerFileFamilies(&table)
        registerProcessFamilies(&table)
        registerCommunicationFamilies(&table)
        return table
    }
}

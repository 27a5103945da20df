import Identity
import Kernel
import LinuxABI
import Memory

/// Calls that only whoever runs the machine may make, and calls that this kernel does not have on purpose.
func registerAdministrativeCalls(_ table: inout SystemCallTable) {
    // Refused even to the container's root: the host's modules, swap, ports and clocks are not its own.
    for call: SystemCallNumber in [.swapon, .swapoff, .reboot, .iopl, .ioperm, .create_module, .init_module,
                                   .delete_module, .lookup_dcookie, .kexec_load, .finit_module, .kexec_file_load, .acct,
                                   .vhangup, .bpf, .quotactl, .quotactl_fd] {
        refuse(&table, call, .EPERM)
    }
    for call: SystemCallNumber in [.get_kernel_syms, .query_module, .nfsservctl, .getpmsg, .putpmsg, .afs_syscall,
                                   .tuxcall, .security, .vserver, .io_uring_setup, .io_uring_enter, .io_uring_register,
                                   .rseq, .userfaultfd, .fanotify_init, .fanotify_mark, .epoll_ctl_old,
                                   .epoll_wait_old, .set_thread_area, .get_thread_area, .remap_file_pages, ._sysctl,
                                   .uselib, .sysfs, .ustat] {
        refuse(&table, call, .ENOSYS)
    }
    refuse(&table, .perf_event_open, .ENODEV)
    // Landlock is not built in: what its users look for.
    for call: SystemCallNumber in [.landlock_create_ruleset, .landlock_add_rule, .landlock_restrict_self] {
        refuse(&table, call, .EOPNOTSUPP)
    }
    // Keyrings: none may be had, as under a container runtime's usual filter.
    for call: SystemCallNumber in [.add_key, .request_key, .keyctl] {
        refuse(&table, call, .EPERM)
    }
}

/// Lets `call` answer `error`, unless a family that has it was registered before.
private func refuse(_ table: inout SystemCallTable, _ call: SystemCallNumber, _ error: Errno) {
    if table[call] == nil { table[call] = { (_, _) throws(Errno) in throw error } }
}

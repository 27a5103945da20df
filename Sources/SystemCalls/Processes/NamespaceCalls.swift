import Identity
import Kernel
import LinuxABI
import VFS

func registerNamespaces(_ table: inout SystemCallTable) {
    table[.unshare] = { (task, a) throws(Errno) in
        try task.unshare(CloneFlags(rawValue: a.first))
        return 0
    }
    table[.setns] = setNamespace
}

private func setNamespace(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try task.files.file(a.int(0))
    let wanted = CloneFlags(rawValue: UInt64(a.uint(1)))
    if let process = file as? ProcessDescriptor {
        if wanted.isEmpty || !wanted.isSubset(of: .namespaces) { throw .EINVAL }
        guard let target = process.group.liveTasks.first else { throw .ESRCH }
        if !task.mayAccess(target) { throw .EPERM }
        try enter(task, target.namespacesSeenByOthers, wanted)
        return 0
    }
    guard let namespace = (file as? NamespaceFile)?.namespace else { throw .EINVAL }
    let (kind, target) = namespace.entered(from: task.namespacesSeenByOthers)
    if !wanted.isEmpty, wanted != kind { throw .EINVAL }
    try enter(task, target, kind)
    return 0
}

extension AnyNamespace {
    /// Its CLONE_NEW* flag, and `set` with it in place of its own.
    fileprivate func entered(from set: NamespaceSet) -> (CloneFlags, NamespaceSet) {
        switch self {
        case .cgroup: (.CLONE_NEWCGROUP, set)
        case .ipc(let ipc): (.CLONE_NEWIPC, set.with(ipc: ipc))
        case .mount: (.CLONE_NEWNS, set)
        case .network(let network): (.CLONE_NEWNET, set.with(network: network))
        case .pid(let pid): (.CLONE_NEWPID, set.with(pidForChildren: pid))
        case .time: (.CLONE_NEWTIME, set)
        case .user: (.CLONE_NEWUSER, set)
        case .uts(let uts): (.CLONE_NEWUTS, set.with(uts: uts))
        }
    }
}

/// Enters those namespaces of `target` that `kinds` name.
private func enter(_ task: Task, _ target: NamespaceSet, _ kinds: CloneFlags) throws(Errno) {
    // Mount and user namespaces are no part of the set, and cannot be entered yet.
    if !kinds.isDisjoint(with: [.CLONE_NEWNS, .CLONE_NEWUSER, .CLONE_NEWTIME, .CLONE_NEWCGROUP]) { throw .EINVAL }
    let c = task.credentials
    func check(_ owner: UserNamespace) throws(Errno) {
        if !c.has(.CAP_SYS_ADMIN, in: owner) || !c.has(.CAP_SYS_ADMIN, in: c.userNamespace) { throw .EPERM }
    }
    var new = task.namespacesSeenByOthers
    if kinds.contains(.CLONE_NEWUTS) {
        try check(target.uts.userNamespace)
        new = new.with(uts: target.uts)
    }
    if kinds.contains(.CLONE_NEWIPC) {
        try check(target.ipc.userNamespace)
        new = new.with(ipc: target.ipc)
    }
    if kinds.contains(.CLONE_NEWNET) {
        try check(target.network.userNamespace)
        new = new.with(network: target.network)
    }
    if kinds.contains(.CLONE_NEWPID) {
        try check(target.pidForChildren.userNamespace)
        if !task.pidNamespace.contains(target.pidForChildren) { throw .EINVAL }
        new = new.with(pidForChildren: target.pidForChildren)
    }
    task.setNamespaces(new)
}

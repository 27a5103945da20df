import Kernel
import LinuxABI
import Loader
import Memory
import VFS

func registerExec(_ table: inout SystemCallTable) {
    table[.execve] = { (task, a) throws(Errno) in
        let name = try task.memory.loadCString(a.address(0), limit: 4096)
        let strings = try loadStrings(task, a.address(1), a.address(2))
        try task.execute(ExecRequest(fileName: name, path: try task.resolve(name), strings: strings))
        return 0
    }
    table[.execveat] = executeAt
}

private let AT_EMPTY_PATH: Int32 = 0x1000
private let AT_SYMLINK_NOFOLLOW: Int32 = 0x100

private func executeAt(_ task: Task, _ a: SystemCallArguments) throws(Errno) -> UInt64 {
    let (dirfd, flags) = (a.int(0), a.int(4))
    if flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0 { throw .EINVAL }
    let name = try task.memory.loadCString(a.address(1), limit: 4096)
    let strings = try loadStrings(task, a.address(2), a.address(3))
    var walk: WalkFlags = flags & AT_SYMLINK_NOFOLLOW == 0 ? [.follow] : []
    if flags & AT_EMPTY_PATH != 0 { walk.insert(.emptyPath) }
    let path = try task.resolve(name, at: dirfd, walk)
    var request = ExecRequest(fileName: name, path: path, strings: strings)
    if name.first != 0x2f, dirfd != Caller.currentDirectory {
        request.fileName = Array("/dev/fd/\(dirfd)".utf8) + (name.isEmpty ? [] : [0x2f] + name)
        request.isInaccessible = try task.files.closesOnExec(dirfd)
    }
    try task.execute(request)
    return 0
}

private func loadStrings(_ task: Task, _ arguments: GuestAddress, _ environment: GuestAddress) throws(Errno) -> ProgramStrings {
    ProgramStrings(arguments: try loadStringArray(task, arguments), environment: try loadStringArray(task, environment))
}

/// An array of strings that ends with a null pointer; no array at all is an empty one.
private func loadStringArray(_ task: Task, _ address: GuestAddress) throws(Errno) -> [[UInt8]] {
    if address.isNull { return [] }
    var pointers = PagewiseReader(task.memory), texts = pointers
    var strings: [[UInt8]] = []
    var total = 0
    var at = address
    while true {
        let pointer = try pointers.word(at: at)
        if pointer == 0 { return strings }
        let string = try texts.string(at: GuestAddress(pointer), limit: ProgramStrings.maximumLength, tooLong: .E2BIG)
        total += string.count + 9
        // 6 MiB is the most that any stack limit allows.
        if total > 6 << 20 { throw .E2BIG }
        strings.append(string)
        at = at + UInt64(8)
    }
}

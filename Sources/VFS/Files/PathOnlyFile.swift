import LinuxABI

/// What O_PATH opens: a place, nothing more. Calls that use a file's contents answer EBADF before they get here.
public final class PathOnlyFile: OpenFile, @unchecked Sendable {
    public override init(path: Path, flags: OpenFlags) {
        super.init(path: path, flags: flags.intersection([.O_PATH, .O_DIRECTORY, .O_NOFOLLOW]).union(.O_PATH))
    }
}

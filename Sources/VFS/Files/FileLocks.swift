public final class FileLocks: @unchecked Sendable {}

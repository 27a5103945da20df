import HostOS
import LinuxABI

struct WeakEpoll {
    weak var epoll: EpollFile?
}

/// Epolls that watch epolls: never in a circle, and never so deep that telling of an event would need much stack.
enum EpollNesting {
    /// Guards all epolls' `watchers`, and keeps the graph as it is while a new edge is checked. Above an epoll's lock.
    private static let lock = Lock()
    /// Linux's EP_MAX_NESTS.
    private static var maximumDepth: Int { 4 }

    /// Lets `outer` watch `inner`.
    ///
    /// - Throws: ELOOP.
    static func join(outer: EpollFile, inner: EpollFile) throws(Errno) {
        try lock.withLock { () throws(Errno) in
            let below = try height(of: inner, avoiding: outer, { $0.innerEpolls })
            let above = try height(of: outer, avoiding: inner, { $0.watchers.compactMap(\.epoll) })
            if below + above + 1 > maximumDepth { throw .ELOOP }
            inner.watchers.removeAll { $0.epoll == nil }
            inner.watchers.append(WeakEpoll(epoll: outer))
        }
    }

    static func leave(outer: EpollFile, inner: EpollFile) {
        lock.withLock {
            if let index = inner.watchers.firstIndex(where: { $0.epoll === outer }) { inner.watchers.remove(at: index) }
        }
    }

    /// How many levels of epolls follow `start`, level by level.
    private static func height(of start: EpollFile, avoiding: EpollFile,
                               _ next: (EpollFile) -> [EpollFile]) throws(Errno) -> Int {
        var level = [start]
        var height = 0
        while true {
            var following: [ObjectIdentifier: EpollFile] = [:]
            for epoll in level {
                if epoll === avoiding { throw .ELOOP }
                for other in next(epoll) { following[ObjectIdentifier(other)] = other }
            }
            if following.isEmpty { return height }
            height += 1
            if height > maximumDepth { throw .ELOOP }
            level = Array(following.values)
        }
    }
}

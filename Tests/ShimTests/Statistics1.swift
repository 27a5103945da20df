import Cgroups

enum Statistics1 {
    static func make(_ version: Hierarchies.Version) -> Statistics {
        var statistics = Statistics(version: version)
        statistics.cpu.usage = 3000
        return statistics
    }
}

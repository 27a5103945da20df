@testable import Systrap
import Testing

struct DemotionTests {
    /// Makes `turns` turns of which each takes what `cost` says, and a scatter above that.
    private func turn(_ demotion: inout Demotion, _ turns: Int, _ cost: (Bool) -> UInt64) {
        var now: UInt64 = 1 << 40
        for i in 0..<turns {
            now += cost(demotion.isOn) + UInt64(i % 7 == 0 ? 0 : i % 5 * 400)
            _ = demotion.compare(afterTurnAt: now)
        }
    }

    @Test func itEndsWhenProcessorsShareACache() {
        var demotion = Demotion()
        turn(&demotion, 300) { $0 ? 700 : 340 }
        #expect(!demotion.isOn)
    }

    @Test func itStaysBetweenCores() {
        var demotion = Demotion()
        turn(&demotion, 300) { $0 ? 700 : 1200 }
        #expect(demotion.isOn)
    }

    @Test func whatIsAsFastStays() {
        var demotion = Demotion()
        for _ in 0..<5 {
            turn(&demotion, 5000) { _ in 700 }
            turn(&demotion, 300) { _ in 700 }
        }
        #expect(demotion.isOn)
    }

    @Test func itComesBackWhenAProcessorMoves() {
        var demotion = Demotion()
        turn(&demotion, 300) { $0 ? 700 : 340 }
        turn(&demotion, 5000) { $0 ? 700 : 1200 }
        #expect(demotion.isOn)
    }
}

import Statistics
import Synchronization
import Testing

@testable import FeatureDetection

@Suite struct RangeScheduleTests {
    /// Whatever the ranges of the schedule are, and whether or not they end between the parts of an element.
    @Test(arguments: 0..<50) func finerRangesCoverEveryElementOnce(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = Int(generator.uniform() * 300)
        let (grain, factor) = (1 + Int(generator.uniform() * 40), 1 + Int(generator.uniform() * 9))
        let seen = Mutex(Array(repeating: 0, count: count))
        let longest = Mutex(0)
        concurrentSchedule(workers: 3, grain: grain).finer(factor).run(count) { range in
            seen.withLock { for element in range { $0[element] += 1 } }
            longest.withLock { $0 = max($0, range.count) }
        }
        #expect(seen.withLock { $0.allSatisfy { $0 == 1 } }, "seed \(seed)")
        #expect(longest.withLock { $0 } <= (grain + factor - 1) / factor, "seed \(seed)")
    }
}

import Statistics
import Testing

@testable import FeatureDetection

@Suite struct AscendingOrderTests {
    @Test(arguments: [0, 1, 2, 100, 255, 256, 5_000]) func `keys ascend and equal ones keep their order`(count: Int) {
        for seed in UInt64(1)...6 {
            var generator = SeededGenerator(seed: seed)
            // Few different keys for half of the seeds, of both signs and many magnitudes for all.
            let keys = (0..<count).map { _ -> Double in
                let value = generator.uniform() - 0.5
                return seed % 2 == 0
                    ? (8 * value).rounded() + 0.0 : value * [1e-300, 1, 1e6, 1e300][generator.integer(below: 4)]
            }
            let expected = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
            #expect(ascendingOrder(of: keys).map { Int($0) } == expected, "seed \(seed)")
        }
    }

    @Test func `keys that differ in their last bits are told apart`() {
        var generator = SeededGenerator(seed: 4)
        let keys = (0..<2_000).map { _ in
            Double(generator.integer(below: 3) - 1) * (1 + Double(generator.integer(below: 50)) * 0x1p-52)
        }
        let expected = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
        #expect(ascendingOrder(of: keys).map { Int($0) } == expected)
    }

    @Test func `equal keys go by the second key, then by place`() {
        var generator = SeededGenerator(seed: 8)
        let keys = (0..<600).map { _ in Double(generator.integer(below: 40)) }
        let seconds = (0..<600).map { _ in Double(generator.integer(below: 5)) }
        let expected = keys.indices.sorted { (keys[$0], seconds[$0], $0) < (keys[$1], seconds[$1], $1) }
        // Pieces that begin and end within ties.
        let pieces = RangeSchedule(workers: 1) { count, body in
            for start in stride(from: 0, to: count, by: 7) { body(start..<min(start + 7, count)) }
        }
        for schedule in [.serial, pieces] {
            #expect(ascendingOrder(of: keys, schedule: schedule) { seconds[$0] }.map { Int($0) } == expected)
        }
    }

    /// Blocks of elements that several threads count and place, at the edges of blocks and with ties across them.
    @Test(arguments: [65_535, 65_537, 100_000, 150_001]) func `many keys are sorted together as alone`(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let keys = (0..<count).map { _ -> Double in
            generator.integer(below: 4) == 0 ? Double(generator.integer(below: 9)) : 1e3 * generator.uniform()
        }
        let seconds = (0..<count).map { _ in Double(generator.integer(below: 3)) }
        let expected = keys.indices.sorted { (keys[$0], seconds[$0], $0) < (keys[$1], seconds[$1], $1) }
        for schedule in [
            .serial, concurrentSchedule(workers: 2, grain: 256), concurrentSchedule(workers: 4, grain: 10_007),
            concurrentSchedule(workers: 3, grain: 1 << 14), concurrentSchedule(workers: 2, grain: count),
        ] {
            #expect(ascendingOrder(of: keys, schedule: schedule) { seconds[$0] }.map { Int($0) } == expected)
        }
    }

    @Test func `every number has its place`() {
        let keys: [Double] = [.nan, 1, .infinity, -.infinity, 0, -1, -0.0, .leastNonzeroMagnitude]
        for repeats in [1, 100] {
            let many = Array(repeating: keys, count: repeats).flatMap { $0 }
            let sorted = ascendingOrder(of: many).map { many[Int($0)] }
            #expect(sorted.first == -.infinity && sorted.last?.isNaN == true)
            #expect(Array(sorted.dropLast(repeats)) == many.filter { !$0.isNaN }.sorted())
        }
    }
}

import Statistics
import Testing

@testable import OutOfCore

@Suite struct MemoryPoolTests {
    private func pool(initial: Int = 1 << 20, maximum: Int = 10 << 20, factor: Double = 2) -> MemoryPool {
        MemoryPool("spectra", MemoryPool.Rules(initialBytes: initial, maximumBytes: maximum, growthFactor: factor))
    }

    @Test func growsByItsFactorUpToItsMaximum() {
        let pool = pool()
        #expect(pool.take(1 << 20))
        #expect(pool.counts.capacityBytes == 1 << 20 && pool.counts.growths == 0)
        #expect(pool.take(1))
        #expect(pool.counts.capacityBytes == 2 << 20 && pool.counts.growths == 1)
        #expect(pool.take(7 << 20))
        #expect(
            pool.counts.capacityBytes == 10 << 20, "8 MiB and a byte need four times 2 MiB and more, and 10 is the most"
        )
        #expect(!pool.take(3 << 20))
        #expect(pool.counts.refusals == 1 && pool.usedBytes == 8 << 20 + 1)
    }

    @Test func aSmallFactorGrowsInMoreSteps() {
        let (small, large) = (pool(factor: 1.1), pool(factor: 4))
        #expect(small.take(9 << 20) && large.take(9 << 20))
        #expect(small.counts.growths > 3 * large.counts.growths)
    }

    @Test func shrinksToWhatIsUsed() {
        let pool = pool()
        #expect(pool.take(8 << 20))
        pool.give(6 << 20)
        pool.shrink()
        #expect(pool.counts.capacityBytes == 2 << 20 && pool.counts.shrinks == 1)
        pool.give(2 << 20)
        pool.shrink()
        #expect(pool.counts.capacityBytes == 1 << 20)
        #expect(pool.counts.peakBytes == 8 << 20)
    }

    @Test func whatCannotBeDoneWithoutIsCounted() {
        let pool = pool()
        pool.takeAnyway(20 << 20)
        #expect(!pool.take(1) && pool.counts.peakBytes == 20 << 20)
        pool.give(20 << 20)
        #expect(pool.take(1))
    }

    /// Against a sum: whatever is taken and given, the pool never has more than its maximum of what it could refuse.
    @Test(arguments: 0..<20) func neverAboveItsMaximum(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pool = pool(initial: 0, maximum: 1_000_000, factor: 1 + Double(seed) / 10 + 0.01)
        var taken: [Int] = []
        for _ in 0..<500 {
            if Bool.random(using: &generator) || taken.isEmpty {
                let bytes = Int.random(in: 0...300_000, using: &generator)
                let isThereRoom = taken.reduce(0, +) + bytes <= 1_000_000
                #expect(pool.take(bytes) == isThereRoom, "seed \(seed)")
                if isThereRoom { taken.append(bytes) }
            } else {
                pool.give(taken.remove(at: Int.random(in: 0..<taken.count, using: &generator)))
            }
            #expect(pool.usedBytes == taken.reduce(0, +))
            #expect(pool.counts.capacityBytes >= pool.usedBytes && pool.counts.capacityBytes <= 1_000_000)
        }
    }
}

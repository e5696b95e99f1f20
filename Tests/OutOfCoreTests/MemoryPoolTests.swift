import Statistics
import Testing

@testable import OutOfCore

@Suite struct MemoryPoolTests {
    private func pool(maximum: Int = 10 << 20) -> MemoryPool { MemoryPool("spectra", maximumBytes: maximum) }

    @Test func givesUpToItsMaximum() {
        let pool = pool()
        #expect(pool.take(1 << 20) && pool.take(7 << 20))
        #expect(!pool.take(3 << 20))
        #expect(pool.counts.refusals == 1 && pool.usedBytes == 8 << 20)
        pool.give(6 << 20)
        #expect(pool.take(8 << 20) && pool.counts.peakBytes == 10 << 20)
    }

    @Test func buffersAreCounted() {
        let pool = pool()
        for isReused in [false, true, true] { pool.noteBuffer(isReused: isReused) }
        #expect(pool.counts.largestBufferBytes == nil)
        for bytes in [100, 300, 200] { pool.noteSize(bytes) }
        pool.noteGrowths(2)
        let counts = pool.counts
        #expect(counts.newBuffers == 1 && counts.reusedBuffers == 2)
        #expect(counts.growths == 2 && counts.largestBufferBytes == 300)
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
        let pool = pool(maximum: 1_000_000)
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
        }
    }
}

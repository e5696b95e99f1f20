import Synchronization
import Testing

@testable import OutOfCore

/// A process whose memory the test sets.
private final class FakeProcess: Sendable {
    let resident = Atomic<Int>(0)
    let isShort = Atomic<Bool>(false)
    let releases = Atomic<Int>(0)

    /// - Parameter givesBack: whether a collection leaves 100 MiB, or what there was.
    func collector(
        _ strategy: MemoryCollector.Strategy, threshold: Double = 0.8, limitMebibytes: Int = 1_000,
        givesBack: Bool = true
    ) -> MemoryCollector {
        let collector = MemoryCollector(
            MemoryCollector.Rules(
                limitBytes: limitMebibytes << 20, threshold: threshold, strategy: strategy, secondsBetweenLooks: 0),
            residentBytes: { self.resident.load(ordering: .relaxed) },
            isMachineShort: { self.isShort.load(ordering: .relaxed) }, secondsBetweenPressureLooks: 0)
        _ = collector.register {
            self.releases.add(1, ordering: .relaxed)
            if givesBack { self.resident.store(100 << 20, ordering: .relaxed) }
        }
        return collector
    }

    func grow(to mebibytes: Int) { resident.store(mebibytes << 20, ordering: .relaxed) }
    var released: Int { releases.load(ordering: .relaxed) }
}

@Suite struct MemoryCollectorTests {
    @Test func conservativeWaitsForTheThreshold() {
        let process = FakeProcess()
        let collector = process.collector(.conservative)
        process.grow(to: 790)
        collector.lookNow()
        #expect(process.released == 0)
        process.grow(to: 810)
        collector.lookNow()
        #expect(process.released == 1)
        #expect(collector.counts.collections == 1 && collector.counts.looks == 2)
        #expect(collector.counts.returnedBytes == 710 << 20)
    }

    /// Of a limit of 1,000 MiB; the highest one leaves room for what is touched between two looks.
    @Test(arguments: [(0.5, 500), (0.9, 900), (1, 900)]) func theThresholdCounts(threshold: Double, mebibytes: Int) {
        let process = FakeProcess()
        let collector = process.collector(.conservative, threshold: threshold)
        process.grow(to: mebibytes - 10)
        collector.lookNow()
        #expect(process.released == 0)
        process.grow(to: mebibytes + 10)
        collector.lookNow()
        #expect(process.released == 1)
    }

    @Test func aggressiveCollectsWhateverThereIs() {
        let process = FakeProcess()
        let collector = process.collector(.aggressive)
        process.grow(to: 300)
        collector.lookNow()
        #expect(process.released == 1)
    }

    /// A sixteenth of what the last collection left is worth another one, on machines with any amount of memory.
    @Test func aggressiveFollowsTheProcessAndNotTheLimit() {
        let process = FakeProcess()
        let collector = process.collector(.aggressive, limitMebibytes: 100 << 10, givesBack: false)
        for (mebibytes, collections) in [(48, 1), (50, 1), (52, 2), (54, 2), (56, 3)] {
            process.grow(to: mebibytes)
            collector.lookNow()
            #expect(process.released == collections, "at \(mebibytes) MiB")
        }
    }

    @Test func adaptiveAsksWhenTheRunBeginsAndThenNowAndThen() {
        let process = FakeProcess()
        let collector = MemoryCollector(
            MemoryCollector.Rules(limitBytes: 1 << 30, strategy: .adaptive, secondsBetweenLooks: 0),
            residentBytes: { process.resident.load(ordering: .relaxed) },
            isMachineShort: { process.releases.add(1, ordering: .relaxed) == (0, 1) },
            secondsBetweenPressureLooks: 3_600)
        process.grow(to: 10)
        for _ in 0..<5 { collector.lookNow() }
        #expect(process.released == 1 && collector.counts.looksUnderPressure == 5)
    }

    @Test func adaptiveCollectsEarlyWhileTheMachineIsShort() {
        let process = FakeProcess()
        let relaxed = process.collector(.adaptive)
        process.grow(to: 300)
        relaxed.lookNow()
        #expect(process.released == 0)
        process.isShort.store(true, ordering: .relaxed)
        let pressed = process.collector(.adaptive)
        pressed.lookNow()
        #expect(process.released == 1 && pressed.counts.looksUnderPressure == 1)
        let conservative = process.collector(.conservative)
        process.grow(to: 300)
        conservative.lookNow()
        #expect(process.released == 1)
    }

    @Test func whatCannotBeGivenBackIsNotAskedForAgain() {
        let process = FakeProcess()
        let collector = MemoryCollector(
            MemoryCollector.Rules(
                limitBytes: 1_000 << 20, threshold: 0.8, strategy: .conservative, secondsBetweenLooks: 0),
            residentBytes: { process.resident.load(ordering: .relaxed) })
        let number = collector.register { process.releases.add(1, ordering: .relaxed) }
        process.grow(to: 900)
        for _ in 0..<5 { collector.lookNow() }
        #expect(process.released == 1)
        process.grow(to: 950)
        for _ in 0..<5 { collector.lookNow() }
        #expect(process.released == 2)
        collector.remove(number)
        process.grow(to: 990)
        collector.lookNow()
        #expect(process.released == 2)
    }

    @Test func looksAreNotMoreFrequentThanStated() {
        let process = FakeProcess()
        let collector = MemoryCollector(
            MemoryCollector.Rules(limitBytes: 1 << 40, secondsBetweenLooks: 3_600),
            residentBytes: { process.resident.load(ordering: .relaxed) })
        for _ in 0..<1_000 { collector.look() }
        #expect(collector.counts.looks == 1)
    }

    @Test func theSystemTellsTheResidentMemory() throws {
        #expect(try #require(processResidentBytes()) > 1 << 20)
    }
}

import Caching
import FeatureDetection
import Foundation
import OutOfCore
import SpectrumModel
import TestSupport
import Testing

@testable import Pipeline

/// Each setting is seen in what a run did, and none in its results.
@Suite struct MemorySettingsTests {
    /// Small chunks, so that there are many; two workers, because one never has more chunks in flight than it must.
    private static let usual = ["execution.chunk_size=4", "execution.workers=2", "execution.memory_limit=2GiB"]
    private static let digest = try? EngineRun([EngineRun.dda], usual).record.digest

    private func memory(_ assignments: String...) throws -> MemoryRecord {
        let record = try EngineRun([EngineRun.dda], Self.usual + assignments).record
        #expect(record.digest == Self.digest, "\(assignments)")
        return try #require(record.memory)
    }

    private func pool(_ name: String, _ record: MemoryRecord) throws -> MemoryPool.Counts {
        try #require(record.pools.first { $0.name == name })
    }

    @Test func poolsUseBuffersAgain() throws {
        let (with, without) = (
            try pool("spectrum_buffer", memory()),
            try pool("spectrum_buffer", memory("memory.pool_management.enable_pools=false"))
        )
        #expect(with.reusedBuffers > 10 * with.newBuffers)
        #expect(without.reusedBuffers == 0 && without.newBuffers == with.reusedBuffers + with.newBuffers)
    }

    @Test func aggressiveAllocationMakesAllBuffersAtTheStart() throws {
        let counts = try pool(
            "spectrum_buffer", memory("memory.pool_management.allocation_strategy=aggressive"))
        #expect(counts.newBuffers == 0 && counts.reusedBuffers > 0)
    }

    @Test(arguments: MemorySettings.Allocation.allCases)
    func idleBuffersAreKeptAsTheStrategySays(allocation: MemorySettings.Allocation) throws {
        let folder = try TemporaryDirectory()
        let memory = try EngineRun.memory(
            ["memory.pool_management.allocation_strategy=\(allocation.rawValue)"], folder: folder.path)
        var buffers = SpectrumBuffers(memory, atOnce: 3)
        let taken = (0..<3).map { _ in buffers.take() }
        for buffer in taken { buffers.giveBack(buffer) }
        let idle = buffers.takeIdle().count
        switch allocation {
        case .aggressive:
            #expect(idle == 0)
            #expect(taken.allSatisfy { $0.mz.capacity > 10_000 }, "they have room from the start")
        case .conservative: #expect(idle == 1)
        case .adaptive: #expect(idle == 3)
        }
    }

    @Test func aLargeInitialPoolNeverGrows() throws {
        let small = try pool("spectrum_buffer", memory("memory.pool_management.spectrum_buffer=32MiB"))
        let large = try pool(
            "spectrum_buffer",
            memory("memory.pool_management.spectrum_buffer=32MiB", "memory.pool_management.initial_pool_size=32MiB"))
        #expect(large.growths == 0 && large.capacityBytes == 32 << 20)
        #expect(small.capacityBytes < large.capacityBytes)
    }

    @Test func theGrowthFactorIsThatOfThePools() throws {
        let folder = try TemporaryDirectory()
        let memory = try EngineRun.memory(["memory.pool_management.growth_factor=3"], folder: folder.path)
        for pool in [memory.spectra, memory.features, memory.results] { #expect(pool.rules.growthFactor == 3) }
    }

    @Test func aSmallLargestPoolSpills() throws {
        let usual = try memory()
        let small = try memory("memory.pool_management.max_pool_size=1")
        #expect(usual.spilled.blocks == 0 && usual.pagedBytes == 0)
        #expect(small.spilled.blocks > 0)
        #expect(small.pools.reduce(0) { $0 + $1.maximumBytes } <= 8 << 20)
        #expect(usual.pools.reduce(0) { $0 + $1.maximumBytes } > 512 << 20)
    }

    @Test func spectraWaitWhereTheirBufferIsFull() throws {
        let counts = try pool("spectrum_buffer", memory("memory.pool_management.spectrum_buffer=1"))
        // One chunk for each worker and one more there always is.
        #expect(counts.maximumBytes < 4 << 20)
        #expect(
            try pool("spectrum_buffer", memory("memory.pool_management.spectrum_buffer=32MiB")).maximumBytes == 32 << 20
        )
    }

    /// With enough peaks for chunks that are full: in small ones, where there is little memory for them.
    @Test func peaksWithoutRoomGoToTheDiskAndAreReadBack() throws {
        let file = TestData.repository + "/workloads/small/HILICNeg15_StdH1.mzML"
        let without = try EngineRun([file], ["memory.pool_management.feature_cache=0"]).record
        let with = try EngineRun([file], ["memory.pool_management.feature_cache=512MiB"]).record
        #expect(without.digest == with.digest && with.digest != nil)
        let (spilled, kept) = (try #require(without.memory), try #require(with.memory))
        #expect(spilled.spilled.bytes > 0 && spilled.pagedBytes > 0)
        #expect(try pool("feature_cache", spilled).refusals > 0)
        #expect(kept.spilled.bytes == 0 && kept.pagedBytes == 0)
        #expect(try pool("feature_cache", kept).peakBytes > 0)
    }

    @Test func rowsWaitInTheResultBuffer() throws {
        let small = try pool("result_buffer", memory("memory.pool_management.result_buffer=1"))
        let large = try pool("result_buffer", memory("memory.pool_management.result_buffer=64MiB"))
        #expect(small.peakBytes > 0 && small.peakBytes < large.peakBytes)
    }

    @Test(arguments: MemoryCollector.Strategy.allCases)
    func theCollectorFollowsItsStrategy(strategy: MemoryCollector.Strategy) throws {
        let record = try memory(
            "memory.garbage_collection.strategy=\(strategy.rawValue)", "memory.garbage_collection.frequency=0.001")
        #expect(record.collector.looks > 0)
        // There is memory in plenty: only who collects at every look does so.
        switch strategy {
        case .aggressive: #expect(record.collector.collections > 0)
        case .conservative: #expect(record.collector.collections == 0)
        case .adaptive: #expect(record.collector.looksUnderPressure > 0 || record.collector.collections == 0)
        }
    }

    @Test func theThresholdCounts() throws {
        let record = try memory(
            "memory.garbage_collection.strategy=conservative", "memory.garbage_collection.threshold=0.05",
            "memory.garbage_collection.frequency=0.001", "execution.memory_limit=400MiB")
        #expect(record.collector.collections > 0)
    }

    @Test func theFrequencyCounts() throws {
        #expect(try memory("memory.garbage_collection.frequency=3600").collector.looks == 1)
    }

    @Test func theCacheCanBeSizedAndSwitchedOff() throws {
        let spilling = "memory.pool_management.feature_cache=0"
        let with = try #require(try memory(spilling).blockCache)
        #expect(with.hits > 0 && with.evictions == 0)
        #expect(try memory(spilling, "memory.caching.enable_smart_cache=false").blockCache == nil)
        let small = try #require(try memory(spilling, "memory.caching.cache_size=64KiB").blockCache)
        #expect(small.budgetBytes == 64 << 10 && small.misses > with.misses)
    }

    @Test(arguments: MemorySettings.Prefetch.allCases)
    func blocksAreAskedForAhead(prefetch: MemorySettings.Prefetch) throws {
        let record = try memory(
            "memory.pool_management.feature_cache=0", "memory.caching.prefetch_strategy=\(prefetch.rawValue)",
            "execution.workers=1")
        #expect((record.spilled.prefetches > 0) == (prefetch != .none))
    }

    @Test func whatIsExpectedNextFollowsTheAccesses() {
        var order = AccessOrder()
        #expect(order.next(after: 3, .predictive) == nil)
        #expect(order.next(after: 5, .predictive) == nil)
        #expect(order.next(after: 7, .predictive) == 9)
        #expect(order.next(after: 6, .predictive) == nil)
        #expect(order.next(after: 5, .predictive) == 4)
        #expect(order.next(after: 9, .sequential) == 10)
        #expect(order.next(after: 10, .none) == nil)
    }

    @Test(arguments: MemorySettings.packings.map(\.name)) func temporaryDataArePackedAsStated(name: String) throws {
        let record = try memory(
            "memory.pool_management.feature_cache=0", "storage.write_optimization.compression_level=\(name)")
        let codecs = record.spilled.codecs
        if name == "adaptive" {
            #expect(codecs.values.reduce(0, +) == record.spilled.blocks)
        } else {
            // Blocks that packing does not make smaller are stored as they are.
            #expect(Set(codecs.keys).subtracting(["none"]) == (name == "none" ? [] : [name]), "\(codecs)")
        }
        #expect((record.spilled.storedBytes == record.spilled.bytes) == (name == "none"))
    }

    @Test func manyFilesAtATimeStayWithinALimitThatIsNearlyTooSmall() throws {
        let files = Array(repeating: EngineRun.dda, count: 6)
        let few = ["execution.workers=6", "execution.concurrent_files=6", "execution.buffer_size=64KiB"]
        let refused = #expect(throws: AnalysisError.self) {
            _ = try EngineRun(files, few + ["execution.memory_limit=64MiB"])
        }
        let named = try #require(refused?.reason.firstMatch(of: /at least (\d+)MiB/)?.1)
        let record = try EngineRun(files, few + ["execution.memory_limit=\(named)MiB"]).record
        #expect(record.digest == (try EngineRun(files, ["execution.memory_limit=4GiB"]).record.digest))
    }
}

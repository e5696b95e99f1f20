import Caching
import FeatureDetection
import Foundation
import HostEnvironment
import MzML
import OutOfCore
import SpectralMatching
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
        let room = "memory.pool_management.spectrum_buffer=32MiB"
        let small = try pool("spectrum_buffer", memory(room))
        let large = try pool("spectrum_buffer", memory(room, "memory.pool_management.initial_pool_size=32MiB"))
        #expect(small.growths > 0 && large.growths == 0)
        // Five chunks are in flight at most.
        let share = (32 << 20) / 5
        #expect(try #require(large.largestBufferBytes) >= share - 64)
        #expect(try #require(small.largestBufferBytes) < share / 4)
    }

    @Test(arguments: [1, 8]) func aggressiveBuffersAreAsLargeAsTheInitialPool(mebibytes: Int) throws {
        let folder = try TemporaryDirectory()
        let memory = try EngineRun.memory(
            [
                "memory.pool_management.allocation_strategy=aggressive",
                "memory.pool_management.initial_pool_size=\(mebibytes)MiB",
            ], folder: folder.path)
        var buffers = SpectrumBuffers(memory, atOnce: 4)
        let points = (mebibytes << 20) / (4 * 12)
        let room = buffers.take().mz.capacity
        // The allocator rounds up.
        #expect(room >= points && room < points + 4_096)
    }

    /// A small factor makes a buffer larger for every spectrum, a large one once and by much.
    @Test func theGrowthFactorSaysHowOftenBuffersGrow() throws {
        func counts(_ factor: String) throws -> MemoryPool.Counts {
            try pool(
                "spectrum_buffer",
                memory(
                    "memory.pool_management.growth_factor=\(factor)", "execution.workers=1", "execution.chunk_size=32"))
        }
        let (small, large) = (try counts("1.01"), try counts("16"))
        #expect(small.growths > 2 * large.growths && large.growths > 0, "\(small.growths), \(large.growths)")
        #expect(try #require(large.largestBufferBytes) > 2 * #require(small.largestBufferBytes))
    }

    @Test func blocksGrowByTheFactorUpToTheirShare() throws {
        let growth = BlockGrowth(factor: 2, mostPoints: 5_000)
        #expect(growth.room(0, needed: 300) == 300)
        #expect(growth.room(1_000, needed: 1_001) == 2_000 && growth.room(1_000, needed: 2_500) == 2_500)
        #expect(growth.room(4_000, needed: 4_001) == 5_000 && growth.room(4_000, needed: 9_000) == 9_000)
        #expect(BlockGrowth(factor: 64).room(1 << 60, needed: 1) == 1 << 62)
        let folder = try TemporaryDirectory()
        let memory = try EngineRun.memory(
            ["memory.pool_management.growth_factor=2", "memory.pool_management.spectrum_buffer=12MiB"],
            folder: folder.path)
        #expect(
            SpectrumBuffers(memory, atOnce: 4).growth == BlockGrowth(factor: 2, mostPoints: (12 << 20) / (4 * 12)))
    }

    @Test func aSmallLargestPoolSpills() throws {
        let usual = try memory()
        let small = try memory("memory.pool_management.max_pool_size=1")
        #expect(usual.spilled.blocks == 0 && usual.pagedBytes == 0)
        #expect(small.spilled.blocks > 0)
        #expect(small.pools.reduce(0) { $0 + $1.maximumBytes } <= 8 << 20)
        #expect(usual.pools.reduce(0) { $0 + $1.maximumBytes } > 512 << 20)
    }

    /// A small buffer holds smaller chunks, and fewer of them.
    @Test func spectraWaitWhereTheirBufferIsFull() throws {
        func buffer(_ size: String) throws -> MemoryPool.Counts {
            try pool(
                "spectrum_buffer",
                memory("execution.chunk_size=1024", "memory.pool_management.spectrum_buffer=\(size)"))
        }
        let small = try buffer("1")
        // One chunk for each worker and one more there always is.
        #expect(small.maximumBytes < 4 << 20 && small.peakBytes <= small.maximumBytes)
        let large = try buffer("32MiB")
        #expect(large.maximumBytes == 32 << 20 && large.peakBytes > 2 * small.peakBytes, "\(small), \(large)")
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

    /// There is memory in plenty: only who collects far below the threshold does so. Of `adaptive`, which asks the machine:
    /// `whoFollowsThePressureCollectsUnderIt`.
    @Test(arguments: [MemoryCollector.Strategy.aggressive, .conservative])
    func theCollectorFollowsItsStrategy(strategy: MemoryCollector.Strategy) throws {
        let record = try memory(
            "memory.garbage_collection.strategy=\(strategy.rawValue)", "memory.garbage_collection.frequency=0.001")
        #expect(record.collector.looks > 0)
        #expect((record.collector.collections > 0) == (strategy == .aggressive))
    }

    /// In a process of its own, of whose memory 400 MiB is some five times.
    @Test(arguments: [0.05, 1]) func theThresholdCounts(threshold: Double) throws {
        let record = try EngineRun.recordOfProgram(
            [
                "memory.garbage_collection.strategy=conservative", "memory.garbage_collection.threshold=\(threshold)",
                "memory.garbage_collection.frequency=0.001", "execution.memory_limit=400MiB",
            ].flatMap { ["--set", $0] })
        #expect((try #require(record.memory).collector.collections > 0) == (threshold < 1))
    }

    @Test func theFrequencyCounts() throws {
        // So far from the limit that nothing could reach it within seconds.
        func looks(_ frequency: String) throws -> Int {
            try memory("memory.garbage_collection.frequency=\(frequency)", "execution.memory_limit=64GiB").collector
                .looks
        }
        #expect(try looks("3600") == 1 && looks("0.001") > 1)
    }

    @Test func theCacheCanBeSizedAndSwitchedOff() throws {
        let spilling = "memory.pool_management.feature_cache=0"
        let with = try #require(try memory(spilling).blockCache)
        #expect(with.hits > 0 && with.evictions == 0)
        #expect(try memory(spilling, "memory.caching.enable_smart_cache=false").blockCache == nil)
        let small = try #require(try memory(spilling, "memory.caching.cache_size=64KiB").blockCache)
        #expect(small.budgetBytes == 64 << 10 && small.misses > with.misses)
    }

    /// What is remembered of the library's matches and of files goes when memory is collected. In a process of its own, whose
    /// memory grows by what the run touches alone.
    @Test func collectingForgetsWhatCanBeFoundAgain() throws {
        func record(_ assignments: String...) throws -> RunRecord {
            try EngineRun.recordOfProgram(
                (["matching.cache_size=64MiB", "execution.workers=1", "execution.chunk_size=4"] + assignments)
                    .flatMap { ["--set", $0] })
        }
        let kept = try record()
        let forgetful = try record(
            "memory.garbage_collection.strategy=aggressive", "memory.garbage_collection.frequency=0.001",
            "memory.garbage_collection.threshold=1", "execution.memory_limit=512MiB")
        #expect(forgetful.digest == kept.digest && kept.digest != nil)
        #expect(try #require(forgetful.memory).collector.collections > 1)
        #expect(kept.matchCache?.evictions == 0)
        #expect(try #require(forgetful.matchCache).evictions > 0)
        #expect(try #require(kept.caches).directory.usedBytes > 0)
        #expect(try #require(forgetful.caches).directory.usedBytes == 0)
    }

    @Test func cachesAndPoolsShareWhatTheLimitLeaves() throws {
        func budget(_ assignments: String...) throws -> MemoryBudget {
            try MemoryBudget(configuration: EngineRun.configuration(["execution.memory_limit=1GiB"] + assignments))
        }
        let plain = try budget()
        #expect(plain.poolBytes + plain.cacheBytes < 1 << 30)
        #expect(try budget("matching.cache_size=100MiB").poolBytes == plain.poolBytes - 100 << 20)
        let cached = try budget("memory.caching.cache_size=200MiB")
        #expect(cached.cacheBytes == 200 << 20)
        #expect(cached.poolBytes + cached.cacheBytes == plain.poolBytes + plain.cacheBytes)
        #expect(try budget("memory.caching.enable_smart_cache=false").poolBytes == plain.poolBytes + plain.cacheBytes)
        for some in [plain, cached] {
            #expect(some.spectrumBytes + some.featureBytes + some.resultBytes <= some.poolBytes)
        }
    }

    /// What was asked for and is not to be had is said, by the run and by `config check`.
    @Test(arguments: [
        ("memory.pool_management.initial_pool_size", "memory:\n  pool_management:\n    initial_pool_size: 1GB"),
        ("memory.pool_management.max_pool_size", "memory.pool_management.max_pool_size: 1GB"),
        ("memory.pool_management.spectrum_buffer", "memory.pool_management.spectrum_buffer: 1GB"),
        ("memory.pool_management.feature_cache", "memory.pool_management.feature_cache: 1GB"),
        ("memory.pool_management.result_buffer", "memory.pool_management.result_buffer: 1GB"),
        ("memory.caching.cache_size", "storage.cache_optimization.page_cache_size: 1GB"),
        ("matching.cache_size", "matching.cache_size: 1GB"),
        (
            "storage.read_optimization.prefetch_size",
            "storage.read_optimization: {prefetch_strategy: sequential, prefetch_size: 1GB}"
        ),
        ("storage.write_optimization.write_buffer_size", "storage.write_optimization.write_buffer_size: 1GB"),
        ("storage.cache_optimization.metadata_cache", "storage.cache_optimization.metadata_cache: 1GB"),
        ("storage.cache_optimization.directory_cache", "storage.cache_optimization.directory_cache: 1GB"),
    ])
    func sizesThatAreLoweredAreSaid(name: String, yaml: String) throws {
        let limit = "execution.memory_limit: 512MiB\n"
        func lowered(_ yaml: String) -> [String] {
            ConfigurationCheck(yaml: yaml, file: "a.yaml", host: EngineRun.host).findings
                .filter { $0.severity == .warning && $0.message.contains("is lowered from") }.map(\.description)
        }
        let found = lowered(limit + yaml)
        #expect(found.count == 1, "\(found)")
        let line = yaml.split(separator: "\n").count + 1
        #expect(found.first?.hasPrefix("a.yaml:\(line): warning: \(name) is lowered from 1GB to ") == true, "\(found)")
        #expect(lowered("execution.memory_limit: 512MiB\n" + yaml.replacingOccurrences(of: "1GB", with: "1MB")) == [])
    }

    /// What bounds a pool is named, and one that was given too much leaves something to the others.
    @Test func theBoundThatLowersIsNamed() throws {
        func check(_ yaml: String) -> [String] {
            ConfigurationCheck(yaml: yaml, file: "a.yaml", host: EngineRun.host).findings.map(\.message)
                .filter { $0.contains("is lowered from") }
        }
        let pools = "memory.pool_management: {spectrum_buffer: 4GB, result_buffer: 1GB, max_pool_size: 512MiB}\n"
        let bySetting = check("execution.memory_limit: 1GB\n" + pools)
        #expect(bySetting.count == 2)
        #expect(
            bySetting.allSatisfy {
                $0.hasSuffix("memory.pool_management.max_pool_size of 512MiB leaves no more for it")
            })
        let byLimit = check("execution.memory_limit: 300MB\n" + pools)
        #expect(
            byLimit.count == 3 && byLimit.allSatisfy { $0.hasSuffix("the memory limit of 300MB leaves no more for it") }
        )
        let budget = try MemoryBudget(
            configuration: EngineRun.configuration([
                "execution.memory_limit=1GB", "memory.pool_management.spectrum_buffer=4GB",
                "memory.pool_management.result_buffer=4GB",
            ]))
        #expect(budget.featureBytes >= budget.poolBytes / 4 && budget.spectrumBytes == budget.resultBytes)
        #expect(budget.spectrumBytes + budget.resultBytes + budget.featureBytes <= budget.poolBytes)
    }

    @Test(
        arguments: [
            ("memory.garbage_collection.threshold", "0.95", "0.9"), ("memory.garbage_collection.threshold", "0.9", nil),
            ("execution.concurrent_files", "7", "3"), ("execution.concurrent_files", "3", nil),
        ] as [(String, String, String?)])
    func numbersThatAreLoweredAreSaid(name: String, value: String, taken: String?) throws {
        let found = ConfigurationCheck(
            yaml: "execution.workers: 3\n\(name): \(value)\n", file: "a.yaml", host: EngineRun.host
        ).findings.filter { $0.message.contains("is lowered from") }.map(\.description)
        #expect(found.count == (taken == nil ? 0 : 1), "\(found)")
        if let taken {
            let expected = "a.yaml:2: warning: \(name) is lowered from \(value) to \(taken): "
            #expect(found.first?.hasPrefix(expected) == true, "\(found)")
        }
    }

    @Test func aRunSaysWhatItLowered() throws {
        let record = try EngineRun(
            [EngineRun.dda], Self.usual + ["memory.pool_management.result_buffer=8GiB"]
        ).record
        #expect(record.digest == Self.digest)
        #expect(record.warnings.contains { $0.contains("result_buffer is lowered from 8GiB to") }, "\(record.warnings)")
        #expect(try EngineRun([EngineRun.dda], Self.usual).record.warnings == [])
    }

    @Test(arguments: MemorySettings.Prefetch.allCases)
    func blocksAreAskedForAhead(prefetch: MemorySettings.Prefetch) throws {
        let record = try memory(
            "memory.pool_management.feature_cache=0", "memory.caching.prefetch_strategy=\(prefetch.rawValue)",
            "execution.workers=1")
        #expect((record.spilled.prefetches > 0) == (prefetch != .none))
    }

    /// Who follows the accesses asks for nothing before two of them agree.
    @Test func predictionAsksForLessThanTheOrderOfTheFile() throws {
        func prefetches(_ strategy: MemorySettings.Prefetch) throws -> Int {
            try memory(
                "memory.pool_management.feature_cache=0", "memory.caching.prefetch_strategy=\(strategy.rawValue)",
                "execution.workers=1"
            ).spilled.prefetches
        }
        // Two arrays of a block, after the first two accesses.
        #expect(try prefetches(.sequential) - prefetches(.predictive) >= 4)
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
            // All were tried on the first block of a kind, and what is smallest stays there.
            #expect(codecs.values.reduce(0, +) == record.spilled.blocks && codecs["zstd-3"] ?? 0 > 0, "\(codecs)")
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

    private static func host(_ files: [String: String], in folder: TemporaryDirectory) throws -> HostReader {
        for (path, text) in files { try folder.write(path, text) }
        let none = Measured<Int>.unavailable(reason: "not recorded")
        return HostReader(
            root: folder.path, environment: [:], architecture: .available("x86_64"),
            cacheFallback: CacheSizes(l1Data: none, l2: none, l3: none))
    }

    /// Stalls or the control group's use, either of them.
    @Test(
        arguments: [
            ("some avg10=0.50 avg60=0 avg300=0 total=1", 500, false),
            ("some avg10=1.50 avg60=0 avg300=0 total=1", 500, true),
            ("some avg10=0.50 avg60=0 avg300=0 total=1", 950, true), (nil, 500, false), (nil, 950, true),
        ] as [(String?, Int, Bool)])
    func theMachineIsShortOfMemory(stall: String?, used: Int, isShort: Bool) throws {
        let folder = try TemporaryDirectory()
        var files = [
            "proc/self/cgroup": "0::/job\n",
            "proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "sys/fs/cgroup/job/memory.current": "\(used)\n", "sys/fs/cgroup/job/memory.max": "1000\n",
        ]
        files["proc/pressure/memory"] = stall.map { $0 + "\n" }
        let pressure = MemoryPressure(try Self.host(files, in: folder))
        // The second look takes the groups that the first one found.
        #expect(pressure.isShort() == isShort && pressure.isShort() == isShort)
    }

    /// A container that is at its own limit, on a machine that has memory.
    @Test func stallsOfTheGroupAreAShortage() throws {
        let folder = try TemporaryDirectory()
        let pressure = MemoryPressure(
            try Self.host(
                [
                    "proc/pressure/memory": "some avg10=0.00 avg60=0 avg300=0 total=1\n",
                    "proc/self/cgroup": "0::/job\n",
                    "proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                    "sys/fs/cgroup/job/memory.pressure": "some avg10=1.50 avg60=0 avg300=0 total=1\n",
                    "sys/fs/cgroup/job/memory.max": "1000\n",
                ], in: folder))
        #expect(pressure.isShort())
    }

    /// On a machine that is short of memory, far below the limit of the run.
    @Test(arguments: MemoryCollector.Strategy.allCases)
    func whoFollowsThePressureCollectsUnderIt(strategy: MemoryCollector.Strategy) throws {
        let folder = try TemporaryDirectory()
        func collections(stall: String) throws -> Int {
            let host = try Self.host(["proc/pressure/memory": "some avg10=\(stall) avg60=0 total=1\n"], in: folder)
            let configuration = try EngineRun.configuration([
                "memory.garbage_collection.strategy=\(strategy.rawValue)", "memory.garbage_collection.threshold=1",
                // The tests' own process must be far below it.
                "execution.memory_limit=16GiB",
            ])
            let memory = RunMemory(
                settings: configuration.memory, budget: try MemoryBudget(configuration: configuration),
                folder: folder.path, host: host)
            memory.collector.lookNow()
            return memory.collector.counts.collections
        }
        let (calm, short) = (try collections(stall: "0.00"), try collections(stall: "50.00"))
        switch strategy {
        case .conservative: #expect(calm == 0 && short == 0)
        case .adaptive: #expect(calm == 0 && short == 1)
        case .aggressive: #expect(calm == 1 && short == 1)
        }
    }
}

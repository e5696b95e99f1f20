import OutOfCore
import Synchronization
import TestSupport
import Testing

@testable import FeatureDetection
@testable import Pipeline

@Suite struct PeakChunksTests {
    private func table(_ sizes: [Int], from first: Int) -> PeakTable {
        var table = PeakTable()
        for (index, size) in sizes.enumerated() {
            table.peaks.append(
                ChromatographicPeak(
                    mz: Double(first + index), retentionTimeSeconds: 1, startSeconds: 0, endSeconds: 2, widthSeconds: 1,
                    area: 1, height: 1, signalToNoise: 1, quality: 1, pointCount: Int32(size), firstScan: 0,
                    lastScan: Int32(size - 1), apexScan: 0, profileStart: table.profiles.count))
            table.profiles += (0..<size).map { Float(first + index) + Float($0) / 1000 }
        }
        return table
    }

    @Test func chunksGiveTheTableThatTheyWereMadeOf() throws {
        // More than a chunk in peaks, more in samples, and one part that alone is larger than a chunk.
        for sizes in [[3], [5, 1, 400], Array(repeating: 900, count: 70), Array(repeating: 2, count: 5_000)] {
            var chunks = PeakChunks()
            var expected = PeakTable()
            for turn in 0..<4 {
                let part = table(sizes, from: turn * 10_000)
                try chunks.append(part)
                try chunks.append(PeakTable())
                expected.append(part)
            }
            #expect(chunks.peakCount == expected.count && chunks.sampleCount == expected.profiles.count)
            var first = PeakChunks()
            try first.append(table([7], from: -1))
            var parts = [first, PeakChunks(), chunks]
            let found = try PeakChunks.joined(&parts, schedule: WorkerPool(workers: 3).schedule(grain: 1))
            #expect(found.peaks.dropFirst().map(\.mz) == expected.peaks.map(\.mz))
            for index in [0, expected.count / 2, expected.count - 1] {
                #expect(Array(found.profile(of: index + 1)) == Array(expected.profile(of: index)))
            }
            #expect(found.profile(of: 0).count == 7 && found.count == expected.count + 1)
        }
        var empty = [PeakChunks()]
        #expect(try PeakChunks.joined(&empty, schedule: .serial).count == 0)
    }

    /// Open chunks of all files take a quarter of the memory for peaks, or hold the fewest that there may be.
    @Test(arguments: [
        (16 << 30, 1, 4_096), (200 << 20, 1, 4_096), (100 << 20, 20, 309), (100 << 20, 2, 3_091), (70 << 20, 64, 256),
        (63 << 20, 1, 256), (0, 1, 256),
    ])
    func chunksFollowTheMemory(bytes: Int, files: Int, peaks: Int) throws {
        let folder = try TemporaryDirectory()
        let spill = PeakSpill(
            pool: MemoryPool("feature_cache", maximumBytes: bytes),
            blocks: BlockStore(folder: folder.path, packing: .always(.stored)),
            pages: PageStore(folder: folder.path), openChunks: files * MassTraceParameters.mostBuilders)
        #expect(spill.peaksPerChunk == peaks)
        var chunks = PeakChunks(spill: spill)
        try chunks.append(table([2], from: 0))
        #expect(spill.pool.usedBytes == PeakSpill.bytes(peaks: peaks, samples: 32 * peaks))
        chunks.discard()
        // In a run every builder may have a chunk open for either polarity.
        let memory = try EngineRun.memory(["memory.pool_management.feature_cache=100MiB"], folder: folder.path)
        #expect(memory.features.maximumBytes == 100 << 20 && memory.spill.peaksPerChunk == 3_091)
    }

    @Test func whatIsGivenUpGoesBackToThePool() throws {
        let folder = try TemporaryDirectory()
        let memory = try EngineRun.memory(folder: folder.path)
        var chunks = PeakChunks(spill: memory.spill)
        for turn in 0..<3 { try chunks.append(table(Array(repeating: 2, count: 3_000), from: turn)) }
        #expect(memory.features.usedBytes > 0)
        chunks.discard()
        #expect(memory.features.usedBytes == 0 && chunks.peakCount == 0)
        var joined = PeakChunks(spill: memory.spill)
        try joined.append(table([5, 6], from: 0))
        var parts = [joined]
        #expect(try PeakChunks.joined(&parts, schedule: .serial).count == 2)
        #expect(memory.features.usedBytes == 0)
    }

    @Test(arguments: [1, 2, 5]) func rangesCoverEveryElementOnce(workers: Int) {
        for (count, grain) in [(0, 4), (1, 4), (4, 4), (1_001, 7)] {
            let order = WorkerOrder()
            WorkerPool(workers: workers).schedule(grain: grain).run(count) { range in order.note(range) }
            let ranges = order.ranges.sorted { $0.lowerBound < $1.lowerBound }
            #expect(ranges.flatMap { Array($0) } == Array(0..<count))
            #expect(ranges.allSatisfy { $0.count <= grain })
        }
    }
}

private final class WorkerOrder: Sendable {
    private let store = Mutex<[Range<Int>]>([])

    var ranges: [Range<Int>] { store.withLock { $0 } }

    func note(_ range: Range<Int>) { store.withLock { $0.append(range) } }
}

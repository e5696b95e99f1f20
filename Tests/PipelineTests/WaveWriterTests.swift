import Instrumentation
import OutOfCore
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

@Suite struct WaveWriterTests {
    /// Pieces, each with a number for every file.
    private static let count = 1_000

    /// Every file has all pieces in order, whoever wrote them, and no two workers write to it at a time.
    @Test(arguments: [1, 2, 5], [1, 3]) func everyFileHasAllPiecesInOrder(workers: Int, files: Int) throws {
        let folder = try TemporaryDirectory()
        let memory = try EngineRun.memory(folder: folder.path)
        let written = Mutex<[[Int]]>(Array(repeating: [], count: files))
        let busy = Mutex<Set<Int>>([])
        let writer = WaveWriter<Int>(bytes: { _ in 100_000 }, files: files) { file, piece in
            let isFree = busy.withLock { $0.insert(file).inserted }
            written.withLock { $0[file].append(piece * files + file) }
            #expect(isFree)
            _ = busy.withLock { $0.remove(file) }
        }
        try writer.run(
            count: Self.count, grain: 3, memory: memory, pool: WorkerPool(workers: workers), clock: StageClock(),
            makeState: { () }
        ) { _, range in range.lowerBound }
        let starts = stride(from: 0, to: Self.count, by: 3)
        #expect(written.withLock { $0 } == (0..<files).map { file in starts.map { $0 * files + file } })
        #expect(memory.results.usedBytes == 0)
    }

    /// However many elements a piece may have, and whatever they turn out to need, two waves fit into the memory for results.
    @Test(arguments: [1, 3], [10, 1_000, 20_000]) func piecesFollowTheMemory(workers: Int, bytes: Int) throws {
        let folder = try TemporaryDirectory()
        let memory = try EngineRun.memory(["memory.pool_management.result_buffer=8MB"], folder: folder.path)
        let elements = Mutex<[Range<Int>]>([])
        let writer = WaveWriter<Range<Int>>(bytes: { $0.count * bytes }) { _, piece in
            elements.withLock { $0.append(piece) }
        }
        try writer.run(
            count: 20_000, grain: 65_536, memory: memory, pool: WorkerPool(workers: workers), clock: StageClock(),
            makeState: { () }
        ) { _, range in range }
        let pieces = elements.withLock { $0 }
        #expect(pieces.flatMap(Array.init) == Array(0..<20_000))
        #expect(memory.results.counts.peakBytes <= 8_000_000, "\(memory.results.counts)")
        #expect(memory.results.usedBytes == 0)
        // The memory is made use of: with what is little, all that is left is one wave.
        #expect(pieces.count < (bytes == 10 ? 100 : 20_000 * bytes / 100_000))
    }

    /// What comes later may be larger: no wave has very many more elements than the one before, which says how large they are.
    @Test func wavesGrowStepByStep() throws {
        let folder = try TemporaryDirectory()
        let memory = try EngineRun.memory(["memory.pool_management.result_buffer=80MB"], folder: folder.path)
        let pieces = Mutex<[Range<Int>]>([])
        // A thousand small ones, then large ones.
        @Sendable func bytes(_ range: Range<Int>) -> Int { range.reduce(0) { $0 + ($1 < 1_000 ? 400 : 8_000) } }
        let writer = WaveWriter<Range<Int>>(bytes: bytes) { _, piece in pieces.withLock { $0.append(piece) } }
        try writer.run(
            count: 50_000, grain: 65_536, memory: memory, pool: WorkerPool(workers: 2), clock: StageClock(),
            makeState: { () }
        ) { _, range in range }
        #expect(pieces.withLock { $0.flatMap(Array.init) } == Array(0..<50_000))
        #expect(memory.results.counts.peakBytes <= 80_000_000, "\(memory.results.counts)")
    }

    /// Without memory for results, pieces are small, but not so small that handing them out is all there is to do.
    @Test(arguments: [(64, 16), (5, 5)]) func withoutMemoryPiecesAreSmall(grain: Int, expected: Int) throws {
        let folder = try TemporaryDirectory()
        let memory = try EngineRun.memory(["memory.pool_management.result_buffer=0"], folder: folder.path)
        let sizes = Mutex<[Int]>([])
        let writer = WaveWriter<Int>(bytes: { $0 * 1_000 }) { _, piece in sizes.withLock { $0.append(piece) } }
        try writer.run(
            count: 400, grain: grain, memory: memory, pool: WorkerPool(workers: 2), clock: StageClock(),
            makeState: { () }
        ) { _, range in range.count }
        #expect(sizes.withLock { $0 } == Array(repeating: expected, count: 400 / expected))
    }

    /// What writing to one of the files meets is what the caller gets, and the waves behind it are not made.
    @Test(arguments: [1, 4]) func aFailureEndsTheWork(workers: Int) throws {
        let folder = try TemporaryDirectory()
        let memory = try EngineRun.memory(folder: folder.path)
        let made = Atomic<Int>(0)
        let writer = WaveWriter<Int>(bytes: { _ in 1 }, files: 2) { file, piece throws(AnalysisError) in
            if file == 1, piece >= 10 { throw AnalysisError(.outputFailed, "the disk is full") }
        }
        let failure = #expect(throws: AnalysisError.self) {
            try writer.run(
                count: 100_000, grain: 1, memory: memory, pool: WorkerPool(workers: workers), clock: StageClock(),
                makeState: { () }
            ) { _, range in
                made.add(1, ordering: .relaxed)
                return range.lowerBound
            }
        }
        #expect(failure?.reason == "the disk is full")
        #expect(made.load(ordering: .relaxed) < 10_000)
    }
}

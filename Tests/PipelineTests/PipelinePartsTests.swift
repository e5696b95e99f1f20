import Caching
import Foundation
import Instrumentation
import SpectrumModel
import Statistics
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

@Suite struct TextBufferTests {
    private func text(_ body: (inout TextBuffer) -> Void) -> String {
        var buffer = TextBuffer()
        body(&buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    @Test func cellsCannotBreakRows() {
        #expect(text { $0.appendCell("a\tb\nc\r\u{E9}") } == "a b c \u{E9}")
    }
}

@Suite struct FragmentStoreTests {
    @Test func spillingChangesNothing() throws {
        let folder = try TemporaryDirectory()
        let memory = try EngineRun.memory(folder: folder.path)
        let small = FragmentStore(memory: memory, memoryLimit: 1_000)
        let large = FragmentStore(memory: try EngineRun.memory(folder: folder.path))
        var generator = SeededGenerator(seed: 9)
        var expected: [FragmentSpectrum] = []
        var blocks = 0
        var block = SpectrumBlock()
        for index in 0..<300 {
            let count = generator.integer(below: 60)
            let mz = (0..<count).map { _ in generator.uniform() * 1_000 }.sorted()
            let intensity = (0..<count).map { _ in Float(generator.uniform() * 1e6) }
            let header = SpectrumHeader(
                index: index, scanNumber: index + 1, msLevel: index % 4 == 0 ? 1 : 2, polarity: .positive,
                representation: .centroid, retentionTimeSeconds: Double(index))
            block.append(header, mz: mz, intensity: intensity)
            if header.msLevel == 2 { expected.append(FragmentSpectrum(header: header, mz: mz, intensity: intensity)) }
            guard index % 7 == 6 || index == 299 else { continue }
            blocks += 1
            try small.append(FragmentBatch(of: block))
            try large.append(FragmentBatch(of: block))
            block.removeAll()
        }
        #expect(small.count == expected.count && large.count == expected.count)
        var (smallReader, largeReader) = (small.reader, large.reader)
        for (index, spectrum) in expected.enumerated() {
            #expect(try smallReader.spectrum(index) == spectrum)
            #expect(try largeReader.spectrum(index) == spectrum)
        }
        #expect(small.totalIntensities == large.totalIntensities)
        // In order of the file a reader asks for each block once, and not for each spectrum: all workers share the cache.
        let cache = try #require(memory.cache)
        let before = cache.counts
        var inOrder = small.reader
        for index in expected.indices { #expect(try inOrder.spectrum(index) == expected[index]) }
        let asked = cache.counts.since(before)
        #expect(asked.hits + asked.misses > 0 && asked.hits + asked.misses <= blocks)
        #expect(try folder.contents.isEmpty, "temporary data has no name that could stay behind")
    }
}

@Suite struct FragmentAssignmentTests {
    @Test(arguments: 0..<20) func agreesWithBruteForce(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let features = (0..<200).map { id -> Feature in
            let start = generator.uniform() * 100
            return Feature(
                id: id + 1, mz: 100 + generator.uniform() * 2, retentionTimeSeconds: start + 5, startSeconds: start,
                endSeconds: start + 10, widthSeconds: 4, charge: 1, area: 1, height: generator.uniform(),
                signalToNoise: 5, quality: 1, pointCount: 9, isotopeAreas: [1],
                polarity: generator.uniform() < 0.5 ? .positive : .negative)
        }
        let headers = (0..<100).map { index in
            SpectrumHeader(
                index: index, scanNumber: index, msLevel: 2,
                polarity: [.positive, .negative, .unknown][generator.integer(below: 3)], representation: .centroid,
                retentionTimeSeconds: generator.uniform() * 110,
                precursor: generator.uniform() < 0.1 ? nil : Precursor(selectedIonMZ: 100 + generator.uniform() * 2))
        }
        let assignment = FragmentAssignment(
            features: features, headers: headers, tolerance: 0.02, pool: WorkerPool(workers: 2))
        for (fragment, header) in headers.enumerated() {
            let candidates = features.indices.filter { index in
                let feature = features[index]
                guard let mz = header.precursor?.mz else { return false }
                return abs(feature.mz - mz) <= 0.02
                    && (feature.polarity == header.polarity || header.polarity == .unknown)
                    && header.retentionTimeSeconds >= feature.startSeconds
                    && header.retentionTimeSeconds <= feature.endSeconds
            }
            let nearest = candidates.min {
                abs(features[$0].mz - header.precursor!.mz!) < abs(features[$1].mz - header.precursor!.mz!)
            }
            #expect(assignment.featureOfFragment[fragment] == nearest ?? -1, "seed \(seed)")
        }
        for feature in features.indices {
            #expect(
                assignment.fragments(of: feature).map { Int($0) }
                    == headers.indices.filter { assignment.featureOfFragment[$0] == feature })
        }
        #expect(assignment.featuresWithFragments == Set(assignment.featureOfFragment).subtracting([-1]).count)
    }
}

@Suite struct WaveSizeTests {
    /// All pieces come, no wave is larger than the memory or the workers take, and little is left for the end.
    @Test(arguments: [1, 2, 7], [1, 3, 9, 100_000]) func wavesStayWithinTheirBound(workers: Int, most: Int) {
        for pieces in [1, 2, 5, 8, 9, 64, 1_000, 20_000] {
            var rest = pieces
            var size = 0
            while rest > 0 {
                size = WaveWriter<Int>.waveSize(rest: rest, most: most, workers: workers)
                #expect(size >= 1 && size <= rest && size <= max(most, workers) && size <= 256 * workers)
                rest -= size
            }
            #expect(size <= 4 * workers, "the last of \(pieces)")
        }
    }
}

@Suite struct TimestampTests {
    @Test func aPointInTimeIsWrittenToTheSecondBeforeIt() {
        #expect(timestamp(secondsSince1970: 1795836600.9, .iso8601) == "2026-11-28T03:30:00Z")
        #expect(timestamp(secondsSince1970: 1795836600, .plain) == "2026-11-28 03:30:00 UTC")
        #expect(timestamp(secondsSince1970: -0.5, .iso8601) == "1969-12-31T23:59:59Z")
    }
}

@Suite struct WorkerPoolTests {
    @Test(arguments: [1, 2, 5], [1, 3, 1_000]) func mapKeepsTheOrder(workers: Int, grain: Int) {
        let results = WorkerPool(workers: workers).map(count: 257, grain: grain, makeState: { 0 }) { _, index in
            index * index
        }
        #expect(results == (0..<257).map { $0 * $0 })
    }

    @Test func nothingToDo() {
        #expect(WorkerPool(workers: 3).map(count: 0, grain: 1, makeState: { 0 }) { _, index in index }.isEmpty)
    }
}

@Suite struct DatasetProgressTests {
    /// Files side by side report at the same time; what is told rises all the same.
    @Test func threadsDoNotOvertakeEachOther() {
        let progress = DatasetProgress(sizes: [10, 1_000, 10, 300])
        let told = Mutex<[Double]>([])
        let threads = (0..<4).map { file in
            WorkerThread {
                for step in 1...2_000 {
                    progress.report(file: file, fraction: Double(step) / 2_000) { done in
                        told.withLock { $0.append(done) }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        let seen = told.withLock { $0 }
        #expect(seen.count == 8_000 && seen.last == 1)
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 <= $1 })
    }
}

@Suite struct InputFilesTests {
    @Test func foldersAreExpandedInOrder() throws {
        let folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder.file("b"), withIntermediateDirectories: true)
        for name in ["z.mzML", "a.MZML.gz", "note.txt", "b/c.mzml", ".hidden.mzML"] { try folder.write(name, "x") }
        try FileManager.default.createSymbolicLink(atPath: folder.file("b/loop"), withDestinationPath: folder.path)
        let files = try InputFiles.expand([folder.path, folder.file("note.txt"), folder.file("z.mzML")])
        #expect(files.map { $0.dropFirst(folder.path.count + 1) } == ["a.MZML.gz", "b/c.mzml", "z.mzML", "note.txt"])
    }

    @Test func emptyFoldersAndMissingFilesAreErrors() throws {
        let folder = try TemporaryDirectory()
        let empty = #expect(throws: AnalysisError.self) { try InputFiles.expand([folder.path]) }
        #expect(empty?.description.contains("no mzML in folder \(folder.path)") == true)
        let missing = #expect(throws: AnalysisError.self) { try InputFiles.expand([folder.file("no.mzML")]) }
        #expect(missing?.exitStatus == 65)
    }

    /// Beside files that are there, what is not stays in its place: reading reports it.
    @Test func whatCannotBeReadDoesNotStopTheOthers() throws {
        let folder = try TemporaryDirectory()
        try folder.write("good/a.mzML", "x")
        try FileManager.default.createDirectory(atPath: folder.file("empty"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("good/gone.mzML"), withDestinationPath: folder.file("nothing"))
        let files = try InputFiles.expand([folder.file("no.mzML"), folder.file("good"), folder.file("empty")])
        #expect(
            files.map { $0.dropFirst(folder.path.count + 1) } == ["no.mzML", "good/a.mzML", "good/gone.mzML", "empty"])
    }

    @Test func equalNamesGetTheirFolders() {
        #expect(
            InputFiles.displayNames(["/a/x/r.mzML", "/a/y/r.mzML", "q.mzML"]) == ["x/r.mzML", "y/r.mzML", "q.mzML"])
        #expect(InputFiles.displayNames(["r.mzML", "r.mzML"]) == ["r.mzML", "r.mzML"])
    }
}

@Suite struct MemoryBudgetTests {
    /// Whatever the limit, the parts stay within it, and the smallest limit that is named is enough.
    @Test(arguments: [1, 2, 3, 8, 64], ["16KiB", "1MiB", "32MiB"]) func partsStayWithinTheLimit(
        workers: Int, buffer: String
    ) throws {
        func budget(_ mebibytes: Int) throws -> (MemoryBudget, AnalysisConfiguration) {
            let configuration = try EngineRun.configuration([
                "execution.workers=\(workers)", "execution.buffer_size=\(buffer)",
                "execution.memory_limit=\(mebibytes)MiB",
            ])
            return (try MemoryBudget(configuration: configuration), configuration)
        }
        var accepted = 0
        for mebibytes in [64, 70, 80, 96, 128, 200, 256, 512, 1_024, 4_096, 65_536] {
            guard let (budget, configuration) = try? budget(mebibytes) else { continue }
            accepted += 1
            let fixed =
                MemoryBudget.fixedBytes + workers * MemoryBudget.bytesPerWorker + 2 * configuration.bufferSize
            #expect(
                fixed + 2 * budget.maximumChunksInFlight * budget.maximumChunkBytes <= mebibytes << 20,
                "\(mebibytes) MiB")
            #expect(
                fixed + budget.spectrumBytes + budget.featureBytes + budget.resultBytes <= mebibytes << 20,
                "\(mebibytes) MiB")
            #expect(budget.maximumChunksInFlight > workers)
            #expect(budget.maximumChunkBytes >= 1 << 18)
            #expect(budget.maximumSpectrumPoints * 12 <= max((mebibytes << 20) / 4, 16 << 20))
        }
        #expect(accepted >= 3)
    }

    /// With buffers that follow the limit, too: the limit that a refusal names is enough, and one below it is not.
    @Test(arguments: [
        ["storage.read_optimization.prefetch_strategy=aggressive", "storage.read_optimization.prefetch_size=1GiB"],
        ["storage.write_optimization.write_buffer_size=128MB", "output.mztab=true"], ["execution.workers=64"], [],
    ])
    func theLimitThatIsNamedIsTheSmallest(assignments: [String]) throws {
        func refusal(_ mebibytes: Int) throws -> String? {
            let configuration = try EngineRun.configuration(
                ["execution.workers=7", "execution.memory_limit=\(mebibytes)MiB"].filter { setting in
                    !assignments.contains {
                        $0.hasPrefix("execution.workers") && setting.hasPrefix("execution.workers")
                    }
                } + assignments)
            do throws(AnalysisError) {
                _ = try MemoryBudget(configuration: configuration, files: 3)
                return nil
            } catch { return error.reason }
        }
        let reason = try #require(try refusal(64))
        let named = try #require(reason.firstMatch(of: /at least (\d+)MiB/).flatMap { Int($0.1) }, "\(reason)")
        #expect(try refusal(named) == nil)
        #expect(try refusal(named - 1) != nil)
    }

    /// What is kept outside of the pools is no room for them.
    @Test func whatIsKeptIsTakenFromThePools() throws {
        let configuration = try EngineRun.configuration(["execution.workers=2", "execution.memory_limit=512MiB"])
        let plain = try MemoryBudget(configuration: configuration)
        let kept = try MemoryBudget(configuration: configuration, kept: 100 << 20)
        #expect(kept.poolBytes == plain.poolBytes - 100 << 20)
        #expect(kept.featureBytes < plain.featureBytes && kept.spectrumBytes < plain.spectrumBytes)
        let all = try MemoryBudget(configuration: configuration, kept: 1 << 30)
        #expect(all.poolBytes == 0 && all.featureBytes == 0 && all.spectrumBytes > 0)
    }

    /// More files at the same time leave less for the pools, and share what fragment spectra may take.
    @Test func filesAtATimeShareTheMemory() throws {
        let configuration = try EngineRun.configuration([
            "execution.workers=8", "execution.buffer_size=64KiB", "execution.memory_limit=256MiB",
        ])
        let budgets = try [1, 2, 4, 8].map { try MemoryBudget(configuration: configuration, files: $0) }
        for (budget, files) in zip(budgets, [1, 2, 4, 8]) {
            #expect(budget.fragmentBytes * files <= budget.featureBytes / 4 && budget.fragmentBytes > 0)
        }
        for (fewer, more) in zip(budgets, budgets.dropFirst()) {
            #expect(more.poolBytes < fewer.poolBytes && more.fragmentBytes < fewer.fragmentBytes)
        }
        // Windows apart, another file has its reserve.
        let windows = 2 * 2 * configuration.bufferSize
        #expect(budgets[0].poolBytes - budgets[1].poolBytes > 6 << 20 - windows)
    }
}

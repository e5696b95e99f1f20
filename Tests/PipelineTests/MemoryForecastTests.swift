import Foundation
import MzML
import TestSupport
import Testing

@testable import Pipeline

@Suite struct MemoryForecastTests {
    private func forecast(_ files: [(String, Int)], atOnce: Int = 1, _ assignments: String...) throws -> MemoryForecast
    {
        let configuration = try EngineRun.configuration(["execution.workers=2"] + assignments)
        return MemoryForecast(
            files: files.map { ($0.0, $0.1) }, atOnce: atOnce, threads: 2, configuration: configuration)
    }

    @Test func growsWithTheFileThatNeedsMost() throws {
        let gigabyte = 1_000_000_000
        let small = try forecast([("a", 1_000), ("b", 1_000)])
        let large = try forecast([("a", 1_000), ("b", gigabyte)])
        let two = try forecast([("a", gigabyte), ("b", gigabyte)], atOnce: 2)
        #expect(large.unboundedBytes > small.unboundedBytes + 200_000_000)
        #expect(two.unboundedBytes > large.unboundedBytes + 200_000_000)
        #expect(large.file == "b")
        // One after the other the largest counts.
        #expect(try forecast([("a", gigabyte), ("b", gigabyte)]).unboundedBytes == large.unboundedBytes)
    }

    @Test func whatDoesNotFitIsSaidBeforehand() throws {
        let file = [("run.mzML", 1_000_000_000)]
        let free = try forecast(file, "execution.memory_limit=8GB")
        #expect(!free.isBounded && free.note(folder: "out").contains("of a limit of 8000 MB"))
        let bounded = try forecast(file, "execution.memory_limit=\(free.unboundedBytes - 1)B")
        #expect(bounded.isBounded && bounded.peakBytes == free.unboundedBytes - 1)
        #expect(bounded.note(folder: "out").contains("temporary files in out"))
        try bounded.check()
        let tooSmall = try forecast(file, "execution.memory_limit=\(free.leastBytes - 1)B")
        let error = #expect(throws: AnalysisError.self) { try tooSmall.check() }
        let named = try #require(error?.reason.firstMatch(of: /at least (\d+)MB/)?.1)
        try forecast(file, "execution.memory_limit=\(named)MB").check()
        #expect(error?.exitStatus == 64 && error?.reason.contains("run.mzML") == true)
    }

    @Test func bluntInstrumentsHaveFewerPeaks() throws {
        let file = [("run.mzML", 1_000_000_000)]
        let sharp = try forecast(file, "analysis.preset=orbitrap")
        let blunt = try forecast(file, "analysis.preset=tof")
        #expect(blunt.unboundedBytes < sharp.unboundedBytes)
    }

    @Test func knowsTheSettingsThatTakeMemory() throws {
        let file = [("run.mzML", 1_000_000_000)]
        let plain = try forecast(file).unboundedBytes
        // Eight buffers of 16 MiB instead of 1 MiB stay in memory; of a buffered file, two.
        #expect(try forecast(file, "execution.buffer_size=16MiB").unboundedBytes == plain + 8 * 15 << 20)
        let buffered = try forecast(file, "execution.file_access=buffered")
        #expect(buffered.unboundedBytes == plain - 6 << 20)
        // No more than the file.
        let small = [("run.mzML", 1_000_000)]
        #expect(
            try forecast(small, "execution.buffer_size=16MiB").unboundedBytes
                == forecast(small, "execution.buffer_size=1MiB").unboundedBytes)
        let readAhead = try forecast(
            file, "storage.read_optimization.prefetch_strategy=aggressive",
            "storage.read_optimization.prefetch_size=256MiB")
        #expect(readAhead.unboundedBytes == plain + 256 << 20)
    }

    @Test func knowsWhatIsKeptBesideThePeaks() throws {
        let file = [("run.mzML", 1_000_000_000)]
        let plain = try forecast(file).unboundedBytes
        let seeded = try forecast(file, "traces.method=seeded").unboundedBytes
        // 50 million points of 27 bytes, by the density of a file that nobody can look into.
        #expect(seeded == plain + 1_350_000_000)
        // None of it can go to a temporary file.
        let least = try forecast(file).leastBytes
        #expect(try forecast(file, "traces.method=seeded").leastBytes == least + 1_350_000_000)
        #expect(try forecast(file, "output.traces=true").leastBytes > least + 100_000_000)
        #expect(try forecast(file, "output.traces=true").unboundedBytes > plain + 100_000_000)
        let aggressive = "memory.pool_management.allocation_strategy=aggressive"
        #expect(try forecast(file, aggressive).unboundedBytes == plain + 5 << 20)
        #expect(
            try forecast(file, aggressive, "memory.pool_management.initial_pool_size=100MiB").unboundedBytes
                == plain + 100 << 20)
        let run = [(EngineRun.dda, 4_020_073)]
        let remembered = try forecast(run, "matching.cache_size=64MiB").unboundedBytes
        let forgotten = try forecast(run, "matching.cache_size=0").unboundedBytes
        #expect(remembered > forgotten && remembered < forgotten + 64 << 20)
    }

    @Test func referencePagesStayForTheNextFile() throws {
        let (one, two) = ([("a.mzML", 1_000_000)], [("a.mzML", 1_000_000), ("b.mzML", 1_000_000)])
        let alone = try forecast(one).unboundedBytes
        let after = try forecast(two).unboundedBytes
        let released = try forecast(two, "execution.reference_pages=release").unboundedBytes
        let without = try forecast(two, "annotation.enabled=false", "matching.enabled=false").unboundedBytes
        #expect(alone < after && without < released && released < after - 15_000_000)
    }

    @Test func fragmentSpectraOfSmallFilesCount() throws {
        let survey = (TestData.repository + "/workloads/small/HILICNeg15_StdH1.mzML", 17_244_164)
        let same = try forecast([survey, survey]).unboundedBytes
        let mixed = try forecast([survey, (EngineRun.dda, 4_020_073)]).unboundedBytes
        #expect(mixed == same + 15_000_000)
    }

    @Test func spectraInFlightCount() throws {
        let run = [(TestData.repository + "/workloads/small/HILICNeg15_StdH1.mzML", 17_244_164)]
        let few = try forecast(run, "execution.chunk_size=1").unboundedBytes
        let many = try forecast(run, "execution.chunk_size=1024").unboundedBytes
        #expect(many > few + 4_000_000 && many < few + 8_000_000)
    }

    @Test func aRunRecordsWhatWasForecast() throws {
        let record = try EngineRun([EngineRun.dda]).record
        let predicted = try #require(record.memory?.predictedPeakBytes)
        // Of this process, which has run other tests before, only a lower bound can be told.
        #expect(predicted > 40_000_000 && predicted < 200_000_000)
    }

    /// The limit holds for a program of its own, on a file that takes more without one, however the file is read and however
    /// late memory is to be given back.
    @Test(
        .disabled(if: Program.isSanitized, "it needs more memory"),
        arguments: [
            [], ["execution.file_access=buffered"], ["execution.chunk_size=65536"],
            [
                "parallel.task_granularity=coarse", "execution.file_access=buffered",
            ],
            ["execution.reader=reference"],
            ["storage.read_optimization.prefetch_strategy=aggressive"], ["gz"],
            ["memory.garbage_collection.frequency=60"], ["memory.garbage_collection.threshold=1"],
            ["output.traces=true"],
        ])
    func theLimitHoldsForTheWholeProcess(reading: [String]) throws {
        let folder = try TemporaryDirectory()
        let file = folder.file("long.mzML")
        _ = try tile(source: [EngineRun.dda], to: file, targetBytes: 90_000_000)
        var read = file
        if reading == ["gz"] {
            let outcome = try Program.run("/bin/sh", ["-c", "gzip -1 -c '\(file)' > '\(file).gz'"])
            try #require(outcome.status == 0, "\(outcome.error)")
            read += ".gz"
        }
        // Large chunks, which a limit takes down. Copied ones are no larger than the window.
        let isCopied = reading.contains("execution.file_access=buffered")
        var settings = ["execution.workers=2"] + reading.filter { $0 != "gz" }
        if !reading.contains(where: { $0.hasPrefix("execution.chunk_size") }) {
            settings.append("execution.chunk_size=2048")
        }
        if isCopied { settings.append("execution.buffer_size=12MiB") }
        let arguments = settings.flatMap { ["--set", $0] }
        // Traces stay in memory.
        let limit = isCopied ? 135_000_000 : reading == ["output.traces=true"] ? 114_000_000 : 105_000_000
        let free = try EngineRun.recordOfProgram(arguments, files: [read])
        let bounded = try EngineRun.recordOfProgram(
            arguments + ["--memory-limit", "\(limit)B"], files: [read], environment: ["LAVOISIER_MEMORY_LIMIT": "8GB"])
        let peaks = (free: try #require(free.peakMemoryBytes), bounded: try #require(bounded.peakMemoryBytes))
        print("\(reading): \(peaks.free) without a limit, \(peaks.bounded) with one of \(limit)")
        #expect(peaks.free > limit + 10_000_000, "took \(peaks.free): the limit would be kept anyway")
        #expect(peaks.bounded <= limit)
        #expect(bounded.digest == free.digest && bounded.digest != nil)
        #expect(bounded.memory?.limitBytes == limit)
        let notices = reading == ["memory.garbage_collection.threshold=1"] ? 1 : 0
        #expect(bounded.warnings.count { $0.contains("threshold is lowered from 1 to 0.9") } == notices)
        #expect(bounded.warnings.count == notices, "\(bounded.warnings)")
    }

    /// What a refusal names as the smallest limit is one that a run stays below which would take more.
    @Test(.disabled(if: Program.isSanitized, "it needs more memory"), arguments: [(2, 1), (4, 1), (6, 6)])
    func theSmallestLimitThatIsNamedHolds(workers: Int, filesAtATime: Int) throws {
        let folder = try TemporaryDirectory()
        let files = (1...filesAtATime).map { folder.file("long\($0).mzML") }
        for file in files { _ = try tile(source: [EngineRun.dda], to: file, targetBytes: 60_000_000) }
        let settings = ["workers=\(workers)", "concurrent_files=\(filesAtATime)", "chunk_size=2048"]
        let arguments = settings.flatMap { ["--set", "execution.\($0)"] }
        let refused = try Program.run(
            Program.path("lavoisier"),
            ["analyze"] + files + ["--output", folder.path, "--quiet", "--profile", "none", "--memory-limit", "64MiB"]
                + arguments)
        let named = try #require(refused.error.firstMatch(of: /at least (\d+)MiB/)?.1, "\(refused.error)")
        let limit = try #require(Int(named)) << 20
        let record = try EngineRun.recordOfProgram(arguments + ["--memory-limit", "\(named)MiB"], files: files)
        let free = try EngineRun.recordOfProgram(arguments, files: files)
        let peaks = (free: try #require(free.peakMemoryBytes), bounded: try #require(record.peakMemoryBytes))
        print("\(workers) workers, \(filesAtATime) files: \(peaks.bounded) of \(limit), \(peaks.free) without a limit")
        #expect(peaks.bounded <= limit)
        #expect(peaks.free > limit, "the limit would be kept anyway")
        #expect(record.digest == free.digest && record.digest != nil)
    }

    /// A search of all spectra touches all of the library, and may build an index: the limit that a refusal names is kept with that too.
    @Test(
        .disabled(if: Program.isSanitized, "it needs more memory"),
        arguments: [
            ["matching.search=hybrid"], ["matching.search=open"], ["matching.search=neutral-loss"],
            ["matching.analog=true"], ["matching.search=hybrid", "matching.decoys=none"],
            ["matching.search=open", "matching.search_strategy=approximate"],
            ["matching.search=hybrid", "matching.search_strategy=auto"],
            // No library file has an index for this.
            ["matching.search=open", "matching.similarity=cosine", "matching.intensity_power=0.7"],
        ])
    func theSmallestLimitHoldsForEverySearch(search: [String]) throws {
        let arguments = (["execution.workers=2"] + search).flatMap { ["--set", $0] }
        func named(_ limit: String) throws -> Int? {
            let folder = try TemporaryDirectory()
            let outcome = try Program.run(
                Program.path("lavoisier"),
                [
                    "analyze", EngineRun.dda, "--output", folder.path, "--quiet", "--profile", "none", "--memory-limit",
                    limit,
                ]
                    + arguments)
            guard outcome.status == 64 else { return nil }
            let found = try #require(outcome.error.firstMatch(of: /at least (\d+)(MiB|MB)/), "\(outcome.error)")
            return try #require(Int(found.1)) * (found.2 == "MB" ? 1_000_000 : 1 << 20)
        }
        let limit = try #require(try named("1MB"))
        #expect(try named("\(limit)B") == nil, "refused again")
        let bounded = try EngineRun.recordOfProgram(arguments + ["--memory-limit", "\(limit)B"])
        let free = try EngineRun.recordOfProgram(arguments)
        let peaks = (free: try #require(free.peakMemoryBytes), bounded: try #require(bounded.peakMemoryBytes))
        print("\(search): \(peaks.bounded) of \(limit), \(peaks.free) without a limit")
        #expect(peaks.bounded <= limit)
        #expect(bounded.digest == free.digest && bounded.digest != nil)
        // An identity search does with less than any of these takes.
        #expect(limit > 80_000_000 && peaks.free > 80_000_000)
    }

    /// Reference data that are prepared on the way are within the limit, or refused with one that is enough; nothing stays half done.
    @Test(.disabled(if: Program.isSanitized, "it needs more memory"))
    func theFirstRunOnAMachineKeepsTheLimit() throws {
        let folder = try TemporaryDirectory()
        let cache = ["XDG_CACHE_HOME": folder.file("cache")]
        let arguments = ["--set", "execution.workers=2"]
        let refused = try Program.run(
            Program.path("lavoisier"),
            ["analyze", EngineRun.dda, "--output", folder.file("out"), "--profile", "none", "--memory-limit", "110MB"]
                + arguments, environment: cache)
        #expect(refused.status == 64 && refused.error.contains("lavoisier library prepare"), "\(refused.error)")
        let named = try #require(refused.error.firstMatch(of: /will do is (\d+) MB/)?.1, "\(refused.error)")
        let limit = try #require(Int(named)) * 1_000_000
        let record = try EngineRun.recordOfProgram(
            arguments + ["--memory-limit", "\(limit)B"], environment: cache)
        let later = try EngineRun.recordOfProgram(arguments, environment: cache)
        let peaks = (first: try #require(record.peakMemoryBytes), later: try #require(later.peakMemoryBytes))
        print("first run: \(peaks.first) of \(limit), \(peaks.later) later")
        #expect(peaks.first <= limit && peaks.first > peaks.later + 10_000_000)
        #expect(record.digest == later.digest && record.digest != nil)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.file("cache/lavoisier"))
        #expect(files.count { $0.hasSuffix(".lvsl") || $0.hasSuffix(".lvct") } == 3)
        #expect(!files.contains { $0.hasSuffix(".partial") }, "\(files)")
    }

    /// Nobody knows what a pipe brings: when all is read it is refused, with a limit that is enough.
    @Test(.disabled(if: Program.isSanitized, "it needs more memory"))
    func aPipeIsRefusedWhenItsPeaksAreKnown() throws {
        let folder = try TemporaryDirectory()
        let file = folder.file("long.mzML")
        _ = try tile(source: [EngineRun.dda], to: file, targetBytes: 200_000_000)
        func run(_ limit: Int) throws -> Program.Outcome {
            try Program.run(
                "/bin/sh",
                [
                    "-c", "cat '\(file)' | \"$0\" \"$@\"", Program.path("lavoisier"), "analyze", "/dev/stdin",
                    "--output",
                    folder.file("out"), "--profile", "none", "--memory-limit", "\(limit)B", "--set",
                    "execution.workers=2",
                ])
        }
        let refused = try run(90_000_000)
        #expect(refused.status == 64 && !FileManager.default.fileExists(atPath: folder.file("out/run.json")))
        #expect(refused.error.contains("expected peak memory: not known"), "\(refused.error)")
        let named = try #require(refused.error.firstMatch(of: /at least (\d+)MB/)?.1, "\(refused.error)")
        let limit = try #require(Int(named)) * 1_000_000
        #expect(try run(limit).status == 0)
        let record = try RunRecord(json: String(contentsOfFile: folder.file("out/run.json"), encoding: .utf8))
        let peak = try #require(record.peakMemoryBytes)
        print("pipe: \(peak) of \(limit)")
        #expect(peak <= limit && record.memory?.predictedPeakBytes == nil)
    }
}

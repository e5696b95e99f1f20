import Caching
import Foundation
import HostEnvironment
import Instrumentation
import MzML
import OutOfCore
import Parameters
import SignalKernels
import SpectralMatching

/// One run of the engine: files in, result tables and `run.json` out.
public struct AnalysisRun: Sendable {
    /// What happens while a run is under way.
    public enum Event: Sendable {
        case note(String)
        /// Progress of the whole run and the seconds since its start.
        case progress(ProgressReport, elapsedSeconds: Double)
        case fileDone(RunRecord.Input)
    }

    public let files: [String]
    public let outputDirectory: String
    public let configuration: AnalysisConfiguration
    public let host: HostDescription
    /// Path and name of the machine profile in use.
    public let machineProfile: String?
    public let references: ReferenceData.Sources
    /// Folder of the prepared reference data.
    public let cache: String
    /// What is remembered of files from earlier runs in this process; its budgets follow the configuration.
    public let caches: RunCaches

    public init(
        files: [String], outputDirectory: String, configuration: AnalysisConfiguration, host: HostDescription,
        machineProfile: String?, references: ReferenceData.Sources, cache: String,
        caches: RunCaches = RunCaches(metadataBytes: 0, directoryBytes: 0)
    ) {
        self.caches = caches
        self.files = files
        self.outputDirectory = outputDirectory
        self.configuration = configuration
        self.host = host
        self.machineProfile = machineProfile
        self.references = references
        self.cache = cache
    }

    /// What the run is expected to take, and how the memory limit is spent.
    /// - Parameter references: opened already, because what their search takes follows from them.
    /// - Throws: `AnalysisError(.memoryLimit)` naming a limit that is enough.
    private func plannedMemory(
        _ configuration: AnalysisConfiguration, _ references: ReferenceData
    ) throws(AnalysisError) -> (forecast: MemoryForecast, budget: MemoryBudget) {
        let (atOnce, isPipeline) = configuration.filesInWork(of: files.count)
        let threads = isPipeline ? atOnce * configuration.workers : configuration.workers
        let forecast = MemoryForecast(
            files: zip(files, fileSizes).map { ($0, $1) }, atOnce: atOnce, threads: threads,
            configuration: configuration, search: references.searchMemory(configuration))
        do throws(AnalysisError) {
            let budget = try MemoryBudget(
                configuration: configuration, files: atOnce, threads: threads, expected: forecast.leastBytes,
                kept: forecast.outsideBytes)
            try forecast.check()
            return (forecast, budget)
        } catch {
            // With a larger limit there would be more workers: what is named is enough for all.
            if let all = configuration.withAllWorkers { _ = try plannedMemory(all, references) }
            throw error
        }
    }

    /// Analyses all files in order. A file that cannot be read is recorded and left out; the tables hold the others.
    ///
    /// - Throws: `AnalysisError` when nothing can be started or written, or on cancellation; then no result file appears.
    public func run(
        cancellation: CancellationFlag = CancellationFlag(), onEvent: @escaping @Sendable (Event) -> Void = { _ in }
    ) throws -> RunRecord {
        let start = monotonicSeconds()
        let clock = StageClock()
        try configuration.validate()
        configuration.kernels.apply()
        let (atOnce, isPipeline) = configuration.filesInWork(of: files.count)
        var share = configuration.share(of: atOnce)
        let data = try clock.measure("open references") { () throws(AnalysisError) in
            try ReferenceData.open(
                references, cache: cache, wantsLibrary: configuration.search != nil,
                wantsCompounds: configuration.annotation != nil, wantsDecoys: configuration.decoys != .none,
                memoryLimit: configuration.memoryLimit, note: { onEvent(.note($0)) })
        }
        let (forecast, budget) = try clock.measure("forecast memory") { () throws(AnalysisError) in
            try plannedMemory(configuration, data)
        }
        onEvent(.note(forecast.note(folder: outputDirectory)))
        let slots = isPipeline ? WorkerSlots(count: configuration.workers) : nil
        // In a pipeline the workers of all files run where those of one do.
        let places = share.placement(topology: host.topology, files: isPipeline ? 1 : atOnce)
        let groups = isPipeline ? Array(repeating: places.groups.first ?? [], count: atOnce) : places.groups
        let lowered = configuration.lowered(budget).map(\.text)
        for notice in places.notices + lowered { onEvent(.note(notice)) }
        let book = SchedulingBook()
        let isPlanned = configuration.search != nil && configuration.approximation.strategy != .exact
        let means =
            isPlanned
            ? clock.measure("plan search") { SearchMeans(configuration, library: data.library) }
            : SearchMeans(configuration, library: data.library)
        if let plan = means.plan { onEvent(.note("\(plan)")) }
        let directory = try OutputDirectory(outputDirectory)
        let writing = OutputWriting(configuration.storage)
        let prefetcher = configuration.storage.makePrefetcher()
        configuration.storage.setBudgets(of: caches, memoryLimit: configuration.memoryLimit)
        let known = (caches.metadataCounts, caches.directoryCounts)
        do {
            let memory = RunMemory(
                settings: configuration.memory, budget: budget, folder: directory.path,
                touchedBetweenLooks: forecast.touchedBytes)
            _ = memory.collector.register {
                data.releasePages()
                means.cache?.clear()
                caches.clear()
            }
            let tables = try ResultTables(
                directory: directory, writing: writing, further: configuration.furtherTables,
                databases: data.databases,
                libraryName: data.libraryName)
            var record = emptyRecord()
            if share.kernels.backend == .wisdom {
                let notice = clock.measure("plan transforms") {
                    share.kernels.prepareFourier(folder: cache, machineID: host.identity.id) { onEvent(.note($0)) }
                }
                if let notice { record.warnings.append(notice) }
            }
            if let plan = means.plan, plan.used == .exact { record.warnings.append("\(plan)") }
            record.warnings += places.notices + lowered
            record.placement = RunRecord.Placement(places, topology: host.topology)
            try analyseFiles(
                into: tables, record: &record,
                analysis: FileAnalysis(
                    configuration: share, references: data, means: means, memory: memory, forecast: forecast,
                    clock: clock, cancellation: cancellation,
                    prefetcher: prefetcher, caches: caches,
                    team: WorkerTeam(
                        scheduling: configuration.scheduling, cpus: host.topology.cpus.map(\.number), book: book,
                        slots: slots, crew: WorkerCrew()),
                    placement: groups),
                start: start,
                onEvent: onEvent)
            record.prefetch = prefetcher?.counts
            record.caches = RunRecord.Caches(
                metadata: caches.metadataCounts.since(known.0), directory: caches.directoryCounts.since(known.1))
            record.searchPlan = means.plan
            record.matchCache = means.cache?.counts
            record.memory = memory.record
            record.memory?.predictedPeakBytes = forecast.hasUnknownSize ? nil : forecast.peakBytes
            record.scheduling = RunRecord.Scheduling(workers: configuration.workers, stages: book.stages)
            record.scheduling?.sharing = slots.map {
                let counts = $0.counts
                return RunRecord.Scheduling.Sharing(
                    slots: counts.slots, mostAtOnce: counts.mostAtOnce, passes: counts.passes)
            }
            record.warnings += book.placementFailures
            guard record.inputs.contains(where: { $0.status == .analysed }) else {
                tables.discard()
                directory.removeIfCreatedAndEmpty()
                return finished(record, clock: clock, start: start)
            }
            let (digest, outputs) = try clock.measure("write") { () throws(AnalysisError) in
                try tables.finish(workers: configuration.workers)
            }
            record.digest = digest
            record.outputs = outputs
            record.writing = writing.record
            record = finished(record, clock: clock, start: start)
            if let overrun = overrun(record) { onEvent(.note(overrun)) }
            // Everything is on the disk before anything gets its name: a full disk leaves no half of a result.
            let recordFile = try written(record, to: directory.file("run.json"), writing)
            try tables.commit()
            try recordFile.commit()
            return record
        } catch {
            directory.removeIfCreatedAndEmpty()
            throw error
        }
    }

    private var fileSizes: [Int] { files.map { InputFiles.byteCount(of: $0) } }

    private func analyseFiles(
        into tables: ResultTables, record: inout RunRecord, analysis: FileAnalysis, start: Double,
        onEvent: @escaping @Sendable (Event) -> Void
    ) throws {
        let names = InputFiles.displayNames(files)
        let sizes = fileSizes
        // An empty file has its share of the progress too.
        let progress = DatasetProgress(sizes: sizes.map { $0 + 1 })
        var jobTimes = WorkerStageTimes()
        // With several files at a time, their workers are busy elsewhere while rows are written: these run anywhere.
        let output = WorkerPool(
            workers: analysis.configuration.workers,
            team: analysis.placement.count > 1 ? analysis.team : analysis.group(0).team, stage: "annotate and format")
        var transforms = TransformCounts()
        let turns = FileTurns(files: files, names: names, atOnce: configuration.concurrentFiles, analysis: analysis)
        try turns.run { index, stage, fraction in
            // Reading and detection are most of the work; the short stages after it show as its end.
            progress.report(file: index, fraction: 0.95 * fraction) { done in
                let report = ProgressReport(fraction: done, stage: stage, item: names[index])
                onEvent(.progress(report, elapsedSeconds: monotonicSeconds() - start))
            }
        } inOrder: { index, outcome in
            switch outcome {
            case .success(var result):
                jobTimes += result.detectionTimes
                transforms += result.transforms
                let counts = try tables.append(
                    result, annotator: analysis.annotator, afterPiece: analysis.afterPiece,
                    memory: analysis.memory, pool: output, grain: configuration.rowsPerPiece, clock: analysis.clock)
                result.input.identifiedFeatures = counts.identified
                result.input.annotatedFeatures = counts.named
                record.inputs.append(result.input)
                onEvent(.fileDone(result.input))
            case .failure(let error):
                var input = RunRecord.Input(
                    path: files[index], name: names[index], bytes: sizes[index], status: .failed)
                input.error = "\(error)"
                record.inputs.append(input)
                onEvent(.fileDone(input))
            }
            progress.report(file: index, fraction: 1)
        }
        record.kernels = configuration.kernels.record(transforms)
        record.detectionJobs = jobTimes.named.map { RunRecord.Job(name: $0.name, cpuSeconds: $0.seconds) }
    }

    private func emptyRecord() -> RunRecord {
        let identity = host.identity
        var record = RunRecord(
            versions: RunRecord.Versions(lavoisier: LavoisierVersion.current, libraries: LinkedLibraries.versions),
            startedAt: timestamp(secondsSince1970: Date().timeIntervalSince1970, .iso8601),
            machine: RunRecord.Machine(
                id: identity.id, fields: identity.canonicalText.split(separator: "\n").map(String.init)),
            configuration: configuration.resolved.settings.map {
                RunRecord.Setting(name: $0.description.name, value: $0.text, source: $0.source)
            }, configurationHash: configuration.resolved.hash)
        record.machineProfile = machineProfile
        return record
    }

    private func finished(_ record: RunRecord, clock: StageClock, start: Double) -> RunRecord {
        var record = record
        record.stages = clock.times
        record.wallSeconds = monotonicSeconds() - start
        record.cpuSeconds = processCPUSeconds()
        (record.peakMemoryBytes, record.mappedFileBytes) = residentMemory()
        if let overrun = overrun(record) { record.warnings.append(overrun) }
        return record
    }

    /// `nil` where the limit was kept.
    private func overrun(_ record: RunRecord) -> String? {
        guard let peak = record.peakMemoryBytes, peak > configuration.memoryLimit else { return nil }
        return
            "peak memory of \(peak) bytes was above the limit of \(configuration.memoryLimit); \(record.mappedFileBytes ?? 0) "
            + "bytes of it are mapped files"
    }

    private func written(_ record: RunRecord, to path: String, _ writing: OutputWriting) throws -> OutputFile {
        let file = try OutputFile(path: path, writing: writing)
        var buffer = TextBuffer()
        buffer.append(try record.json())
        try file.write(buffer)
        try file.finish()
        return file
    }
}

import Foundation
import Lavoisier
import Parameters
import Pipeline
import TestSupport
import Testing

/// The tuner as a library, with the real engine on the smallest workload.
@Suite struct AutoTunerTests {
    @Test func aWorkloadIsChosenTunedAndItsConfigurationApplied() throws {
        let folder = try TemporaryDirectory()
        setenv("LAVOISIER_DATA_DIR", AnalyzerTests.data, 1)
        let tuner = AutoTuner(
            target: .cpuUsage, budget: 2, confirmationRows: 6, lockPath: folder.file("lock"), parameters: "basic")
        var notes: [String] = []
        var trials = 0
        let file = folder.file("best.yaml")
        let outcome = try tuner.optimizeForWorkload(
            type: .featureDetection, characteristics: WorkloadCharacteristics(size: .small, complexity: .low),
            constraints: PerformanceConstraints(maxMemory: "8GB", maxTime: "2m"), engine: Program.path("lavoisier"),
            directory: folder.file("reports"), configurationDirectory: folder.file("config"), configurationFile: file,
            note: { notes.append($0) }
        ) { if case .trialFinished = $0 { trials += 1 } }
        #expect(notes.contains { $0.hasPrefix("workload ident (feature_detection, size small, complexity low)") })
        #expect(trials == 2 && outcome.history.judged.count == 2)
        #expect(outcome.history.inputs.parameters == "basic")
        #expect(outcome.history.inputs.leftOut?.contains { $0.name == "execution.file_access" } == true)
        #expect(outcome.history.options.maximumMemoryBytes == 8_000_000_000)
        #expect(outcome.history.options.maximumSeconds == 120)
        guard case .finished(let verdict) = outcome.end else {
            Issue.record("\(outcome.end)")
            return
        }
        #expect(outcome.configurationPath == file)
        #expect(FileManager.default.fileExists(atPath: outcome.reportPath))
        #expect(try folder.contents.contains("config"))

        // The file gives the settings that were measured, and their results.
        var analyzer = try Analyzer(settings: [:], profile: "none", dataFolder: AnalyzerTests.data)
        try analyzer.applyConfiguration(file)
        let record = try analyzer.processDataset(AnalyzerTests.data + "/ident", output: folder.file("applied"))
        let standard = try #require(outcome.history.defaultTrial?.configuration)
        let known = verdict.kind == .improved ? verdict.best : outcome.history.settings(of: standard)
        for setting in known {
            let used = record.configuration.first { $0.name == setting.name }
            #expect(used?.value == setting.text && used?.source == "--config", "\(setting)")
        }
        let digests = Set(outcome.history.trials.flatMap(\.candidateRuns).flatMap(\.parts).compactMap(\.digest))
        #expect(digests.contains(try #require(record.digest)))
    }

    @Test func constraintsAreReadAsAUserWritesThem() throws {
        let constraints = try PerformanceConstraints(maxMemory: "64GB", maxTime: "2h")
        #expect(constraints == PerformanceConstraints(maximumMemoryBytes: 64_000_000_000, maximumSeconds: 7_200))
        #expect(throws: QuantityError.self) { try PerformanceConstraints(maxMemory: "much") }
    }

    /// A file that cannot be used leaves the settings as they were.
    @Test func aBadConfigurationIsNotApplied() throws {
        let folder = try TemporaryDirectory()
        let good = try folder.write("good.yaml", "execution: {workers: 1, chunk_size: 48}\n")
        let bad = try folder.write("bad.yaml", "execution: {wokers: 1}\n")
        var analyzer = try Analyzer(profile: "none", dataFolder: AnalyzerTests.data)
        try analyzer.applyConfiguration(good)
        #expect(throws: ParameterError.self) { try analyzer.applyConfiguration(bad) }
        let record = try analyzer.processFile(AnalyzerTests.ident, output: folder.file("out"))
        #expect(record.configuration.first { $0.name == "execution.chunk_size" }?.value == "48")
        let direct = try Analyzer(configurationFile: good, profile: "none", dataFolder: AnalyzerTests.data)
        #expect(try direct.processFile(AnalyzerTests.ident, output: folder.file("direct")).digest == record.digest)
    }
}

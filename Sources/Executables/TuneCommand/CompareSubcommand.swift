import ArgumentParser
import Benchmarking
import Console
import EngineRuns
import Foundation
import HostEnvironment
import Instrumentation
import Parameters
import Pipeline
import Reporting

struct CompareSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Run two configurations, or two engines, in turn and say which is better.",
        discussion: """
            Two configurations:  lavoisier-tune compare default optimized.yaml --workload medium --html comparison.html
            Two engines:         lavoisier-tune compare --before-binary old/lavoisier --after-binary new/lavoisier

            A configuration is a file as 'lavoisier analyze --config' reads it, or the word 'default' for the built-in one. Both \
            run in turn on this machine (A B, B A, ...) after a warm-up each, so that what the machine does to one it does to \
            the other; pairs that failed or were disturbed run again. Results come first: a faster wrong answer is not better.

            Exit status: 0 not worse, 2 worse, 3 cannot tell, 4 better (with --exit-on-improvement), 5 results got worse, \
            7 nothing measured, 1 an engine failed, 64 wrong usage, 65 bad input, 73 output cannot be written, 130 interrupted and \
            143 terminated (what ran is written).
            """)

    @Argument(
        help: ArgumentHelp(
            "Configuration before and after: files, or 'default'. With two engines: none, or one for both.",
            valueName: "config"))
    var configurations: [String] = []

    @Option(help: ArgumentHelp("The engine before. Default: --engine.", valueName: "path"))
    var beforeBinary: String?

    @Option(help: ArgumentHelp("The engine after. Default: --engine.", valueName: "path"))
    var afterBinary: String?

    @Option(help: "The program 'lavoisier'. Default: the one beside this program.")
    var engine: String?

    @Option(
        name: .customLong("workload"),
        help: "Bundled workload to run; may be repeated: each run then runs all. Default: medium.")
    var workloads: [String] = []

    @Option(help: "Pairs of runs.")
    var pairs = 16

    @Option(help: "No further pair is started after this time, like 10m. Default: 20m.")
    var timeBudget: String?

    @Option(help: "Relative change that does not count, like 5%. Default: by metric, 5 to 10%.")
    var tolerance: String?

    @Option(help: "By how much F1 against the results before, and the share of known truth, may drop.")
    var accuracyDrop = 0.001

    @Option(help: "Seed of the order in which both run.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Write the comparison as one HTML page.", valueName: "file"))
    var html: String?

    @Option(help: ArgumentHelp("Write every raw run and the decision as JSON.", valueName: "file"))
    var output: String?

    @Flag(help: "Leave with status 4 when something got better.")
    var exitOnImprovement = false

    @Option(help: "File that keeps two studies from measuring each other.")
    var lock = StudyLock.machineWidePath

    @OptionGroup var printed: OutputOptions

    func validate() throws {
        let engines = beforeBinary != nil || afterBinary != nil
        guard configurations.count <= 2 else {
            throw ValidationError("name two configurations, not \(configurations.count)")
        }
        if !engines, configurations.count < 2 {
            throw ValidationError(
                "name two configurations (files, or 'default'), or give --before-binary and --after-binary")
        }
        if engines, engine != nil, beforeBinary != nil, afterBinary != nil {
            throw ValidationError("--engine is not used when --before-binary and --after-binary are given")
        }
        guard pairs >= 1 else { throw ValidationError("--pairs must be at least 1") }
        guard accuracyDrop >= 0, accuracyDrop <= 1 else {
            throw ValidationError("--accuracy-drop lies between 0 and 1")
        }
    }

    func run() throws {
        try reportingFailures {
            let interrupt = try InterruptFlag.install()
            let host = HostReader().read()
            let arms = try arms(host: host)
            var options = ArmComparison.Options()
            options.tolerance = try tolerance.map { try quantity("--tolerance", try Share(parsing: $0).fraction) }
            options.accuracyDrop = accuracyDrop
            let runOptions = try interleaving(host: host)
            for path in [html, output].compactMap({ $0 }) { try OutputText.checkWritable(path) }
            let lock = try StudyLock(study: "lavoisier-tune compare", path: self.lock)
            let display = ComparisonDisplay(quiet: printed.quiet)
            let locations = DataLocations.absolute(environment: ProcessInfo.processInfo.environment)
            let prepared = try EngineWorkload.prepare(
                workloads.isEmpty ? ["medium"] : workloads, locations
            ) { display.note($0) }
            try locations.prepareReferences { display.note($0) }
            let program = try EngineProgram(workloads: prepared, locations: locations, interrupt: interrupt)
            display.opening(arms, workloads: prepared.map(\.name), machine: host.identity.summary)
            let before = HostReader().readConditions()
            var session = InterleavedRuns(program: program, arms: arms, options: runOptions, interrupt: interrupt)
            var end = InterleavedRecord.End.complete
            var failure: (any Error)?
            withExtendedLifetime(lock) {
                do { end = try session.run { display.show($0, arms) } } catch { failure = error }
            }
            display.clear()
            // What ran before this program could not go on (a full disk) is judged and written all the same.
            if let failure, session.record.completePairs.isEmpty { throw failure }
            let comparison = ArmComparison(
                created: timestamp(secondsSince1970: Date().timeIntervalSince1970, .plain), arms: arms,
                workloads: prepared.map { BenchmarkRecord.Workload($0) },
                machine: host.identity, conditionsBefore: before, conditionsAfter: HostReader().readConditions(),
                options: options, record: session.record)
            try write(comparison, display)
            if let failure { throw failure }
            if case .interrupted(let signal) = end {
                Console.note("lavoisier-tune: stopped with \(session.record.completePairs.count) complete pairs")
                throw ExitCode(signal == 2 ? 130 : 143)
            }
            let status = comparison.decision.exitStatus(reportsImprovement: exitOnImprovement)
            if status != 0 { throw ExitCode(status) }
        }
    }

    private func write(_ comparison: ArmComparison, _ display: ComparisonDisplay) throws {
        if let output { try OutputText.write(OutputText.json(comparison), to: output) }
        if let html { try OutputText.write(ComparisonReport(comparison, command: command).html(), to: html) }
        if printed.json {
            try Console.output(OutputText.json(ComparisonResult(comparison, reportsImprovement: exitOnImprovement)))
        } else {
            try Console.output(ComparisonDisplay.text(comparison))
        }
        if let html { display.note("page: \(html)") }
        if let output { display.note("every run: \(output)") }
    }

    private func arms(host: HostDescription) throws -> [EngineArm] {
        let isOther = beforeBinary != nil || afterBinary != nil
        let files = configurations.count == 1 ? [configurations[0], configurations[0]] : configurations
        return try [("before", beforeBinary, "--before-binary"), ("after", afterBinary, "--after-binary")].enumerated()
            .map {
                position, side in
                let (role, binary, option) = side
                let file = files.isEmpty || files[position] == "default" ? nil : files[position]
                var name = files.count == 2 ? "\(files[position]) (\(role))" : role
                if let binary { name = configurations.count == 2 ? "\(binary), \(name)" : "\(binary) (\(role))" }
                return try EngineArm(
                    name: name,
                    engine: try EngineBinary.locate(binary ?? engine, option: binary == nil ? "--engine" : option),
                    file: file, isOtherVersion: isOther, host: host)
            }
    }

    private func interleaving(host: HostDescription) throws -> InterleavedRuns.Options {
        var options = InterleavedRuns.Options(
            limits: RunLimits(timeoutSeconds: 1_800, memoryBytes: host.usableMemoryBytes.value))
        options.pairs = pairs
        options.seed = seed
        options.timeBudgetSeconds =
            try timeBudget.map {
                try quantity("--time-budget", try TimeSpan(parsing: $0).seconds)
            } ?? 1_200
        return options
    }

    /// The command that makes the comparison again.
    private var command: String {
        var words = ["lavoisier-tune", "compare"] + configurations
        if let beforeBinary { words += ["--before-binary", beforeBinary] }
        if let afterBinary { words += ["--after-binary", afterBinary] }
        if let engine { words += ["--engine", engine] }
        for workload in workloads { words += ["--workload", workload] }
        words += ["--pairs", "\(pairs)", "--seed", "\(seed)"]
        if let timeBudget { words += ["--time-budget", timeBudget] }
        if let tolerance { words += ["--tolerance", tolerance] }
        if accuracyDrop != 0.001 { words += ["--accuracy-drop", "\(accuracyDrop)"] }
        return OutputText.commandLine(words)
    }
}

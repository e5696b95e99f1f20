import ArgumentParser
import BayesianTuning
import Benchmarking
import Console
import EngineTuning
import Foundation
import Parameters
import ResultStore
import StudyRunner
import Workloads

struct RunSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a new study (what happens without a subcommand).")

    @OptionGroup var aim: AimOptions

    @Option(help: "Configurations to try at most; repeats of one do not count.")
    var budget = 50

    @Option(
        name: .customLong("workload"),
        help: "Bundled workload to run; may be repeated: each run then runs all. Default: medium.")
    var workloads: [String] = []

    @Option(
        help:
            "Choose the workload by what it is: metabolomics_analysis, spectral_matching or feature_detection. 'lavoisier workload list' shows all."
    )
    var workloadType: String?

    @Option(
        help:
            "Wished size of that workload: small, medium or large; the nearest is taken. Without --workload-type, of metabolomics_analysis."
    )
    var size: String?

    @Option(help: "Wished complexity of that workload: low, medium or high; the nearest is taken.")
    var complexity: String?

    @Option(help: "Seed of the search; the same seed and results give the same search.")
    var seed: UInt64 = 1

    @Option(
        help:
            "Longest time for the whole study, search and confirmation, like 30m. The search stops while there is time for the confirmation."
    )
    var tuningTime: String?

    @Option(help: "Smallest F1 of the feature table against the default's, 0 to 1; no known truth may be lost either.")
    var minAccuracy = 0.999

    @Option(
        help:
            "Stop when the model expects a smaller gain than this from anything not tried yet, five suggestions in a row, like 1%. 0 uses the whole budget."
    )
    var stopBelow = "0.2%"

    @Flag(help: "Do not use what earlier studies in this database found on this or a similar machine.")
    var fresh = false

    @Option(help: "How to search: bayesian, random or sobol.")
    var strategy = "bayesian"

    @Option(
        help: "Interleaved rows of the confirmation, 6 or more. Default: 12 for long runs, up to 40 for short ones.")
    var rows: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What to search: names (or other spellings), sections (execution), patterns ('parallel.*'), default, all or basic, separated by commas; '-NAME' takes away and '+NAME' adds. A list that begins with a sign changes the default: '--parameters -numeric.precision,+execution.reader'. 'lavoisier-tune parameters' lists them.",
            valueName: "list"))
    var parameters: String?

    @Option(
        help: ArgumentHelp(
            "Your own configurations, tried right after the default: a YAML or JSON list of settings, or JSON lines. Settings that one leaves out take their default; each counts against the budget.",
            valueName: "file"))
    var enqueue: String?

    @Option(
        help: ArgumentHelp(
            "Configuration file. What is not searched holds in every run; what is searched is the configuration to beat. This machine's profile then stays as it is: take the result with --write-config.",
            valueName: "file"))
    var base: String?

    @Option(
        help: ArgumentHelp(
            "Write the complete best configuration known to a file for 'lavoisier analyze --config'; replaced when it exists.",
            valueName: "file"))
    var writeConfig: String?

    @Option(help: "The program 'lavoisier'. Default: the one beside this program.")
    var engine: String?

    @OptionGroup var places: PlaceOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try reportingFailures {
            var request = try places.request()
            request.options = try options()
            if !workloads.isEmpty { request.workloads = workloads }
            try chooseWorkload(&request)
            request.parameters = parameters
            request.enqueueFile = enqueue
            request.baseFile = base
            request.configurationFile = writeConfig
            request.enginePath = engine
            request.interrupt = try InterruptFlag.install()
            let display = StudyDisplay(quiet: output.quiet)
            let study = try EngineStudy.start(request) { display.note($0) }
            display.opening(study)
            try finish(study, display, json: output.json)
        }
    }

    func options() throws -> StudyOptions {
        var options = StudyOptions()
        try aim.apply(to: &options)
        options.strategy = try choice("--strategy", strategy, SearchStrategy.allCases.map { ($0.rawValue, $0) })
        options.budget = budget
        options.seed = seed
        options.worthwhileGain = try gain("--stop-below", stopBelow)
        options.usesEarlierStudies = !fresh
        options.minimumAccuracy = minAccuracy
        if let rows {
            options.confirmationRows = rows
            options.maximumConfirmationRows = rows
        }
        options.tuningSeconds = try tuningTime.map {
            try quantity("--tuning-time", try TimeSpan(parsing: $0).seconds)
        }
        return options
    }

    /// Without a type, what the default workload is.
    private func chooseWorkload(_ request: inout EngineStudyRequest) throws {
        guard workloadType != nil || size != nil || complexity != nil else { return }
        guard workloads.isEmpty else {
            throw StudyError(
                .invalidOptions,
                "--workload names the workload, and --workload-type, --size and --complexity choose it; give one or the other"
            )
        }
        request.workloadType =
            try workloadType.map {
                try choice("--workload-type", $0, WorkloadType.allCases.map { ($0.rawValue, $0) })
            } ?? .metabolomicsAnalysis
        request.characteristics.size = try size.map {
            try choice("--size", $0, WorkloadSize.allCases.map { ($0.rawValue, $0) })
        }
        request.characteristics.complexity = try complexity.map {
            try choice("--complexity", $0, WorkloadComplexity.allCases.map { ($0.rawValue, $0) })
        }
    }

    /// A share as a percentage or a number: `0.5%`, `0.005`.
    private func gain(_ option: String, _ text: String) throws -> Double {
        let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
        guard let number = Double(digits), number.isFinite, number >= 0 else {
            throw StudyError(.invalidOptions, "\(option) '\(text)' is not a share: give one like 0.2% or 0.002")
        }
        let share = text.hasSuffix("%") ? number / 100 : number
        guard share < 1 else { throw StudyError(.invalidOptions, "\(option) must be below 100%") }
        return share
    }
}

struct ResumeSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Go on with a study that was stopped.",
        discussion:
            "Uses the options that the study was started with. The machine, the engine and the workloads must be "
            + "the same as then.")

    @Argument(help: "Id of the study, its beginning, or 'latest'.")
    var study: String

    @Option(
        help: ArgumentHelp(
            "File for the complete best configuration known. Default: the one that the study was started with, if any.",
            valueName: "file"))
    var writeConfig: String?

    @Option(help: "The program 'lavoisier'. Default: the one that the study used.")
    var engine: String?

    @OptionGroup var places: PlaceOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try reportingFailures {
            var request = try places.request()
            request.enginePath = engine
            request.configurationFile = writeConfig
            request.interrupt = try InterruptFlag.install()
            let display = StudyDisplay(quiet: output.quiet)
            let resumed = try EngineStudy.resume(study, request) { display.note($0) }
            display.opening(resumed)
            try finish(resumed, display, json: output.json)
        }
    }
}

/// Runs a study, says how it ended, and leaves with the status of that end.
private func finish(
    _ study: EngineStudy, _ display: StudyDisplay, json: Bool
) throws {
    var study = study
    let outcome: EngineStudy.Outcome
    do {
        let scale = ObjectiveScale(study.options.target)
        outcome = try study.run { display.show($0, scale) }
    } catch {
        display.clear()
        Console.note(
            "lavoisier-tune: study \(study.id) stopped; once the cause is gone: lavoisier-tune resume \(study.id)")
        throw error
    }
    display.clear()
    if json { try Console.output(try StudyResult(outcome).json()) }
    display.closing(outcome)
    switch outcome.end {
    case .finished(let verdict): if verdict.kind == .noFeasibleConfiguration { throw ExitCode(8) }
    case .interrupted(let signal): throw ExitCode(signal == SIGINT ? 130 : 143)
    case .failed: throw ExitCode(1)
    }
}

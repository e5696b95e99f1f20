import ArgumentParser
import Benchmarking
import Console
import EngineRuns
import Foundation
import HostEnvironment
import Parameters
import Pipeline

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Measures the engine, or compares two result files of itself.
struct BenchmarkSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark", abstract: "Measure speed, memory, energy and accuracy, or compare two measurements.",
        discussion: """
            Start with:   lavoisier benchmark --workload medium --output before.json
            Then:         lavoisier benchmark --before before.json --after after.json --html comparison.html

            Measuring runs 'lavoisier analyze' in child processes: a warm-up that does not count, then runs until half the 95 % \
            interval of every median is within --precision, or a limit is reached. Each raw run is kept with what the machine \
            did beside it. Settings are the built-in default, --config and --set; no tuned profile takes part. \
            'lavoisier workload list' shows the workloads.

            Comparing says for every metric how much it changed, how sure that is, and what could have been seen. Results come \
            first. Two files are two series that ran one after the other: on a shared machine 'lavoisier-tune compare' is \
            the better way, because it runs both in turn.

            Exit status of a comparison: 0 no regression, 2 regression, 3 cannot tell, 4 better (with --exit-on-improvement), \
            5 results got worse, 6 not comparable, 7 nothing measured, 1 a file holds runs that failed. Of a measurement: 0, \
            1 the engine failed, 7 it read nothing, 130 interrupted and 143 terminated (the runs so far are written). Of both: \
            64 wrong usage, 65 bad input, 73 output cannot be written.
            """)

    @OptionGroup(title: "Measuring") var measuring: BenchmarkMeasuringOptions
    @OptionGroup(title: "Comparing") var comparing: BenchmarkComparingOptions

    @Flag(help: "Print the result as JSON to standard output, instead of tables.")
    var json = false

    @Flag(help: "No progress on standard error; errors still show.")
    var quiet = false

    func validate() throws {
        let isComparison = comparing.before != nil || comparing.after != nil
        if isComparison, comparing.before == nil || comparing.after == nil {
            throw ValidationError("a comparison needs both files: --before FILE --after FILE")
        }
        if isComparison, let option = measuring.given {
            throw ValidationError("\(option) measures, and --before/--after compare two files; give one or the other")
        }
        if !isComparison, let option = comparing.given {
            throw ValidationError("\(option) belongs to a comparison: give --before FILE and --after FILE too")
        }
    }

    func run() throws {
        try reportingFailures {
            // A closed pipe or a write beyond a file size limit is an error to report, not the end of the program.
            signal(SIGPIPE, SIG_IGN)
            signal(SIGXFSZ, SIG_IGN)
            if let before = comparing.before, let after = comparing.after {
                try comparing.compare(before, after, json: json)
            } else {
                try measure()
            }
        }
    }

    private func measure() throws {
        let interrupt = try InterruptFlag.install()
        let display = BenchmarkDisplay(quiet: quiet)
        let plan = try measuring.plan(host: HostReader().read())
        if let path = measuring.output { try OutputText.checkWritable(path) }
        let lock = try StudyLock(study: "lavoisier benchmark", path: measuring.lock)
        let locations = DataLocations.absolute(environment: ProcessInfo.processInfo.environment)
        let workloads = try EngineWorkload.prepare(plan.workloads, locations) { display.note($0) }
        try locations.prepareReferences { display.note($0) }
        let program = try EngineProgram(workloads: workloads, locations: locations, interrupt: interrupt)
        display.opening(plan)
        var session = BenchmarkSession(
            program: program, arm: plan.arm, algorithms: plan.algorithms, metrics: plan.metrics, rule: plan.rule,
            limits: RunLimits(timeoutSeconds: 1_800, memoryBytes: plan.host.usableMemoryBytes.value),
            interrupt: interrupt)
        let record = try withExtendedLifetime(lock) { try session.run(host: plan.host) { display.show($0) } }
        display.clear()
        // A file without a run that counts would only take the place of a good one.
        if let path = measuring.output, !record.runs.isEmpty { try OutputText.write(OutputText.json(record), to: path) }
        if json {
            try Console.output(OutputText.json(record))
        } else if !record.runs.isEmpty {
            try Console.output(BenchmarkDisplay.table(record))
        }
        display.closing(record, output: record.runs.isEmpty ? nil : measuring.output)
        if let error = session.error { throw error }
        if let empty = record.runs.lazy.flatMap(\.parts).first(where: \.isEmpty) {
            Console.note("lavoisier: nothing was measured: the engine read no spectra of \(empty.workload)")
            throw ExitCode(7)
        }
        switch record.end {
        case .tight, .maximumRuns, .outOfTime: break
        case .interrupted: throw ExitCode(interrupt.signal == SIGINT ? 130 : 143)
        case .failed: throw ExitCode(1)
        }
    }
}

/// Options of a measurement.
struct BenchmarkMeasuringOptions: ParsableArguments {
    @Option(
        name: .customLong("workload"),
        help: "Bundled workload to run; may be repeated: each run then runs all. Default: medium.")
    var workloads: [String] = []

    @Option(
        help: ArgumentHelp(
            "What is run and timed: peak_detection, spectral_matching, annotation, with commas between. Peak detection always runs; the others are switched on or off. Default: what the configuration switches on.",
            valueName: "names"))
    var algorithms: String?

    @Option(
        help: ArgumentHelp(
            "What is reported: throughput, accuracy, memory_usage, energy_consumption, wall, cpu, with commas between. Default: all.",
            valueName: "names"))
    var metrics: String?

    @Option(help: ArgumentHelp("File for the result; replaced when it exists.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("YAML file with settings.", valueName: "file"))
    var config: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("One setting; may be repeated.", valueName: "key=value"))
    var assignments: [String] = []

    @Option(help: "The program 'lavoisier' to measure. Default: this one.")
    var engine: String?

    @Option(help: "Half the interval of a median, relative to it, that is tight enough, like 2%. Default: 2%.")
    var precision: String?

    @Option(help: "Fewest runs; below 6 there is no 95 % interval. Default: 6.")
    var minRuns: Int?

    @Option(help: "Most runs. Default: 40.")
    var maxRuns: Int?

    @Option(help: "No further run is started after this time, like 5m. Default: 10m.")
    var timeBudget: String?

    @Option(help: "File that keeps two measurements from measuring each other.")
    var lock = StudyLock.machineWidePath

    /// The first of the options that was given.
    var given: String? {
        let all: [(String, Bool)] = [
            ("--workload", !workloads.isEmpty), ("--algorithms", algorithms != nil), ("--metrics", metrics != nil),
            ("--output", output != nil), ("--config", config != nil), ("--set", !assignments.isEmpty),
            ("--engine", engine != nil), ("--precision", precision != nil), ("--min-runs", minRuns != nil),
            ("--max-runs", maxRuns != nil), ("--time-budget", timeBudget != nil),
        ]
        return all.first(where: \.1)?.0
    }

    /// What is measured, checked before anything is prepared.
    struct Plan {
        let host: HostDescription
        let workloads: [String]
        let arm: EngineArm
        let algorithms: [EngineAlgorithm]
        let metrics: [BenchmarkMetric]
        let rule: BenchmarkRecord.Rule
    }

    func plan(host: HostDescription) throws -> Plan {
        let metrics = try names("--metrics", self.metrics, BenchmarkMetric.allCases.map { ($0.rawValue, $0) })
        let wanted = try names("--algorithms", algorithms, EngineAlgorithm.allCases.map { ($0.rawValue, $0) })
        var switches: [String] = []
        if let wanted {
            switches = EngineAlgorithm.assignments(running: Set(wanted))
            for setting in EngineAlgorithm.allCases.compactMap(\.setting)
            where assignments.contains(where: { $0.hasPrefix(setting + "=") }) {
                throw ParameterError(
                    .malformed, parameter: setting,
                    expected: "--algorithms sets \(setting) already; give one or the other", location: "--set")
            }
        }
        var request = ConfigurationRequest()
        request.configurationFile = config
        request.assignments = assignments + switches
        request.profile = "none"
        let configuration = try request.resolve(host: host).configuration
        let binary = try EngineBinary.locate(engine)
        // Another version may not know every setting of this one: it gets what was set.
        let isOther = try engine != nil && binary.sha256 != EngineBinary.locate(nil).sha256
        let arm =
            try isOther
            ? EngineArm(
                name: "engine", engine: binary, file: config, assignments: request.assignments, isOtherVersion: true,
                host: host) : EngineArm(name: "engine", engine: binary, complete: configuration)
        return Plan(
            host: host, workloads: workloads.isEmpty ? ["medium"] : workloads, arm: arm,
            algorithms: wanted.map { wanted in EngineAlgorithm.allCases.filter(wanted.contains) }
                ?? EngineAlgorithm.enabled(in: configuration),
            metrics: metrics.map { metrics in BenchmarkMetric.allCases.filter(metrics.contains) }
                ?? BenchmarkMetric.allCases, rule: try rule())
    }

    private func rule() throws -> BenchmarkRecord.Rule {
        var rule = BenchmarkRecord.Rule()
        rule.timeBudgetSeconds = 600
        if let precision { rule.precision = try quantity("--precision", try Share(parsing: precision).fraction) }
        if let timeBudget {
            rule.timeBudgetSeconds = try quantity("--time-budget", try TimeSpan(parsing: timeBudget).seconds)
        }
        if let maxRuns { rule.maximumRuns = maxRuns }
        rule.minimumRuns = minRuns ?? min(rule.minimumRuns, rule.maximumRuns)
        guard rule.minimumRuns >= 1, rule.maximumRuns >= rule.minimumRuns else {
            throw ParameterError(
                .malformed, parameter: "--min-runs",
                expected: "must be at least 1 and at most --max-runs (\(rule.maximumRuns))", location: "--min-runs")
        }
        return rule
    }

    /// Names with commas between; `nil` when the option was not given.
    private func names<Value>(_ option: String, _ text: String?, _ known: [(name: String, value: Value)]) throws
        -> [Value]?
    {
        try text?.split(separator: ",", omittingEmptySubsequences: false).map { word in
            let word = String(word.drop { $0 == " " })
            if let found = known.first(where: { $0.name == word }) { return found.value }
            let names = known.map(\.name)
            let hint = nearestName(to: word, among: names).map { "; did you mean '\($0)'?" } ?? ""
            throw ParameterError(
                .malformed, parameter: word,
                expected: "'\(word)' is not known: it is one of \(names.joined(separator: ", "))\(hint)",
                location: option)
        }
    }
}

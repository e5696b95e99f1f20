import ArgumentParser
import Benchmarking
import Console
import EngineRuns
import Foundation
import HostEnvironment
import Instrumentation
import Parameters
import Pipeline
import Statistics

/// Measures how the engine's time depends on the number of its workers.
struct ScalingSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scaling", abstract: "Measure how much faster more workers are, stage by stage.",
        discussion: """
            Start with:   lavoisier scaling --workload large

            Runs 'lavoisier analyze' with every number of workers in turn (rounds, after a warm-up each), so that what the machine \
            does to one it does to the others. For the whole run and every stage it prints the time, how many times faster it is \
            than with one worker, and the serial fraction of Amdahl's law: the share that no number of workers makes shorter. \
            What more cores would give is projected from that, and is no measurement.

            Exit status: 0 measured, 1 the engine failed, 5 results depend on the number of workers, 7 nothing was measured, 64 wrong \
            usage, 65 bad input, 73 output cannot be written, 130 interrupted, 143 terminated (what ran is shown and written).
            """)

    @Option(
        name: .customLong("workload"),
        help: "Bundled workload; may be repeated: each run then runs all. Default: large.")
    var workloads: [String] = []

    @Option(
        help: ArgumentHelp(
            "Numbers of workers with commas between, 1 among them. Default: 1, 2, 4, ... up to the usable CPUs.",
            valueName: "numbers"))
    var workers: String?

    @Option(help: "Rounds: runs of each number of workers.")
    var rounds = 12

    @Option(help: "No further round is started after this time, like 5m. Default: 20m.")
    var timeBudget: String?

    @Option(help: ArgumentHelp("YAML file with settings.", valueName: "file"))
    var config: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("One setting; may be repeated.", valueName: "key=value"))
    var assignments: [String] = []

    @Option(help: ArgumentHelp("The program 'lavoisier' to measure. Default: this one.", valueName: "path"))
    var engine: String?

    @Option(help: "Of the order in which the numbers of workers take turns.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("File for the result with every run; replaced when it exists.", valueName: "file"))
    var output: String?

    @Option(help: "File that keeps two measurements from measuring each other.")
    var lock = StudyLock.machineWidePath

    @Flag(help: "Print the result as JSON to standard output, instead of tables.")
    var json = false

    @Flag(help: "No progress on standard error; errors still show.")
    var quiet = false

    func validate() throws {
        guard rounds >= 1 else { throw ValidationError("--rounds must be at least 1") }
        if let taken = assignments.first(where: { $0.hasPrefix("execution.workers=") }) {
            throw ValidationError("--set \(taken): the workers are what is varied; give --workers")
        }
    }

    func run() throws {
        try reportingFailures {
            // A closed pipe or a write beyond a file size limit is an error to report, not the end of the program.
            signal(SIGPIPE, SIG_IGN)
            signal(SIGXFSZ, SIG_IGN)
            let host = HostReader().read()
            let counts = try workerCounts(host)
            let arms = try counts.map { count in
                try EngineArm(
                    name: count == 1 ? "1 worker" : "\(count) workers", engine: try EngineBinary.locate(engine),
                    file: config, assignments: assignments + ["execution.workers=\(count)"], host: host)
            }
            var options = InterleavedRuns.Options(
                limits: RunLimits(timeoutSeconds: 3_600, memoryBytes: host.usableMemoryBytes.value))
            options.pairs = rounds
            options.seed = seed
            // A round that other load disturbed counts like the others: medians over rounds stand it.
            options.extraShare = 0
            options.timeBudgetSeconds =
                try timeBudget.map { try quantity("--time-budget", try TimeSpan(parsing: $0).seconds) } ?? 1_200
            if let output { try OutputText.checkWritable(output) }
            let interrupt = try InterruptFlag.install()
            let (record, end, failure) = try measure(arms, counts, options, host, interrupt)
            try Console.output(
                json
                    ? OutputText.json(record)
                    : record.results.map { ScalingText.text($0, workers: counts) }.joined(separator: "\n"))
            if let output, record.results.contains(where: { $0.rounds > 0 }) {
                try OutputText.write(OutputText.json(record), to: output)
            }
            if let failure { throw failure }
            try finish(record, end)
        }
    }

    private func measure(
        _ arms: [EngineArm], _ counts: [Int], _ options: InterleavedRuns.Options, _ host: HostDescription,
        _ interrupt: InterruptFlag
    ) throws -> (ScalingRecord, InterleavedRecord.End, failure: (any Error)?) {
        let line = LiveLine(mode: .suitable(quiet: quiet))
        let lock = try StudyLock(study: "lavoisier scaling", path: self.lock)
        let locations = DataLocations.absolute(environment: ProcessInfo.processInfo.environment)
        let prepared = try EngineWorkload.prepare(workloads.isEmpty ? ["large"] : workloads, locations) {
            line.milestone("lavoisier: \($0)")
        }
        try locations.prepareReferences { line.milestone("lavoisier: \($0)") }
        let program = try EngineProgram(workloads: prepared, locations: locations, interrupt: interrupt)
        let before = HostReader().readConditions()
        var session = InterleavedRuns(program: program, arms: arms, options: options, interrupt: interrupt)
        var end = InterleavedRecord.End.complete
        var failure: (any Error)?
        withExtendedLifetime(lock) {
            do {
                end = try session.run { progress in
                    guard let arm = progress.arm else { return }
                    let left = progress.remainingSeconds.map { ", \(TimeEstimate.text(seconds: $0)) left" } ?? ""
                    line.update(
                        progress.isWarmUp
                            ? "warm-up with \(arms[arm].name)"
                            : "round \(progress.completePairs + 1) of \(progress.wantedPairs)\(left)  \(arms[arm].name)"
                    )
                }
            } catch { failure = error }
        }
        line.clear()
        // What ran before this program could not go on (a full disk) is shown and written all the same.
        if let failure, session.record.completePairs.isEmpty { throw failure }
        return (
            ScalingRecord(
                created: timestamp(secondsSince1970: Date().timeIntervalSince1970, .plain), arms: arms, workers: counts,
                workloads: prepared.map { BenchmarkRecord.Workload($0) }, machine: host.identity,
                conditionsBefore: before, conditionsAfter: HostReader().readConditions(), record: session.record), end,
            failure
        )
    }

    private func finish(_ record: ScalingRecord, _ end: InterleavedRecord.End) throws {
        func stop(_ reason: String, _ status: Int32) throws {
            Console.note("lavoisier: \(reason)")
            throw ExitCode(status)
        }
        switch end {
        case .interrupted(let signal): throw ExitCode(signal == SIGINT ? 130 : 143)
        case .failed(let arm, let failure):
            try stop(
                "the engine failed with \(record.arms[arm].name): \(failure.reason)",
                failure.kind == .wrongResult ? 5 : 1)
        case .complete, .outOfTime: break
        }
        for (arm, engine) in record.arms.enumerated() {
            if let failure = record.record.failures(of: arm).first {
                try stop(
                    "the engine failed with \(engine.name): \(failure.reason)", failure.kind == .wrongResult ? 5 : 1)
            }
        }
        if let workload = record.workloadOfOtherResults {
            try stop("the results of \(workload) depend on the number of workers", 5)
        }
        let parts = record.record.completePairs.lazy.flatMap(\.runs).flatMap(\.run.parts)
        if let empty = parts.first(where: \.isEmpty) {
            try stop("nothing was measured: the engine read no spectra of \(empty.workload)", 7)
        }
        if let result = record.results.first(where: \.rows.isEmpty) {
            try stop("nothing was measured: no round of \(result.workload) is complete", 7)
        }
    }

    /// Of `execution.workers`.
    private static let mostWorkers = 256

    /// Ascending, from 1.
    private func workerCounts(_ host: HostDescription) throws -> [Int] {
        func wrong(_ reason: String) -> ParameterError {
            ParameterError(.malformed, parameter: "--workers", expected: reason, location: "--workers")
        }
        guard let workers else {
            let usable = min(host.usableCPUs.value ?? 1, Self.mostWorkers)
            guard usable > 1 else {
                throw wrong("this machine lets the program use one CPU only; give the numbers to try, like 1,2")
            }
            return (sequence(first: 1) { $0 * 2 < usable ? $0 * 2 : nil } + [usable])
        }
        let counts = try workers.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let count = Int(word), (1...Self.mostWorkers).contains(count) else {
                throw wrong("'\(word)' is no number of workers between 1 and \(Self.mostWorkers)")
            }
            return count
        }
        let ascending = Set(counts).sorted()
        guard ascending.first == 1, ascending.count > 1 else {
            throw wrong("give 1, which the others are compared with, and at least one more, like 1,2,4")
        }
        return ascending
    }
}

import ArgumentParser
import BayesianTuning
import Console
import Foundation
import TuningReplay

struct ReplaySubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Judge the tuner on recorded tables of measured configurations.",
        discussion: """
            Needs no engine. Each TABLE is NAME.json with NAME.csv beside it. Writes one JSON line per table and seed: the \
            regret of the best configuration after each evaluation (0 the table's best row, 1 its median row), the rows \
            evaluated, effective repeats, and CPU seconds per suggestion. The tuner sees parameters and told values only.
            """)

    @Argument(help: "Descriptions of recorded tables (NAME.json).")
    var tables: [String]

    @Option(help: "Evaluations per search.")
    var budget = 50

    @Option(help: "Seeds: one number or a range such as 0-19.")
    var seeds = "0-19"

    @Option(help: "What it may choose from: 'rows' of the table or the 'grid' of the ranges.")
    var candidates = ReplayOptions.CandidateSource.grid.rawValue

    @Option(help: "How suggestions are made: bayesian, random or sobol.")
    var strategy = SearchStrategy.bayesian.rawValue

    @Flag(
        help: "Told values scatter as the table's own *_sd column says (if below half the value), or else by 5 %.")
    var noise = false

    @Flag(help: "Tell the tuner which row each suggestion counted as.")
    var tellEffective = false

    @Option(help: "File for the results; '-' is standard output.")
    var output = "-"

    func run() throws {
        try reportingFailures {
            var options = ReplayOptions()
            options.budget = budget
            options.isNoisy = noise
            options.tellsEffective = tellEffective
            options.candidates = try Self.choice("--candidates", candidates)
            options.strategy = try Self.choice("--strategy", strategy)
            let seeds = try Self.range(seeds)
            let file = try output == "-" ? nil : Self.create(output)
            for path in tables {
                let replay = try Replay(try RecordedTable(reading: path), options: options)
                for seed in seeds {
                    let line = try replay.run(seed: seed).jsonLine() + "\n"
                    guard let file else {
                        try Console.output(line)
                        continue
                    }
                    do {
                        try file.write(contentsOf: Data(line.utf8))
                    } catch {
                        throw ReplayError(.cannotWrite, file: output, "cannot be written: \(error)")
                    }
                }
            }
        }
    }

    private static func create(_ path: String) throws -> FileHandle {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else { throw ReplayError(.cannotWrite, file: path, "cannot be created") }
        return file
    }

    private static func choice<Value: RawRepresentable & CaseIterable>(
        _ option: String, _ text: String
    ) throws -> Value where Value.RawValue == String {
        if let value = Value(rawValue: text) { return value }
        throw ReplayError(
            .invalidOptions,
            "\(option) '\(text)' is not known: it is one of "
                + Value.allCases.map(\.rawValue).joined(separator: ", "))
    }

    /// `3` or `0-19`.
    private static func range(_ text: String) throws -> ClosedRange<UInt64> {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
        if ends.count == 1, let only = ends[0] { return only...only }
        if ends.count == 2, let first = ends[0], let last = ends[1], first <= last { return first...last }
        throw ReplayError(.invalidOptions, "--seeds '\(text)' is neither a number nor a range such as 0-19")
    }
}

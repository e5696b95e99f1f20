import ArgumentParser
import Pipeline

/// The program `lavoisier`.
@main
struct LavoisierCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lavoisier",
        abstract:
            "Analyse liquid-chromatography mass-spectrometry data: mzML in; features, identifications and names out.",
        discussion: """
            Start with:   lavoisier analyze run.mzML --output results
            Tune first:   lavoisier optimize --target throughput --budget 50   (analyze then uses what it found by itself)

            Measure:      lavoisier benchmark --workload medium --output results.json

            Exit status: 0 done, 64 wrong usage, 65 bad input (some files failed; the others are written), \
            73 output cannot be written, 130 interrupted, 143 terminated.
            """,
        version: LavoisierVersion.current,
        subcommands: subcommands(startingWith: CommandLine.arguments.dropFirst().first))

    /// The subcommand of that name, or all. What is not asked for is not described: reading the descriptions of all takes
    /// some milliseconds, which is noticeable beside the analysis of a small file.
    static func subcommands(startingWith argument: String?) -> [any ParsableCommand.Type] {
        let all: [any ParsableCommand.Type] = [
            AnalyzeSubcommand.self, MatchSubcommand.self, InspectSubcommand.self, ConvertSubcommand.self,
            BenchmarkSubcommand.self, ScalingSubcommand.self, OptimizeSubcommand.self, WorkloadSubcommand.self,
            EvaluateSubcommand.self, CheckSubcommand.self, SimulateSubcommand.self, LibrarySubcommand.self,
            ConfigSubcommand.self,
        ]
        let named = all.filter { $0.configuration.commandName == argument }
        return named.isEmpty ? all : named
    }
}

import ArgumentParser

/// The program `lavoisier-reading-benchmark`.
@main
struct ReadingBenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lavoisier-reading-benchmark",
        abstract: "Measure how fast mzML is read, against two ceilings in C. Prints JSON.",
        discussion: "Exit status: 0 done, 1 wrong answer or unreadable file, 64 wrong usage.",
        subcommands: [
            CompareSubcommand.self, OnceSubcommand.self, WorkersSubcommand.self, ModesSubcommand.self,
        ])
}

/// What ends a benchmark: a file that cannot be used, or an answer that is wrong.
struct ReadingBenchmarkError: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "\(path): \(reason)" }
}

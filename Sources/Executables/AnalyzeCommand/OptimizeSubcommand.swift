import ArgumentParser
import Pipeline

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Hands over to `lavoisier-tune`, which is a program of its own so that this one need not load what only tuning needs.
struct OptimizeSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "optimize", abstract: "Find the best settings for this machine and write them to a file.",
        discussion: """
            Start with:   lavoisier optimize --target cpu_usage --config optimized_config.yaml
            Then:         lavoisier analyze RUN.mzML --output results --config optimized_config.yaml

            Becomes the program lavoisier-tune beside this one: terminal, signals and exit status are its own. All other \
            options are handed on as they are: --budget N, --tuning-time TIME, --workload NAME, --workload-type TYPE, \
            --size, --complexity, --max-memory SIZE, --max-time TIME, --min-accuracy F1, --strategy NAME, --parameters LIST, --enqueue FILE, \
            --stop-below SHARE, --fresh, --seed N, --rows N, --json, --quiet, --store FILE, --reports-dir DIR, \
            --config-dir DIR, --lock FILE, --engine PATH. 'lavoisier-tune run --help' explains them.
            """)

    @Option(help: "What to optimise: throughput, memory, cpu_usage, energy or balanced.")
    var target = "throughput"

    @Option(
        help: ArgumentHelp(
            "File for the complete best configuration; replaced when it exists. Without it, only this machine's profile is written.",
            valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Configuration file to start from: what is not searched holds in every run, what is searched is to be beaten.",
            valueName: "file"))
    var base: String?

    @Argument(parsing: .allUnrecognized, help: ArgumentHelp("Options of lavoisier-tune.", visibility: .hidden))
    var rest: [String] = []

    func run() throws {
        try reportingFailures {
            var words = ["run", "--target", target]
            if let config { words += ["--write-config", config] }
            if let base { words += ["--base", base] }
            try Self.become(Self.tuner(), words + rest)
        }
    }

    private static func tuner() throws -> String {
        let program = DataLocations.programPath
        let path = "\(program.prefix(upTo: program.lastIndex(of: "/") ?? program.startIndex))/lavoisier-tune"
        guard access(path, X_OK) == 0 else {
            throw AnalysisError(
                .badInput, "the tuner \(path) is not there; build or install lavoisier-tune beside lavoisier")
        }
        return path
    }

    /// Replaces this program: the same process, so that Ctrl-C and the exit status need no passing on.
    private static func become(_ path: String, _ words: [String]) throws {
        var arguments: [UnsafeMutablePointer<CChar>?] = ([path] + words).map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        execv(path, &arguments)
        throw AnalysisError(.badInput, "\(path) cannot be started: \(String(cString: strerror(errno)))")
    }
}

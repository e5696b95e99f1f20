import ArgumentParser
import Console
import Parameters
import StudyRunner

/// What a study optimises and within which bounds; what it searches follows from them.
struct AimOptions: ParsableArguments {
    @Option(
        help:
            "What to optimise: throughput, memory (peak), cpu_usage (CPU time), energy (joules of the CPU packages, where the machine counts them; other programs are in it) or balanced (throughput and memory: their trade-off, and of it the most throughput per memory)."
    )
    var target = "throughput"

    @Option(help: "Largest peak memory that a configuration may need, like 8GB or 512MiB.")
    var maxMemory: String?

    @Option(help: "Longest time that one run may take, like 90s or 2m.")
    var maxTime: String?

    func apply(to options: inout StudyOptions) throws {
        options.target = try choice("--target", target, StudyTarget.allCases.map { ($0.rawValue, $0) })
        options.maximumMemoryBytes = try maxMemory.map { try quantity("--max-memory", try ByteSize(parsing: $0).bytes) }
        options.maximumSeconds = try maxTime.map { try quantity("--max-time", try TimeSpan(parsing: $0).seconds) }
    }
}

/// The value that a name of an option stands for. - Throws: `StudyError(.invalidOptions)` with all names and the nearest.
func choice<Value>(_ option: String, _ text: String, _ known: [(name: String, value: Value)]) throws
    -> Value
{
    if let found = known.first(where: { $0.name == text }) { return found.value }
    let names = known.map(\.name)
    let hint = nearestName(to: text, among: names).map { "; did you mean '\($0)'?" } ?? ""
    throw StudyError(
        .invalidOptions,
        "\(option) '\(text)' is not supported: it is one of \(names.joined(separator: ", "))\(hint)")
}

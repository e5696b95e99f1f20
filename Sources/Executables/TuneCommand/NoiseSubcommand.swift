import ArgumentParser
import Benchmarking
import Console
import Foundation
import HostEnvironment
import Parameters
import RegressionGate

struct NoiseSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "noise", abstract: "Measure how much this machine makes equal programs differ.",
        discussion: """
            Runs the engine in turn with itself, as a gate would run two programs, and stores by machine identity what that \
            shows (in the cache folder). Gates on this machine then never ask for less than twice their noise. Prints what \
            change can be seen with how many pairs: measure it when the machine is as busy as it is when gates run.

            Exit status: 0 measured and stored, 1 the engine failed, 7 nothing was measured, 64 wrong usage, 65 bad input, 73 the \
            result cannot be written, 130 interrupted, 143 terminated (nothing is stored).
            """)

    @Option(help: "Pairs; 16 or more.")
    var pairs = 32

    @Option(name: .customLong("workload"), help: "Bundled workload; may be repeated. Default: medium.")
    var workloads: [String] = []

    @Option(name: .customLong("set"), help: "key=value for every run; may be repeated.")
    var assignments: [String] = []

    @Option(help: "Runs of each arm in a pair. Default: as many as use 2 s of CPU, as in a gate.")
    var runsPerPair: Int?

    @Option(help: "Longest time, like 30m; at least 16 pairs are run.")
    var timeBudget: String?

    @Option(help: ArgumentHelp("The program 'lavoisier'. Default: the one beside this program.", valueName: "path"))
    var engine: String?

    @Option(help: "File that keeps two measurements from disturbing each other.")
    var lock = StudyLock.machineWidePath

    @OptionGroup var output: OutputOptions

    func run() throws {
        try reportingFailures {
            var request = NoiseRequest()
            request.pairs = pairs
            if !workloads.isEmpty { request.workloads = workloads }
            request.assignments = assignments
            request.runsPerPair = runsPerPair
            do { request.timeBudgetSeconds = try timeBudget.map { try TimeSpan(parsing: $0).seconds } } catch {
                throw GateError(.usage, "--time-budget \(error)")
            }
            request.engine = engine
            request.lockPath = lock
            request.interrupt = try InterruptFlag.install()
            let line = LiveLine(mode: .suitable(quiet: output.quiet))
            defer { line.clear() }
            let (noise, path) = try NoiseStudy.measure(
                request, progress: { line.update($0) }, note: { line.milestone("lavoisier-tune: \($0)") })
            line.clear()
            if output.json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                try Console.output(String(decoding: try encoder.encode(noise), as: UTF8.self) + "\n")
            } else {
                try Console.output(Self.table(noise))
            }
            if !output.quiet { Console.note("stored in \(path)") }
        }
    }

    private static let counts = [8, 16, 24, 32]
    /// Of a gate at its last look.
    private static let gatePairs = GateRule.standard().looks.last ?? 24

    private static func table(_ noise: MachineNoise) -> String {
        var table = ConsoleTable(
            header: ["metric", "pair to pair", "one gate in 20"] + counts.map { "seen with \($0)" }
                + ["pairs for 5 %", "pairs for 10 %"],
            alignments: [.left] + [Bool](repeating: true, count: 4 + counts.count).map { _ in .right })
        for metric in noise.metrics {
            table.append(
                [
                    metric.name, GateText.percent(exp(metric.pairDeviation) - 1),
                    GateText.percent(2 * metric.noise(pairs: gatePairs)),
                ] + counts.map { GateText.percent(metric.detectable(pairs: $0)) }
                    + ["\(metric.pairsNeeded(toDetect: 0.05))", "\(metric.pairsNeeded(toDetect: 0.10))"])
        }
        let missing = (noise.unavailable ?? [:]).sorted { $0.key < $1.key }.map {
            "unavailable: \($0.key): \($0.value)\n"
        }
        return """
            \(table.text)\(missing.joined())
            \(noise.machine.summary); workload \(noise.workloads.joined(separator: ", ")), \(noise.runsPerPair) runs of each arm in a pair.
            'pair to pair': robust spread of the ratio of two equal programs. 'one gate in 20': what a gate of \(gatePairs) pairs \
            finds between them at most in 19 of 20, which is the least tolerance of gates here. 'seen with N': change that a gate of N pairs sees in 80 %.

            """
    }
}

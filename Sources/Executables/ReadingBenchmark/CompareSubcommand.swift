import ArgumentParser
import Statistics

/// Ours and the ceilings, interleaved in this process: A B C, C B A, A B C ...
struct CompareSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Ours against the ceilings, interleaved; CPU seconds of every pass.")

    @Argument(help: "mzML files, not compressed as a whole.", completion: .file())
    var files: [String]

    @Option(help: "Rounds. In each, every pass runs once; the order is reversed from round to round.")
    var rounds = 15

    @Option(
        name: .customLong("mode"), parsing: .upToNextOption,
        help: "Modes of our reader: \(ReaderMode.allCases.map(\.rawValue).joined(separator: ", ")).",
        transform: { text in
            guard let mode = ReaderMode(rawValue: text) else { throw ValidationError("no mode '\(text)'") }
            return mode
        })
    var modes: [ReaderMode] = [.standard]

    func validate() throws {
        if rounds < 1 { throw ValidationError("--rounds: 1 at least") }
    }

    func run() throws {
        var results: [JSONText] = []
        for path in files { results.append(try compare(path)) }
        print(JSONText.fields([("schema", .text("lavoisier-reading/1")), ("files", .list(results))]))
    }

    private func compare(_ path: String) throws -> JSONText {
        let ceilings = try CeilingReading(path: path)
        let expected = try ceilings.answer()
        var engine = EngineReading()
        for mode in modes {
            let found = try engine.answer(of: path, mode: mode)
            guard found.agrees(with: expected) else {
                throw ReadingBenchmarkError(
                    path: path, reason: "mode '\(mode.rawValue)' reads \(found), the ceilings \(expected)")
            }
        }
        let passes = CeilingReading.Pass.allCases.filter { $0 != .arrays || ceilings.isCompressed != nil }
        var samples: [(name: String, seconds: [Double])] =
            passes.map { ($0.rawValue, []) } + modes.map { ($0.rawValue, []) }
        for round in -1..<rounds {
            let order = Array(samples.indices)
            for lane in round.isMultiple(of: 2) ? order : order.reversed() {
                let start = processSeconds()
                if lane < passes.count {
                    try ceilings.run(passes[lane])
                } else {
                    let points = try engine.points(of: path, mode: modes[lane - passes.count])
                    guard points == expected.points else {
                        throw ReadingBenchmarkError(path: path, reason: "\(points) points in round \(round)")
                    }
                }
                // Round -1 warms up.
                if round >= 0 { samples[lane].seconds.append(processSeconds() - start) }
            }
        }
        return report(ceilings, expected, samples, passes: passes.count)
    }

    private func report(
        _ file: CeilingReading, _ answer: ReadingAnswer, _ samples: [(name: String, seconds: [Double])], passes: Int
    ) -> JSONText {
        var ratios: [(String, JSONText)] = []
        for mode in samples[passes...] {
            for pass in samples[..<passes] {
                let perRound = zip(pass.seconds, mode.seconds).map { $0 / $1 }
                ratios.append(
                    (
                        "\(mode.name)/\(pass.name)",
                        .fields([
                            ("median", .number(median(perRound))), ("smallest", .number(perRound.min() ?? .nan)),
                            ("largest", .number(perRound.max() ?? .nan)),
                        ])
                    ))
            }
        }
        return .fields([
            ("path", .text(file.path)), ("bytes", .integer(file.length)),
            ("compression", .text(file.isCompressed.map { $0 ? "zlib" : "none" } ?? "mixed")),
            ("points", .integer(answer.points)), ("mzSum", .number(answer.mzSum)),
            ("intensitySum", .number(answer.intensitySum)),
            (
                "megabytesPerCPUSecond",
                .fields(samples.map { ($0.name, .number(Double(file.length) / 1e6 / median($0.seconds))) })
            ),
            ("ratios", .fields(ratios)),
            ("cpuSeconds", .fields(samples.map { ($0.name, .numbers($0.seconds)) })),
        ])
    }
}

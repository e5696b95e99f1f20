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

    @Option(name: .customLong("mode"), parsing: .upToNextOption, help: "Modes of our reader.")
    var modes: [ReaderMode] = [.memory, .standard]

    /// CPU seconds that a sample lasts, unless that takes very many passes.
    private static let shortestSample = 0.02

    private struct Lane {
        enum Work {
            case ceiling(CeilingReading.Pass)
            case engine(ReaderMode)
        }

        let name: String
        let work: Work
        var passesPerSample = 1
        /// CPU seconds of one pass, by sample.
        var seconds: [Double] = []

        var isCeiling: Bool { if case .ceiling = work { true } else { false } }
    }

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
        let input = EngineInput(path: path, memory: ceilings.bytes)
        var engine = EngineReading()
        for mode in modes {
            let found = try engine.answer(of: input, mode: mode)
            guard found.agrees(with: expected) else {
                throw ReadingBenchmarkError(
                    path: path, reason: "mode '\(mode.rawValue)' reads \(found), the ceilings \(expected)")
            }
        }
        let passes = CeilingReading.Pass.allCases.filter { $0 != .arrays || ceilings.isCompressed != nil }
        var lanes = passes.map { Lane(name: $0.rawValue, work: .ceiling($0)) }
        lanes += modes.map { Lane(name: $0.rawValue, work: .engine($0)) }
        func run(_ lane: Int, times: Int) throws -> Double {
            let start = processSeconds()
            for _ in 0..<times {
                switch lanes[lane].work {
                case .ceiling(let pass): try ceilings.run(pass)
                case .engine(let mode):
                    let points = try engine.points(of: input, mode: mode)
                    guard points == expected.points else {
                        throw ReadingBenchmarkError(path: path, reason: "\(points) points, then \(expected.points)")
                    }
                }
            }
            return (processSeconds() - start) / Double(times)
        }
        // Warms up, and finds how many passes make a sample: one of a few milliseconds shows interrupts and evicted caches.
        for lane in lanes.indices {
            let once = try run(lane, times: 1)
            lanes[lane].passesPerSample = Int(max(1, min(16, (Self.shortestSample / max(once, 1e-6)).rounded(.up))))
        }
        for round in 0..<rounds {
            let order = Array(lanes.indices)
            for lane in round.isMultiple(of: 2) ? order : order.reversed() {
                lanes[lane].seconds.append(try run(lane, times: lanes[lane].passesPerSample))
            }
        }
        return report(ceilings, expected, lanes)
    }

    private func report(_ file: CeilingReading, _ answer: ReadingAnswer, _ lanes: [Lane]) -> JSONText {
        var ratios: [(String, JSONText)] = []
        for mode in lanes where !mode.isCeiling {
            for pass in lanes where pass.isCeiling {
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
            ("passesPerSample", .fields(lanes.map { ($0.name, .integer($0.passesPerSample)) })),
            ("points", .integer(answer.points)),
            ("mzSum", .number(answer.mzSum)),
            ("intensitySum", .number(answer.intensitySum)),
            (
                "megabytesPerCPUSecond",
                .fields(lanes.map { ($0.name, .number(Double(file.length) / 1e6 / median($0.seconds))) })
            ),
            ("ratios", .fields(ratios)),
            ("cpuSeconds", .fields(lanes.map { ($0.name, .numbers($0.seconds)) })),
        ])
    }
}

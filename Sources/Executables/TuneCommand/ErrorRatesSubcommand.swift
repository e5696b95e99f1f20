import ArgumentParser
import Benchmarking
import Console
import Foundation

/// How often the gate's rule is wrong, on recorded pools.
struct ErrorRatesSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "error-rates", abstract: "Judge the gate's rule on recorded pools of interleaved runs.",
        discussion: """
            Plays thousands of gates on each POOL (scripts/record_pools.py) through the code that decides live gates, and \
            prints how many failed, passed and could not tell, and how many pairs they ran. In a pool without a slowdown \
            every failure is a false alarm; in the others it is a catch. Each gate draws contiguous blocks of pairs.

            The noise that tolerances are held against comes from the A/A pool among POOLs (a gate on a real machine takes \
            it from 'lavoisier-tune noise'). 'in time' are failures that took no more pairs than the last look, the confirmation \
            included. The figures of this project: docs/gate-statistics.md.
            """)

    @Argument(help: "Recorded pools.")
    var pools: [String]

    @Option(help: "Gates per pool.")
    var gates = 2_000

    @Option(help: "Pairs in a contiguous block.")
    var block = 8

    @Option(help: "Seed of the draw.")
    var seed: UInt64 = 1

    @Option(
        help: "Runs of each arm in one pair: a multiple of the recorded number. Default: as many as a live gate takes.")
    var runsPerPair: Int?

    @Option(help: "Whose defaults: shared or dedicated.")
    var machine = MachineUse.shared

    @Option(help: "No look at the data beyond this many pairs. Default: the rule's last look.")
    var pairs: Int?

    @Option(help: "Only these metrics decide, for instance 'cpu' or 'cpu,wall'. Default: the rule's.")
    var metrics: String?

    @Flag(help: "Judge as on a machine whose noise is not known.")
    var withoutNoise = false

    @Flag(help: "Every last look and several lengths of a pair: how error rates fall with the number of pairs.")
    var curve = false

    @Flag(help: "Print JSON.")
    var json = false

    mutating func validate() throws {
        guard !pools.isEmpty, gates > 0, block > 0, (runsPerPair ?? 1) > 0, (pairs ?? 1) > 0 else {
            throw ValidationError("--gates, --block, --runs-per-pair and --pairs must be positive")
        }
    }

    func run() throws {
        try reportingFailures {
            let rule = try self.rule()
            var rows: [Row] = []
            let units = curve ? [2, 4, 6, 8].map(Optional.some) : [runsPerPair]
            let limits = curve ? rule.looks : [pairs ?? rule.looks.last ?? 0]
            for unit in units {
                let found = try pools.map { try Self.pool($0, runsPerPair: unit, rule: rule) }
                let quiet = found.first { $0.pool.slowdown == 0 }
                let noise = withoutNoise ? nil : quiet.flatMap { $0.pool.noise(of: rule) }
                for limit in limits {
                    for (path, pool) in found {
                        let limited = rule.limited(toPairs: limit)
                        let rates = GateErrorRates(
                            pool: pool.pairs, rule: limited, noise: noise, gates: gates, blockPairs: block, seed: seed)
                        let measured = pool.pairs.first?.values ?? [:]
                        rows.append(
                            Row(
                                pool: path, slowdown: pool.slowdown, runsPerPair: pool.runsPerPair,
                                poolPairs: pool.pairs.count, lastLook: limited.looks.last ?? 0, seed: seed,
                                blockPairs: block,
                                tolerances: limited.tolerances(noise: noise).filter { measured[$0.key] != nil },
                                rates: rates))
                    }
                }
            }
            try Console.output(json ? Self.json(rows) : Self.text(rows))
        }
    }

    private func rule() throws -> GateRule {
        var rule = GateRule.standard(machine)
        guard let metrics else { return rule }
        let wanted = metrics.split(separator: ",").map(String.init)
        for name in wanted where !rule.metrics.contains(where: { $0.key == name }) {
            throw ValidationError(
                "--metrics '\(name)' is not known: it is one of " + rule.metrics.map(\.key).joined(separator: ", "))
        }
        for index in rule.metrics.indices where !wanted.contains(rule.metrics[index].key) {
            rule.metrics[index].role = .informational
        }
        return rule
    }

    /// Without a given number of runs per pair, the one that a live gate would take for runs of this length.
    private static func pool(
        _ path: String, runsPerPair: Int?, rule: GateRule
    ) throws -> (path: String, pool: PairPool) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw PoolFileError(path: path, reason: "cannot be read", exitStatus: 65)
        }
        do {
            let text = String(decoding: data, as: UTF8.self)
            let recorded = try PairPool(text)
            let wanted = runsPerPair ?? recorded.runsPerPair(for: rule)
            return (path, try PairPool(text, runsPerPair: wanted))
        } catch {
            throw PoolFileError(path: path, reason: "\(error)", exitStatus: 65)
        }
    }

    struct Row: Codable {
        let pool: String
        let slowdown: Double
        let runsPerPair: Int
        let poolPairs: Int
        let lastLook: Int
        let seed: UInt64
        let blockPairs: Int
        let tolerances: [String: Double]
        let rates: GateErrorRates
    }

    private static func json(_ rows: [Row]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(rows), as: UTF8.self) + "\n"
    }

    private static func text(_ rows: [Row]) -> String {
        var table = ConsoleTable(
            header: [
                "pool", "slower", "runs/pair", "pairs", "last look", "failed", "in time", "passed", "inconclusive",
                "mean pairs", "most", "tolerance",
            ], alignments: [.left] + [ConsoleTable.Alignment](repeating: .right, count: 10) + [.left])
        for row in rows {
            let passed = row.rates.share(.passed) + row.rates.share(.improvement)
            table.append([
                row.pool, percent(row.slowdown), "\(row.runsPerPair)", "\(row.poolPairs)", "\(row.lastLook)",
                percent(row.rates.share(.regression)), percent(row.rates.failedWithinLastLook), percent(passed),
                percent(row.rates.share(.inconclusive)), String(format: "%.1f", row.rates.meanPairs),
                "\(row.rates.maximumPairs)",
                row.tolerances.sorted { $0.key < $1.key }.map { "\($0.key) \(percent($0.value))" }.joined(
                    separator: ", "),
            ])
        }
        return table.text
    }

    private static func percent(_ fraction: Double) -> String { String(format: "%.1f %%", 100 * fraction) }
}

extension MachineUse: ExpressibleByArgument {}

/// A pool that cannot be used.
struct PoolFileError: Error, CustomStringConvertible {
    let path: String
    let reason: String
    let exitStatus: Int32
    var description: String { "\(path): \(reason)" }
}

import HostEnvironment
import Statistics

/// Recorded runs of two arms in interleaved pairs, from a file of `scripts/record_pools.py`.
///
/// Lines `# key: value`, a line of column names, then one line per run in time order, separated by tabs: pair, side (A before,
/// B after), start, wall, user, sys (s), peak (KiB), pressure (s), steal (s). An empty field was not measured.
public struct PairPool: Sendable, Hashable {
    /// Why a text is no pool.
    public struct FormatError: Error, CustomStringConvertible, Sendable, Hashable {
        public let line: Int
        public let reason: String
        public var description: String { "line \(line): \(reason)" }
    }

    /// The `# key: value` lines.
    public let facts: [String: String]
    /// By how much `after` was slowed down on purpose; 0 in an A/A pool.
    public let slowdown: Double
    /// In time order.
    public let pairs: [GatePair]
    /// Runs of each arm in one pair.
    public let runsPerPair: Int

    /// - Parameters:
    ///   - text: a whole file.
    ///   - runsPerPair: how many of the recorded runs of each arm make one pair, for studies of what a longer pair would
    ///     give: a multiple of the recorded number joins neighbouring pairs. Nil: as recorded.
    /// - Throws: `FormatError` with the line. - Complexity: O(length of the text).
    public init(_ text: String, runsPerPair wanted: Int? = nil) throws(FormatError) {
        var facts: [String: String] = [:]
        var columns: [Substring: Int]?
        var rows: [Run] = []
        for (offset, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty { continue }
            if line.hasPrefix("#") {
                guard let colon = line.firstIndex(of: ":") else { continue }
                let key = line[..<colon].dropFirst().drop { $0 == " " }
                facts[String(key)] = String(line[line.index(after: colon)...].drop { $0 == " " })
                continue
            }
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard let columns else {
                columns = Dictionary(fields.enumerated().map { ($1, $0) }) { first, _ in first }
                continue
            }
            rows.append(try Run(fields, columns, line: offset + 1))
        }
        guard let slowdown = facts["slowdown"].flatMap({ Double($0) }), slowdown >= 0 else {
            throw FormatError(line: 1, reason: "no '# slowdown: FRACTION' says what the second arm is")
        }
        let recorded = try Self.recordedPairs(rows)
        let perPair = recorded.first?.before.count ?? 0
        let wanted = wanted ?? perPair
        guard wanted > 0, perPair > 0, wanted % perPair == 0 else {
            throw FormatError(
                line: 1, reason: "\(wanted) runs per pair cannot be made of recorded pairs of \(perPair)")
        }
        self.facts = facts
        self.slowdown = slowdown
        runsPerPair = wanted
        let joined = wanted / perPair
        pairs = stride(from: 0, through: recorded.count - joined, by: joined).map { start in
            let part = recorded[start..<(start + joined)]
            return Self.pair(part.flatMap(\.before), part.flatMap(\.after))
        }
    }

    /// One run of one arm.
    private struct Run: Sendable, Hashable {
        let pair: Int
        let isAfter: Bool
        let wall: Double
        let cpu: Double
        let peakBytes: Double
        let pressure: Double?
        let steal: Double?
        let line: Int

        init(_ fields: [Substring], _ columns: [Substring: Int], line: Int) throws(FormatError) {
            func text(_ name: Substring) throws(FormatError) -> Substring {
                guard let index = columns[name], index < fields.count else {
                    throw FormatError(line: line, reason: "no column '\(name)'")
                }
                return fields[index]
            }
            func number(_ name: Substring) throws(FormatError) -> Double {
                let field = try text(name)
                guard let value = Double(field), value.isFinite, value >= 0 else {
                    throw FormatError(line: line, reason: "\(name) is '\(field)', not a number of 0 or more")
                }
                return value
            }
            let side = try text("side")
            guard side == "A" || side == "B" else {
                throw FormatError(line: line, reason: "side is '\(side)', neither A nor B")
            }
            guard let pair = Int(try text("pair")) else { throw FormatError(line: line, reason: "pair is no number") }
            self.pair = pair
            isAfter = side == "B"
            wall = try number("wall")
            cpu = try number("user") + number("sys")
            peakBytes = try number("peak") * 1024
            pressure = try text("pressure").isEmpty ? nil : number("pressure")
            steal = try text("steal").isEmpty ? nil : number("steal")
            self.line = line
        }
    }

    private static func recordedPairs(_ rows: [Run]) throws(FormatError) -> [(before: [Run], after: [Run])] {
        var found: [(before: [Run], after: [Run])] = []
        var start = 0
        while start < rows.count {
            let end = rows[start...].firstIndex { $0.pair != rows[start].pair } ?? rows.count
            let before = rows[start..<end].filter { !$0.isAfter }
            let after = rows[start..<end].filter(\.isAfter)
            guard before.count == after.count, before.count == found.first?.before.count ?? before.count else {
                throw FormatError(
                    line: rows[start].line,
                    reason: "pair \(rows[start].pair) has \(before.count) runs of A and \(after.count) of B")
            }
            found.append((before, after))
            start = end
        }
        return found
    }

    private static func pair(_ before: [Run], _ after: [Run]) -> GatePair {
        func value(_ figure: (Run) -> Double) -> PairedValue {
            PairedValue(before: .available(mean(before.map(figure))), after: .available(mean(after.map(figure))))
        }
        let runs = before + after
        let wall = runs.reduce(0) { $0 + $1.wall }
        func share(_ figure: (Run) -> Double?) -> Measured<Double> {
            let parts = runs.compactMap(figure)
            guard parts.count == runs.count, wall > 0 else { return .unavailable(reason: "not recorded") }
            return .available(parts.reduce(0, +) / wall)
        }
        return GatePair(
            values: [
                Metric.wall.name: value(\.wall), Metric.cpu.name: value(\.cpu),
                Metric.peakMemory.name: value(\.peakBytes),
            ],
            pressureShare: share(\.pressure), stealShare: share(\.steal))
    }
}

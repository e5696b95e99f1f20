import Benchmarking
import EngineRuns
import HostEnvironment
import Instrumentation
import Reporting
import Statistics

/// Words and numbers of a gate for people.
public enum GateText {
    /// A figure with its unit: `1.41 s`, `81.0 MB`, `24034120331`.
    static func value(_ value: Double, of metric: Metric) -> String {
        switch metric.unit {
        case "B": "\(digits(value / 1e6)) MB"
        case "instructions": "\(Int(value))"
        default: "\(digits(value)) \(metric.unit)"
        }
    }

    /// About four significant digits, never an exponent.
    public static func digits(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let decimals = abs(value) >= 1_000 ? 0 : abs(value) >= 100 ? 1 : abs(value) >= 10 ? 2 : abs(value) >= 1 ? 3 : 4
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        let units = Int((abs(value) * Double(scale)).rounded())
        let fraction = String(units % scale)
        let text =
            decimals == 0
            ? "\(units)"
            : "\(units / scale).\(String(repeating: "0", count: decimals - fraction.count))\(fraction)"
        return (value < 0 && units != 0 ? "-" : "") + text
    }

    /// `1 pair`, `8 pairs`.
    static func pairs(_ count: Int) -> String { "\(count) \(count == 1 ? "pair" : "pairs")" }

    /// `3.2 %`.
    public static func percent(_ share: Double) -> String {
        guard share.isFinite, abs(share) < 1e6 else { return "\(share)" }
        let tenths = Int((abs(share) * 1_000).rounded())
        return "\(share < 0 && tenths != 0 ? "-" : "")\(tenths / 10).\(tenths % 10) %"
    }

    /// What other programs and guests did meanwhile.
    static func load(_ pairs: [GatePair]) -> [StudyReport.Fact] {
        func fact(_ name: String, _ share: KeyPath<GatePair, Measured<Double>>) -> StudyReport.Fact {
            let shares = pairs.compactMap { $0[keyPath: share].value }
            let reason = pairs.lazy.compactMap { $0[keyPath: share].reason }.first ?? "nothing ran"
            return .init(
                name: name,
                value: shares.isEmpty
                    ? .unavailable(reason: reason)
                    : .value("median \(percent(median(shares))), most \(percent(shares.max() ?? 0))"))
        }
        return [
            fact("Share of a pair's time in which some task waited for a CPU", \.pressureShare),
            fact("Share of the CPU time that other guests took", \.stealShare),
        ]
    }

    static func tolerance(_ tolerance: GateTolerance, _ metric: Metric) -> String {
        let relative = percent(tolerance.relative)
        return tolerance.absolute.map { "\(relative) and \(value($0, of: metric))" } ?? relative
    }

    /// Where a session stands.
    static func position(
        _ session: GateSession, wanted: Int, purpose: GateStep.Purpose, secondsPerPair: Double?
    ) -> String {
        let done = session.pairs.count
        let what =
            switch purpose {
            case .measure: "pair \(done + 1), next look after \(done + wanted)"
            case .confirm: "a metric looks worse: fresh pair, \(wanted) left to confirm"
            }
        guard let secondsPerPair else { return what }
        let seconds = Int((secondsPerPair * Double(wanted)).rounded())
        return "\(what), about \(seconds < 90 ? "\(seconds) s" : "\(seconds / 60) min") to it"
    }

    /// The rule and the noise, for the report.
    static func facts(_ rule: GateRule, noise: MachineNoise?, otherwise reason: String) -> [StudyReport.Fact] {
        func fact(_ name: String, _ value: String) -> StudyReport.Fact { .init(name: name, value: .value(value)) }
        var facts = [
            fact("Looks at the data", "after \(rule.looks.map(String.init).joined(separator: ", ")) pairs"),
            fact("Confirmation of a failure", "\(rule.confirmationPairs) fresh pairs"),
            fact("One-sided level of each look", rule.alphas.map { "\($0)" }.joined(separator: ", ")),
            fact("Seed of the order of runs", "\(GateRequest.seed)"),
        ]
        for metric in rule.metrics where metric.role != .informational {
            facts.append(
                fact("Tolerance of \(metric.metric.title)", tolerance(metric.tolerance, metric.metric)))
        }
        facts.append(
            rule.accuracyDrop == 0
                ? fact("Accuracy", "results must be the same, bit by bit")
                : fact("Accuracy", "agreement and truth found may drop by \(percent(rule.accuracyDrop))"))
        if let noise {
            facts += noise.metrics.map {
                fact(
                    "Noise of \($0.name) on this machine",
                    "\(percent($0.noise(pairs: rule.looks.last ?? $0.blockPairs))) over \(rule.looks.last ?? $0.blockPairs) pairs, "
                        + "from \($0.pairs) pairs of \(noise.runsPerPair) runs of one program with itself")
            }
            facts.append(fact("Noise measured at", timestamp(secondsSince1970: noise.recordedAt, .plain)))
        } else {
            facts.append(.init(name: "Noise of this machine", value: .unavailable(reason: reason)))
        }
        return facts
    }
}

import Foundation
import Statistics

@testable import Reporting

/// Made-up gates of every outcome; noise is seeded.
enum SampleGate {
    static func report(_ outcome: GateReport.Outcome = .regression) -> GateReport {
        var generator = SeededGenerator(seed: 7)
        let slowdown = outcome == .regression ? 1.21 : outcome == .improved ? 0.8 : 1.0
        var runs: [GateReport.Run] = []
        var ratios: [Double] = []
        for pair in 0..<16 {
            let shared = 1.4 * exp(0.6 * (generator.uniform() - 0.5))
            let reference = shared * exp(0.1 * (generator.uniform() - 0.5))
            let candidate = slowdown * shared * exp(0.1 * (generator.uniform() - 0.5))
            ratios.append(candidate / reference)
            for (role, wall) in [("reference", reference), ("candidate", candidate)] {
                runs.append(
                    .init(
                        order: runs.count, pair: pair, role: role, workload: "medium",
                        values: ["wall": wall, "cpu": wall * 1.7, "peak_memory": 81e6]))
            }
        }
        let wall = PairedRatio(before: ratios.map { _ in 1 }, after: ratios)
        let ratio = ChangeRatio(
            estimate: wall.estimate, lower: wall.lower, upper: wall.upper, level: 0.95, count: "16 pairs",
            smallestDetectable: wall.minimumDetectableEffect)
        let state: GateReport.Check.State =
            switch outcome {
            case .regression: .failed
            case .improved: .improved
            case .inconclusive: .inconclusive
            default: .passed
            }
        var checks = [
            check(
                "digest", "result digest", outcome == .accuracyLost ? .failed : .passed, "3f2a9c01b7de", "3f2a9c01b7de",
                nil),
            check("truth", "known compounds found", .passed, "118 of 120", "118 of 120", nil),
            check("wall", "wall time", state, "1.41 s", "1.69 s", ratio, tolerance: 0.10),
            check(
                "cpu", "CPU time", .passed, "2.42 s", "2.44 s",
                .init(
                    estimate: 1.008, lower: 0.99, upper: 1.03, level: 0.95, count: "16 pairs", smallestDetectable: 0.021
                ),
                tolerance: 0.05),
            check(
                "peak_memory", "peak memory", .passed, "81.0 MB", "81.1 MB",
                .init(
                    estimate: 1.001, lower: 0.999, upper: 1.002, level: 0.95, count: "16 pairs",
                    smallestDetectable: 0.002),
                tolerance: 0.05, decides: true),
            check("instructions", "instructions", .notComparable, "24 034 120 331", "\u{2013}", nil, tolerance: 0.01),
        ]
        checks[5].candidate = .unavailable(reason: "valgrind is not installed")
        checks[5].detail = "valgrind is not installed"
        if [.notComparable, .nothingMeasured, .failed, .interrupted].contains(outcome) {
            checks = []
            runs = []
        }
        let exits: [GateReport.Outcome: Int] = [
            .passed: 0, .improved: 4, .regression: 2, .inconclusive: 3, .accuracyLost: 5, .notComparable: 6,
            .nothingMeasured: 7, .failed: 1, .interrupted: 130,
        ]
        return GateReport(
            baseline: "main", entry: "latest", created: "2026-11-28 23:10:00 UTC", outcome: outcome,
            exitStatus: exits[outcome] ?? 1,
            sentence: "Wall time is 20.7 % higher, tolerated are 10.0 %; it was so again on 8 fresh pairs.",
            method: "interleaved pairs on this machine", seconds: 151.2, pairs: runs.isEmpty ? 0 : 16,
            programs: [
                .init(
                    role: "reference", path: "/cache/ref/lavoisier", sha256: String(repeating: "ab", count: 32),
                    description: "commit c48ca2e, rebuilt"),
                .init(
                    role: "candidate", path: "/src/.build/release/lavoisier",
                    sha256: String(repeating: "cd", count: 32), description: "commit 1501fe2"),
            ], checks: checks,
            differences: [
                .init(name: "kernel", baseline: "6.1.0", here: "6.18.0", isStable: false),
                .init(name: "load average, 1 min", baseline: "0.4", here: "3.1", isStable: false),
            ],
            facts: [
                .init(name: "Looks", value: .value("after 8, 16 and 24 pairs")),
                .init(name: "Noise of this machine", value: .unavailable(reason: "run 'lavoisier-tune noise'")),
            ],
            sources: [
                .init(name: "Wall time (CLOCK_MONOTONIC)", value: .value("measured")),
                .init(name: "Energy of the CPU packages (RAPL)", value: .unavailable(reason: "no powercap")),
            ], notes: ["At most 6 metrics decide; only shown: wall time of large."], runs: runs,
            reproduce: [
                .init(purpose: "Run the gate again", command: "lavoisier-tune gate --baseline baselines/main.json")
            ])
    }

    private static func check(
        _ metric: String, _ title: String, _ state: GateReport.Check.State, _ reference: String, _ candidate: String,
        _ ratio: ChangeRatio?, tolerance: Double? = nil, decides: Bool = true
    ) -> GateReport.Check {
        .init(
            workload: "medium", metric: metric, title: title, state: state, decides: decides,
            reference: .value(reference), candidate: .value(candidate),
            ratio: ratio.map { .value($0) } ?? .unavailable(reason: "not a number"), tolerance: tolerance,
            detail: "\(title) was held against the reference's.")
    }
}

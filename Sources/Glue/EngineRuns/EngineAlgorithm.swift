import Benchmarking
import HostEnvironment
import Parameters

/// A part of an analysis that can be measured by itself: the stages that do it, and the work that they get.
public enum EngineAlgorithm: String, Sendable, Hashable, Codable, CaseIterable {
    /// Reading, mass traces, peaks, isotopes and adducts. Always runs: the others need its features.
    case peakDetection = "peak_detection"
    /// Library search of fragment spectra, decoys included.
    case spectralMatching = "spectral_matching"
    /// Names by exact mass, and the rows of the tables, which the engine writes in the same stage.
    case annotation

    /// Stages of `run.json`, by name.
    public var stages: [String] {
        switch self {
        case .peakDetection: ["read and detect", "group isotopes", "group adducts"]
        case .spectralMatching: ["match library", "match decoys"]
        case .annotation: ["annotate and format"]
        }
    }

    /// What it works on: a key of `WorkloadRun.counts`.
    public var work: String {
        switch self {
        case .peakDetection: "points"
        case .spectralMatching: "queries"
        case .annotation: "features"
        }
    }

    /// The setting that switches it; `nil` for what always runs.
    public var setting: String? {
        switch self {
        case .peakDetection: nil
        case .spectralMatching: "matching.enabled"
        case .annotation: "annotation.enabled"
        }
    }

    /// Work per second of the algorithm's own stages.
    public var metric: Metric {
        let title =
            switch self {
            case .peakDetection: "peak detection"
            case .spectralMatching: "spectral matching"
            case .annotation: "annotation"
            }
        return Metric(
            name: "throughput.\(rawValue)", title: "\(title) throughput", unit: "\(work)/s", direction: .higherIsBetter)
    }

    /// Work per second of wall time inside the stages, start-up and other stages left out.
    public func throughput(of run: WorkloadRun) -> Measured<Double> {
        guard let count = run.counts[work] else { return .unavailable(reason: "the engine did not count its \(work)") }
        guard count > 0 else { return .unavailable(reason: "the workload has no \(work)") }
        let spans = run.stages.filter { stages.contains($0.name) }
        guard !spans.isEmpty else {
            return .unavailable(
                reason: run.stages.contains { $0.name == "analyse files" }
                    ? "stages of several files overlapped; set execution.concurrent_files to 1 to tell them apart"
                    : "the engine reported no stage '\(stages[0])'")
        }
        let seconds = spans.reduce(0) { $0 + $1.wall }
        return Measured(
            seconds > 0 ? Double(count) / seconds : nil, otherwise: "its stages took no measurable time")
    }

    /// Assignments that switch the given algorithms on and the others off.
    public static func assignments(running algorithms: Set<EngineAlgorithm>) -> [String] {
        allCases.compactMap { one in one.setting.map { "\($0)=\(algorithms.contains(one))" } }
    }

    /// Those that a configuration switches on.
    public static func enabled(in configuration: ResolvedConfiguration) -> [EngineAlgorithm] {
        allCases.filter { one in one.setting.map { configuration.boolean($0) } ?? true }
    }
}

import Benchmarking
import HostEnvironment
import Statistics

/// The runs of one trial in time order. Each run of a configuration has a run of the built-in default beside it, so that
/// what the machine did to both cancels; the default's own trial has none.
///
/// A run of the default that failed is replaced by the nearest good one of the trial. Without any, the configuration's
/// value stands as it was measured.
public struct TrialRuns: Sendable {
    public let all: [StoredRun]
    let candidates: [StoredRun]
    /// Good runs of the default.
    let references: [StoredRun]

    /// - Parameter all: runs that decide nothing (warm-up, lost) may be among them.
    public init(_ all: [StoredRun]) {
        self.all = all
        candidates = all.filter { $0.arm == RunArm.candidate }
        references = all.filter { $0.arm == RunArm.reference && $0.run.failure == nil }
    }

    /// Whether each run of the configuration stands beside a good run of the default, or the default beside nothing.
    /// - Parameter isPaired: false for the default's own trial.
    func isComplete(isPaired: Bool) -> Bool {
        !isPaired || candidates.allSatisfy { candidate in references.contains { $0.index == candidate.index } }
    }

    /// One value per run of the configuration, in the target's unit: what it would have been on the machine on which the
    /// default reaches `baseline`. `nil` where something could not be measured.
    /// - Parameter baseline: the default's objective; `nil` for its own trial, whose values stand as measured.
    func objectives(_ target: StudyTarget, baseline: Double?) -> [Double?] {
        candidates.map { candidate in
            guard let value = Self.value(candidate.run, target) else { return nil }
            guard let baseline, let reference = reference(of: candidate, target) else { return value }
            return baseline * (value / reference)
        }
    }

    /// The default's value of the same pair, else of the nearest run in time, the earlier of two.
    private func reference(of candidate: StoredRun, _ target: StudyTarget) -> Double? {
        let partner = references.first { $0.index == candidate.index }
        let nearest = references.min { abs($0.order - candidate.order) < abs($1.order - candidate.order) }
        return (partner ?? nearest).flatMap { Self.value($0.run, target) }
    }

    private static func value(_ run: ProgramRun, _ target: StudyTarget) -> Double? {
        target.value(of: run).value.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
    }
}

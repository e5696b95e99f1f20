#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A trial of an earlier study of the same parameters, in numbers that do not depend on that study's units.
public struct EarlierTrial: Sendable, Hashable {
    /// Which earlier study, from 1; trials of one study compare best with each other.
    public let study: Int
    public let configuration: Configuration
    /// Objectives and their standard deviations divided by what that study's default configuration reached, so that 0.9
    /// means nine tenths of it. Constraints are not used.
    public let outcome: TrialOutcome
    /// Whether the same program ran on the same kind of input and machine, so that what failed then fails again.
    public let isSameProgram: Bool

    /// - Precondition: `study` is at least 1.
    public init(study: Int, configuration: Configuration, outcome: TrialOutcome, isSameProgram: Bool) {
        precondition(study >= 1, "earlier studies are numbered from 1")
        self.study = study
        self.configuration = configuration
        self.outcome = outcome
        self.isSameProgram = isSameProgram
    }
}

/// What earlier studies contribute to the models of this one.
///
/// Each value is the ratio to that study's default times what the default reaches here, and every row carries its study
/// as one more categorical input, 0 for this study, whose learned length scale says how far studies agree: the simplest
/// form of a multi-task Gaussian process (Swersky, Snoek and Adams 2013, NIPS 26).
struct EarlierKnowledge: Sendable {
    struct Row: Sendable {
        let configuration: Configuration
        /// Encoded, the study at the end.
        let inputs: [Double]
        let relative: [(value: Double, deviation: Double)]

        /// Mean logarithm of the ratios, smaller is better: 0 for the default.
        func merit(_ objectives: [ObjectiveDirection]) -> Double {
            var sum = 0.0
            for (objective, ratio) in zip(objectives, relative) {
                sum += (objective == .maximise ? -1 : 1) * log(ratio.value)
            }
            return sum
        }
    }

    /// At most `maximumRows`, in the order given.
    let rows: [Row]
    /// Configurations that failed when the same program ran.
    let failures: [Configuration]
    /// The configuration whose value in this study turns ratios into values.
    let anchor: Configuration
    /// Tried right after the given configurations: distinct, best first.
    let best: [Configuration]

    /// More rows cost more per suggestion than they tell.
    static let maximumRows = 60
    static let maximumBest = 3
    /// The study input of this study's own rows.
    static let thisStudy = 0.0

    /// Half of the rows are the best ones of all studies, the rest are the most recent ones of those left: the best say
    /// where to look, the others what to stay away from.
    init?(
        _ trials: [EarlierTrial], anchor: Configuration, space: SearchSpace, objectives: [ObjectiveDirection]
    ) {
        var rows: [Row] = []
        var failures: [Configuration] = []
        for trial in trials where space.contains(trial.configuration) {
            switch trial.outcome {
            case .success(let value, let deviation, _, let second, _):
                let ratios = [ObjectiveValue(value, deviation: deviation)] + (second.map { [$0] } ?? [])
                guard ratios.count >= objectives.count, ratios.allSatisfy({ $0.value > 0 && $0.value.isFinite }) else {
                    continue
                }
                rows.append(
                    Row(
                        configuration: trial.configuration,
                        inputs: space.encode(trial.configuration) + [Double(trial.study)],
                        relative: ratios.prefix(objectives.count).map { ratio in
                            let deviation = ratio.deviation ?? 0
                            return (ratio.value, deviation.isFinite && deviation >= 0 ? deviation : 0)
                        }))
            case .failed, .timedOut, .infeasible:
                if trial.isSameProgram { failures.append(trial.configuration) }
            }
        }
        guard !rows.isEmpty || !failures.isEmpty else { return nil }
        let merits = rows.map { $0.merit(objectives) }
        let ranked = rows.indices.sorted { merits[$0] != merits[$1] ? merits[$0] < merits[$1] : $0 > $1 }
        let failed = Set(failures)
        var best: [Configuration] = []
        for position in ranked where best.count < Self.maximumBest {
            let configuration = rows[position].configuration
            if merits[position] < 0, configuration != anchor, !best.contains(configuration),
                !failed.contains(configuration)
            {
                best.append(configuration)
            }
        }
        var kept = Set(ranked.prefix(Self.maximumRows / 2))
        for position in rows.indices.reversed() where kept.count < Self.maximumRows { kept.insert(position) }
        self.rows = rows.indices.filter(kept.contains).map { rows[$0] }
        self.failures = failures
        self.anchor = anchor
        self.best = best
    }

    /// The rows' values in units of this study, or none while the anchor's own value is unknown or not positive.
    func values(
        of objective: Int, anchoredBy trials: some Collection<Trial>
    ) -> [(value: Double, deviation: Double)] {
        var sum = 0.0
        var count = 0.0
        for trial in trials where (trial.requested ?? trial.configuration) == anchor {
            if let value = trial.objective(objective)?.value {
                sum += value
                count += 1
            }
        }
        guard count > 0, sum > 0 else { return [] }
        let unit = sum / count
        return rows.map { ($0.relative[objective].value * unit, $0.relative[objective].deviation * unit) }
    }

    /// Row-major inputs of this study with the study appended to each.
    static func inputsOfThisStudy(_ points: [Double], dimensions: Int) -> [Double] {
        var inputs: [Double] = []
        inputs.reserveCapacity(points.count / dimensions * (dimensions + 1))
        for start in stride(from: 0, to: points.count, by: dimensions) {
            inputs.append(contentsOf: points[start..<start + dimensions])
            inputs.append(thisStudy)
        }
        return inputs
    }
}

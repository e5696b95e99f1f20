import GaussianProcess

/// The score of candidates: ln expected improvement + ln P(runs) + ln P(runs as asked) + sum of ln P(constraint met).
struct Acquisition {
    enum Improvement {
        case process(GaussianProcessModel, incumbent: Double)
        case forest(RandomForest, incumbent: Double)
        /// Of two objectives.
        case hypervolume(GaussianProcessModel, GaussianProcessModel, HypervolumeImprovement)
        /// Nothing feasible is known yet: look for what can be.
        case none
    }

    let improvement: Improvement
    let feasibility: FeasibilityModel?
    let faithfulness: FeasibilityModel?
    let constraints: [ConstraintModel]
    let dimensions: Int
    /// Whether the objectives' models have the study as one more input.
    let comparesStudies: Bool

    /// One score per row-major point; larger is better.
    func scores(at points: [Double]) -> [Double] {
        let count = points.count / dimensions
        let inputs = comparesStudies ? EarlierKnowledge.inputsOfThisStudy(points, dimensions: dimensions) : points
        var scores: [Double]
        switch improvement {
        case .process(let model, let incumbent):
            scores = Self.logImprovements(model.posterior(at: inputs), incumbent)
        case .forest(let forest, let incumbent):
            let width = comparesStudies ? dimensions + 1 : dimensions
            scores = Self.logImprovements(forest.posterior(at: inputs, dimensions: width), incumbent)
        case .hypervolume(let first, let second, let improvement):
            let (a, b) = (first.posterior(at: inputs), second.posterior(at: inputs))
            scores = a.means.indices.map {
                improvement.logExpectation(
                    means: (a.means[$0], b.means[$0]), variances: (a.variances[$0], b.variances[$0]))
            }
        case .none: scores = [Double](repeating: 0, count: count)
        }
        addProbabilities(to: &scores, at: points)
        return scores
    }

    /// ln P(runs, runs as asked and meets the constraints) per row-major point.
    func logProbabilities(at points: [Double]) -> [Double] {
        var scores = [Double](repeating: 0, count: points.count / dimensions)
        addProbabilities(to: &scores, at: points)
        return scores
    }

    private func addProbabilities(to scores: inout [Double], at points: [Double]) {
        let count = scores.count
        for model in [feasibility, faithfulness].compactMap({ $0 }) {
            let logs = model.logProbabilities(at: points, count: count)
            for c in 0..<count { scores[c] += logs[c] }
        }
        for constraint in constraints {
            let logs = constraint.logProbabilities(at: points)
            for c in 0..<count { scores[c] += logs[c] }
        }
    }

    private static func logImprovements(_ posterior: Posterior, _ incumbent: Double) -> [Double] {
        posterior.means.indices.map {
            logExpectedImprovement(
                mean: posterior.means[$0], variance: posterior.variances[$0], incumbent: incumbent)
        }
    }
}

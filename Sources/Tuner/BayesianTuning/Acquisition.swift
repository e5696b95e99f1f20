import GaussianProcess

/// The score of candidates: ln expected improvement + ln P(runs) + ln P(runs as asked) + sum of ln P(constraint met).
struct Acquisition {
    enum Improvement {
        case process(GaussianProcessModel, incumbent: Double)
        case forest(RandomForest, incumbent: Double)
        /// Nothing feasible is known yet: look for what can be.
        case none
    }

    let improvement: Improvement
    let feasibility: FeasibilityModel?
    let faithfulness: FeasibilityModel?
    let constraints: [ConstraintModel]
    let dimensions: Int

    /// One score per row-major point; larger is better.
    func scores(at points: [Double]) -> [Double] {
        let count = points.count / dimensions
        var scores: [Double]
        switch improvement {
        case .process(let model, let incumbent):
            scores = Self.logImprovements(model.posterior(at: points), incumbent)
        case .forest(let forest, let incumbent):
            scores = Self.logImprovements(forest.posterior(at: points, dimensions: dimensions), incumbent)
        case .none: scores = [Double](repeating: 0, count: count)
        }
        for model in [feasibility, faithfulness].compactMap({ $0 }) {
            let logs = model.logProbabilities(at: points, count: count)
            for c in 0..<count { scores[c] += logs[c] }
        }
        for constraint in constraints {
            let logs = constraint.logProbabilities(at: points)
            for c in 0..<count { scores[c] += logs[c] }
        }
        return scores
    }

    private static func logImprovements(_ posterior: Posterior, _ incumbent: Double) -> [Double] {
        posterior.means.indices.map {
            logExpectedImprovement(
                mean: posterior.means[$0], variance: posterior.variances[$0], incumbent: incumbent)
        }
    }
}

import SpectralMatching

/// What all contributors together show for one measure.
struct IdentificationSummary: Encodable {
    /// What is accepted at a largest q-value.
    struct Level: Encodable {
        let qValue: Double
        let accepted: Int
        /// Of these named wrongly, and with a compound that the library does not have.
        let wrong: Int
        let wrongOfUnknown: Int
        /// Of the wrong ones those of another formula: the others are isomers of the query's compound.
        let wrongFormula: Int
    }

    struct Contributor: Encodable {
        let name: String
        let queries: Int
        let findable: Int
        let top1: Int
        let top5: Int
        let levels: [Level]
    }

    let similarity: String
    let queries: Int
    /// Queries whose ion is in the rest of the library, and how often its compound is the first, or among the first five.
    let findable: Int
    let top1: Int
    let top5: Int
    /// All other queries, and how many of them get a match.
    let unknown: Int
    let unknownWithMatch: Int
    /// Q-values estimated for each contributor's queries by themselves, and for all together.
    let levels: [Level]
    let pooledLevels: [Level]
    let contributors: [Contributor]

    private static let qValues = [0.01, 0.05, 0.1, 0.2]

    init(measure: SimilarityMeasure, trials: [(name: String, trial: ContributorTrial)]) {
        similarity = measure.rawValue
        let all = trials.flatMap(\.trial.outcomes)
        queries = all.count
        findable = all.count(where: \.isFindable)
        top1 = all.count { $0.isFindable && $0.isRight }
        top5 = all.count { $0.isFindable && $0.place != nil }
        unknown = queries - findable
        unknownWithMatch = all.count { !$0.isFindable && $0.target != nil }
        levels = Self.levels(all, trials.flatMap(\.trial.qValues))
        pooledLevels = Self.levels(all, ContributorTrial(outcomes: all).qValues)
        contributors = trials.map { name, trial in
            Contributor(
                name: name, queries: trial.outcomes.count, findable: trial.outcomes.count(where: \.isFindable),
                top1: trial.outcomes.count { $0.isFindable && $0.isRight },
                top5: trial.outcomes.count { $0.isFindable && $0.place != nil },
                levels: Self.levels(trial.outcomes, trial.qValues))
        }
    }

    private static func levels(_ outcomes: [QueryOutcome], _ estimates: [Double?]) -> [Level] {
        qValues.map { limit in
            let accepted = zip(outcomes, estimates).filter { $1.map { $0 <= limit } ?? false }.map(\.0)
            return Level(
                qValue: limit, accepted: accepted.count, wrong: accepted.count { !$0.isRight },
                wrongOfUnknown: accepted.count { !$0.isRight && !$0.isFindable },
                wrongFormula: accepted.count { !$0.hasFormula })
        }
    }
}

/// Whether a search may leave out what an approximate index does not find.
public enum SearchStrategy: String, Sendable, Hashable, Codable, CaseIterable {
    /// What comparing all spectra gives.
    case exact
    /// The approximate index, where its measured recall reaches the demanded one; else exact.
    case approximate
    /// The same, but only where it also takes less work than the exact search.
    case automatic = "auto"
}

/// What has to reach the demanded recall.
public enum SearchUseCase: String, Sendable, Hashable, Codable, CaseIterable {
    /// All hits, and with the uncertainty of the sample: the lower end of a 95 % interval.
    case highAccuracy = "high_accuracy"
    /// The best hit of each query.
    case highThroughput = "high_throughput"
    /// All hits, as measured on the sample.
    case balanced
}

/// Kinds of approximate index.
public enum ApproximateIndexType: String, Sendable, Hashable, Codable, CaseIterable {
    case lshForest = "lsh_forest"
}

/// How much a search may miss.
public struct ApproximationSettings: Sendable, Hashable {
    public var strategy: SearchStrategy = .exact
    public var useCase: SearchUseCase = .balanced
    /// Part of the exact search's hits that must be found, 0 ... 1.
    public var accuracyThreshold = 0.95
    /// 1 takes what is fastest at `accuracyThreshold`, 0 the most accurate that was tried; between, the fastest that is so
    /// much better than the threshold, where one is.
    public var speedPriority = 0.8
    public var indexType: ApproximateIndexType = .lshForest

    public init() {}

    /// Recall from which on speed decides: the threshold at a speed priority of 1, everything at 0.
    var aim: Double { accuracyThreshold + (1 - speedPriority) * (1 - accuracyThreshold) }
}

/// How a library is searched in the end, and the measurement that decided it.
public struct SearchPlan: Sendable, Hashable, Codable {
    /// What was asked for.
    public var strategy: SearchStrategy
    /// `exact` or `approximate`.
    public var used: SearchStrategy
    public var indexType: ApproximateIndexType
    public var useCase: SearchUseCase
    public var accuracyThreshold: Double
    public var speedPriority: Double
    /// Why, as a sentence for the user.
    public var reason: String
    /// Trees and compared spectra of each query: those in use, or the nearest that was tried.
    public var trees: Int?
    public var candidates: Int?
    /// Measured against the exact search: of the best hits, and of all.
    public var recallOfBest: Double?
    public var recallOfAll: Double?
    /// Queries of the sample, and exact hits that they have.
    public var sampleQueries: Int?
    public var sampleHits: Int?
    /// Work of one query in postings read, counted; what `auto` compares.
    public var exactWork: Double?
    public var approximateWork: Double?
    /// CPU time of one query of the sample, in seconds. Told, and decides nothing.
    public var exactSeconds: Double?
    public var approximateSeconds: Double?
    public var indexBytes: Int?

    init(_ settings: ApproximationSettings, reason: String) {
        strategy = settings.strategy
        used = .exact
        indexType = settings.indexType
        useCase = settings.useCase
        accuracyThreshold = settings.accuracyThreshold
        speedPriority = settings.speedPriority
        self.reason = reason
    }
}

extension SearchPlan: CustomStringConvertible {
    /// The choice with what was measured, as a sentence for the user.
    public var description: String {
        func rounded(_ value: Double, _ scale: Double) -> Double { (value * scale).rounded() / scale }
        var text = "search is \(reason)"
        guard let recallOfAll, let recallOfBest, let sampleHits, let sampleQueries else { return text }
        text +=
            "; \(indexType.rawValue) measured on \(sampleQueries) queries with \(sampleHits) hits: recall "
            + "\(rounded(recallOfAll, 1e4)) of all, \(rounded(recallOfBest, 1e4)) of the best"
        if let trees, let candidates { text += " with \(trees) trees and \(candidates) comparisons" }
        if let exactSeconds, let approximateSeconds {
            text +=
                "; \(rounded(approximateSeconds * 1e3, 1e3)) ms a query against \(rounded(exactSeconds * 1e3, 1e3)) ms exact"
        }
        return text
    }
}

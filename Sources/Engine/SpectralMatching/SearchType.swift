import SpectrumModel

/// Which library spectra a query is compared with, and which peaks of the two may match.
public enum SearchType: String, Sendable, Hashable, Codable, CaseIterable {
    /// Precursors within `precursorTolerance` (or the isolation window); peaks match at equal m/z.
    case identity
    /// Any precursor; peaks match at equal m/z.
    case open
    /// Any precursor; peaks match at equal neutral loss (precursor m/z minus fragment m/z).
    case neutralLoss = "neutral-loss"
    /// Any precursor; peaks match at equal m/z or at equal neutral loss, each at most once.
    case hybrid
}

/// Which peaks of a pair of spectra may match.
enum PeakMatching: Sendable, Hashable {
    /// At equal m/z.
    case fragments
    /// At equal neutral loss: the library's peak moved by the difference of the precursors.
    case losses
    /// Either way.
    case fragmentsAndLosses

    /// What a measure compares in a search. The modified cosine has neutral losses by definition, the neutral-loss cosine
    /// nothing else.
    init(_ search: SearchType, _ measure: SimilarityMeasure) {
        switch search {
        case _ where measure == .neutralLoss: self = .losses
        case .identity, .open: self = measure == .modifiedCosine ? .fragmentsAndLosses : .fragments
        case .neutralLoss: self = .losses
        case .hybrid: self = .fragmentsAndLosses
        }
    }

    var usesFragments: Bool { self != .losses }
    var usesLosses: Bool { self != .fragments }
}

/// What is known of a score before all peaks were looked at: how the terms of matched peaks add up, and what peaks that
/// were not looked at can still give.
enum ScoreBound: Sendable, Hashable {
    /// Terms g(a, b) = ((a + b) log2(a + b) - a log2 a - b log2 b) / 2 of weights with sum 1. g is concave and homogeneous, so
    /// peaks with weights of sum A give at most g(A, 1) with whatever they match.
    case entropy
    /// Terms a b of weights with sum of squares 1: at most the Euclidean length, by Cauchy and Schwarz.
    case product

    /// (N F + M R) / (N + M) of such a sum F, a mean R of at most 1 and M <= N matched peaks: at most (F + 1) / 2.
    case productAndRatios

    init(_ measure: SimilarityMeasure) {
        switch measure {
        case .spectralEntropy, .unweightedEntropy: self = .entropy
        case .cosine, .modifiedCosine, .neutralLoss: self = .product
        case .enhancedDotProduct: self = .productAndRatios
        }
    }

    /// The least sum of terms that a score needs.
    func total(for score: Double) -> Double { self == .productAndRatios ? 2 * score - 1 : score }

    /// A query peak's part of what `most` takes.
    func share(_ weight: Double) -> Double { self == .entropy ? weight : weight * weight }

    /// Most that peaks of this total share can give.
    func most(_ share: Double) -> Double {
        guard share > 0 else { return 0 }
        switch self {
        case .entropy: return (xLog2x(1 + share) - xLog2x(share)) / 2
        case .product, .productAndRatios: return share.squareRoot()
        }
    }
}

/// A library spectrum that resembles the query, by its position in the library.
public struct LibraryHit: Sendable, Hashable {
    public var libraryIndex: Int
    /// 0 ... 1.
    public var score: Double
    public var matchedPeaks: Int

    public init(libraryIndex: Int, score: Double, matchedPeaks: Int) {
        self.libraryIndex = libraryIndex
        self.score = score
        self.matchedPeaks = matchedPeaks
    }
}

import SpectrumModel
import Statistics

/// How much of a truth lies where the result has something, when one feature may stand for any number of rows.
///
/// For tables whose rows overlap or list every isotopologue: a row is covered when a feature, or an isotopologue of
/// one, lies within its tolerance and window. A permissive count: a feature covers all that is near it, so it is
/// reported beside the one-to-one count and never instead of it.
public struct SharedCoverage: Sendable, Hashable, Codable {
    public let covered: Int
    public let expected: Int
    /// Pearson correlation of log areas of rows and isotopologues matched one to one (as many as possible, then the
    /// nearest), over the pairs where both are positive; `nil` for fewer than three.
    public let logAreaCorrelation: Double?
    public let areaPairs: Int

    /// Share of the rows that are covered; 1 for an empty truth.
    public var recall: Double { expected == 0 ? 1 : Double(covered) / Double(expected) }

    /// - Complexity: as `EvaluationResult`, for the isotopologues of all features.
    public init(truth: TruthTable, features table: FeatureTable, rule: MatchingRule = MatchingRule()) {
        let rows = truth.rows
        let index = FeatureIndex(table.features.flatMap(\.isotopologues))
        let pairs = CandidatePairs(
            rows: rows, stems: rows.map { $0.file.map { dataFileStem($0) } }, index: index, rule: rule)
        let assignment = OptimalAssignment(pairs, columnCount: index.features.count)
        var logTruth: [Double] = []
        var logFound: [Double] = []
        for (row, column) in zip(rows, assignment.columnOfRow) where column >= 0 {
            let found = index.features[column].area
            guard let area = row.area, area > 0, found > 0 else { continue }
            logTruth.append(logarithm(area))
            logFound.append(logarithm(found))
        }
        let correlation = logTruth.count >= 3 ? pearsonCorrelation(logTruth, logFound) : .nan
        covered = rows.indices.count { pairs.offsets[$0] < pairs.offsets[$0 + 1] }
        expected = rows.count
        logAreaCorrelation = correlation.isNaN ? nil : correlation
        areaPairs = logTruth.count
    }
}

extension ResultFeature {
    /// The feature once per isotopologue whose area is known, carbon 13 apart; itself alone where none is.
    var isotopologues: [ResultFeature] {
        guard isotopeAreas.count > 1 else { return [self] }
        let spacing = 1.003_354_835_07 / Double(max(charge, 1))
        return isotopeAreas.enumerated().map { number, area in
            var isotopologue = self
            isotopologue.mz += Double(number) * spacing
            isotopologue.area = area
            return isotopologue
        }
    }
}

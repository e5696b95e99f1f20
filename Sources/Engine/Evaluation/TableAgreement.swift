import SpectrumModel

/// How far two feature tables hold the same features: the accuracy of a tuning trial against the default configuration.
///
/// Features of the same file agree when m/z and apex are within the tolerances (ends included), one to one, as many
/// as possible.
public struct TableAgreement: Sendable, Hashable, Codable {
    public let referenceFeatures: Int
    public let candidateFeatures: Int
    public let agreeing: Int

    /// - Parameters:
    ///   - mzTolerancePPM: of the reference's m/z.
    ///   - retentionTimeToleranceSeconds: between the apexes.
    /// - Complexity: O(n log n) for n features, and the assignment's among features that compete.
    public init(
        reference: FeatureTable, candidate: FeatureTable, mzTolerancePPM: Double = 5,
        retentionTimeToleranceSeconds: Double = 2
    ) {
        let tolerance = Tolerance.ppm(mzTolerancePPM)
        let index = FeatureIndex(candidate.features)
        let rows = FeatureIndex(reference.features)
        var pairs = CandidatePairs()
        for (stem, range) in zip(rows.stems, rows.ranges) {
            for row in rows.features[range] {
                for position in index.positions(in: tolerance.window(around: row.mz), file: stem).joined() {
                    let feature = index.features[position]
                    let seconds = (feature.retentionTimeSeconds - row.retentionTimeSeconds)
                    guard abs(seconds) <= retentionTimeToleranceSeconds else { continue }
                    let mzDistance = (feature.mz - row.mz) / tolerance.halfWidth(at: row.mz)
                    let timeDistance = retentionTimeToleranceSeconds > 0 ? seconds / retentionTimeToleranceSeconds : 0
                    pairs.append(column: position, cost: mzDistance * mzDistance + timeDistance * timeDistance)
                }
                pairs.closeRow()
            }
        }
        let assignment = OptimalAssignment(pairs, columnCount: index.features.count)
        referenceFeatures = reference.features.count
        candidateFeatures = candidate.features.count
        agreeing = assignment.columnOfRow.count { $0 >= 0 }
    }

    /// Share of the candidate's features that the reference has; 1 when it has none.
    public var precision: Double { candidateFeatures == 0 ? 1 : Double(agreeing) / Double(candidateFeatures) }
    /// Share of the reference's features that the candidate has; 1 when there are none.
    public var recall: Double { referenceFeatures == 0 ? 1 : Double(agreeing) / Double(referenceFeatures) }
    /// 2 x agreeing / (reference + candidate); 1 for two empty tables.
    public var f1: Double {
        let total = referenceFeatures + candidateFeatures
        return total == 0 ? 1 : 2 * Double(agreeing) / Double(total)
    }
}

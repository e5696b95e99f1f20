import SpectrumModel

/// The edges of a sparse bipartite graph: row `i` may take column `columns[k]` at `costs[k]`, k in
/// `offsets[i]..<offsets[i+1]`.
struct CandidatePairs {
    var offsets: [Int] = [0]
    var columns: [Int] = []
    var costs: [Double] = []

    var rowCount: Int { offsets.count - 1 }

    mutating func append(column: Int, cost: Double) {
        columns.append(column)
        costs.append(cost)
    }

    mutating func closeRow() { offsets.append(columns.count) }
}

extension CandidatePairs {
    /// Every row of a truth with the features inside its tolerance and window, at the squared distance in units of both.
    init(rows: [TruthRow], stems: [String?], index: FeatureIndex, rule: MatchingRule) {
        for (row, stem) in zip(rows, stems) {
            let window = rule.window(of: row)
            let center = row.retentionTimeSeconds ?? window.map { ($0.lowerBound + $0.upperBound) / 2 }
            let tolerance = Tolerance.ppm(row.tolerancePPM)
            for range in index.positions(in: tolerance.window(around: row.mz), file: stem) {
                for position in range {
                    let feature = index.features[position]
                    let mzDistance = (feature.mz - row.mz) / tolerance.halfWidth(at: row.mz)
                    var cost = mzDistance * mzDistance
                    if let window, let center {
                        guard window.contains(feature.retentionTimeSeconds) else { continue }
                        let reach = max(center - window.lowerBound, window.upperBound - center)
                        let distance = reach > 0 ? (feature.retentionTimeSeconds - center) / reach : 0
                        cost += distance * distance
                    }
                    append(column: position, cost: cost)
                }
            }
            closeRow()
        }
    }
}

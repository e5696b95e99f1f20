import SpectrumModel
import Statistics

/// How features are matched with truth.
public struct MatchingRule: Sendable, Hashable, Codable {
    /// Half width of the retention-time window of rows that state a time and no window. Default 6 s: the tolerance
    /// (0.1 min) with which mzmine aligns the runs of the `medium` workload.
    public var halfWindowSeconds: Double

    public init(halfWindowSeconds: Double = 6) {
        precondition(halfWindowSeconds > 0, "a window must be wider than 0")
        self.halfWindowSeconds = halfWindowSeconds
    }

    func window(of row: TruthRow) -> ClosedRange<Double>? {
        if let window = row.windowSeconds { return window }
        guard let center = row.retentionTimeSeconds else { return nil }
        return center - halfWindowSeconds...center + halfWindowSeconds
    }
}

/// A feature table held against truth.
///
/// A feature can stand for a row of its file when its m/z is within the row's tolerance and its apex inside the row's
/// window (ends included). Rows and features are matched one to one: as many as possible, then with the smallest sum
/// of squared distances, each in units of its tolerance. The charge is not a condition; how often it agrees is
/// counted.
public struct EvaluationResult: Sendable, Hashable, Codable {
    /// One matched pair, by position in the truth and in the feature table.
    public struct Match: Sendable, Hashable, Codable {
        public let truth: Int
        public let feature: Int
        /// Feature minus truth, in parts per million of the truth.
        public let mzErrorPPM: Double
        /// Feature minus truth; `nil` when the truth has no retention time.
        public let retentionTimeErrorSeconds: Double?
    }

    /// Why a row was not found.
    public enum MissReason: Sendable, Hashable, Codable {
        case noFeatureAtMZ
        /// Features at this m/z exist; the nearest apex is this far outside the window.
        case outsideWindow(nearestSeconds: Double)
        /// Every feature that fits stands for another row.
        case featureTakenByAnotherRow
    }

    public struct Miss: Sendable, Hashable, Codable {
        public let truth: Int
        public let name: String
        public let mz: Double
        public let retentionTimeSeconds: Double?
        public let file: String?
        public let reason: MissReason
    }

    /// Rows and features of one data file that the truth names.
    public struct FileCount: Sendable, Hashable, Codable {
        public let file: String
        public let expected: Int
        public let found: Int
        public let features: Int
    }

    public let expected: Int
    public let found: Int
    /// Features in the files that the truth speaks about (in all, when a row names no file).
    public let resultFeatures: Int
    /// Of those, the ones that stand for no row.
    public let extraFeatures: Int
    public let medianAbsoluteMZErrorPPM: Double?
    public let percentile95AbsoluteMZErrorPPM: Double?
    public let medianAbsoluteRetentionTimeErrorSeconds: Double?
    public let percentile95AbsoluteRetentionTimeErrorSeconds: Double?
    /// Pearson correlation of log areas over the matches where both are positive; `nil` for fewer than three.
    public let logAreaCorrelation: Double?
    public let areaPairs: Int
    /// Matches where both sides state a charge, and those where it is the same.
    public let chargesCompared: Int
    public let chargesAgreed: Int
    /// In the order in which the truth first names them.
    public let files: [FileCount]
    public let matches: [Match]
    public let missed: [Miss]
    /// The count when features may be shared by rows.
    public let shared: SharedCoverage

    /// Share of the rows that were found; 1 for an empty truth.
    public var recall: Double { expected == 0 ? 1 : Double(found) / Double(expected) }
}

extension EvaluationResult {
    /// - Complexity: O((n + m) log n) for n features and m rows, and the assignment's among rows that compete.
    public init(truth: TruthTable, features table: FeatureTable, rule: MatchingRule = MatchingRule()) {
        let rows = truth.rows
        let index = FeatureIndex(table.features)
        let stems = rows.map { $0.file.map { dataFileStem($0) } }
        let pairs = CandidatePairs(rows: rows, stems: stems, index: index, rule: rule)
        let assignment = OptimalAssignment(pairs, columnCount: index.features.count)

        var matches: [Match] = []
        var missed: [Miss] = []
        for (position, row) in rows.enumerated() {
            let column = assignment.columnOfRow[position]
            if column >= 0 {
                let feature = index.features[column]
                matches.append(
                    Match(
                        truth: position, feature: index.original[column],
                        mzErrorPPM: (feature.mz - row.mz) / row.mz * 1e6,
                        retentionTimeErrorSeconds: row.retentionTimeSeconds.map { feature.retentionTimeSeconds - $0 }))
            } else {
                let hasCandidate = pairs.offsets[position] < pairs.offsets[position + 1]
                let reason: MissReason =
                    hasCandidate
                    ? .featureTakenByAnotherRow
                    : Self.missReason(row: row, stem: stems[position], index: index, rule: rule)
                missed.append(
                    Miss(
                        truth: position, name: row.name, mz: row.mz, retentionTimeSeconds: row.retentionTimeSeconds,
                        file: row.file, reason: reason))
            }
        }
        let files = Self.fileCounts(rows: rows, stems: stems, matches: matches, index: index)
        let scope = stems.contains(nil) ? index.features.count : files.reduce(0) { $0 + $1.features }
        self.init(
            rows: rows, features: table.features, matches: matches, missed: missed, files: files, resultFeatures: scope,
            shared: SharedCoverage(truth: truth, features: table, rule: rule))
    }

    private init(
        rows: [TruthRow], features: [ResultFeature], matches: [Match], missed: [Miss], files: [FileCount],
        resultFeatures: Int, shared: SharedCoverage
    ) {
        let mzErrors = matches.map { abs($0.mzErrorPPM) }
        let timeErrors = matches.compactMap { $0.retentionTimeErrorSeconds.map { abs($0) } }
        var logTruth: [Double] = []
        var logFound: [Double] = []
        var compared = 0
        var agreed = 0
        for match in matches {
            let (row, feature) = (rows[match.truth], features[match.feature])
            if let area = row.area, area > 0, feature.area > 0 {
                logTruth.append(logarithm(area))
                logFound.append(logarithm(feature.area))
            }
            if row.charge > 0, feature.charge > 0 {
                compared += 1
                if row.charge == feature.charge { agreed += 1 }
            }
        }
        let correlation = logTruth.count >= 3 ? pearsonCorrelation(logTruth, logFound) : .nan
        expected = rows.count
        found = matches.count
        self.resultFeatures = resultFeatures
        extraFeatures = resultFeatures - matches.count
        medianAbsoluteMZErrorPPM = mzErrors.isEmpty ? nil : median(mzErrors)
        percentile95AbsoluteMZErrorPPM = mzErrors.isEmpty ? nil : quantile(mzErrors, 0.95)
        medianAbsoluteRetentionTimeErrorSeconds = timeErrors.isEmpty ? nil : median(timeErrors)
        percentile95AbsoluteRetentionTimeErrorSeconds = timeErrors.isEmpty ? nil : quantile(timeErrors, 0.95)
        logAreaCorrelation = correlation.isNaN ? nil : correlation
        areaPairs = logTruth.count
        chargesCompared = compared
        chargesAgreed = agreed
        self.files = files
        self.matches = matches
        self.missed = missed
        self.shared = shared
    }

    private static func missReason(row: TruthRow, stem: String?, index: FeatureIndex, rule: MatchingRule) -> MissReason
    {
        let mzWindow = Tolerance.ppm(row.tolerancePPM).window(around: row.mz)
        guard let window = rule.window(of: row) else { return .noFeatureAtMZ }
        let gaps = index.positions(in: mzWindow, file: stem).joined().map { position in
            let apex = index.features[position].retentionTimeSeconds
            return max(window.lowerBound - apex, apex - window.upperBound)
        }
        return gaps.min().map { .outsideWindow(nearestSeconds: $0) } ?? .noFeatureAtMZ
    }

    private static func fileCounts(rows: [TruthRow], stems: [String?], matches: [Match], index: FeatureIndex)
        -> [FileCount]
    {
        var isFound = Array(repeating: false, count: rows.count)
        for match in matches { isFound[match.truth] = true }
        var order: [String] = []
        var names: [String] = []
        var expected: [Int] = []
        var found: [Int] = []
        var slotOfStem: [String: Int] = [:]
        for (position, stem) in stems.enumerated() {
            guard let stem else { continue }
            let slot: Int
            if let known = slotOfStem[stem] {
                slot = known
            } else {
                slot = order.count
                slotOfStem[stem] = slot
                order.append(stem)
                names.append(rows[position].file ?? stem)
                expected.append(0)
                found.append(0)
            }
            expected[slot] += 1
            if isFound[position] { found[slot] += 1 }
        }
        return order.indices.map {
            FileCount(
                file: names[$0], expected: expected[$0], found: found[$0],
                features: index.range(ofFile: order[$0]).count)
        }
    }
}

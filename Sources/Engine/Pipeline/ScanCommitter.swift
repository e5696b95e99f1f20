import FeatureDetection
import SpectrumModel

/// What the survey scans of a file looked like.
struct SurveySummary: Sendable {
    var surveyScans = 0
    var fragmentScans = 0
    var otherSpectra = 0
    var points = 0
    var firstSeconds = Double.infinity
    var lastSeconds = -Double.infinity
    /// Scans without a usable retention time (not a number, or before the previous scan of their polarity).
    var scansWithoutOrder = 0
    /// Retention times of the scans with one, by `Polarity.rawValue` and the number that the trace builder gave them.
    var retentionTimes: [[Double]] = [[], [], []]
}

/// A survey scan of a block, ready for the mass-trace builders of its polarity.
struct PlacedScan: Sendable {
    /// Position among the spectra of the block.
    let index: Int
    let polarity: Polarity
    let scan: SurveyScan
}

/// Takes decoded spectra in file order: tells survey scans their noise, and brings fragments to the store.
final class ScanCommitter {
    private let fragments: FragmentStore
    /// By `Polarity.rawValue`.
    private var timelines = [SurveyTimeline(), SurveyTimeline(), SurveyTimeline()]
    private(set) var survey = SurveySummary()

    init(fragments: FragmentStore) { self.fragments = fragments }

    /// - Parameters:
    ///   - quantiles: by spectrum, what `IntensityQuantile` says of it.
    ///   - nativeIDs: by spectrum; empty where they are not wanted.
    /// - Returns: the survey scans in the order of time, without those that have none.
    func commit(_ block: SpectrumBlock, quantiles: [Float?], nativeIDs: [String] = []) throws(AnalysisError)
        -> [PlacedScan]
    {
        var placed: [PlacedScan] = []
        for index in 0..<block.count {
            let header = block.headers[index]
            let points = block.points(of: index)
            switch header.msLevel {
            case 1:
                note(header, points: points.count)
                let scan = timelines[Int(header.polarity.rawValue)].next(
                    retentionTimeSeconds: header.retentionTimeSeconds, quantile: quantiles[index])
                if let scan {
                    survey.retentionTimes[Int(header.polarity.rawValue)].append(header.retentionTimeSeconds)
                    placed.append(PlacedScan(index: index, polarity: header.polarity, scan: scan))
                } else {
                    survey.scansWithoutOrder += 1
                }
            case 2:
                survey.fragmentScans += 1
                try fragments.append(
                    header, nativeID: nativeIDs.isEmpty ? nil : nativeIDs[index], mz: block.mz[points],
                    intensity: block.intensity[points])
            default: survey.otherSpectra += 1
            }
        }
        return placed
    }

    private func note(_ header: SpectrumHeader, points: Int) {
        survey.surveyScans += 1
        survey.points += points
        if header.retentionTimeSeconds.isFinite {
            survey.firstSeconds = min(survey.firstSeconds, header.retentionTimeSeconds)
            survey.lastSeconds = max(survey.lastSeconds, header.retentionTimeSeconds)
        }
    }
}

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

/// Takes decoded spectra in file order: survey scans go to the mass-trace builder of their polarity, fragments to the store.
final class ScanCommitter {
    struct Handover {
        let polarity: Polarity
        let batch: MassTraceBatch
    }

    private let parameters: MassTraceParameters
    private let fragments: FragmentStore
    /// By `Polarity.rawValue`.
    private var builders: [(any MassTraceJoining)?] = [nil, nil, nil]
    private(set) var survey = SurveySummary()
    private(set) var pointsSinceHandover = 0

    init(parameters: MassTraceParameters, fragments: FragmentStore) {
        self.parameters = parameters
        self.fragments = fragments
    }

    func commit(_ block: SpectrumBlock) throws(AnalysisError) {
        for index in 0..<block.count {
            let header = block.headers[index]
            let points = block.points(of: index)
            switch header.msLevel {
            case 1: addSurveyScan(header, block, points)
            case 2:
                survey.fragmentScans += 1
                try fragments.append(header, mz: block.mz[points], intensity: block.intensity[points])
            default: survey.otherSpectra += 1
            }
        }
    }

    private func addSurveyScan(_ header: SpectrumHeader, _ block: SpectrumBlock, _ points: Range<Int>) {
        let polarity = Int(header.polarity.rawValue)
        if builders[polarity] == nil { builders[polarity] = parameters.makeBuilder() }
        survey.surveyScans += 1
        survey.points += points.count
        pointsSinceHandover += points.count
        if header.retentionTimeSeconds.isFinite {
            survey.firstSeconds = min(survey.firstSeconds, header.retentionTimeSeconds)
            survey.lastSeconds = max(survey.lastSeconds, header.retentionTimeSeconds)
        }
        let skipped = builders[polarity]?.skippedScans
        block.mz.withUnsafeBufferPointer { mz in
            block.intensity.withUnsafeBufferPointer { intensity in
                builders[polarity]?.add(
                    retentionTimeSeconds: header.retentionTimeSeconds, mz: UnsafeBufferPointer(rebasing: mz[points]),
                    intensity: UnsafeBufferPointer(rebasing: intensity[points]))
            }
        }
        if builders[polarity]?.skippedScans == skipped {
            survey.retentionTimes[polarity].append(header.retentionTimeSeconds)
        }
    }

    /// The traces that closed since the last call, per polarity.
    func takeClosed() -> [Handover] {
        pointsSinceHandover = 0
        var handovers: [Handover] = []
        for (index, polarity) in [Polarity.unknown, .positive, .negative].enumerated() where builders[index] != nil {
            let batch = builders[index]!.takeClosed()
            if !batch.isEmpty { handovers.append(Handover(polarity: polarity, batch: batch)) }
        }
        return handovers
    }

    /// Closes all traces and returns the rest.
    func finish() -> [Handover] {
        survey.scansWithoutOrder = 0
        for index in builders.indices where builders[index] != nil {
            builders[index]!.finish()
            survey.scansWithoutOrder += builders[index]!.skippedScans
        }
        return takeClosed()
    }
}

import MzML
import SpectrumModel
import Statistics

/// What the first pass over a background finds: the MS1 scans that peaks go into, when they are, and how low they see.
struct BackgroundSurvey {
    let header: RunHeader
    let polarity: Polarity
    /// Retention times of the MS1 scans of that polarity in file order, ascending, seconds.
    private(set) var times: [Double] = []
    /// Detection limit of each of them: a low quantile of its intensities above 0.
    private(set) var limits: [Float] = []
    private(set) var mz: ClosedRange<Double> = 0...0
    private(set) var distances: NeighbourDistances
    /// Mass spectra of any level.
    private(set) var spectrumCount = 0

    /// Reads the whole file. Memory: 12 bytes per scan beside the reader's.
    ///
    /// - Throws: what reading throws; `unsuitableBackground`; `badParameter` for a polarity that the file lacks.
    init(
        path: String, parameters: SimulationParameters, progress: (Double) throws -> Void
    ) throws {
        var reader = try SpectrumReader(path: path, options: ReadingOptions())
        header = reader.header
        let law =
            parameters.resolutionDalton == nil
            ? MassResolution.law(of: parameters.instrumentClass ?? reader.header.instrumentClass) : .constant
        var scans = Polarity.allCases.map { PolarityScans(polarity: $0, law: law) }
        var intensities: [Float] = []
        var block = SpectrumBlock()
        while try reader.next(into: &block) {
            for (i, header) in block.headers.enumerated() where header.msLevel > 0 {
                spectrumCount += 1
                guard header.msLevel == 1 else { continue }
                let points = block.points(of: i)
                intensities.removeAll(keepingCapacity: true)
                intensities.append(contentsOf: block.intensity[points].lazy.filter { $0 > 0 })
                intensities.sort()
                scans[Int(header.polarity.rawValue)].add(
                    header, mz: block.mz[points], limit: limit(ofSorted: intensities, parameters.limitQuantile))
            }
            block.removeAll()
            try progress(reader.fraction)
        }
        let chosen = try Self.choose(scans, parameters.polarity, path)
        if let problem = chosen.problem(acceptsUnstated: parameters.acceptsUnstatedRepresentation) {
            throw SimulationError(
                .unsuitableBackground, path: path, spectrumIndex: problem.index, reason: problem.reason)
        }
        guard chosen.hasPoints else {
            throw SimulationError(.unsuitableBackground, path: path, reason: "its MS1 spectra hold no points")
        }
        polarity = chosen.polarity
        times = chosen.times
        mz = chosen.lowest...chosen.highest
        distances = chosen.distances
        // A scan without points tells no limit; it sees what the others see.
        let known = median(chosen.limits.lazy.filter { $0 > 0 }.map(Double.init))
        limits = chosen.limits.map { $0 > 0 ? $0 : Float(known) }
    }

    /// Seconds from one scan to the next, median; 1 for a single scan.
    var medianInterval: Double {
        guard times.count > 1 else { return 1 }
        return median(zip(times.dropFirst(), times).lazy.map { $0 - $1 })
    }

    var medianLimit: Double { median(limits.lazy.map(Double.init)) }

    private static func choose(
        _ scans: [PolarityScans], _ wanted: Polarity?, _ path: String
    ) throws(SimulationError) -> PolarityScans {
        guard scans.contains(where: { !$0.times.isEmpty }) else {
            throw SimulationError(
                .unsuitableBackground, path: path, reason: "holds no MS1 spectra; peaks can only be put into those")
        }
        var best = scans[Int(Polarity.positive.rawValue)]
        if let wanted {
            best = scans[Int(wanted.rawValue)]
        } else {
            for candidate in scans where candidate.times.count > best.times.count { best = candidate }
        }
        guard !best.times.isEmpty else {
            let there = scans.filter { !$0.times.isEmpty }.map { "\($0.times.count) of '\($0.polarity.symbol)'" }
            throw SimulationError(
                .badParameter, path: path,
                reason:
                    "no MS1 spectra of polarity '\(best.polarity.symbol)'; there are \(there.joined(separator: ", "))")
        }
        return best
    }
}

/// The value that this part of ascending intensities lies below; 0 without any.
private func limit(ofSorted intensities: [Float], _ probability: Double) -> Float {
    guard let last = intensities.indices.last else { return 0 }
    return intensities[Int((probability * Double(last)).rounded(.down))]
}

/// The MS1 scans of one polarity.
private struct PolarityScans {
    let polarity: Polarity
    private(set) var times: [Double] = []
    private(set) var limits: [Float] = []
    private(set) var lowest = Double.infinity
    private(set) var highest = -Double.infinity
    private(set) var distances: NeighbourDistances
    private var firstProfile: Int?
    private var firstUnstated: Int?
    private var firstWithoutTime: Int?
    private var firstDescending: Int?

    init(polarity: Polarity, law: MassResolution.Law) {
        self.polarity = polarity
        distances = NeighbourDistances(law: law)
    }

    var hasPoints: Bool { lowest <= highest }

    mutating func add(_ header: SpectrumHeader, mz: ArraySlice<Double>, limit: Float) {
        let time = header.retentionTimeSeconds
        switch header.representation {
        case .profile: firstProfile = firstProfile ?? header.index
        case .unknown: firstUnstated = firstUnstated ?? header.index
        case .centroid: break
        }
        if !time.isFinite { firstWithoutTime = firstWithoutTime ?? header.index }
        if let last = times.last, time < last { firstDescending = firstDescending ?? header.index }
        times.append(time)
        limits.append(limit)
        guard let first = mz.first, let last = mz.last else { return }
        lowest = min(lowest, first)
        highest = max(highest, last)
        distances.add(mz)
    }

    func problem(acceptsUnstated: Bool) -> (index: Int, reason: String)? {
        if let firstProfile {
            return (firstProfile, "is a profile spectrum; peaks are put into centroid spectra only: centroid the file")
        }
        if let firstUnstated, !acceptsUnstated {
            return (
                firstUnstated, "does not say whether it is centroid; --assume-centroid takes such spectra for centroid"
            )
        }
        if let firstWithoutTime {
            return (firstWithoutTime, "states no retention time, so no peak can be put there")
        }
        if let firstDescending {
            return (firstDescending, "starts before the MS1 spectrum that precedes it; sort the file by time")
        }
        return nil
    }
}

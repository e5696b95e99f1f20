import MzML
import SpectrumModel

/// The contents of the target scans in another order.
struct ScanPermutation {
    let store: ScanStore
    /// The scan whose contents stand at each place.
    let order: [Int]

    init(
        of path: String, polarity: Polarity, seed: UInt64, beside output: String, progress: (Double) throws -> Void
    ) throws {
        store = try ScanStore(beside: output)
        var reader = try SpectrumReader(path: path, options: ReadingOptions())
        var block = SpectrumBlock()
        while try reader.next(into: &block) {
            for (i, header) in block.headers.enumerated() where header.msLevel == 1 && header.polarity == polarity {
                let points = block.points(of: i)
                try store.append(mz: block.mz[points], intensity: block.intensity[points])
            }
            block.removeAll()
            try progress(reader.fraction)
        }
        order = ScanStore.order(count: store.count, seed: seed)
    }
}

/// The last pass: writes the background's spectra with what comes into them.
struct RunRewriting {
    let survey: BackgroundSurvey
    let permutation: ScanPermutation?
    var injector: ScanInjector

    private var targetScans = 0
    private var targetPoints = 0
    private var chromatograms = 0
    private var chromatogramsLeftOut = 0
    private var nonMassSpectra = 0
    private var warnings: [String] = []
    /// Reused from scan to scan.
    private var mz: [Double] = []
    private var intensity: [Float] = []

    init(survey: BackgroundSurvey, permutation: ScanPermutation?, injector: ScanInjector) {
        self.survey = survey
        self.permutation = permutation
        self.injector = injector
    }

    mutating func write(
        _ path: String, to writer: IndexedMzMLWriter, progress: (Double) throws -> Void
    ) throws {
        var reader = try SpectrumReader(path: path, options: ReadingOptions(), keepsNativeIDs: true)
        var block = SpectrumBlock()
        while try reader.next(into: &block) {
            for i in 0..<block.count where block.headers[i].msLevel > 0 {
                let header = block.headers[i]
                let points = block.points(of: i)
                if header.msLevel == 1, header.polarity == survey.polarity {
                    try load(block.mz[points], block.intensity[points], path)
                    injector.inject(
                        at: survey.times[targetScans - 1], limit: limit(of: targetScans - 1), mz: &mz,
                        intensity: &intensity)
                    targetPoints += mz.count
                } else {
                    mz.replaceSubrange(mz.startIndex..., with: block.mz[points])
                    intensity.replaceSubrange(intensity.startIndex..., with: block.intensity[points])
                }
                try mz.withUnsafeBufferPointer { mz throws(MzMLError) in
                    try intensity.withUnsafeBufferPointer { intensity throws(MzMLError) in
                        try writer.write(header, id: reader.nativeIDs[i], mz: mz, intensity: intensity)
                    }
                }
            }
            block.removeAll()
            try progress(reader.fraction)
        }
        guard targetScans == survey.times.count, writer.spectrumCount == survey.spectrumCount else {
            throw Self.changed(path)
        }
        injector.finish()
        let there = try reader.chromatograms()
        let kept = isChanged ? there.filter { $0.kind != .totalIonCurrent && $0.kind != .basePeak } : there
        try writer.write(kept)
        chromatograms = kept.count
        chromatogramsLeftOut = there.count - kept.count
        nonMassSpectra = reader.counts.nonMassSpectra
        warnings = reader.warnings
    }

    private var isChanged: Bool { permutation != nil || !injector.records.isEmpty }

    /// The next target scan's points: its own, or those that the permutation puts there.
    private mutating func load(
        _ ownMZ: ArraySlice<Double>, _ ownIntensity: ArraySlice<Float>, _ path: String
    ) throws(SimulationError) {
        guard targetScans < survey.times.count else { throw Self.changed(path) }
        if let permutation {
            guard permutation.order.count == survey.times.count else { throw Self.changed(path) }
            try permutation.store.read(permutation.order[targetScans], mz: &mz, intensity: &intensity)
        } else {
            mz.replaceSubrange(mz.startIndex..., with: ownMZ)
            intensity.replaceSubrange(intensity.startIndex..., with: ownIntensity)
        }
        targetScans += 1
    }

    private func limit(of scan: Int) -> Double {
        Double(survey.limits[permutation.map { $0.order[scan] } ?? scan])
    }

    private static func changed(_ path: String) -> SimulationError {
        SimulationError(.unsuitableBackground, path: path, reason: "changed while it was read; run it again")
    }

    /// What was used and written; call behind `write`.
    func summary(
        _ parameters: SimulationParameters, _ ranges: ResolvedRanges, _ plan: InjectionPlan, _ writer: IndexedMzMLWriter
    ) -> SimulationSummary {
        SimulationSummary(
            seed: parameters.seed, permutationSeed: parameters.permutationSeed, polarity: survey.polarity.symbol,
            ions: plan.ions.count, traces: plan.ions.reduce(0) { $0 + $1.pattern.ratios.count },
            tailingIons: plan.ions.count { $0.tailing > 0 }, doublyChargedIons: plan.ions.count { $0.charge == 2 },
            overlappingIons: plan.ions.count { $0.overlap != .none }, apexIntensity: .init(ranges.apexIntensity),
            fullWidthSeconds: .init(ranges.fullWidthSeconds), mz: .init(ranges.mz),
            retentionTimeSeconds: .init(ranges.retentionTimeSeconds), resolution: ranges.resolution,
            detectionLimit: survey.medianLimit, scanIntervalSeconds: survey.medianInterval,
            spectra: writer.spectrumCount, targetScans: targetScans, changedScans: injector.changedScans,
            addedPoints: injector.addedPoints, mergedPoints: injector.mergedPoints, targetPoints: targetPoints,
            chromatograms: chromatograms, chromatogramsLeftOut: chromatogramsLeftOut, nonMassSpectra: nonMassSpectra,
            byteCount: writer.byteCount, warnings: warnings)
    }
}

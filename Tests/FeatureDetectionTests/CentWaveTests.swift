import OutOfCore
import SpectrumModel
import Statistics
import Testing

@testable import FeatureDetection

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct CentWaveTests {
    private func parameters(_ change: (inout CentWaveParameters) -> Void = { _ in }) -> DetectionParameters {
        var block = CentWaveParameters()
        block.peakWidthSeconds = 4...20
        block.snthresh = 3
        change(&block)
        var parameters = DetectionPreset.orbitrap.parameters
        block.apply(to: &parameters)
        return parameters
    }

    /// One trace from intensities per scan at a spacing of 0.5 s; 0 is a missing point.
    private func batch(_ intensities: [Double], mz: (Int) -> Double = { _ in 300 }) -> MassTraceBatch {
        var batch = MassTraceBatch()
        for (scan, value) in intensities.enumerated() where value > 0 {
            batch.scans.append(Int32(scan))
            batch.mz.append(mz(scan))
            batch.intensity.append(Float(value))
        }
        batch.offsets.append(batch.scans.count)
        batch.ownedScans.append(0..<Int32.max)
        batch.missedBefore.append(0)
        batch.missedAfter.append(0)
        batch.retentionTimes = intensities.indices.map { 0.5 * Double($0) }
        batch.noiseLevels = intensities.map { _ in 0 }
        return batch
    }

    private func peaks(_ batch: MassTraceBatch, _ parameters: DetectionParameters) -> PeakTable {
        var detector = ChromatographicPeakDetector(parameters: parameters.peaks, precision: .float64)
        return detector.detect(batch, traces: 0..<batch.count)
    }

    private func gaussian(_ scan: Int, at centre: Double, sigma: Double, height: Double) -> Double {
        let t = (Double(scan) - centre) / sigma
        let value = height * exp(-0.5 * t * t)
        return value >= 1 ? value : 0
    }

    @Test func `defaults are those of xcms and each setting goes where it says`() {
        let block = CentWaveParameters()
        #expect(block.ppm == 25 && block.peakWidthSeconds == 20...50 && block.snthresh == 10)
        #expect(block.prefilter == .init(points: 3, intensity: 100) && block.noise == 0 && block.mzdiff == -0.001)
        #expect(block.mzCenter.rawValue == "wMean" && block.integrate.rawValue == 1 && !block.fitgauss)
        var parameters = DetectionPreset.unitResolution.parameters
        let isotopes = parameters.isotopes
        block.apply(to: &parameters)
        #expect(parameters.traces.tolerance == .ppm(25) && parameters.traces.noiseThreshold == 0)
        #expect(parameters.traces.noiseQuantile == 0 && parameters.traces.apexFactor == 0)
        #expect(parameters.peaks.minWidthSeconds == 10 && parameters.peaks.maxWidthSeconds == 25)
        #expect(parameters.peaks.signalToNoise == 10 && parameters.peaks.isotopeSignalToNoise == 10)
        #expect(parameters.peaks.minQuality == 0 && parameters.peaks.centWave == block)
        #expect(parameters.isotopes == isotopes)
    }

    @Test(arguments: CentWaveParameters.MZCenter.allCases)
    func `m/z follows from the points by the rule that is asked for`(rule: CentWaveParameters.MZCenter) throws {
        var generator = SeededGenerator(seed: 5)
        let jitter = (0..<120).map { _ in 300 + 0.002 * (generator.uniform() - 0.5) }
        let batch = batch((0..<120).map { gaussian($0, at: 60.3, sigma: 5, height: 1e5) }, mz: { jitter[$0] })
        let table = peaks(batch, parameters { $0.mzCenter = rule })
        #expect(table.count == 1)
        let peak = try #require(table.peaks.first)
        let inside = batch.scans.indices.filter {
            batch.scans[$0] >= peak.firstScan && batch.scans[$0] <= peak.lastScan
        }
        let points = inside.map { (mz: batch.mz[$0], weight: Double(batch.intensity[$0])) }
        let apex = try #require(points.indices.max { points[$0].weight < points[$1].weight })
        func mean(_ part: ArraySlice<(mz: Double, weight: Double)>, weighted: Bool) -> Double {
            let total = part.reduce(0) { $0 + (weighted ? $1.weight : 1) }
            return part.reduce(0) { $0 + $1.mz * (weighted ? $1.weight : 1) } / total
        }
        let expected =
            switch rule {
            case .weightedMean: mean(points[...], weighted: true)
            case .mean: mean(points[...], weighted: false)
            case .apex: points[apex].mz
            case .weightedMeanApex3: mean(points[(apex - 1)...(apex + 1)], weighted: true)
            case .meanApex3: mean(points[(apex - 1)...(apex + 1)], weighted: false)
            }
        #expect(abs(peak.mz - expected) < 1e-10)
        for other in CentWaveParameters.MZCenter.allCases where other != rule {
            #expect(peaks(batch, parameters { $0.mzCenter = other }).peaks.first?.mz != peak.mz)
        }
        let range = try #require(table.mzRanges.first)
        #expect(range.lowerBound == points.map(\.mz).min() && range.upperBound == points.map(\.mz).max())
    }

    @Test func `a region needs the points that the prefilter asks for`() {
        let batch = batch((0..<120).map { gaussian($0, at: 60, sigma: 5, height: 1e4) })
        let strong = batch.intensity.count { $0 >= 5000 }
        #expect(strong > 3)
        func found(_ points: Int, _ intensity: Double) -> Int {
            peaks(batch, parameters { $0.prefilter = .init(points: points, intensity: intensity) }).count
        }
        #expect(found(strong, 5000) == 1)
        #expect(found(strong + 1, 5000) == 0)
        #expect(found(0, 1e9) == 1)
    }

    @Test func `the points of the prefilter must be in one region`() {
        // Two runs of scans that a gap parts: together they have enough, none has alone.
        var values = (0..<120).map { gaussian($0, at: 60, sigma: 5, height: 1e4) }
        values[60] = 0
        let batch = batch(values)
        let strong = batch.intensity.count { $0 >= 5000 }
        #expect(peaks(batch, parameters { $0.prefilter = .init(points: strong, intensity: 5000) }).count == 0)
        #expect(peaks(batch, parameters { $0.prefilter = .init(points: strong / 2, intensity: 5000) }).count > 0)
    }

    @Test func `runs of fewer than four scans are no region`() {
        // Sampled so that every third scan is missing.
        let values = (0..<120).map { $0 % 3 == 0 ? 0 : gaussian($0, at: 60, sigma: 8, height: 1e4) }
        #expect(peaks(batch(values), parameters { $0.prefilter.points = 0 }).count == 0)
    }

    @Test func `noise is told from the points beside the region`() throws {
        var values = (0..<200).map { gaussian($0, at: 100, sigma: 4, height: 1e4) }
        let alone = try #require(peaks(batch(values), parameters()).peaks.first)
        // Nothing beside the peak: baseline and deviation are 1. The smoothed height is a little lower than the highest point.
        #expect(abs(alone.signalToNoise / (alone.height - 1) - 1) < 0.05)
        // Single points of 40 counts in every third scan.
        for scan in values.indices where values[scan] == 0 && scan % 3 == 0 { values[scan] = 40 }
        let among = try #require(peaks(batch(values), parameters()).peaks.first)
        let mean = 40.0 / 3
        let deviation = (40 * 40 / 3 - mean * mean).squareRoot()
        #expect(abs(among.signalToNoise / ((among.height - mean) / deviation) - 1) < 0.06)
        #expect(peaks(batch(values), parameters { $0.snthresh = among.signalToNoise * 1.01 }).count == 0)
    }

    @Test func `peaks end at the minima of the coefficients or of the intensities`() throws {
        let values = (0..<200).map { gaussian($0, at: 100, sigma: 6, height: 1e5) + 30 }
        let batch = batch(values)
        let filtered = try #require(peaks(batch, parameters()).peaks.max { $0.height < $1.height })
        let raw = try #require(
            peaks(batch, parameters { $0.integrate = .rawData }).peaks.max { $0.height < $1.height })
        // The coefficients of a Gaussian of standard deviation s at scale a are lowest at sqrt(3 (s^2 + a^2)); the scale that
        // fits best is sqrt(5) s, and the ladder has a step of sqrt(2).
        let half = (3.0 * (36 + 5 * 36)).squareRoot()
        #expect(abs(Double(filtered.lastScan - filtered.apexScan) / half - 1) < 0.3)
        #expect(filtered.apexScan - filtered.firstScan == filtered.lastScan - filtered.apexScan)
        // The intensities fall until the peak is lost in the constant: further than any coefficient.
        #expect(raw.firstScan < filtered.firstScan && raw.lastScan > filtered.lastScan)
    }

    @Test func `limits of the coefficients are those of a slow search`() throws {
        var generator = SeededGenerator(seed: 11)
        for round in 0..<20 {
            let (centre, sigma) = (80 + 40 * generator.uniform(), 3 + 4 * generator.uniform())
            let values = (0..<200).map {
                gaussian($0, at: centre, sigma: sigma, height: 1e5) + 200 * (1 + generator.uniform())
            }
            let batch = batch(values)
            let parameters = parameters()
            var detector = ChromatographicPeakDetector(parameters: parameters.peaks, precision: .float64)
            let peak = try #require(detector.detect(batch, traces: 0..<1).peaks.max { $0.height < $1.height })
            let signal = batch.intensity.map(Double.init)
            // One of the scales must have its minima there.
            let fits = (1...10).map { exp2(0.5 * Double($0)) }.contains { scale in
                let row = signal.indices.map { column in
                    signal.indices.reduce(0.0) { sum, other in
                        let t = Double(other - column) / scale
                        return abs(t) > 4.5 ? sum : sum + signal[other] * (1 - t * t) * exp(-0.5 * t * t)
                    }
                }
                func isLow(_ scan: Int32) -> Bool {
                    let column = Int(scan)
                    // Kernels are cut at four scales, so a neighbour may be lowest.
                    return (max(1, column - 1)...min(198, column + 1)).contains {
                        row[$0] <= row[$0 - 1] && row[$0] <= row[$0 + 1]
                    }
                }
                return isLow(peak.firstScan) && isLow(peak.lastScan)
            }
            #expect(fits, "round \(round), seed 11: \(peak.firstScan)...\(peak.lastScan)")
        }
    }

    @Test func `a fitted Gaussian gives the retention time`() throws {
        // A shoulder pulls the fitted centre away from the apex.
        let values = (0..<160).map {
            gaussian($0, at: 70.27, sigma: 6, height: 1e5) + gaussian($0, at: 84, sigma: 6, height: 2e4)
        }
        let batch = batch(values)
        let apex = try #require(peaks(batch, parameters()).peaks.first)
        let fitted = try #require(peaks(batch, parameters { $0.fitgauss = true }).peaks.first)
        #expect(fitted.retentionTimeSeconds > apex.retentionTimeSeconds + 0.05)
        #expect(fitted.area == apex.area && fitted.mz == apex.mz)
    }

    @Test func `the fit finds the Gaussian that samples come from, and none in a ramp`() throws {
        let time = (0..<40).map { 0.7 * Double($0) + 0.05 * Double($0 % 3) }
        let signal = time.map { 500 * exp(-0.5 * ($0 - 13.37) * ($0 - 13.37) / (2.2 * 2.2)) }
        let fit = try #require(
            GaussianFit.fit(
                signal, time, range: 5...35, start: GaussianFit(height: 300, centre: 12, deviation: 4)))
        #expect(abs(fit.centre - 13.37) < 1e-6 && abs(fit.deviation - 2.2) < 1e-6 && abs(fit.height - 500) < 1e-4)
        let ramp = time.map { 10 * $0 }
        #expect(
            GaussianFit.fit(ramp, time, range: 5...35, start: GaussianFit(height: 1, centre: 12, deviation: 4)) == nil)
    }

    @Test(arguments: [-0.002, -0.0005, 0, 0.001, 0.02])
    func `overlaps are those of the slow rule`(distance: Double) {
        var generator = SeededGenerator(seed: 77)
        var table = PeakTable()
        for index in 0..<400 {
            let mz = 200 + 0.1 * generator.uniform()
            let width = 0.004 * generator.uniform() * generator.uniform()
            let start = 100 * generator.uniform()
            let end = start + 3 + 8 * generator.uniform()
            table.peaks.append(
                ChromatographicPeak(
                    mz: mz, retentionTimeSeconds: (start + end) / 2, startSeconds: start, endSeconds: end,
                    widthSeconds: 2,
                    area: (1000 * generator.uniform()).rounded(), height: 1, signalToNoise: 10, quality: 1,
                    pointCount: 5,
                    firstScan: 0, lastScan: 1, apexScan: 0, profileStart: 2 * index))
            table.profiles += [Float(index), Float(index) + 0.5]
            table.mzRanges.append(mz...(mz + width))
        }
        var kept: [Int] = []
        for index in table.peaks.indices.sorted(by: { (-table.peaks[$0].area, $0) < (-table.peaks[$1].area, $1) }) {
            let (a, range) = (table.peaks[index], table.mzRanges[index])
            let isFree = kept.allSatisfy { other in
                let (b, second) = (table.peaks[other], table.mzRanges[other])
                return a.startSeconds >= b.endSeconds || b.startSeconds >= a.endSeconds
                    || range.lowerBound - second.upperBound >= distance
                    || second.lowerBound - range.upperBound >= distance
            }
            if isFree { kept.append(index) }
        }
        var reduced = table
        reduced.removeOverlaps(closerThan: distance)
        #expect(reduced.count == kept.count && reduced.count < 400, "seed 77")
        let profiles = kept.sorted().map { Float($0) }
        #expect((0..<reduced.count).map { reduced.profile(of: $0).first } == profiles)
    }

    @Test func `without the block nothing of it is kept`() {
        let run = ChromatographicPeakDetectorTests.busyRun
        let table = run.peaks(openParameters())
        #expect(table.count > 100 && table.mzRanges.isEmpty)
    }
}

import FeatureDetection
import OutOfCore
import SpectrumModel
import Statistics
import Testing

@Suite struct ChromatographicPeakDetectorTests {
    private typealias Ion = SyntheticRun.Ion
    private let parameters = openParameters()
    /// Square root of 2 pi.
    private let gaussianArea = 2.506_628_274_631

    @Test(arguments: [1.5, 3.0, 6.0])
    func `a Gaussian is found once with its time, width, area and shape`(sigma: Double) throws {
        let run = SyntheticRun(ions: [Ion(mz: 250, apex: 60.13, sigma: sigma, height: 1e6)], floor: 100)
        let peaks = run.peaks(parameters).peaks
        let peak = try #require(peaks.first)
        #expect(peaks.count == 1)
        #expect(abs(peak.retentionTimeSeconds - 60.13) < 0.1)
        #expect(abs(peak.area / (1e6 * sigma * gaussianArea) - 1) < 0.02)
        #expect(abs(peak.widthSeconds / (2.3548 * sigma) - 1) < 0.1)
        #expect(abs(peak.mz - 250) < 1e-9)
        #expect(peak.quality > 0.99)
        #expect(peak.startSeconds < 60.13 - 2 * sigma && peak.endSeconds > 60.13 + 2 * sigma)
        #expect(peak.signalToNoise > 100)
    }

    @Test func `noise on the signal leaves one peak`() throws {
        for seed in UInt64(1)...10 {
            let run = SyntheticRun(
                ions: [Ion(mz: 250, apex: 60, sigma: 4, height: 1e5)], floor: 100, jitter: 3, noise: 0.2, seed: seed)
            let peaks = run.peaks(parameters).peaks.filter { $0.height > 5e4 }
            #expect(peaks.count == 1, "seed \(seed)")
            let peak = try #require(peaks.first)
            #expect(abs(peak.retentionTimeSeconds - 60) < 2, "seed \(seed)")
            #expect(abs(peak.area / (1e5 * 4 * gaussianArea) - 1) < 0.1, "seed \(seed)")
        }
    }

    @Test func `a tail belongs to its peak`() throws {
        let ion = Ion(mz: 250, apex: 40, sigma: 2, height: 1e6, tail: 3)
        let run = SyntheticRun(ions: [ion], floor: 100)
        let whole = run.times.reduce(0) { $0 + 0.5 * ion.intensity(at: $1) }
        let peak = try #require(run.peaks(parameters).peaks.first)
        #expect(run.peaks(parameters).count == 1)
        #expect(abs(peak.area / whole - 1) < 0.03)
        #expect(abs(peak.retentionTimeSeconds - 40) < 0.5)
    }

    @Test func `two peaks with a valley are two, without one they are one`() {
        func apexes(_ distance: Double) -> [Double] {
            let first = SyntheticRun(ions: [Ion(mz: 250, apex: 50, sigma: 2, height: 1e6)], floor: 0)
            let second = SyntheticRun(ions: [Ion(mz: 250, apex: 50 + distance, sigma: 2, height: 6e5)], floor: 0)
            var sum = first
            for scan in sum.scans.indices {
                let total = first.scans[scan][0].intensity + second.scans[scan][0].intensity
                sum.scans[scan] = total > 100 ? [(250, total)] : []
            }
            return sum.peaks(parameters).peaks.map(\.retentionTimeSeconds)
        }
        let separate = apexes(10)
        #expect(separate.count == 2)
        #expect(abs(separate[0] - 50) < 0.3 && abs(separate[1] - 60) < 0.3)
        #expect(apexes(3).count == 1)
    }

    @Test func `a peak cut off by the start of the run is found at its place`() throws {
        let run = SyntheticRun(ions: [Ion(mz: 250, apex: 11, sigma: 4, height: 1e6)], floor: 100)
        let peak = try #require(run.peaks(parameters).peaks.first)
        #expect(abs(peak.retentionTimeSeconds - 11) < 0.6)
        #expect(peak.startSeconds == 10)
    }

    @Test func `a peak on a constant background is measured over it`() throws {
        var run = SyntheticRun(ions: [Ion(mz: 250, apex: 60, sigma: 3, height: 2e5)], floor: 0)
        var generator = SeededGenerator(seed: 5)
        for scan in run.scans.indices {
            run.scans[scan][0].intensity += 1e5 * Float(0.95 + 0.1 * generator.uniform())
        }
        let peaks = run.peaks(parameters).peaks.filter { $0.signalToNoise > 10 }
        #expect(peaks.count == 1)
        let peak = try #require(peaks.first)
        #expect(abs(peak.retentionTimeSeconds - 60) < 1)
        #expect(abs(peak.widthSeconds / (2.3548 * 3) - 1) < 0.15)
        #expect(peak.startSeconds > 40 && peak.endSeconds < 80)
        // About 2e5 over noise of about 3e3.
        #expect((20...300).contains(peak.signalToNoise))
    }

    @Test func `missing scans inside a peak are bridged`() throws {
        var run = SyntheticRun(ions: [Ion(mz: 250, apex: 60, sigma: 4, height: 1e6)], floor: 100)
        for scan in [95, 96, 105] { run.scans[scan] = [] }
        let peaks = run.peaks(parameters).peaks
        #expect(peaks.count == 1)
        let peak = try #require(peaks.first)
        #expect(abs(peak.area / (1e6 * 4 * gaussianArea) - 1) < 0.03)
        #expect(Int(peak.pointCount) == Int(peak.lastScan - peak.firstScan) + 1 - 3)
    }

    @Test func `uneven scan times enter the area and the apex`() throws {
        let ion = Ion(mz: 250, apex: 60, sigma: 4, height: 1e6)
        var run = SyntheticRun(ions: [], scanCount: 200)
        for scan in run.times.indices {
            run.times[scan] = 10 + 0.5 * Double(scan) + (scan % 3 == 0 ? 0.2 : 0)
            let value = ion.intensity(at: run.times[scan])
            run.scans[scan] = value > 100 ? [(250, Float(value))] : []
        }
        let peak = try #require(run.peaks(parameters).peaks.first)
        #expect(abs(peak.area / (1e6 * 4 * gaussianArea) - 1) < 0.02)
        #expect(abs(peak.retentionTimeSeconds - 60) < 0.25)
    }

    @Test func `short, empty and flat traces give no peak and nothing is NaN`() {
        var batch = MassTraceBatch()
        batch.offsets = [0, 0, 1, 3, 9]
        batch.scans = [0, 0, 1, 0, 1, 2, 3, 4, 5]
        batch.mz = Array(repeating: 100, count: 9)
        batch.intensity = [1, 1, 1, 0, 0, 0, 0, 0, 0]
        batch.ownedScans = Array(repeating: 0..<Int32.max, count: 4)
        batch.missedBefore = Array(repeating: 0, count: 4)
        batch.missedAfter = Array(repeating: 0, count: 4)
        batch.retentionTimes = [1, 1, 1, 1, 1, 1]
        batch.noiseLevels = [0, 0, 0, 0, 0, 0]
        var detector = ChromatographicPeakDetector(parameters: parameters.peaks, precision: .mixed)
        #expect(detector.detect(batch, traces: 0..<4).count == 0)
        batch.retentionTimes = [1, 2, 3, 4, 5, 6]
        #expect(detector.detect(batch, traces: 0..<4).count == 0)
        batch.intensity = [1, 1, 1, 0, 5, 9, 5, 1, 0]
        let table = detector.detect(batch, traces: 0..<4)
        #expect(table.count == 1)
        for peak in table.peaks {
            for value in [peak.mz, peak.retentionTimeSeconds, peak.widthSeconds, peak.area, peak.height, peak.quality] {
                #expect(value.isFinite)
            }
        }
    }

    @Test func `any split of the traces gives the same peaks`() {
        let batch = Self.busyRun.traces(parameters.traces)
        var whole = ChromatographicPeakDetector(parameters: parameters.peaks, precision: .mixed)
        let expected = whole.detect(batch, traces: 0..<batch.count)
        #expect(expected.count > 100)
        for chunk in [1, 13, 100] {
            var table = PeakTable()
            for start in stride(from: 0, to: batch.count, by: chunk) {
                var worker = ChromatographicPeakDetector(parameters: parameters.peaks, precision: .mixed)
                table.append(worker.detect(batch, traces: start..<min(start + chunk, batch.count)))
            }
            #expect(table.peaks == expected.peaks)
            #expect(table.profiles == expected.profiles)
        }
    }

    @Test func `pieces of a cut trace report each peak once`() {
        var ions: [Ion] = []
        for index in 0..<18 { ions.append(Ion(mz: 250, apex: 20 + 5.37 * Double(index), sigma: 0.9, height: 1e6)) }
        // All in one trace: sum the ions scan by scan, over a background that never ends.
        var run = SyntheticRun(ions: [], scanCount: 480, spacing: 0.25)
        for scan in run.scans.indices {
            let total = ions.reduce(2000) { $0 + $1.intensity(at: run.times[scan]) }
            run.scans[scan] = [(250, Float(total))]
        }
        let uncut = run.peaks(parameters).peaks.filter { $0.height > 5e5 }
        var cutting = parameters
        cutting.traces.maxScans = 120
        cutting.traces.overlapScans = 48
        let cut = run.peaks(cutting).peaks.filter { $0.height > 5e5 }
        #expect(uncut.count == 18)
        #expect(cut.map(\.apexScan).sorted() == uncut.map(\.apexScan))
    }

    @Test func `every peak parameter changes the result`() {
        let batch = Self.busyRun.traces(parameters.traces)
        func count(_ change: (inout PeakParameters) -> Void) -> Int {
            var changed = parameters.peaks
            change(&changed)
            var detector = ChromatographicPeakDetector(parameters: changed, precision: .mixed)
            let table = detector.detect(batch, traces: 0..<batch.count)
            return table.profiles.count
        }
        let base = count { _ in }
        #expect(count { $0.minWidthSeconds = 15 } != base)
        #expect(count { $0.maxWidthSeconds = 2 } != base)
        #expect(count { $0.isotopeSignalToNoise = 500 } < base)
        #expect(count { $0.minPoints = 30 } < base)
        #expect(count { $0.valleyRatio = 0.05 } != base)
        #expect(count { $0.edgeFraction = 0.3 } < base)
    }

    static var busyRun: SyntheticRun {
        var generator = SeededGenerator(seed: 21)
        let ions = (0..<300).map { _ in
            Ion(
                mz: 100 + 900 * generator.uniform(), apex: 15 + 90 * generator.uniform(),
                sigma: 0.8 + 4 * generator.uniform(), height: 2e3 + 1e6 * generator.uniform(),
                tail: generator.uniform() < 0.3 ? 4 : 0)
        }
        // Every other ion comes twice, as an isomer a little later at the same m/z.
        let isomers = ions.enumerated().compactMap { index, ion in
            index % 2 == 0 ? Ion(mz: ion.mz * (1 + 1e-6), apex: ion.apex + 9, sigma: 1, height: ion.height / 3) : nil
        }
        return SyntheticRun(ions: ions + isomers, jitter: 3, noise: 0.1, seed: 22)
    }
}

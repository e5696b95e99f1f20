import FeatureDetection
import OutOfCore
import SpectrumModel
import Statistics
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct AutocorrelationTests {
    private let parameters = openParameters()

    /// By its definition, on a profile that fills the trace.
    @Test(arguments: [1.0, 2.0, 5.0]) func aGaussianHasThatOfItsSamples(sigma: Double) throws {
        let run = SyntheticRun(
            ions: [.init(mz: 250, apex: 60, sigma: sigma, height: 1e6)], scanCount: 201, spacing: 0.5, floor: 1)
        let peak = try #require(run.peaks(parameters).peaks.first)
        let reach = 1.6 * 2.354_820_045 * sigma
        let values = run.times.filter { abs($0 - 60) < reach + 0.5 }.map { 1e6 * exp(-0.5 * pow(($0 - 60) / sigma, 2)) }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let differences = zip(values, values.dropFirst()).reduce(0) { $0 + ($1.1 - $1.0) * ($1.1 - $1.0) }
        #expect(abs(peak.autocorrelation - (1 - differences / (2 * variance))) < 0.02)
        #expect(peak.autocorrelation > 0.8)
    }

    /// Points in every other scan are no elution, though a line through them looks like one.
    @Test func missingScansCountAsZero() throws {
        var run = SyntheticRun(ions: [.init(mz: 250, apex: 60, sigma: 5, height: 1e6)], floor: 1e3)
        let whole = try #require(run.peaks(parameters).peaks.first)
        for index in run.scans.indices where index.isMultiple(of: 2) { run.scans[index] = [] }
        let gaps = try #require(run.peaks(parameters).peaks.max { $0.height < $1.height })
        #expect(whole.autocorrelation > 0.9 && gaps.autocorrelation < 0.1)
        #expect(gaps.quality > 0.9, "its shape is that of a peak")
    }

    /// The scans of a run with background in random order: next to nothing is left of its features.
    @Test(arguments: [UInt64(1), 2, 3]) func shuffledScansHoldHardlyAnyFeatures(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let ions = (0..<150).map { _ in
            SyntheticRun.Ion(
                mz: 200 + 600 * random.uniform(), apex: 20 + 80 * random.uniform(), sigma: 1 + 3 * random.uniform(),
                height: 1e4 * pow(10, 2 * random.uniform()))
        }
        // Background ions are there in every scan, with a noise of half their intensity.
        let steady = (0..<50).map { _ in
            SyntheticRun.Ion(mz: 200 + 600 * random.uniform(), apex: 60, sigma: 1e4, height: 5e3)
        }
        var run = SyntheticRun(ions: ions + steady, floor: 200, jitter: 2, noise: 0.5, background: 40, seed: seed)
        let real = run.features(parameters).count
        for index in run.scans.indices.reversed() { run.scans.swapAt(index, random.integer(below: index + 1)) }
        let shuffled = run.features(parameters).count
        let open = run.features(openParameters { $0.peaks.minAutocorrelation = -1 }).count
        #expect(real > 120, "seed \(seed): \(real)")
        #expect(20 * shuffled <= real, "seed \(seed): \(shuffled) of \(real)")
        #expect(open > 2 * shuffled + 10, "seed \(seed): \(open) without the limit")
    }
}

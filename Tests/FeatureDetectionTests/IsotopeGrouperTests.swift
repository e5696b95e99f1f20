import FeatureDetection
import SpectrumModel
import Testing

@Suite struct IsotopeGrouperTests {
    private typealias Ion = SyntheticRun.Ion
    private let parameters = openParameters()

    private func pattern(_ mz: Double, charge: Int, ratios: [Double], apex: Double = 50, height: Double = 1e7) -> [Ion]
    {
        ratios.enumerated().map { index, ratio in
            Ion(
                mz: mz + Double(index) * Mass.carbon13Spacing / Double(charge), apex: apex, sigma: 2,
                height: height * ratio)
        }
    }

    @Test(arguments: [1, 2, 3])
    func `the spacing tells the charge`(charge: Int) throws {
        let mass = 400.2 * Double(charge)
        let carbon = 0.0108 * mass / 18
        let ions = pattern(400.2, charge: charge, ratios: [1, carbon, carbon * carbon / 2])
        let features = SyntheticRun(ions: ions, jitter: 1).features(parameters)
        let feature = try #require(features.first)
        #expect(features.count == 1)
        #expect(feature.charge == charge)
        #expect(feature.isotopeAreas.count == 3)
        #expect(abs(feature.mz - 400.2) < 0.0005)
        #expect(feature.isotopeAreas[0] == feature.area)
        #expect(abs(feature.isotopeAreas[1] / feature.area / carbon - 1) < 0.05)
        #expect(feature.polarity == .positive)
    }

    @Test func `a single peak has charge 0`() {
        let features = SyntheticRun(ions: [Ion(mz: 300, apex: 50, sigma: 2, height: 1e6)]).features(parameters)
        #expect(features.map(\.charge) == [0])
    }

    @Test func `peaks that do not co-elute or are too abundant are not isotopes`() {
        let late = [
            Ion(mz: 300, apex: 50, sigma: 2, height: 1e6),
            Ion(mz: 300 + Mass.carbon13Spacing, apex: 56, sigma: 2, height: 2e5),
        ]
        #expect(SyntheticRun(ions: late).features(parameters).count == 2)
        // 90 % of M at M+1 needs 80 carbons; 300 Da hold at most 25.
        let abundant = pattern(300, charge: 1, ratios: [1, 0.9])
        #expect(SyntheticRun(ions: abundant).features(parameters).count == 2)
    }

    @Test func `in a large molecule the weaker first peak is monoisotopic`() throws {
        let ions = pattern(900.4, charge: 3, ratios: [0.65, 1, 0.8, 0.45])
        let features = SyntheticRun(ions: ions).features(parameters)
        #expect(features.count == 1)
        let feature = try #require(features.first)
        #expect(feature.charge == 3)
        #expect(abs(feature.mz - 900.4) < 0.001)
        #expect(feature.isotopeAreas.count == 4)
    }

    @Test func `chlorine is found two daltons up`() throws {
        let ions = [
            Ion(mz: 300, apex: 50, sigma: 2, height: 1e7), Ion(mz: 301.003355, apex: 50, sigma: 2, height: 1e6),
            Ion(mz: 301.99705, apex: 50, sigma: 2, height: 3.2e6),
        ]
        let features = SyntheticRun(ions: ions).features(parameters)
        #expect(features.count == 1)
        #expect(features.first?.isotopeAreas.count == 3)
    }

    @Test func `features are numbered by m/z and do not depend on the order of the peaks`() {
        let ions = [350.0, 250, 450, 650, 550].enumerated().flatMap { index, mz in
            pattern(mz, charge: 1, ratios: [1, 0.15], apex: 40 + 5 * Double(index))
        }
        let table = SyntheticRun(ions: ions).peaks(parameters)
        var reversed = table
        reversed.peaks.reverse()
        let grouper = IsotopeGrouper(parameters: parameters.isotopes, peakParameters: parameters.peaks)
        let features = grouper.features(table, polarity: .negative, firstID: 10)
        #expect(features.map(\.id) == [10, 11, 12, 13, 14])
        #expect(features.map(\.mz) == features.map(\.mz).sorted())
        #expect(features == grouper.features(reversed, polarity: .negative, firstID: 10))
    }

    @Test func `every isotope parameter changes the result`() {
        let double = pattern(400.2, charge: 2, ratios: [1, 0.4, 0.1])
        func features(_ ions: [Ion], _ change: (inout IsotopeParameters) -> Void) -> [Feature] {
            var changed = parameters
            change(&changed.isotopes)
            return SyntheticRun(ions: ions).features(changed)
        }
        #expect(features(double) { _ in }.map(\.charge) == [2])
        #expect(features(double) { $0.maxCharge = 1 }.count > 1)
        #expect(features(double) { $0.maxIsotopes = 2 }.count == 2)
        #expect(features(double) { $0.tolerance = .ppm(1) }.map(\.charge) == [2])
        var displaced = double
        for index in 1...2 { displaced[index].mz *= 1 + 3e-6 }
        #expect(features(displaced) { _ in }.map(\.charge) == [2])
        #expect(features(displaced) { $0.tolerance = .ppm(1) }.first?.charge == 0)
        #expect(features(double) { $0.minCosine = 1.1 }.count == 3)
        var shifted = Array(double[..<2])
        shifted[1].apex += 1
        #expect(features(shifted) { _ in }.first?.charge == 2)
        #expect(features(shifted) { $0.maxApexShift = 0.05 }.first?.charge == 0)
    }

    @Test func `limits of a feature apply to its own peak and not to its isotopes`() {
        let ions = pattern(300, charge: 1, ratios: [1, 0.15])
        var strict = openParameters { $0.traces.noiseQuantile = 0.05 }
        let run = SyntheticRun(ions: ions, floor: 2e5, background: 40)
        let all = run.features(strict)
        #expect(all.contains { $0.charge == 1 && abs($0.mz - 300) < 0.001 })
        let peaks = run.peaks(strict).peaks.filter { abs($0.mz - 300) < 2 }.map(\.signalToNoise).sorted()
        #expect(peaks.count == 2)
        strict.peaks.signalToNoise = 0.5 * (peaks[0] + peaks[1])
        #expect(run.features(strict).map(\.isotopeAreas.count) == [2])
        strict.peaks.signalToNoise = 2 * peaks[1]
        #expect(run.features(strict).isEmpty)
        strict = openParameters { $0.peaks.minQuality = 1.1 }
        #expect(run.features(strict).isEmpty)
    }
}

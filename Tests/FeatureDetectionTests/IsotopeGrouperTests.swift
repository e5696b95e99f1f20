import FeatureDetection
import OutOfCore
import SpectrumModel
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

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

    /// Ions of little carbon, as salt clusters: M+1 is below the floor, M+2 is not.
    @Test func `chlorine without an M+1 is found, and M+1 counts as nothing`() throws {
        let ions = [
            Ion(mz: 150, apex: 50, sigma: 2, height: 1e6), Ion(mz: 151.99705, apex: 50, sigma: 2, height: 6.4e5),
            Ion(mz: 153.9941, apex: 50, sigma: 2, height: 1e5),
        ]
        let features = SyntheticRun(ions: ions, jitter: 1).features(parameters)
        let feature = try #require(features.first)
        #expect(features.count == 1)
        #expect(feature.charge == 1 && feature.isotopeAreas.count == 5)
        #expect(feature.isotopeAreas[1] == 0 && feature.isotopeAreas[3] == 0)
        #expect(abs(feature.isotopeAreas[2] / feature.area - 0.64) < 0.03)
        #expect(abs(feature.isotopeAreas[4] / feature.area - 0.1) < 0.01)
    }

    @Test func `without an M+1, what elutes elsewhere or is too abundant is no M+2`() {
        func features(_ second: Ion) -> Int {
            SyntheticRun(ions: [Ion(mz: 150, apex: 50, sigma: 2, height: 1e6), second]).features(parameters).count
        }
        #expect(features(Ion(mz: 151.99705, apex: 50, sigma: 2, height: 6e5)) == 1)
        #expect(features(Ion(mz: 151.99705, apex: 53, sigma: 2, height: 6e5)) == 2)
        #expect(features(Ion(mz: 151.99705, apex: 50, sigma: 6, height: 6e5)) == 2)
        #expect(features(Ion(mz: 151.99705, apex: 50, sigma: 2, height: 1.6e6)) == 2)
        #expect(features(Ion(mz: 152.00671 + 0.005, apex: 50, sigma: 2, height: 6e5)) == 2)
        // At unit resolution the mass does not tell.
        let pair = [
            Ion(mz: 150, apex: 50, sigma: 2, height: 1e6), Ion(mz: 151.99705, apex: 50, sigma: 2, height: 6e5),
        ]
        let coarse = openParameters { $0.isotopes.tolerance = .dalton(0.2) }
        #expect(SyntheticRun(ions: pair).features(coarse).count == 2)
    }

    /// 37Cl and 13C together are 9 mDa below three 13C.
    @Test func `the ladder of chlorine goes on above M+2`() throws {
        let ions = [
            Ion(mz: 300, apex: 50, sigma: 2, height: 1e7), Ion(mz: 301.003355, apex: 50, sigma: 2, height: 1.4e6),
            Ion(mz: 301.99705, apex: 50, sigma: 2, height: 6.5e6), Ion(mz: 303.000405, apex: 50, sigma: 2, height: 9e5),
            Ion(mz: 303.9941, apex: 50, sigma: 2, height: 1e6),
        ]
        let features = SyntheticRun(ions: ions, jitter: 1).features(parameters)
        #expect(features.count == 1)
        #expect(try #require(features.first).isotopeAreas.count == 5)
    }

    /// M+1 measured with a gap longer than a trace bridges, below its own floor: two peaks where M has one.
    @Test func `pieces of a weak isotope belong to it`() throws {
        func features(second height: Double, from: Double) throws -> [Feature] {
            var run = SyntheticRun(ions: [Ion(mz: 300, apex: 60, sigma: 6, height: 1e6)], floor: 1e3)
            for scan in run.times.indices {
                let time = run.times[scan]
                // Broad on the left of the gap, a shoulder on its right.
                let value =
                    time < 62
                    ? 1.5e5 * exp(-0.5 * pow((time - 59) / 3, 2))
                    : time > from ? height * exp(-0.5 * pow((time - from - 3) / 1.2, 2)) : 0
                if value > 1e3 { run.scans[scan].append((300 + Mass.carbon13Spacing, Float(value))) }
            }
            return run.features(parameters)
        }
        let whole = try features(second: 5e4, from: 66)
        #expect(whole.count == 1)
        let feature = try #require(whole.first)
        let alone = try #require(try features(second: 0, from: 66).first)
        let gained = feature.isotopeAreas[1] - alone.isotopeAreas[1]
        #expect(abs(gained / (5e4 * 1.2 * 2.5066) - 1) < 0.05)
        // Far higher than the isotope can be there, or outside of M: another ion.
        #expect(try features(second: 6e5, from: 66).count == 2)
        #expect(try features(second: 5e4, from: 85).count == 2)
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

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

/// The filter with a stated rate of false features.
@Suite struct FalsePeakModelTests {
    /// Candidates whose odds ratio is that of two normal distributions, so that everything about them is known.
    private func candidates(false share: Double, count: Int, seed: UInt64) -> [(ratio: Double, isFalse: Bool)] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let isFalse = generator.uniform() < share
            let normal =
                (-2 * log(1 - generator.uniform())).squareRoot() * cos(2 * Double.pi * generator.uniform())
            let x = normal + (isFalse ? 1.5 : -1.5)
            return (exp(3 * x), isFalse)
        }
    }

    @Test(arguments: [0.05, 0.5, 0.95]) func `the share of false candidates is found`(share: Double) {
        let ratios = candidates(false: share, count: 20_000, seed: 4).map(\.ratio)
        #expect(abs(FalsePeakModel.falseShare(ratios) - share) < 0.02)
    }

    @Test(arguments: [0.01, 0.05, 0.2], [0.3, 0.9]) func `what is kept has the stated rate`(rate: Double, share: Double)
    {
        let all = candidates(false: share, count: 20_000, seed: 5)
        let prior = FalsePeakModel.falseShare(all.map(\.ratio))
        let probabilities = all.map { FalsePeakModel.probability($0.ratio, falseShare: prior) }
        let threshold = FalsePeakModel.threshold(probabilities, rate: rate)
        let kept = zip(all, probabilities).filter { $0.1 <= threshold }
        let actual = Double(kept.count { $0.0.isFalse }) / Double(kept.count)
        #expect(kept.count > 500)
        #expect(abs(actual - rate) < 0.25 * rate + 0.01, "\(actual)")
    }

    @Test func `no candidates, all alike, and none good enough are no trouble`() {
        #expect(abs(FalsePeakModel.falseShare([]) - 0.5) < 1e-6)
        let doubtful = FalsePeakModel.falseShare([1, 1, 1])
        #expect(abs(doubtful - 0.5) < 1e-6)
        #expect(FalsePeakModel.threshold([], rate: 0.5) < 0)
        #expect(FalsePeakModel.threshold([0.4, 0.6], rate: 0.1) < 0)
        #expect(FalsePeakModel.threshold([0.6, 0.4], rate: 0.5) == 0.6)
        #expect(FalsePeakModel.threshold([0.6, 0.01, 0.4], rate: 0.21) == 0.4)
        for shape in [ElutionShape(), ElutionShape(betaSignalToNoise: .infinity)] {
            for autocorrelation in [-1.0, 1.0] {
                #expect(FalsePeakModel.oddsRatio(shape, autocorrelation: autocorrelation, points: 0).isFinite)
            }
        }
    }

    /// Ions over noise that is there in every scan: with loose limits most of what is found is noise.
    private var noisyRun: SyntheticRun {
        var generator = SeededGenerator(seed: 31)
        var run = SyntheticRun(ions: [], scanCount: 240)
        let ions = (0..<60).map { index in
            SyntheticRun.Ion(
                mz: 200.05 + 3 * Double(index), apex: 30 + 80 * generator.uniform(), sigma: 2 + 2 * generator.uniform(),
                height: 6e3 * exp(3 * generator.uniform()))
        }
        let noise = (0..<400).map { 201.25 + 0.5 * Double($0) }
        for scan in run.times.indices {
            let time = run.times[scan]
            var points: [(mz: Double, intensity: Float)] = []
            for ion in ions {
                let value = ion.intensity(at: time) * (0.9 + 0.2 * generator.uniform())
                if value > 500 { points.append((ion.mz, Float(value))) }
            }
            for mz in noise where generator.uniform() < 0.6 {
                points.append((mz, Float(1000 * exp(1.2 * generator.uniform()))))
            }
            run.scans[scan] = points.sorted { $0.mz < $1.mz }
        }
        return run
    }

    private func loose(_ rate: Double?) -> DetectionParameters {
        openParameters {
            $0.peaks.signalToNoise = 0.5
            $0.peaks.isotopeSignalToNoise = 0.5
            $0.peaks.minQuality = 0
            $0.peaks.minAutocorrelation = -1
            $0.peaks.maxFalseRate = rate
        }
    }

    private func isIon(_ feature: Feature) -> Bool {
        let offset = (feature.mz - 200.05).remainder(dividingBy: 3)
        return abs(offset) < 0.01
    }

    @Test func `a rate of one tells probabilities and keeps all, a lower one drops the noise`() {
        let run = noisyRun
        let untold = run.features(loose(nil))
        let all = run.features(loose(1))
        let kept = run.features(loose(0.05))
        #expect(untold.allSatisfy { $0.falseProbability == nil })
        #expect(all.map(\.mz) == untold.map(\.mz))
        let (ions, noise) = (all.filter(isIon), all.filter { !isIon($0) })
        #expect(ions.count >= 60 && noise.count > 200, "\(ions.count), \(noise.count)")
        let doubts = noise.compactMap(\.falseProbability).sorted()
        #expect(doubts.count == noise.count && doubts[noise.count / 2] > 0.9)
        #expect(kept.filter(isIon).count >= 57, "\(kept.filter(isIon).count)")
        #expect(Double(kept.count { !isIon($0) }) < 0.1 * Double(kept.count), "\(kept.count)")
        #expect(kept.map(\.id) == Array(1...kept.count))
        #expect(kept.compactMap(\.falseProbability).reduce(0, +) <= 0.05 * Double(kept.count))
        #expect(run.features(loose(0)).isEmpty)
    }

    @Test func `positions of the base peaks stay with their features`() {
        let parameters = loose(0.05)
        let table = noisyRun.peaks(parameters)
        let grouper = IsotopeGrouper(parameters: parameters.isotopes, peakParameters: parameters.peaks)
        let (features, peaks) = grouper.featuresWithPeaks(table, polarity: .positive)
        #expect(features.count == peaks.count && !features.isEmpty)
        #expect(zip(features, peaks).allSatisfy { $0.mz == table.peaks[$1].mz && $0.area == table.peaks[$1].area })
    }
}

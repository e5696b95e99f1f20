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

/// Curves fitted to profiles, against slow and obvious references.
@Suite struct ElutionShapeTests {
    /// A table with one peak whose profile is `values` at `times`.
    private func table(_ values: [Double], times: [Double], width: Double = 5) -> PeakTable {
        let apex = values.indices.max { values[$0] < values[$1] } ?? 0
        var table = PeakTable()
        table.profiles = PageableArray(values.map { Float($0) })
        table.peaks = [
            ChromatographicPeak(
                mz: 200, retentionTimeSeconds: times[apex], startSeconds: times[0], endSeconds: times[times.count - 1],
                widthSeconds: width, area: 1, height: values[apex], signalToNoise: 10, quality: 1,
                pointCount: Int32(values.count), firstScan: 0, lastScan: Int32(values.count - 1), apexScan: Int32(apex),
                profileStart: 0)
        ]
        return table
    }

    private func fit(_ values: [Double], times: [Double], width: Double = 5, known: Bool = true) -> ElutionShape {
        var fitter = ElutionShapeFitter()
        return fitter.fit(table(values, times: times, width: width), peak: 0, retentionTimes: known ? times : [])
    }

    private func normal(_ generator: inout SeededGenerator) -> Double {
        (-2 * log(1 - generator.uniform())).squareRoot() * cos(2 * Double.pi * generator.uniform())
    }

    /// Uneven times, as between fragment scans.
    private func times(_ count: Int, _ generator: inout SeededGenerator) -> [Double] {
        var times = [100.0]
        while times.count < count { times.append(times[times.count - 1] + 0.3 + 0.7 * generator.uniform()) }
        return times
    }

    /// Pearson's correlation with the densities, and the noise of neighbouring residuals, in double precision.
    private func slowBeta(_ values: [Double], times: [Double]) -> (correlation: Double, signalToNoise: Double) {
        let n = Double(values.count)
        let meanY = values.reduce(0, +) / n
        let spreadY = values.reduce(0) { $0 + ($1 - meanY) * ($1 - meanY) }
        var best = (correlation: -1.0, signalToNoise: 0.0)
        for a in [2.5, 3, 3.5, 4, 4.5, 5] {
            let curve = times.map { time in
                let x = (time - times[0]) / (times[times.count - 1] - times[0])
                return pow(x, a - 1) * pow(1 - x, 4)
            }
            let meanX = curve.reduce(0, +) / n
            let spreadX = curve.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
            let product = zip(curve, values).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
            let correlation = product / (spreadX * spreadY).squareRoot()
            guard correlation > best.correlation else { continue }
            let slope = product / spreadX
            let residuals = zip(curve, values).map { $1 - slope * $0 }
            let squares = zip(residuals, residuals.dropFirst()).reduce(0) { $0 + ($1.1 - $1.0) * ($1.1 - $1.0) }
            let height = slope * (curve.reduce(-1, max) - curve.reduce(1, min))
            best = (correlation, height / (squares / (2 * (n - 1))).squareRoot())
        }
        return best
    }

    @Test(arguments: 1...40) func `beta measures are those of their definition`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = 5 + generator.integer(below: 90)
        let times = times(count, &generator)
        let middle = times[count / 2]
        let sigma = (times[count - 1] - times[0]) * (0.08 + 0.2 * generator.uniform())
        let noise = [0.003, 0.03, 0.3][Int(seed) % 3]
        let scale = exp(3 + 15 * generator.uniform())
        let values = times.map { time in
            scale * max(0, exp(-0.5 * pow((time - middle) / sigma, 2)) + noise * normal(&generator) + 0.1)
        }
        let shape = fit(values, times: times)
        let expected = slowBeta(values.map { Double(Float($0)) }, times: times)
        #expect(abs(Double(shape.betaCorrelation) - max(expected.correlation, 0)) < 1e-4, "seed \(seed)")
        #expect(abs(Double(shape.betaSignalToNoise) / expected.signalToNoise - 1) < 2e-3, "seed \(seed)")
    }

    @Test(arguments: [2.5, 3, 3.5, 4, 4.5, 5]) func `a beta curve correlates with itself, its mirror image less`(
        a: Double
    ) {
        let times = (0...60).map { 50 + 0.5 * Double($0) }
        let values = times.map { time in
            let x = (time - 50) / 30
            return 1e7 * pow(x, a - 1) * pow(1 - x, 4)
        }
        let shape = fit(values, times: times)
        #expect(shape.betaCorrelation > 0.99999)
        #expect(shape.betaSignalToNoise > 1e4)
        if a < 4 { #expect(fit(values.reversed(), times: times).betaCorrelation < shape.betaCorrelation - 0.02) }
    }

    @Test func `noise lowers the signal-to-noise in proportion`() {
        var generator = SeededGenerator(seed: 9)
        let times = (0...200).map { 0.5 * Double($0) }
        let deviations = times.map { _ in normal(&generator) }
        func signalToNoise(_ noise: Double) -> Double {
            let values = times.indices.map {
                1e5 * (exp(-0.5 * pow((times[$0] - 50) / 15, 2)) + noise * deviations[$0])
            }
            return Double(fit(values, times: times, width: 35).betaSignalToNoise)
        }
        #expect(abs(signalToNoise(0.01) / 100 - 1) < 0.15)
        #expect(abs(signalToNoise(0.1) / 10 - 1) < 0.15)
    }

    @Test(arguments: [0.8, 2.0, 6.0], [0.0, 0.35]) func `a Gaussian is fitted exactly`(sigma: Double, shift: Double) {
        var generator = SeededGenerator(seed: 3)
        let times = times(90, &generator)
        let center = 128 + shift
        let values = times.map { 3e5 * exp(-0.5 * pow(($0 - center) / sigma, 2)) + 1e4 }
        // The guess is wrong by as much as a detector may be.
        let shape = fit(values, times: times, width: 2.355 * sigma * 1.5)
        #expect(abs(shape.gaussianCenterSeconds - center) < 0.002 * sigma)
        #expect(abs(Double(shape.gaussianSigmaSeconds) / sigma - 1) < 0.002)
        #expect(abs(shape.gaussianHeight / 3e5 - 1) < 0.002)
        #expect(shape.gaussianR2 > 0.9999)
    }

    /// The sum of squares at the fit is not above that of any curve nearby, and R2 is its share.
    @Test(arguments: 1...40) func `the Gaussian is the one of least squares`(seed: UInt64) {
        var generator = SeededGenerator(seed: 100 + seed)
        let count = 6 + generator.integer(below: 60)
        let times = times(count, &generator)
        let length = times[count - 1] - times[0]
        let center = times[0] + length * (0.3 + 0.4 * generator.uniform())
        let sigma = length * (0.1 + 0.1 * generator.uniform())
        let values = times.map {
            1e4 * (exp(-0.5 * pow(($0 - center) / sigma, 2)) + 0.1 * abs(normal(&generator)))
        }
        let lowest = values.reduce(.infinity, min)
        func squares(_ center: Double, _ sigma: Double, _ height: Double) -> Double {
            zip(times, values).reduce(0) { sum, point in
                let residual = point.1 - lowest - height * exp(-0.5 * pow((point.0 - center) / sigma, 2))
                return sum + residual * residual
            }
        }
        let shape = fit(values, times: times, width: 2.355 * sigma)
        let (c, s, h) = (shape.gaussianCenterSeconds, Double(shape.gaussianSigmaSeconds), Double(shape.gaussianHeight))
        let found = squares(c, s, h)
        for (dc, ds, dh) in [
            (0.02, 0, 0), (-0.02, 0, 0), (0, 0.02, 0), (0, -0.02, 0), (0, 0, 0.02), (0, 0, -0.02),
            (0, 0.02, -0.02), (0, -0.02, 0.02),
        ] {
            #expect(squares(c + dc * s, s * (1 + ds), h * (1 + dh)) > found * 0.9999, "seed \(seed): \(dc) \(ds) \(dh)")
        }
        let mean = values.reduce(0, +) / Double(count)
        let variation = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        #expect(abs(Double(shape.gaussianR2) - max(1 - found / variation, 0)) < 1e-3, "seed \(seed)")
    }

    @Test func `times that are not known count as even`() {
        let times = (0...40).map { 20 + 0.5 * Double($0) }
        let values = times.map { 1e5 * exp(-0.5 * pow(($0 - 31) / 2.5, 2)) }
        let (known, guessed) = (fit(values, times: times), fit(values, times: times, known: false))
        #expect(abs(known.betaCorrelation - guessed.betaCorrelation) < 1e-5)
        #expect(abs(known.gaussianCenterSeconds - guessed.gaussianCenterSeconds) < 1e-3)
        // Uneven ones matter.
        let uneven = times.map { $0 + ($0 > 31 ? 1.5 * ($0 - 31) : 0) }
        let stretched = fit(values, times: uneven)
        #expect(abs(stretched.betaCorrelation - known.betaCorrelation) > 0.01)
        #expect(stretched.gaussianSigmaSeconds > 1.3 * known.gaussianSigmaSeconds)
    }

    @Test func `what no curve fits gives zeros and never NaN`() {
        let four = fit([1, 5, 4, 1], times: [0, 1, 2, 3])
        #expect(four == ElutionShape())
        #expect(fit([7, 7, 7, 7, 7, 7], times: [0, 1, 2, 3, 4, 5]) == ElutionShape())
        #expect(fit([1, 2, 3, 2, 1], times: [4, 4, 4, 4, 4]) == ElutionShape())
        for values in [
            [0.0, 0, 0, 0, 0, 1e38], [1e-30, 0, 0, 0, 0, 0], [0, 1, 0, 1, 0, 1], [5, 4, 3, 2, 1, 0],
            [0, 0, 1, 0, 0, 0], [1e30, 1e-30, 1e30, 1e-30, 1e30, 1e-30],
        ] {
            for width in [0, 1e-9, 2.0, 1e9] {
                let shape = fit(values, times: [0, 1, 2, 2, 3, 3], width: width)
                #expect(shape.betaCorrelation >= 0 && shape.betaCorrelation <= 1, "\(values)")
                #expect(!shape.betaSignalToNoise.isNaN && shape.betaSignalToNoise >= 0)
                #expect(shape.gaussianCenterSeconds >= 0 && shape.gaussianCenterSeconds <= 3)
                #expect(shape.gaussianSigmaSeconds > 0 && shape.gaussianSigmaSeconds <= 3)
                #expect(shape.gaussianHeight.isFinite && shape.gaussianR2 >= 0 && shape.gaussianR2 <= 1)
            }
        }
    }

    @Test func `powers of two are those of the library`() {
        var worst: Float = 0
        for step in 0..<4096 {
            let x = -Float(step) * 30 / 1024
            let value = exponentialOfTwo(SIMD8(repeating: x))[3]
            worst = max(worst, abs(value / exp2(x) - 1))
        }
        #expect(worst < 3e-7)
        #expect(exponentialOfTwo(SIMD8(repeating: -.infinity))[0] == 0x1p-126)
    }

    @Test func `every feature carries the curves of its monoisotopic peak`() throws {
        let run = SyntheticRun(ions: [.init(mz: 250, apex: 60.2, sigma: 3, height: 1e6)], floor: 100)
        let feature = try #require(run.features(openParameters()).first)
        #expect(feature.shape.betaCorrelation > 0.97)
        #expect(abs(feature.shape.gaussianCenterSeconds - 60.2) < 0.05)
        #expect(abs(feature.shape.gaussianSigmaSeconds - 3) < 0.05)
        #expect(abs(feature.shape.gaussianHeight / 1e6 - 1) < 0.02)
        #expect(feature.shape.gaussianR2 > 0.999)
    }
}

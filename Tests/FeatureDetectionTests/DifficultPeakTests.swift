import FeatureDetection
import SpectrumModel
import Statistics
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Saturated, tailing, co-eluting and truncated peaks: how many are found, where, and with what area.
@Suite struct DifficultPeakTests {
    private let parameters = openParameters()
    private static let spacing = 0.5
    private static let floor = 200.0

    /// One trace of a run from 0 to 120 s: a signal with counting noise (1,000 counts per ion) and spray noise of 2 %.
    private func run(seed: UInt64, limit: Double = .infinity, _ signal: (Double) -> Double) -> SyntheticRun {
        var generator = SeededGenerator(seed: seed)
        func normal() -> Double {
            (-2 * log(1 - generator.uniform())).squareRoot() * cos(2 * Double.pi * generator.uniform())
        }
        var run = SyntheticRun(ions: [], scanCount: 240)
        for scan in run.times.indices {
            run.times[scan] = Self.spacing * Double(scan)
            let clean = signal(run.times[scan])
            let value = min(clean * (1 + 0.02 * normal()) + (1000 * clean).squareRoot() * normal(), limit)
            run.scans[scan] = value > Self.floor ? [(250, Float(value))] : []
        }
        return run
    }

    /// The features that are at least a twentieth as high as the highest.
    private func features(_ run: SyntheticRun) -> [Feature] {
        let all = run.features(parameters)
        let highest = all.map(\.height).max() ?? 0
        return all.filter { $0.height > 0.05 * highest }.sorted { $0.retentionTimeSeconds < $1.retentionTimeSeconds }
    }

    private func gaussian(_ time: Double, _ apex: Double, _ sigma: Double, _ height: Double) -> Double {
        height * exp(-0.5 * (time - apex) * (time - apex) / (sigma * sigma))
    }

    /// Exponentially modified Gaussian, by convolving numerically; area 1.
    private func tailing(_ time: Double, _ mean: Double, _ sigma: Double, _ tau: Double) -> Double {
        var sum = 0.0
        let step = 0.05 * min(sigma, tau)
        var delay = 0.5 * step
        while delay < 12 * tau {
            let u = (time - delay - mean) / sigma
            if abs(u) < 8 { sum += exp(-0.5 * u * u) * exp(-delay / tau) * step }
            delay += step
        }
        return sum / (tau * sigma * 2.506_628_274_631)
    }

    /// A flat top of 1 to 3 widths at the detector's limit: one peak, its apex in the middle, the area of what was measured.
    @Test(arguments: [0.7, 0.3, 0.1, 0.03], [1.5, 3.0])
    func `a saturated peak is one peak`(limit: Double, sigma: Double) throws {
        for seed in UInt64(1)...20 {
            let run = run(seed: seed, limit: limit * 1e7) { gaussian($0, 60.2, sigma, 1e7) }
            let found = features(run)
            #expect(found.count == 1, "seed \(seed): \(found.map(\.retentionTimeSeconds))")
            let peak = try #require(found.first)
            let top = sigma * (-2 * log(limit)).squareRoot()
            #expect(
                abs(peak.retentionTimeSeconds - 60.2) < 0.35 * top + 0.5, "seed \(seed): \(peak.retentionTimeSeconds)")
            let clipped = run.scans.reduce(0) { $0 + Self.spacing * Double($1.first?.intensity ?? 0) }
            #expect(abs(peak.area / clipped - 1) < 0.02, "seed \(seed): \(peak.area / clipped)")
            #expect(peak.startSeconds < 60.2 - 2.2 * sigma && peak.endSeconds > 60.2 + 2.2 * sigma)
        }
    }

    @Test(arguments: [0.5, 1.0, 2.0, 3.0], [1e5, 1e7])
    func `a tailing peak is one peak with its tail`(ratio: Double, height: Double) throws {
        let (sigma, tau) = (2.0, 2.0 * ratio)
        let times = stride(from: 30.0, to: 60, by: 0.01).map { ($0, tailing($0, 40, sigma, tau)) }
        let mode = times.reduce((0.0, 0.0)) { $1.1 > $0.1 ? $1 : $0 }
        // The tail of the weak one is lost in noise of 20 to 50 % of it, which may also cut it in two.
        let isWeak = height < 1e6
        var whole = 0
        for seed in UInt64(1)...20 {
            let run = run(seed: seed) { height * tailing($0, 40, sigma, tau) / mode.1 }
            let found = features(run)
            if found.count == 1 { whole += 1 }
            let peak = try #require(found.max { $0.height < $1.height })
            let shift = abs(peak.retentionTimeSeconds - mode.0)
            #expect(shift < (isWeak ? 0.6 : 0.35) * sigma, "seed \(seed): \(shift)")
            let area = height / mode.1
            #expect(abs(peak.area / area - 1) < (isWeak ? 0.12 : 0.04), "seed \(seed): \(peak.area / area)")
            #expect(peak.startSeconds > 40 - 4.5 * sigma && peak.endSeconds > mode.0 + (isWeak ? 1.5 : 2.5) * tau)
        }
        #expect(whole >= (isWeak ? 12 : 20), "\(whole) of 20")
    }

    /// Two Gaussians of one width at a chromatographic resolution: found as one up to the first, as two from the second.
    @Test(arguments: [(ratio: 1.0, one: 0.6, two: 0.8), (0.5, 0.65, 0.9), (0.1, 0.8, 1.2)])
    func `co-eluting peaks are told apart where there is a valley`(ratio: Double, one: Double, two: Double) throws {
        let sigma = 2.0
        for seed in UInt64(1)...20 {
            for resolution in [0.6, 0.65, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5] {
                let second = 50 + resolution * 2 * 2.3548 * sigma / 1.18
                let run = run(seed: seed) { gaussian($0, 50, sigma, 1e7) + gaussian($0, second, sigma, ratio * 1e7) }
                let found = features(run)
                if resolution <= one { #expect(found.count == 1, "seed \(seed), resolution \(resolution)") }
                guard resolution >= two else { continue }
                #expect(found.count == 2, "seed \(seed), resolution \(resolution)")
                guard found.count == 2 else { continue }
                #expect(abs(found[0].retentionTimeSeconds - 50) < 0.4)
                #expect(abs(found[1].retentionTimeSeconds - second) < 0.8, "seed \(seed), \(resolution)")
                let unit = 1e7 * sigma * 2.506_628
                let errors = (abs(found[0].area / unit - 1), abs(found[1].area / (ratio * unit) - 1))
                // What a cut at the valley gives to the other peak.
                let bound = resolution >= 1.2 ? 0.1 : 0.3
                #expect(errors.0 < 0.1 && errors.1 < bound, "seed \(seed), resolution \(resolution): \(errors)")
                // They meet at the valley and share no scan but that one.
                #expect(found[0].endSeconds <= found[1].startSeconds)
            }
        }
    }

    /// The run begins or ends inside a peak: found once, with the area of what is there; an apex outside is put at the edge.
    @Test(arguments: [-1.0, -0.5, 0, 0.5, 1, 2], [false, true])
    func `a truncated peak is found with what is there of it`(apexInSigmas: Double, atEnd: Bool) throws {
        let sigma = 4.0
        let edge = atEnd ? 119.5 : 0
        let apex = atEnd ? edge - apexInSigmas * sigma : edge + apexInSigmas * sigma
        for seed in UInt64(1)...20 {
            let run = run(seed: seed) { gaussian($0, apex, sigma, 1e6) }
            let found = features(run)
            #expect(found.count == 1, "seed \(seed): \(found.map(\.retentionTimeSeconds))")
            let peak = try #require(found.first)
            let inside = min(max(apex, 0), 119.5)
            #expect(abs(peak.retentionTimeSeconds - inside) < 0.5 * sigma, "seed \(seed): \(peak.retentionTimeSeconds)")
            #expect(atEnd ? peak.endSeconds == edge : peak.startSeconds == edge, "seed \(seed)")
            var area = 0.0
            for time in stride(from: 0.005, to: 119.5, by: 0.01) { area += 0.01 * gaussian(time, apex, sigma, 1e6) }
            #expect(abs(peak.area / area - 1) < 0.05, "seed \(seed): \(peak.area / area)")
        }
    }
}

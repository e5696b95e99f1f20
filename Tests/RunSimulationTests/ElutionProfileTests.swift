import Testing

@testable import RunSimulation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct ElutionProfileTests {
    /// The EMG as what it is: a normal density convolved with a decay, by the trapezoidal rule.
    private func convolution(_ t: Double, sigma: Double, tau: Double) -> Double {
        let steps = 40_000
        let end = 40.0 * tau
        var sum = 0.0
        for i in 0...steps {
            let s = end * Double(i) / Double(steps)
            let normal = exp(-(t - s) * (t - s) / (2 * sigma * sigma)) / (sigma * (2 * Double.pi).squareRoot())
            sum += normal * exp(-s / tau) / tau * (i == 0 || i == steps ? 0.5 : 1)
        }
        return sum * end / Double(steps)
    }

    @Test(arguments: [0.05, 0.3, 1, 3, 15])
    func exponentiallyModifiedGaussianIsAConvolution(ratio: Double) {
        let sigma = 2.0
        let profile = ElutionProfile(center: 100, sigma: sigma, tau: ratio * sigma)
        for u in stride(from: -5.0, through: 5 + 3 * ratio, by: 0.5) {
            let expected = convolution(u * sigma, sigma: sigma, tau: ratio * sigma)
            let density = profile.height(at: 100 + u * sigma) / profile.area
            #expect(abs(density - expected) < 2e-6 * (1 / sigma) + 1e-4 * expected, "tau/sigma \(ratio), \(u) sigma")
        }
    }

    @Test(arguments: [0, 0.01, 0.5, 1, 3, 20])
    func apexWidthAndAreaAreWhatTheySay(ratio: Double) {
        let profile = ElutionProfile(apexSeconds: 50, fullWidth: 8, tailing: ratio)
        #expect(abs(profile.apexSeconds - 50) < 1e-9 && abs(profile.height(at: 50) - 1) < 1e-12)
        let half = profile.extent(atFraction: 0.5)
        #expect(abs(half.upperBound - half.lowerBound - 8) < 1e-9)
        #expect(abs(profile.height(at: half.upperBound) - 0.5) < 1e-9)
        let support = profile.extent(atFraction: 1e-9)
        let steps = 20_000
        let step = (support.upperBound - support.lowerBound) / Double(steps)
        var area = 0.0
        var highest = 0.0
        for i in 0...steps {
            let height = profile.height(at: support.lowerBound + Double(i) * step)
            #expect(height.isFinite && height >= 0)
            area += height * step
            highest = max(highest, height)
        }
        #expect(abs(area / profile.area - 1) < 1e-5 && highest <= 1 + 1e-12)
        if ratio == 0 { #expect(abs(profile.area - 8 / 2.354_820_045 * (2 * Double.pi).squareRoot()) < 1e-8) }
    }

    @Test func aTailIsBehindTheApex() {
        let profile = ElutionProfile(apexSeconds: 0, fullWidth: 8, tailing: 3)
        let edges = profile.extent(atFraction: 0.1)
        #expect(edges.upperBound > -2 * edges.lowerBound)
        // Where both factors of the textbook form leave the range of a Double.
        let steep = ElutionProfile(center: 0, sigma: 1, tau: 0.011)
        #expect(steep.height(at: -3).isFinite && steep.height(at: -3) > 0.009)
    }
}

@Suite struct IsotopePatternTests {
    /// By counting all ways in which carbons can be heavy.
    @Test func abundancesAreBinomial() {
        for carbons in [1, 2, 6, 12] {
            let p = 0.0107
            var byCount = [Double](repeating: 0, count: carbons + 1)
            for mask in 0..<(1 << carbons) {
                let heavy = mask.nonzeroBitCount
                byCount[heavy] += pow(p, Double(heavy)) * pow(1 - p, Double(carbons - heavy))
            }
            let ratios = IsotopePattern(carbons: carbons, limit: 10).ratios
            #expect(ratios.count == min(10, carbons + 1))
            for (k, ratio) in ratios.enumerated() {
                #expect(abs(ratio / (byCount[k] / byCount[0]) - 1) < 1e-12, "C\(carbons) M+\(k)")
            }
        }
        #expect(IsotopePattern(carbons: 40, limit: 2).ratios.count == 2)
        #expect(IsotopePattern(carbons: 40, limit: 1).ratios == [1])
        #expect(abs(IsotopePattern.offset(2, charge: 2) - 1.003_354_835) < 1e-9)
    }
}

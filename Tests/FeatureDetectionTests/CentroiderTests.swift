import FeatureDetection
import Statistics
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct CentroiderTests {
    /// Gaussian m/z peaks sampled every `step`, zero samples left out as vendors do.
    private func profile(
        _ peaks: [(mz: Double, height: Double)], sigma: Double = 0.002, step: Double = 0.0013
    ) -> ([Double], [Float]) {
        var mz: [Double] = []
        var intensity: [Float] = []
        var x = 200.0
        while x < 202 {
            let value = peaks.reduce(0) { sum, peak in
                let t = (x - peak.mz) / sigma
                return sum + peak.height * exp(-0.5 * t * t)
            }
            if value > 1 {
                mz.append(x)
                intensity.append(Float(value))
            }
            x += step
        }
        return (mz, intensity)
    }

    private func centroid(
        _ mz: [Double], _ intensity: [Float], _ parameters: Centroider.Parameters = Centroider.Parameters()
    ) -> ([Double], [Float]) {
        var outMZ: [Double] = []
        var outIntensity: [Float] = []
        mz.withUnsafeBufferPointer { m in
            intensity.withUnsafeBufferPointer {
                var centroider = Centroider(parameters: parameters)
                centroider.centroid(
                    mz: m, intensity: $0, intoMZ: &outMZ, intensity: &outIntensity)
            }
        }
        return (outMZ, outIntensity)
    }

    @Test func `Gaussian peaks come back at their position and height`() {
        let (mz, intensity) = profile([(200.5003, 1e6), (200.7, 3e4), (201.20017, 5e5)])
        let (found, height) = centroid(mz, intensity)
        #expect(found.count == 3)
        for (value, expected) in zip(found, [200.5003, 200.7, 201.20017]) { #expect(abs(value - expected) < 1e-6) }
        for (value, expected) in zip(height, [Float(1e6), 3e4, 5e5]) { #expect(abs(value / expected - 1) < 1e-3) }
    }

    @Test func `overlapping peaks split at the valley`() {
        let (mz, intensity) = profile([(200.5, 1e6), (200.508, 6e5)])
        let (found, _) = centroid(mz, intensity)
        #expect(found.count == 2)
    }

    @Test func `a plateau is one centroid, spikes and gaps are none`() {
        let plateau = centroid([100, 100.001, 100.002, 100.003, 100.004], [1, 5, 5, 5, 1])
        #expect(plateau.0.count == 1)
        #expect(abs((plateau.0.first ?? 0) - 100.002) < 1e-9)
        #expect(centroid([100, 100.001, 100.002], [0, 5, 0]).0.isEmpty)
        #expect(centroid([100, 100.001, 100.02, 100.03], [4, 5, 4, 3]).0.isEmpty)
        #expect(centroid([100, 100.001, 100.02, 100.03], [4, 5, 3, 4], .init(minSamples: 2)).0.count == 2)
        #expect(centroid([100, 100.001, 100.005], [4, 5, 4], .init(maxSpacingRatio: 5)).0.count == 1)
        #expect(centroid([], []).0.isEmpty)
        #expect(centroid([100], [5]).0.isEmpty)
        #expect(centroid([100, 101], [.nan, .infinity]).0.isEmpty)
    }

    @Test func `profiles are told from centroids`() {
        func looksLikeProfile(_ mz: [Double], _ intensity: [Float]) -> Bool {
            mz.withUnsafeBufferPointer { m in
                intensity.withUnsafeBufferPointer {
                    var centroider = Centroider()
                    return centroider.looksLikeProfile(mz: m, intensity: $0)
                }
            }
        }
        var peaks: [(mz: Double, height: Double)] = []
        for index in 0..<15 { peaks.append((mz: 200.1 + 0.12 * Double(index), height: 1e5 + 1e4 * Double(index))) }
        let (mz, intensity) = profile(peaks)
        #expect(looksLikeProfile(mz, intensity))
        let (centers, heights) = centroid(mz, intensity)
        #expect(!looksLikeProfile(centers, heights))
        var generator = SeededGenerator(seed: 3)
        let random: [Double] = (0..<500).map { _ in 100 + 900 * generator.uniform() }.sorted()
        #expect(!looksLikeProfile(random, random.map { _ in Float(generator.uniform()) }))
        #expect(!looksLikeProfile([], []))
    }
}

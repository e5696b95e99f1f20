import Testing

@testable import FeatureDetection

@Suite struct ShoulderTests {
    private static let step: @Sendable (Double) -> Double = { _ in 5e-4 }
    /// Full width at half maximum: eight samples.
    private static let width = 8 * 5e-4

    private static func pair(distance: Double, ratio: Double, noise: Double = 0, seed: UInt64 = 1) -> SyntheticProfile {
        SyntheticProfile(
            [.init(mz: 250.03, height: 1e6), .init(mz: 250.03 + distance * width, height: 1e6 * ratio)],
            range: 250...250.07, width: 8, step: step, noise: noise, seed: seed)
    }

    /// Distance in widths, and the second height relative to the first: none has a valley between the peaks.
    @Test(arguments: [(0.8, 1.0), (0.9, 0.6), (1.0, 0.5), (1.1, 0.3), (1.2, 0.2)])
    func `shoulders without a maximum of their own`(distance: Double, ratio: Double) {
        let profile = Self.pair(distance: distance, ratio: ratio)
        #expect(profile.centroids(.init()).count == 1)
        let centroids = profile.centroids(.init(method: .wavelet))
        #expect(centroids.count == 2, "\(centroids)")
        guard centroids.count == 2 else { return }
        let error = abs(centroids[1].mz - 250.03 - distance * Self.width) / Self.width
        #expect(error < 0.2, "\(error) widths")
        #expect(abs(centroids[0].mz - 250.03) / Self.width < 0.2)
        #expect(Double(centroids[1].height) > 0.8e6 * ratio && Double(centroids[1].height) < 1.3e6)
    }

    @Test(arguments: [(1.3, 0.5), (1.5, 0.3), (1.5, 0.05)])
    func `peaks with a valley are found by both methods`(distance: Double, ratio: Double) {
        let profile = Self.pair(distance: distance, ratio: ratio)
        let expected = [250.03, 250.03 + distance * Self.width]
        let wavelet = profile.centroids(.init(method: .wavelet))
        #expect(wavelet.count == 2)
        for (centroid, mz) in zip(wavelet, expected) { #expect(abs(centroid.mz - mz) / Self.width < 0.15) }
        if ratio > 0.1 { #expect(profile.centroids(.init()).map(\.mz) == wavelet.map(\.mz)) }
    }

    @Test func `shoulders are found in noise`() {
        var found = 0
        for seed in 0..<40 {
            let profile = Self.pair(distance: 1.0, ratio: 0.5, noise: 3e3, seed: UInt64(seed))
            let second = 250.03 + Self.width
            if profile.centroids(.init(method: .wavelet)).contains(where: { abs($0.mz - second) < 0.3 * Self.width }) {
                found += 1
            }
        }
        #expect(found >= 36, "\(found) of 40")
    }

    /// Ripple that grows with the peak, as of counted ions, makes no shoulders.
    @Test func `single peaks have no shoulders`() {
        var extra = 0
        for seed in 0..<100 {
            var profile = SyntheticProfile(
                [.init(mz: 250.03, height: 1)], range: 250...250.06, width: 8, step: Self.step)
            let ripple = SyntheticProfile(
                [], range: 250...250.06, step: Self.step, baseline: 100, noise: 1, seed: UInt64(seed))
            for index in profile.intensity.indices {
                let counts = 1e4 * profile.intensity[index]
                profile.intensity[index] = max(counts + (ripple.intensity[index] - 100) * counts.squareRoot(), 0)
            }
            let near = profile.centroids(.init(method: .wavelet)).filter { abs($0.mz - 250.03) < Self.width }
            #expect(!near.isEmpty)
            extra += near.count - 1
        }
        #expect(extra <= 2, "\(extra) in 100 peaks")
    }
}

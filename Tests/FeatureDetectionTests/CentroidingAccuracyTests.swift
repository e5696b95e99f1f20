import Statistics
import Testing

@testable import FeatureDetection

@Suite struct CentroidingAccuracyTests {
    private typealias Profile = SyntheticProfile
    private static let methods: [Centroider.Method] = [.localMaximum, .wavelet]

    /// Position error that each curve makes on noise-free peaks, in ppm at m/z 150 to 900 and 6 samples per width.
    @Test(arguments: [
        (ApexCurve.gaussian, SyntheticProfile.Shape.gaussian, 1e-5), (.parabola, .gaussian, 0.25),
        (.spline, .gaussian, 0.06), (.gaussian, .lorentzian, 0.3), (.parabola, .lorentzian, 0.2),
        (.spline, .lorentzian, 0.15),
    ])
    func `positions without noise`(curve: ApexCurve, shape: SyntheticProfile.Shape, bound: Double) {
        for method in Self.methods {
            let peaks = Profile.ladder(150...900, distance: 20_000, seed: 5)
            let profile = Profile(peaks, range: 150...900, shape: shape, dropBelow: 800)
            let centroids = profile.centroids(.init(method: method, apex: curve))
            #expect(centroids.count == peaks.count)
            let errors = ppmErrors(centroids, peaks)
            #expect((errors.max() ?? .infinity) < bound, "\(method) \(errors.max() ?? .nan)")
        }
    }

    /// Heights: exact for the Gaussian, within some percent for the other curves.
    @Test(arguments: [(ApexCurve.gaussian, 0.001), (.parabola, 0.02), (.spline, 0.01)])
    func `heights without noise`(curve: ApexCurve, bound: Double) {
        let peaks = Profile.ladder(150...900, distance: 20_000, seed: 6)
        let profile = Profile(peaks, range: 150...900, dropBelow: 1)
        for method in Self.methods {
            let centroids = profile.centroids(.init(method: method, apex: curve, signalToNoise: 0))
            for (peak, centroid) in zip(peaks, centroids) {
                #expect(abs(Double(centroid.height) / peak.height - 1) < bound)
            }
        }
    }

    /// The best that any estimator can do is about 0.6 / sqrt(samples per width) widths over the signal-to-noise ratio; three
    /// samples reach 1.1 widths over it. At a step of 2 ppm and 6 samples per width, a width is 12 ppm.
    @Test(arguments: [20.0, 50, 200, 1000]) func `positions with noise`(ratio: Double) {
        let step: (Double) -> Double = { $0 * 2e-6 }
        var peaks: [SyntheticProfile.Peak] = []
        for index in 0..<200 { peaks.append(.init(mz: 400.05 + 0.0973137 * Double(index), height: 1e5)) }
        let profile = Profile(peaks, range: 400...420, step: step, noise: 1e5 / ratio, seed: 11)
        for method in Self.methods {
            let errors = ppmErrors(profile.centroids(.init(method: method)), peaks)
            let rootMeanSquare = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
            #expect(rootMeanSquare < 1.25 * 12 / ratio, "\(method): \(rootMeanSquare) ppm at \(ratio)")
        }
    }

    /// The ridges choose among the local maxima; position and height come from the samples, as with the fast picker.
    @Test(arguments: ApexCurve.allCases) func `the wavelet refines like the local picker`(curve: ApexCurve) {
        let peaks = Profile.ladder(200...300, distance: 100, seed: 8)
        let profile = Profile(peaks, range: 200...300, noise: 100, dropBelow: 150, seed: 8)
        let local = profile.centroids(.init(apex: curve))
        let wavelet = profile.centroids(.init(method: .wavelet, apex: curve))
        #expect(wavelet.count >= peaks.count)
        var different = 0
        for centroid in wavelet
        where !local.contains(where: { $0.mz == centroid.mz && $0.height == centroid.height }) { different += 1 }
        #expect(different <= wavelet.count / 50, "\(different) of \(wavelet.count)")
    }

    /// Twelve widths of ten thousand samples in one run, from 1.5 to 60 per thousand of m/z in step.
    @Test(arguments: [3.0, 5, 9, 15]) func `peaks of every width on a step that grows`(width: Double) {
        let peaks = Profile.ladder(100...1500, distance: 30 * width + 2_000, seed: 21)
        let profile = Profile(peaks, range: 100...1500, width: width, noise: 30, dropBelow: 20, seed: 21)
        let centroids = profile.centroids(.init(method: .wavelet))
        let found = ppmErrors(centroids, peaks).filter { $0 < 1.5 * width }.count
        #expect(found == peaks.count, "\(found) of \(peaks.count)")
        #expect(centroids.count <= peaks.count + peaks.count / 20, "\(centroids.count) for \(peaks.count)")
    }

    /// What writers leave out changes nothing: zeros are restored where the grid says that samples are missing.
    @Test func `dropped zeros change nothing`() {
        let peaks = Profile.ladder(200...240, distance: 25, seed: 9)
        let whole = Profile(peaks, range: 200...240, dropBelow: 0)
        var cleared = whole
        for index in cleared.intensity.indices where cleared.intensity[index] < 100 { cleared.intensity[index] = 0 }
        let dropped = Profile(peaks, range: 200...240, dropBelow: 100)
        #expect(dropped.mz.count < cleared.mz.count)
        for method in Self.methods {
            let parameters = Centroider.Parameters(method: method, signalToNoise: 0)
            let (a, b) = (cleared.centroids(parameters), dropped.centroids(parameters))
            #expect(a.count == b.count && a.count >= peaks.count)
            for (x, y) in zip(a, b) { #expect(x.mz == y.mz && x.height == y.height) }
        }
    }

    @Test func `one missing sample inside a peak does not split it`() {
        var profile = Profile([.init(mz: 250.01, height: 1e5)], range: 250...250.02)
        let apex = profile.intensity.indices.max { profile.intensity[$0] < profile.intensity[$1] } ?? 0
        profile.mz.remove(at: apex + 1)
        profile.intensity.remove(at: apex + 1)
        for method in Self.methods {
            #expect(profile.centroids(.init(method: method)).count == 1)
            // At this ratio the missing sample is a gap.
            let strict = profile.centroids(.init(method: method, maxSpacingRatio: 1.5))
            #expect(strict.first?.mz != profile.centroids(.init(method: method)).first?.mz)
        }
    }

    /// A saturated detector gives a plateau: one centroid in its middle.
    @Test(arguments: [0.9, 0.5, 0.2]) func `saturated peaks are one centroid`(level: Double) {
        let peaks: [SyntheticProfile.Peak] = [.init(mz: 250.0103, height: 1e6)]
        let profile = Profile(peaks, range: 250...250.02, width: 8, saturation: 1e6 * level)
        for method in Self.methods {
            for curve in ApexCurve.allCases {
                let centroids = profile.centroids(.init(method: method, apex: curve))
                #expect(centroids.count == 1, "\(method) \(curve)")
                // A step is 2 ppm.
                #expect((ppmErrors(centroids, peaks).first ?? .infinity) <= 2.5, "\(method) \(curve)")
            }
        }
    }
}

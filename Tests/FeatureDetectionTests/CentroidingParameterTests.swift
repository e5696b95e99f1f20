import Statistics
import Testing

@testable import FeatureDetection

/// Every parameter acts, memory that is reused remembers nothing, and hostile spectra do no harm.
@Suite struct CentroidingParameterTests {
    private static let profile = SyntheticProfile(
        SyntheticProfile.ladder(200...230, distance: 9, seed: 2), range: 200...230, noise: 200, dropBelow: 150, seed: 2)

    @Test func `every parameter acts`() {
        func centroids(_ change: (inout Centroider.Parameters) -> Void) -> [Double] {
            var parameters = Centroider.Parameters()
            change(&parameters)
            return Self.profile.centroids(parameters).map(\.mz)
        }
        let local = centroids { _ in }
        let wavelet = centroids { $0.method = .wavelet }
        #expect(local != wavelet)
        for method in [Centroider.Method.localMaximum, .wavelet] {
            let base = method == .wavelet ? wavelet : local
            for curve in [ApexCurve.parabola, .spline] {
                #expect(centroids { ($0.method, $0.apex) = (method, curve) } != base)
            }
            #expect(centroids { ($0.method, $0.signalToNoise) = (method, 50) }.count < base.count)
            let sparse = SyntheticProfile(
                SyntheticProfile.ladder(200...210, distance: 60, seed: 2), range: 200...210, dropBelow: 100)
            let all = sparse.centroids(.init(method: method))
            let long = sparse.centroids(.init(method: method, minSamples: 20))
            #expect(long.count < all.count && !long.isEmpty)
        }
        // Narrow wavelets see little of a wide peak.
        let wide = SyntheticProfile(
            [.init(mz: 250.3, height: 500)], range: 250...250.6, width: 60, baseline: 1_000, noise: 100, seed: 3)
        #expect(wide.centroids(.init(method: .wavelet, maxWidthSamples: 64)).count == 1)
        #expect(wide.centroids(.init(method: .wavelet, maxWidthSamples: 8)).isEmpty)
        #expect(centroids { ($0.method, $0.minRidgeLength) = (.wavelet, 12) }.count < wavelet.count)
    }

    @Test func `none keeps the samples`() {
        let kept = Self.profile.centroids(.init(method: .none))
        #expect(kept.map(\.mz) == Self.profile.mz && kept.map(\.height) == Self.profile.intensity)
    }

    @Test(arguments: [Centroider.Method.localMaximum, .wavelet])
    func `reused memory remembers nothing`(method: Centroider.Method) {
        let other = SyntheticProfile([.init(mz: 250.01, height: 1e5)], range: 250...250.02)
        var centroider = Centroider(parameters: .init(method: method, signalToNoise: 3))
        let first = other.centroids(&centroider).map(\.mz)
        let large = Self.profile.centroids(&centroider).map(\.mz)
        #expect(other.centroids(&centroider).map(\.mz) == first)
        #expect(Self.profile.centroids(&centroider).map(\.mz) == large)
        #expect(!first.isEmpty && !large.isEmpty)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
    func `hostile spectra do no harm`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let oddities: [Double] = [.nan, .infinity, -.infinity, 0, -1, 1e308, -1e308, .leastNonzeroMagnitude]
        for round in 0..<150 {
            let count = round < 10 ? round : generator.integer(below: 400)
            var mz = (0..<count).map { _ in 100 + generator.uniform() * (round % 3 == 0 ? 0.2 : 100) }
            if round % 2 == 0 { mz.sort() }
            var intensity = (0..<count).map { _ in Float(generator.uniform() * 1e6) }
            for _ in 0..<(count > 0 ? generator.integer(below: 6) : 0) {
                mz[generator.integer(below: count)] = oddities[generator.integer(below: oddities.count)]
                intensity[generator.integer(below: count)] = Float(oddities[generator.integer(below: oddities.count)])
            }
            if round % 5 == 0 { for index in intensity.indices where index % 3 != 0 { intensity[index] = 7 } }
            for method in Centroider.Method.allCases {
                for curve in ApexCurve.allCases {
                    var centroider = Centroider(
                        parameters: .init(
                            method: method, apex: curve, signalToNoise: round % 4 == 0 ? 0 : nil,
                            minSamples: 1 + generator.integer(below: 3),
                            maxWidthSamples: 2 + generator.integer(below: 40),
                            minRidgeLength: 1 + generator.integer(below: 4)))
                    let found = SyntheticProfile.centroids(&centroider, mz, intensity)
                    #expect(found.count <= count)
                    guard method != .none else { continue }
                    #expect(found.allSatisfy { $0.height > 0 && !$0.height.isNaN })
                }
            }
        }
    }

    /// Centroids of ordered spectra ascend and lie within the spectrum.
    @Test(arguments: [UInt64(1), 2, 3]) func `centroids ascend`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var total = 0
        for _ in 0..<50 {
            var mz = [200.0]
            while mz.count < 300 { mz.append(mz[mz.count - 1] + 5e-4 * (generator.uniform() < 0.05 ? 9 : 1)) }
            let intensity = mz.map { _ in Float(generator.uniform() * generator.uniform() * 1e5) }
            for method in [Centroider.Method.localMaximum, .wavelet] {
                for curve in ApexCurve.allCases {
                    var centroider = Centroider(parameters: .init(method: method, apex: curve, signalToNoise: 0))
                    let found = SyntheticProfile.centroids(&centroider, mz, intensity).map(\.mz)
                    #expect(zip(found, found.dropFirst()).allSatisfy { $0 <= $1 })
                    #expect((found.first ?? 200) >= 200 && (found.last ?? 0) <= mz[299])
                    total += found.count
                }
            }
        }
        // Two methods, three curves, fifty spectra.
        #expect(total > 300 * 10)
    }
}

import Statistics
import Testing

@testable import FeatureDetection

@Suite struct CentroidingNoiseTests {
    private static let step: @Sendable (Double) -> Double = { $0 * 2e-6 }

    @Test(arguments: [0.0, 1_000]) func `noise alone gives next to no peaks`(baseline: Double) {
        // About 91,000 samples.
        let profile = SyntheticProfile([], range: 500...600, step: Self.step, baseline: baseline, noise: 100, seed: 4)
        #expect(profile.centroids(.init()).count > profile.mz.count / 20)
        #expect(profile.centroids(.init(signalToNoise: 3)).count <= 2)
        #expect(profile.centroids(.init(method: .wavelet)).count <= 2)
        // Below the noise's own level there are many.
        #expect(profile.centroids(.init(method: .wavelet, signalToNoise: 0.5)).count > profile.mz.count / 50)
    }

    /// What the writer cut off by a threshold is just that: what little sticks out is no peak.
    @Test func `noise above a threshold gives next to no peaks`() {
        let profile = SyntheticProfile([], range: 500...600, step: Self.step, noise: 100, dropBelow: 150, seed: 4)
        #expect(profile.centroids(.init(minSamples: 1)).count > 1_500)
        #expect(profile.centroids(.init(signalToNoise: 3, minSamples: 1)).count <= 5)
        #expect(profile.centroids(.init(method: .wavelet, minSamples: 1)).count <= 5)
    }

    @Test func `weak peaks rise out of noise`() {
        var peaks: [SyntheticProfile.Peak] = []
        for index in 0..<100 { peaks.append(.init(mz: 500.05 + 0.0973 * Double(index), height: 800)) }
        let profile = SyntheticProfile(
            peaks, range: 500...510, width: 8, step: Self.step, baseline: 300, noise: 100, seed: 12)
        let wavelet = profile.centroids(.init(method: .wavelet))
        let found = ppmErrors(wavelet, peaks).filter { $0 < 8 }.count
        #expect(found >= 99 && wavelet.count <= 103, "\(found), \(wavelet.count)")
        // The wavelets gather all samples of a peak, the picker sees only the highest.
        let local = profile.centroids(.init(signalToNoise: 3))
        #expect(ppmErrors(local, peaks).filter { $0 < 8 }.count < found)
    }

    @Test func `the noise level is that of the white noise`() {
        let profile = SyntheticProfile([], range: 500...600, step: Self.step, baseline: 1_000, noise: 100, seed: 7)
        let level = measured(profile, at: 40_000)
        #expect(abs(level.base / 1_000 - 1) < 0.02)
        #expect(abs(level.noise / 196 - 1) < 0.12)
    }

    @Test func `the noise level does not rise with the peaks`() {
        // A fifth of the samples belongs to peaks.
        var peaks: [SyntheticProfile.Peak] = []
        for index in 0..<190 { peaks.append(.init(mz: 500.02 + 0.05 * Double(index), height: 1e6)) }
        let crowded = SyntheticProfile(
            peaks, range: 500...510, width: 4, step: Self.step, baseline: 1_000, noise: 100, seed: 7)
        let level = measured(crowded, at: 5_000)
        #expect(level.base < 1_100 && level.noise < 400, "\(level)")
    }

    @Test func `dropped samples count as zeros, and the lowest one written as noise`() {
        let profile = SyntheticProfile(
            [.init(mz: 505, height: 1e6)], range: 500...520, step: Self.step, noise: 100, dropBelow: 150, seed: 3)
        let level = measured(profile, at: 10)
        // 1.96 standard deviations, told from the 7 % that is left.
        #expect(level.base == 0 && abs(level.noise / 196 - 1) < 0.15, "\(level)")
        let sparse = SyntheticProfile(
            [.init(mz: 505, height: 1e6)], range: 500...520, step: Self.step, noise: 100, dropBelow: 250, seed: 3)
        #expect(measured(sparse, at: 3).noise == Double(sparse.intensity.min() ?? 0))
    }

    @Test func `levels run from window to window`() {
        // The baseline rises along the spectrum; so does its level, without steps.
        let mz = (0..<5_000).map { 500 + 1e-3 * Double($0) }
        let intensity = (0..<5_000).map { Float($0 + 1) }
        let profile = SyntheticProfile(mz: mz, intensity: intensity)
        for index in stride(from: 300, to: 4_700, by: 7) {
            #expect(abs(measured(profile, at: index).base - Double(index)) < 3)
        }
    }

    private func measured(_ profile: SyntheticProfile, at index: Int) -> NoiseWindows.Level {
        profile.mz.withUnsafeBufferPointer { mz in
            profile.intensity.withUnsafeBufferPointer { intensity in
                var grid = SamplingGrid()
                grid.measure(mz, maxSpacingRatio: 2.5)
                var noise = NoiseWindows()
                noise.measureIntensities(ProfileSamples(mz: mz, intensity: intensity), grid: grid)
                return noise.level(at: index)
            }
        }
    }
}

@Suite struct SamplingGridTests {
    private func advances(_ mz: [Double], ratio: Double = 2.5) -> [Int32] {
        var grid = SamplingGrid()
        mz.withUnsafeBufferPointer { grid.measure($0, maxSpacingRatio: ratio) }
        return grid.advances
    }

    @Test func `steps become columns, gaps are negative`() {
        #expect(advances([]) == [] && advances([5]) == [])
        #expect(advances([100, 101, 102, 104, 105, 115, 116]) == [1, 1, 2, 1, -10, 1])
        #expect(advances([100, 101, 102, 104, 105], ratio: 1.5) == [1, 1, -2, 1])
        #expect(advances([100, 101, 102, 103.3, 104.3], ratio: 1.2) == [1, 1, -2, 1])
    }

    @Test func `a step that grows with m/z stays one column`() {
        var mz = [50.0]
        while let last = mz.last, last < 3_000 { mz.append(last + SyntheticProfile.orbitrapStep(last) * 10) }
        #expect(advances(mz).allSatisfy { $0 == 1 })
    }

    @Test func `what does not ascend is a gap`() {
        let farthest = -Int32(SamplingGrid.farthest)
        #expect(advances([1, 2, 2, 3, 4]) == [1, farthest, 1, 1])
        #expect(advances([1, 2, .nan, 3, 4, .infinity]) == [1, farthest, farthest, 1, farthest])
        #expect(advances([5, 4, 3, 2]) == [farthest, farthest, farthest])
        #expect(advances([0, 1e-300, 1e300]) == [1, farthest])
    }
}

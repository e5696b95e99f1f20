import SignalKernels
import Statistics
import Testing

@testable import FeatureDetection

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct IslandTransformTests {
    private let scales = WaveletScales(first: 1, last: 16, perOctave: 4)

    /// The transform from its definition, one coefficient at a time.
    private func reference(_ signal: [Double], scale: Double, column: Int) -> Double {
        let reach = Int((4 * scale).rounded(.up))
        var kernel: [Double] = []
        for offset in -reach...reach {
            let t = Double(offset) / scale
            kernel.append((1 - t * t) * exp(-t * t / 2))
        }
        let mean = kernel.reduce(0, +) / Double(kernel.count)
        var squares = 0.0
        for value in kernel { squares += (value - mean) * (value - mean) }
        var sum = 0.0
        for (index, weight) in kernel.enumerated() {
            let source = column + index - reach
            if signal.indices.contains(source) { sum += signal[source] * (weight - mean) / squares.squareRoot() }
        }
        return sum
    }

    @Test(arguments: [1, 7, 64, 65, 500]) func `coefficients are those of the definition`(width: Int) {
        var generator = SeededGenerator(seed: UInt64(width))
        let intensity = (0..<width).map { _ in Float(generator.uniform() * 1e4) }
        let mz = (0..<width).map { 100 + 0.001 * Double($0) }
        for widestDirect in [0, 64, 1_000] {
            var transform = IslandTransform(scales: scales, widestDirect: widestDirect)
            load(&transform, mz, intensity)
            #expect(Array(transform.windows()).count == 1)
            let signal = transform.signal
            let stride = transform.run(columns: 0..<signal.count, rows: scales.count)
            for row in 0..<scales.count {
                for column in Swift.stride(from: 0, to: signal.count, by: max(1, width / 50)) {
                    let expected = reference(signal, scale: scales.values[row], column: column)
                    let value = transform.coefficients[row * stride + column]
                    #expect(abs(value - expected) < 1e-7, "row \(row), column \(column)")
                }
            }
        }
    }

    @Test func `windows tile a long island`() {
        var transform = IslandTransform(scales: scales)
        load(&transform, (0..<10_000).map { 100 + 0.001 * Double($0) }, [Float](repeating: 1, count: 10_000))
        #expect(transform.mirrored == 64 && transform.signal.count == 10_128)
        var windows = 0
        var end = 64
        for window in transform.windows() {
            #expect(window.core.lowerBound == end)
            #expect(window.whole.lowerBound == max(0, end - 128) && window.whole.upperBound <= 10_128)
            end = window.core.upperBound
            windows += 1
        }
        #expect(end == 10_064 && windows > 1)
    }

    @Test func `a spectrum goes on as in a mirror only where it ends in a baseline`() {
        let mz = (0..<200).map { 100 + 0.001 * Double($0) }
        var intensity = (0..<200).map { Float($0 + 1) }
        var transform = IslandTransform(scales: scales)
        load(&transform, mz, intensity)
        #expect(transform.signal.count == 328 && transform.signal[63] == 1 && transform.signal[0] == 64)
        #expect(transform.signal[264] == 200 && transform.signal[327] == 137)
        intensity[10] = 0
        load(&transform, mz, intensity)
        #expect(transform.mirrored == 0 && transform.signal.count == 264)
    }

    /// A long spectrum without gaps: windows and FFT against one direct transform of everything.
    @Test func `windows change no centroid`() {
        let peaks = SyntheticProfile.ladder(200...205, distance: 12, seed: 14)
        let profile = SyntheticProfile(peaks, range: 200...205, baseline: 500, noise: 50, seed: 14)
        #expect(profile.mz.count > 10_000)
        let windowed = wavelet(profile) { _ in }
        let direct = wavelet(profile) {
            $0.transform = IslandTransform(scales: $0.scales, widestDirect: profile.mz.count)
        }
        #expect(windowed.count == direct.count && windowed.count > peaks.count / 2)
        for (a, b) in zip(windowed, direct) {
            #expect(abs(a.mz - b.mz) < 1e-9 && abs(a.height - b.height) <= 1e-3 * b.height)
        }
    }

    private func load(_ transform: inout IslandTransform, _ mz: [Double], _ intensity: [Float]) {
        mz.withUnsafeBufferPointer { mz in
            intensity.withUnsafeBufferPointer { intensity in
                var grid = SamplingGrid()
                grid.measure(mz, maxSpacingRatio: 2.5)
                transform.load(
                    ProfileSamples(mz: mz, intensity: intensity), island: 0...(mz.count - 1),
                    columns: Array(0..<mz.count), grid: grid)
            }
        }
    }

    private func wavelet(_ profile: SyntheticProfile, _ change: (inout WaveletCentroider) -> Void) -> [Centroid] {
        var centroider = WaveletCentroider(parameters: .init(method: .wavelet))
        change(&centroider)
        var mz: [Double] = []
        var heights: [Float] = []
        profile.mz.withUnsafeBufferPointer { sourceMZ in
            profile.intensity.withUnsafeBufferPointer { intensity in
                var grid = SamplingGrid()
                grid.measure(sourceMZ, maxSpacingRatio: 2.5)
                var noise = NoiseWindows()
                centroider.centroid(
                    ProfileSamples(mz: sourceMZ, intensity: intensity), grid: grid, noise: &noise, &mz, &heights)
            }
        }
        return zip(mz, heights).map { Centroid(mz: $0, height: $1) }
    }
}

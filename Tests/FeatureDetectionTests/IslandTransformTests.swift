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
        for method in TransformMethod.allCases {
            var transform = IslandTransform(scales: scales, method: method)
            #expect(load(&transform, mz, intensity).count == 1)
            let signal = transform.signal
            let stride = transform.run(rows: scales.count)
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
        let mz = (0..<10_000).map { 100 + 0.001 * Double($0) }
        let intensity = (0..<10_000).map { Float($0 + 1) }
        var end = 0
        let windows = load(&transform, mz, intensity) { window, signal in
            #expect(window.core.lowerBound == end)
            #expect(window.whole.lowerBound == max(-64, end - 128))
            #expect(window.whole.upperBound == min(10_064, window.core.upperBound + 128))
            let expected = window.whole.map { column -> Double in
                column < 0 ? Double(-column) : column < 10_000 ? Double(column + 1) : Double(20_000 - column)
            }
            #expect(signal == expected)
            end = window.core.upperBound
        }
        #expect(end == 10_000 && windows.count > 1)
    }

    @Test func `a spectrum goes on as in a mirror only where it ends in a baseline`() {
        let mz = (0..<200).map { 100 + 0.001 * Double($0) }
        var intensity = (0..<200).map { Float($0 + 1) }
        var transform = IslandTransform(scales: scales)
        #expect(load(&transform, mz, intensity).first?.whole == -64..<264)
        #expect(transform.signal[63] == 1 && transform.signal[0] == 64)
        #expect(transform.signal[264] == 200 && transform.signal[327] == 137)
        intensity[10] = 0
        #expect(load(&transform, mz, intensity).first?.whole == 0..<264)
        #expect(transform.signal[0] == 1 && transform.signal[10] == 0 && transform.signal[263] == 137)
    }

    @Test func `missing samples are interpolated inside a peak and zeros outside`() {
        let mz = [100, 100.001, 100.002, 100.004, 100.005, 100.010, 100.011]
        var transform = IslandTransform(scales: scales)
        load(&transform, mz, [1, 2, 3, 5, 4, 8, 2])
        #expect(transform.signal == [1, 2, 3, 4, 5, 4, 0, 0, 0, 0, 8, 2])
    }

    /// A long spectrum without gaps: windows and FFT against one direct transform of everything.
    @Test func `windows change no centroid`() {
        let peaks = SyntheticProfile.ladder(200...205, distance: 12, seed: 14)
        let profile = SyntheticProfile(peaks, range: 200...205, baseline: 500, noise: 50, seed: 14)
        #expect(profile.mz.count > 10_000)
        let windowed = wavelet(profile) { _ in }
        let direct = wavelet(profile) {
            $0.transform = IslandTransform(scales: $0.scales, method: .direct, windowColumns: profile.mz.count)
        }
        #expect(windowed.count == direct.count && windowed.count > peaks.count / 2)
        for (a, b) in zip(windowed, direct) {
            #expect(abs(a.mz - b.mz) < 1e-9 && abs(a.height - b.height) <= 1e-3 * b.height)
        }
    }

    @discardableResult
    private func load(
        _ transform: inout IslandTransform, _ mz: [Double], _ intensity: [Float],
        each: (IslandTransform.Window, [Double]) -> Void = { _, _ in }
    ) -> [IslandTransform.Window] {
        mz.withUnsafeBufferPointer { mz in
            intensity.withUnsafeBufferPointer { intensity in
                var grid = SamplingGrid()
                grid.measure(mz, maxSpacingRatio: 2.5)
                let columns = grid.advances.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int($1.magnitude)) }
                let samples = ProfileSamples(mz: mz, intensity: intensity)
                let island = 0...(mz.count - 1)
                let tiling = transform.tiling(samples, island: island, columns: columns)
                let windows = (0..<tiling.count).map { tiling[$0] }
                for window in windows {
                    let first = columns.lastIndex { $0 <= window.whole.lowerBound } ?? 0
                    transform.load(
                        window, of: samples, island: island, from: first, columns: columns, grid: grid)
                    each(window, transform.signal)
                }
                return windows
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

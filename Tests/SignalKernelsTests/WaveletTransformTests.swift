import SignalKernels
import Statistics
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Convolution by its definition, zeros outside the signal.
private func directTransform(_ signal: [Double], scale: Double) -> [Double] {
    let kernel = WaveletScales.kernel(scale)
    let half = WaveletScales.reach(scale)
    return signal.indices.map { center in
        var total = 0.0
        for offset in -half...half where signal.indices.contains(center + offset) {
            total += signal[center + offset] * kernel[offset + half]
        }
        return total
    }
}

@Suite struct WaveletTransformTests {
    private let scales = WaveletScales(first: 2.0.squareRoot(), last: 64, perOctave: 2)

    @Test(arguments: [1, 2, 7, 31, 32, 33, 128, 129, 600], TransformMethod.allCases)
    func `the transform equals convolution by its definition at every scale`(count: Int, method: TransformMethod) {
        var generator = SeededGenerator(seed: UInt64(count))
        let signal = (0..<count).map { _ in generator.uniform() * 1e6 }
        let single = signal.map { Float($0) }
        let wide = DoubleWaveletTransform(scales: scales, settings: TransformSettings(method: method))
        let narrow = FloatWaveletTransform(scales: scales, settings: TransformSettings(method: method))
        signal.withUnsafeBufferPointer { wideSignal in
            single.withUnsafeBufferPointer { narrowSignal in
                let all = 0..<scales.count
                let coefficients = wide.transform(wideSignal, scales: all)
                let narrowCoefficients = narrow.transform(narrowSignal, scales: all)
                for row in all {
                    let expected = directTransform(signal, scale: scales.values[row])
                    for column in 0..<count {
                        #expect(abs(coefficients[row * wide.rowStride + column] - expected[column]) < 1e-7)
                        #expect(
                            abs(Double(narrowCoefficients[row * narrow.rowStride + column]) - expected[column]) < 20)
                    }
                }
            }
        }
    }

    @Test func `a selection of scales gives the rows of the whole, and memory is reused safely`() {
        let signal = (0..<100).map { Double(($0 * $0) % 17) }
        let reference = directTransform(signal, scale: scales.values[5])
        let transforms = TransformMethod.allCases.map {
            DoubleWaveletTransform(scales: scales, settings: TransformSettings(method: $0))
        }
        for (range, transform) in [5..<6, 3..<7, 5..<scales.count, 0..<6].flatMap({ range in
            transforms.map { (range, $0) }
        }) {
            signal.withUnsafeBufferPointer { input in
                let rows = transform.transform(input, scales: range)
                let row = 5 - range.lowerBound
                for column in 0..<100 {
                    #expect(abs(rows[row * transform.rowStride + column] - reference[column]) < 1e-10)
                }
            }
        }
    }

    @Test func `kernels have no mean, unit energy and are symmetric`() {
        for scale in scales.values {
            let kernel = WaveletScales.kernel(scale)
            #expect(abs(kernel.reduce(0, +)) < 1e-12)
            #expect(abs(kernel.reduce(0) { $0 + $1 * $1 } - 1) < 1e-12)
            #expect(zip(kernel, kernel.reversed()).allSatisfy { abs($0 - $1) < 1e-15 })
        }
    }

    @Test func `a Gaussian answers most at its centre and near its own width`() {
        let sigma = 5.0
        let signal = (0..<200).map { column -> Double in
            let t = (Double(column) - 90) / sigma
            return exp(-0.5 * t * t)
        }
        let transform = DoubleWaveletTransform(scales: scales)
        signal.withUnsafeBufferPointer { input in
            let rows = transform.transform(input, scales: 0..<scales.count)
            var best = (value: 0.0, row: 0, column: 0)
            for row in 0..<scales.count {
                for column in 0..<200 where rows[row * transform.rowStride + column] > best.value {
                    best = (rows[row * transform.rowStride + column], row, column)
                }
            }
            #expect(best.column == 90)
            #expect((0.8...1.25).contains(scales.values[best.row] / (5.0.squareRoot() * sigma)))
        }
    }

    @Test func `scales ascend geometrically and include the last`() {
        let scales = WaveletScales(first: 1, last: 8, perOctave: 1)
        #expect(scales.values == [1, 2, 4, 8])
    }
}

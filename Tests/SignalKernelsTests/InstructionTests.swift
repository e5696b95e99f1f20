import CSignalKernels
import SignalKernels
import Statistics
import Testing

@Suite struct InstructionTests {
    private static var available: [signal_instructions] {
        [signal_portable, signal_avx2, signal_avx512].filter { $0.rawValue <= signal_best_instructions().rawValue }
    }

    /// Rows of random kernels over a random signal, with zeros on both sides.
    private func rows<Scalar: BinaryFloatingPoint>(
        _ count: Int, _ generator: inout SeededGenerator, _ stride: Int, _: Scalar.Type,
        _ run: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, [wavelet_row], UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>)
            -> Void
    ) -> [[Scalar]] where Scalar: BitwiseCopyable & AdditiveArithmetic {
        let signal = (0..<count).map { _ in Scalar(generator.uniform() * 1e5) }
        var kernels: [Scalar] = []
        var rows: [wavelet_row] = []
        for (reach, shift) in [(1, 0), (6, 0), (7, 1), (40, 2), (333, 4)] {
            rows.append(wavelet_row(middle: Int32(kernels.count + reach), reach: Int32(reach), shift: UInt32(shift)))
            for _ in -reach...reach { kernels.append(Scalar(generator.uniform() - 0.5)) }
        }
        let scratch = AlignedScratch<Scalar>(count: wavelet_scratch(count))
        let out = AlignedScratch<Scalar>(count: stride * rows.count)
        signal.withUnsafeBufferPointer { signal in
            kernels.withUnsafeBufferPointer { kernels in
                run(signal.baseAddress!, kernels.baseAddress!, rows, scratch.pointer, out.pointer)
            }
        }
        return rows.enumerated().map { index, row in
            (0...((count - 1) >> Int(row.shift))).map { out.pointer[index * stride + $0] }
        }
    }

    @Test(arguments: [1, 5, 8, 9, 31, 32, 33, 100, 700])
    func `all instructions give the same bits`(count: Int) {
        let stride = (count + 31) / 32 * 32
        let double = Self.available.map { instructions in
            var generator = SeededGenerator(seed: 17)
            return rows(count, &generator, stride, Double.self) {
                wavelet_rows_double_with(instructions, $0, count, $1, $2, $2.count, $3, $4, stride)
            }
        }
        let float = Self.available.map { instructions in
            var generator = SeededGenerator(seed: 17)
            return rows(count, &generator, stride, Float.self) {
                wavelet_rows_float_with(instructions, $0, count, $1, $2, $2.count, $3, $4, stride)
            }
        }
        #expect(double[0].joined().contains { $0 != 0 })
        for other in double.dropFirst() { #expect(other == double[0]) }
        for other in float.dropFirst() { #expect(other == float[0]) }
    }

    @Test func `order statistics are those of the sorted values`() {
        for seed in 0..<300 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let count = 1 + Int(generator.uniform() * 130)
            // Few different values in a third of the cases: ties.
            let kinds = seed % 3 == 0 ? 4.0 : 1e9
            let values = (0..<count).map { _ in (generator.uniform() * kinds).rounded() }
            let rank = Int(generator.uniform() * Double(count))
            var scratch = values
            let found = scratch.withUnsafeMutableBufferPointer {
                orderStatistic($0.baseAddress!, count: count, rank: rank)
            }
            #expect(found == values.sorted()[rank], "seed \(seed)")
            #expect(scratch.sorted() == values.sorted(), "seed \(seed)")
        }
    }

    @Test func `local maxima are those of the definition`() {
        for seed in 0..<300 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let count = 1 + Int(generator.uniform() * 40)
            let values = (0..<count).map { _ in (generator.uniform() * 6).rounded() }
            let expected = (0..<count).filter { column in
                values[column] >= 2 && (column == 0 || values[column] > values[column - 1])
                    && (column == count - 1 || values[column] >= values[column + 1])
            }
            var positions = [Int32](repeating: -1, count: count)
            let found = Double.localMaxima(values, count: count, threshold: 2, into: &positions)
            #expect(positions[..<found].map { Int($0) } == expected, "seed \(seed)")
            let single = Float.localMaxima(values.map { Float($0) }, count: count, threshold: 2, into: &positions)
            #expect(positions[..<single].map { Int($0) } == expected, "seed \(seed)")
        }
    }
}

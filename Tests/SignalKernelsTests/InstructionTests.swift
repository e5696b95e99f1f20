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
        _ run: (
            UnsafePointer<Scalar>, UnsafePointer<Scalar>, [wavelet_row], UnsafeMutablePointer<Scalar>,
            UnsafeMutablePointer<Scalar>
        )
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

    @Test func `the nearest of sorted values is found by all instructions`() {
        for seed in 0..<400 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let count = 1 + Int(generator.uniform() * 80)
            let wantedCount = Int(generator.uniform() * 70)
            // On a coarse grid in a third of the cases: values alike, and exactly half way.
            let grid = seed % 3 == 0 ? 0.5 : 1e-9
            func draw(_ count: Int) -> [Double] {
                (0..<count).map { _ in (generator.uniform() * 10 / grid).rounded() * grid }.sorted()
            }
            let sorted = draw(count) + [Double](repeating: .infinity, count: nearestPadding)
            let wanted = draw(wantedCount)
            let expected = wanted.map { value in
                Int32((0..<(count - 1)).count { sorted[$0] + sorted[$0 + 1] <= 2 * value })
            }
            for instructions in Self.available {
                var nearest = [Int32](repeating: -1, count: wantedCount)
                nearest_in_ascending_with(instructions, sorted, count, wanted, wantedCount, &nearest)
                #expect(nearest == expected, "seed \(seed)")
            }
        }
    }

    @Test func `points above a level are kept in order by all instructions`() {
        for seed in 0..<300 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let count = Int(generator.uniform() * 60)
            var mz = (0..<count).map { _ in generator.uniform() * 500 }
            var intensity = (0..<count).map { _ in Float(generator.uniform() * 10) }
            let odd: [Double] = [.nan, .infinity, -.infinity, 0, -1]
            for index in 0..<count where generator.uniform() < 0.2 {
                let value = odd[Int(generator.uniform() * 5)]
                if index % 2 == 0 { mz[index] = value } else { intensity[index] = Float(value) }
            }
            let expected = (0..<count).filter {
                intensity[$0] >= 3 && intensity[$0] < .infinity && mz[$0] > 0 && mz[$0] < .infinity
            }
            for instructions in Self.available {
                var keptMZ = [Double](repeating: 0, count: count + keepPadding)
                var keptIntensity = [Float](repeating: 0, count: count + keepPadding)
                let kept = keep_above_with(instructions, mz, intensity, count, 3, &keptMZ, &keptIntensity)
                #expect(Array(keptMZ[..<kept]) == expected.map { mz[$0] }, "seed \(seed)")
                #expect(Array(keptIntensity[..<kept]) == expected.map { intensity[$0] }, "seed \(seed)")
                #expect(isAscending(mz, count: count) == zip(mz, mz.dropFirst()).allSatisfy { !($1 < $0) })
            }
        }
    }
}

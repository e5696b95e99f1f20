import CSignalKernels
import SignalKernels
import Statistics
import Testing

@Suite struct InstructionTests {
    private static var available: [signal_instructions] {
        [signal_portable, signal_avx2, signal_avx512].filter { $0.rawValue <= signal_machine_instructions().rawValue }
    }
    /// Of selections.
    private static var availableForSelections: [signal_instructions] { [signal_branching] + available }

    // Neighbours that are thinned alike, once with the kernels the wrong way round.
    private static let kernels = [(1, 0), (6, 0), (7, 1), (40, 2), (30, 2), (50, 4), (333, 4)]

    /// Rows of random symmetric kernels over a random signal, by the function and by definition.
    private func rows<Scalar: TransformScalar>(
        _ count: Int,
        _ run: (
            UnsafePointer<Scalar>, UnsafePointer<Scalar>, [wavelet_row], UnsafeMutablePointer<Scalar>,
            UnsafeMutablePointer<Scalar>, Int
        )
            -> Void
    ) -> (found: [[Scalar]], expected: [[Double]]) where Scalar: AdditiveArithmetic {
        var generator = SeededGenerator(seed: 17)
        let signal = (0..<count).map { _ in Scalar(generator.uniform()) }
        var kernels: [Scalar] = []
        var rows: [wavelet_row] = []
        for (reach, shift) in Self.kernels {
            rows.append(wavelet_row(middle: Int32(kernels.count + reach), reach: Int32(reach), shift: UInt32(shift)))
            let half = (0...reach).map { _ in Scalar(generator.uniform() - 0.5) }
            kernels += half.reversed() + half.dropFirst()
        }
        let stride = (count + 31) / 32 * 32
        let scratch = AlignedScratch<Scalar>(count: wavelet_scratch(count))
        let out = AlignedScratch<Scalar>(count: stride * rows.count)
        signal.withUnsafeBufferPointer { signal in
            kernels.withUnsafeBufferPointer {
                run(signal.baseAddress!, $0.baseAddress!, rows, scratch.pointer, out.pointer, stride)
            }
        }
        let columns = rows.map { row in Array(0...((count - 1) >> Int(row.shift))) }
        let found = rows.indices.map { row in columns[row].map { out.pointer[row * stride + $0] } }
        let expected = rows.indices.map { row in
            columns[row].map { column -> Double in
                let center = column << Int(rows[row].shift)
                return (-Int(rows[row].reach)...Int(rows[row].reach)).reduce(0.0) { sum, offset in
                    guard signal.indices.contains(center + offset) else { return sum }
                    return sum + Double(kernels[Int(rows[row].middle) + offset]) * Double(signal[center + offset])
                }
            }
        }
        return (found, expected)
    }

    @Test(arguments: [1, 5, 8, 9, 31, 32, 33, 100, 700])
    func `all instructions give the rows of the definition, and the same bits`(count: Int) {
        var first: [[Double]]?
        for instructions in Self.available {
            let double = rows(count) {
                wavelet_rows_double_with(instructions, $0, count, $1, $2, $2.count, $3, $4, $5)
            }
            let float = rows(count) {
                wavelet_rows_float_with(instructions, $0, count, $1, $2, $2.count, $3, $4, $5)
            }
            for row in double.expected.indices {
                #expect(zip(double.found[row], double.expected[row]).allSatisfy { abs($0 - $1) < 1e-12 })
                #expect(zip(float.found[row], float.expected[row]).allSatisfy { abs(Double($0) - $1) < 1e-4 })
            }
            if let first { #expect(first == double.found) }
            first = double.found
        }
    }

    /// In every manner, on signals of any length, with rows thinned alike and not.
    @Test(arguments: [1, 5, 8, 31, 33, 64, 100, 257, 700])
    func `all manners give the same bits`(count: Int) {
        for instructions in Self.available {
            let expected: [[Double]] = rows(count) {
                wavelet_rows_double_with(instructions, $0, count, $1, $2, $2.count, $3, $4, $5)
            }.found
            let single: [[Float]] = rows(count) {
                wavelet_rows_float_with(instructions, $0, count, $1, $2, $2.count, $3, $4, $5)
            }.found
            for manner in [wavelet_wide, wavelet_narrow, wavelet_paired] {
                let double: [[Double]] = rows(count) {
                    wavelet_rows_double_by(manner, instructions, $0, count, $1, $2, $2.count, $3, $4, $5)
                }.found
                let float: [[Float]] = rows(count) {
                    wavelet_rows_float_by(manner, instructions, $0, count, $1, $2, $2.count, $3, $4, $5)
                }.found
                #expect(double == expected && float == single, "\(instructions), \(manner)")
            }
        }
    }

    @Test func `order statistics are those of the sorted values`() {
        for seed in 0..<300 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let count = 1 + Int(generator.uniform() * 300)
            // Few different values in a third of the cases: ties.
            let kinds = seed % 3 == 0 ? 4.0 : 1e9
            let values = (0..<count).map { _ in (generator.uniform() * kinds).rounded() }
            let rank = Int(generator.uniform() * Double(count))
            for instructions in Self.availableForSelections {
                var scratch = values
                let found = order_statistic_double_with(instructions, &scratch, count, rank)
                #expect(found == values.sorted()[rank], "seed \(seed)")
            }
        }
    }

    @Test func `many values alike do not make an order statistic slow`() {
        var values = [Double](repeating: 3, count: 200_000)
        values[7] = 1
        values[11] = 4
        let found = values.withUnsafeMutableBufferPointer {
            orderStatistic($0.baseAddress!, count: $0.count, rank: 100_000)
        }
        #expect(found == 3)
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
            for instructions in Self.availableForSelections {
                var positions = [Int32](repeating: -1, count: count)
                let found = local_maxima_double_with(instructions, values, count, 2, &positions)
                #expect(positions[..<found].map { Int($0) } == expected, "seed \(seed)")
                let single = local_maxima_float_with(
                    instructions, values.map { Float($0) }, count, 2, &positions)
                #expect(positions[..<single].map { Int($0) } == expected, "seed \(seed)")
            }
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
            for instructions in Self.availableForSelections {
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

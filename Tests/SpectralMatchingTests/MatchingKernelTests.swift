import CMatchingKernels
import Statistics
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Loops of the fragment index")
struct MatchingKernelTests {
    /// What this machine has, in ascending order.
    static let instructions = [matching_portable, matching_avx2, matching_avx512].filter {
        $0.rawValue <= matching_best_instructions().rawValue
    }

    @Test("totals are right within the stated error, and tell what was reached", arguments: instructions)
    func totals(instructions: matching_instructions) {
        var random = SeededGenerator(seed: 21)
        for count in [0, 1, 7, 16, 33, 511, 512, 513, 2_000] {
            let weights = (0..<count).map { _ in Float(0.000_1 + 0.5 * random.uniform()) }
            let spectra = (0..<count).map { _ in UInt16(random.integer(below: 60_000)) }
            let a = Float(0.3)
            var entropy = [Float](repeating: 0, count: 65_536)
            var product = entropy
            var expected = [(entropy: Double, product: Double, share: Double)](
                repeating: (0, 0, 0), count: 65_536)
            add_entropy_with(instructions, a, weights, spectra, count, &entropy)
            add_product_with(instructions, a, weights, spectra, count, &product)
            for (weight, spectrum) in zip(weights, spectra) {
                let (x, y) = (Double(a), Double(weight))
                expected[Int(spectrum)].entropy += ((x + y) * log2(x + y) - x * log2(x) - y * log2(y)) / 2
                expected[Int(spectrum)].product += x * y
                expected[Int(spectrum)].share += 1
            }
            for (spectrum, value) in expected.enumerated() {
                #expect(
                    abs(Double(entropy[spectrum]) - value.entropy) <= Double(kEntropyTotalError) * max(value.share, 1))
                #expect(abs(Double(product[spectrum]) - value.product) <= 1e-6 * max(value.share, 1))
                #expect((entropy[spectrum] > 0) == (value.share > 0) && (product[spectrum] > 0) == (value.share > 0))
            }
        }
    }

    @Test("values that are no weights leave a total that is a number", arguments: instructions)
    func hostileWeights(instructions: matching_instructions) {
        let weights: [Float] = [.nan, .infinity, -1, 0, -.infinity, .leastNonzeroMagnitude, 2]
        let spectra: [UInt16] = [1, 2, 3, 4, 5, 65_535, 0]
        var totals = [Float](repeating: 0, count: 65_536)
        add_entropy_with(instructions, 0.5, weights, spectra, weights.count, &totals)
        add_product_with(instructions, 0.5, weights, spectra, weights.count, &totals)
        #expect(totals.allSatisfy { !$0.isNaN })
    }

    @Test("collecting and ranking equal sorting", arguments: instructions)
    func collecting(instructions: matching_instructions) {
        var random = SeededGenerator(seed: 22)
        for count in [1, 31, 32, 100, 512, 1_000, 65_536] {
            let totals = (0..<count).map { _ in random.uniform() < 0.5 ? 0 : Float(random.integer(below: 50)) }
            var positions = [UInt16](repeating: 0, count: count)
            for least in [Float(0.5), 25, 49, 60] {
                let found = collect_at_least_with(instructions, totals, count, least, &positions)
                #expect(positions[..<found].map { Int($0) } == totals.indices.filter { totals[$0] >= least })
            }
            for wanted in [1, 5, 70] {
                var values = [Float](repeating: 0, count: wanted)
                var places = [UInt16](repeating: 0, count: wanted)
                let found = largest_totals(totals, count, wanted, &places, &values)
                let sorted = totals.filter { $0 > 0 }.sorted(by: >)
                #expect(values[..<found].sorted(by: >) == Array(sorted.prefix(wanted)))
                #expect(zip(places, values).prefix(found).allSatisfy { totals[Int($0)] == $1 })
                #expect(Set(places[..<found]).count == found)
            }
        }
    }

    @Test("bounds of spectra are never below their scores", arguments: instructions)
    func bounds(instructions: matching_instructions) {
        let seed: UInt64 = 24
        var random = SeededGenerator(seed: seed)
        var bins = [Float](repeating: 0, count: Int(kBoundBins))
        var empty = 0
        for round in 0..<100 {
            // Some beyond the last bin, or moved below 0.
            func spectrum(_ most: Int, from start: Double) -> [Double] {
                var mz = start
                return (0..<random.integer(below: most)).map { _ in
                    mz += 0.25 + Double(random.integer(below: 12)) / 16
                    return mz
                }
            }
            func weights(_ count: Int) -> [Double] {
                let values = (0..<count).map { _ in 0.01 + random.uniform() }
                let sum = values.reduce(0, +)
                return values.map { $0 / sum }
            }
            let start = round % 4 == 0 ? 2_600.0 : 1
            let a = spectrum(60, from: start) + [start + 90]
            let aw = weights(a.count)
            let half = [Double](repeating: 0.0625, count: a.count)
            let others = (0..<20).map { _ in spectrum(random.uniform() < 0.2 ? 700 : 50, from: start) }
            let mz = others.flatMap { $0 }
            let weight = others.flatMap { weights($0.count).map { Float($0) } }
            let offset = others.reduce(into: [UInt32(0)]) { $0.append($0[$0.count - 1] + UInt32($1.count)) }
            for (matching, shift) in [(Int32(0), 0.0), (1, 2.5), (2, 2.5), (1, -3.75), (2, -3.75)] {
                var totals = [Float](repeating: -1, count: others.count)
                a.withUnsafeBufferPointer { a in
                    half.withUnsafeBufferPointer { half in
                        aw.withUnsafeBufferPointer { weight in
                            var query = entropy_query(
                                mz: a.baseAddress, half: half.baseAddress, weight: weight.baseAddress, own: nil,
                                count: a.count)
                            #expect(mark_windows(&query, &bins) == 1)
                        }
                    }
                }
                bound_spectra_with(
                    instructions, bins, mz, weight, offset, others.count, shift, matching, &totals)
                for (number, other) in others.enumerated() {
                    let own = Array(weight[Int(offset[number])..<Int(offset[number + 1])])
                    let score =
                        reference(a, aw, other, own, shift: shift, half: 0.0625, matching: matching).sum / 2
                    #expect(
                        Double(totals[number]) >= score - Double(kEntropyTotalError),
                        "seed \(seed), round \(round), matching \(matching)")
                    // A bound that says nothing would pass too: without a peak nearby it is 0. Bins are 0.04 Da wide, and
                    // outside of them all peaks are neighbours.
                    let moves = matching == 0 ? [0] : matching == 1 ? [shift] : [0, shift]
                    let isFar = moves.allSatisfy { move in
                        other.allSatisfy { b in a.allSatisfy { abs(b + move - $0) > 0.0625 + 0.041 } && b + move < 2_600
                        }
                    }
                    if isFar && a.allSatisfy({ $0 < 2_600 }) {
                        #expect(totals[number] == 0)
                        empty += 1
                    }
                }
                a.withUnsafeBufferPointer { a in
                    half.withUnsafeBufferPointer { half in
                        var query = entropy_query(
                            mz: a.baseAddress, half: half.baseAddress, weight: nil, own: nil, count: a.count)
                        unmark_windows(&query, &bins)
                    }
                }
                #expect(bins.allSatisfy { $0 == 0 })
            }
        }
        #expect(empty > 50)
    }

    @Test("windows too wide for bounds mark nothing")
    func wideWindows() {
        var bins = [Float](repeating: 0, count: Int(kBoundBins))
        let (mz, half, weight) = ([500.0], [2_000.0], [1.0])
        mz.withUnsafeBufferPointer { mz in
            half.withUnsafeBufferPointer { half in
                weight.withUnsafeBufferPointer { weight in
                    var query = entropy_query(
                        mz: mz.baseAddress, half: half.baseAddress, weight: weight.baseAddress, own: nil, count: 1)
                    #expect(mark_windows(&query, &bins) == 0)
                }
            }
        }
        #expect(bins.allSatisfy { $0 == 0 })
    }

    /// Pairs as the definition has them, one after the other.
    private func reference(
        _ a: [Double], _ aw: [Double], _ b: [Double], _ bw: [Float], shift: Double, half: Double, matching: Int32
    ) -> (sum: Double, matched: Int) {
        var usedA: Set<Int> = []
        var usedB: Set<Int> = []
        var sum = 0.0
        func take(_ moved: Double) {
            let (heldA, heldB) = (usedA, usedB)
            for i in a.indices where !heldA.contains(i) {
                for j in b.indices where !heldB.contains(j) && !usedA.contains(i) && !usedB.contains(j) {
                    guard abs(b[j] + moved - a[i]) <= half else { continue }
                    usedA.insert(i)
                    usedB.insert(j)
                    let y = Double(bw[j])
                    sum += (aw[i] + y) * log2(aw[i] + y) - aw[i] * log2(aw[i]) - y * log2(y)
                }
            }
        }
        if matching != 1 { take(0) }
        if matching != 0, !(matching == 2 && shift == 0) { take(shift) }
        return (sum, usedA.count)
    }

    @Test("pairs of spectra: the definition, and the same bits by all instructions")
    func pairs() {
        let seed: UInt64 = 23
        var random = SeededGenerator(seed: seed)
        for round in 0..<300 {
            func spectrum(_ most: Int) -> [Double] {
                var mz = 50.0
                return (0..<(1 + random.integer(below: most))).map { _ in
                    mz += 0.25 + Double(random.integer(below: 12)) / 16
                    return mz
                }
            }
            // Long ones walk along both lists, short ones count.
            let a = spectrum(40)
            let b = spectrum(round % 2 == 0 ? 60 : 150)
            let aw = a.map { _ in 0.01 + random.uniform() / 40 }
            let bw = b.map { _ in Float(0.01 + random.uniform() / 40) }
            let own = aw.map { $0 * log2($0) }
            // Whatever stands behind the last peak.
            let padding = [Double](repeating: 51, count: 8)
            let half = [Double](repeating: 0.0625, count: a.count) + padding
            let padded = a + padding
            for (matching, shift) in [(Int32(0), 3.0), (1, 3.0), (2, 3.0), (2, 0), (1, -2.125)] {
                let expected = reference(a, aw, b, bw, shift: shift, half: 0.0625, matching: matching)
                var bits: Set<UInt64> = []
                for instructions in Self.instructions {
                    var scratch = [Double](repeating: 0, count: 3 * a.count + 24)
                    var flags = [UInt8](repeating: 1, count: a.count + b.count)
                    let found = padded.withUnsafeBufferPointer { mz in
                        half.withUnsafeBufferPointer { half in
                            aw.withUnsafeBufferPointer { weight in
                                own.withUnsafeBufferPointer { own in
                                    var query = entropy_query(
                                        mz: mz.baseAddress, half: half.baseAddress, weight: weight.baseAddress,
                                        own: own.baseAddress, count: a.count)
                                    return sum_entropy_with(
                                        instructions, &query, b, bw, b.count, shift, matching, &scratch, &flags)
                                }
                            }
                        }
                    }
                    #expect(found.matched == expected.matched, "seed \(seed), round \(round), matching \(matching)")
                    #expect(abs(found.sum - expected.sum) < 1e-12, "seed \(seed), round \(round)")
                    bits.insert(found.sum.bitPattern)
                }
                #expect(bits.count == 1)
            }
        }
    }
}

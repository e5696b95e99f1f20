import Statistics
import Testing

@testable import SpectralMatching

struct RadixSorterTests {
    /// Against a comparison sort by (value, place), for ranges that need none, one, two and three passes.
    @Test(
        arguments: [
            0...0, 100...100.01, 50...2_000, -1_500...1_500, -0.5...0.5,
            -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude,
        ] as [ClosedRange<Float>])
    func isAStableSort(range: ClosedRange<Float>) {
        let seed = UInt64.random(in: 0..<1 << 32)
        var random = SeededGenerator(seed: seed)
        var sorter = RadixSorter(capacity: 20_000)
        for count in [0, 1, 2, 3, 1_000, 20_000] {
            let values = (0..<count).map { _ in
                // Half of them come twice or more.
                let share = Double(
                    random.integer(below: 2) == 0 ? random.integer(below: 100) : random.integer(below: 1 << 30))
                return Float(
                    Double(range.lowerBound) + share / Double(1 << 30)
                        * (Double(range.upperBound) - Double(range.lowerBound)))
            }
            sorter.removeAll()
            for value in values { sorter.append(value) }
            var found: [(place: Int, value: Float, source: Int)] = []
            sorter.sort { found.append(($0, $1, $2)) }
            let expected = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
            #expect(found.map(\.source) == expected, "seed \(seed), \(count) numbers")
            #expect(found.map(\.place) == Array(0..<count))
            #expect(found.map(\.value) == expected.map { values[$0] })
        }
    }

    @Test func signedZerosAndExtremes() {
        var sorter = RadixSorter(capacity: 8)
        for value in [0, -.infinity, .infinity, -1, 1, .leastNonzeroMagnitude, -.leastNonzeroMagnitude] as [Float] {
            sorter.append(value)
        }
        var found: [Float] = []
        sorter.sort { _, value, _ in found.append(value) }
        #expect(found == [-.infinity, -1, -.leastNonzeroMagnitude, 0, .leastNonzeroMagnitude, 1, .infinity])
    }
}

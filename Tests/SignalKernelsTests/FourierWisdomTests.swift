import SignalKernels
import Statistics
import Testing

/// Measured plans can be stored, and do what estimated ones do but for rounding.
@Suite struct FourierWisdomTests {
    private static let scales = WaveletScales(first: 1.5, last: 40, perOctave: 2)

    private func coefficients(_ signal: [Double], _ settings: TransformSettings) -> ([Double], TransformCounts) {
        let transform = DoubleWaveletTransform(scales: Self.scales, settings: settings)
        let rows = signal.withUnsafeBufferPointer { signal -> [Double] in
            let found = transform.transform(signal, scales: 0..<Self.scales.count)
            return (0..<Self.scales.count).flatMap { row in
                (0..<signal.count).map { found[row * transform.rowStride + $0] }
            }
        }
        return (rows, transform.counts)
    }

    @Test func `what was stored gives the same plans again, and estimates stay what they were`() throws {
        var random = SeededGenerator(seed: 4)
        let signal = (0..<700).map { _ in random.uniform() }
        var fourier = TransformSettings(method: .fourier)
        let (before, counts) = coefficients(signal, fourier)
        #expect(counts.fourier == 1 && counts.fourierByWisdom == 0 && counts.direct == 0)

        let measured = FourierWisdom.measured(sizes: [32, 1024])
        let stored = try #require(FourierWisdom(text: measured.text))
        #expect(stored == measured && stored.text == measured.text)
        fourier.wisdom = measured
        let (first, measuredCounts) = coefficients(signal, fourier)
        fourier.wisdom = stored
        let (second, _) = coefficients(signal, fourier)
        #expect(measuredCounts.fourierByWisdom == 1 && first == second)
        #expect(zip(first, before).allSatisfy { abs($0 - $1) < 1e-12 })
        // Single precision likewise.
        let single = FloatWaveletTransform(scales: Self.scales, settings: fourier)
        signal.map { Float($0) }.withUnsafeBufferPointer { signal in
            let found = single.transform(signal, scales: 0..<Self.scales.count)
            #expect((0..<signal.count).allSatisfy { abs(Double(found[$0]) - before[$0]) < 1e-4 })
        }
        #expect(single.counts.fourierByWisdom == 1)
        // A size that was not measured is estimated.
        fourier.wisdom = stored
        let (longer, longerCounts) = coefficients((0..<3000).map { _ in random.uniform() }, fourier)
        #expect(longerCounts.fourier == 1 && longerCounts.fourierByWisdom == 0 && longer.count > 0)
        fourier.wisdom = nil
        #expect(coefficients(signal, fourier).0 == before)
    }

    @Test(arguments: ["", "lavoisier-fftw-wisdom/1", "something else\nsingle precision\n"])
    func `text that is no wisdom is refused`(text: String) { #expect(FourierWisdom(text: text) == nil) }

    @Test func `damaged wisdom is refused`() {
        let text = FourierWisdom.measured(sizes: [32]).text
        #expect(FourierWisdom(text: text) != nil)
        #expect(FourierWisdom(text: text.replacing("(", with: "")) == nil)
        #expect(FourierWisdom(text: text.replacing(FourierLibrary.version, with: "fftw-1.0")) == nil)
        #expect(FourierWisdom(text: String(text.prefix(text.count / 3))) == nil)
    }

    /// Row after row, in any order, by either method and in every manner: the same bits.
    @Test(arguments: [1, 31, 33, 400, 1500]) func `rows by themselves are those of the whole`(count: Int) {
        var random = SeededGenerator(seed: 9)
        let signal = (0..<count).map { _ in random.uniform() }
        for method in TransformMethod.allCases {
            for manner in TransformSettings.Manner.allCases {
                for thins in [false, true] {
                    var settings = TransformSettings(method: method)
                    let whole = DoubleWaveletTransform(scales: Self.scales, settings: settings, thins: thins)
                    settings.manner = manner
                    settings.keepsOneRow = true
                    let single = DoubleWaveletTransform(scales: Self.scales, settings: settings, thins: thins)
                    signal.withUnsafeBufferPointer { signal in
                        let selected = 2..<Self.scales.count
                        let expected = whole.transform(signal, scales: selected)
                        single.withRows(signal, scales: selected) { row in
                            for number in (0..<selected.count).reversed() {
                                let found = row(number)
                                for column in 0...((count - 1) >> whole.columnShifts[2 + number]) {
                                    if found[column] != expected[number * whole.rowStride + column] {
                                        Issue.record("\(method), \(manner), row \(number), column \(column)")
                                        return
                                    }
                                }
                            }
                        }
                    }
                    #expect(single.counts.largestCoefficientBytes * 4 < whole.counts.largestCoefficientBytes)
                    #expect(single.counts.direct + single.counts.fourier == 1)
                }
            }
        }
    }
}

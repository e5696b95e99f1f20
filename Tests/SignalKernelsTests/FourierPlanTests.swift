import SignalKernels
import Statistics
import Testing

@Suite struct FourierPlanTests {
    @Test(arguments: [2, 4, 32, 256, 2048])
    func `inverse of forward is the signal times its size, and energy is kept`(size: Int) {
        var generator = SeededGenerator(seed: 11)
        let signal = AlignedScratch<Double>(count: size)
        let spectrum = AlignedScratch<Double>(count: size + 2)
        let back = AlignedScratch<Double>(count: size)
        for index in 0..<size { signal.pointer[index] = generator.uniform() - 0.5 }
        let plan = DoubleFourierPlan.shared(size: size)
        plan.forward(signal.pointer, into: spectrum.pointer)
        var energy = 0.0
        for bin in 0...(size / 2) {
            let re = spectrum.pointer[2 * bin]
            let im = spectrum.pointer[2 * bin + 1]
            energy += (bin == 0 || 2 * bin == size ? 1 : 2) * (re * re + im * im)
        }
        plan.inverse(spectrum.pointer, into: back.pointer)
        var expected = 0.0
        for index in 0..<size {
            expected += signal.pointer[index] * signal.pointer[index]
            #expect(abs(back.pointer[index] / Double(size) - signal.pointer[index]) < 1e-14)
        }
        #expect(abs(energy / Double(size) - expected) < 1e-12 * max(1, expected))
    }

    @Test func `single precision agrees with double within its rounding`() {
        let size = 512
        var generator = SeededGenerator(seed: 12)
        let wide = AlignedScratch<Double>(count: size)
        let narrow = AlignedScratch<Float>(count: size)
        let wideSpectrum = AlignedScratch<Double>(count: size + 2)
        let narrowSpectrum = AlignedScratch<Float>(count: size + 2)
        for index in 0..<size {
            narrow.pointer[index] = Float(generator.uniform())
            wide.pointer[index] = Double(narrow.pointer[index])
        }
        DoubleFourierPlan.shared(size: size).forward(wide.pointer, into: wideSpectrum.pointer)
        FloatFourierPlan.shared(size: size).forward(narrow.pointer, into: narrowSpectrum.pointer)
        for index in 0..<(size + 2) {
            #expect(abs(Double(narrowSpectrum.pointer[index]) - wideSpectrum.pointer[index]) < 1e-6 * Double(size))
        }
    }

    @Test func `a cosine has its energy in one bin`() {
        let size = 64
        let signal = AlignedScratch<Double>(count: size)
        let spectrum = AlignedScratch<Double>(count: size + 2)
        // cos(pi i / 2): bin 16 of 64.
        for index in 0..<size { signal.pointer[index] = [1, 0, -1, 0][index % 4] }
        DoubleFourierPlan.shared(size: size).forward(signal.pointer, into: spectrum.pointer)
        for bin in 0...(size / 2) {
            #expect(abs(spectrum.pointer[2 * bin] - (bin == 16 ? 32 : 0)) < 1e-12)
            #expect(abs(spectrum.pointer[2 * bin + 1]) < 1e-12)
        }
    }

    @Test func `many threads share the plans`() async {
        let sums = await withTaskGroup(of: Double.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let transform = DoubleWaveletTransform(scales: WaveletScales(first: 2, last: 16, perOctave: 1))
                    var total = 0.0
                    for round in 0..<50 {
                        let signal = (0..<(20 + (round * 37) % 300)).map { Double(($0 * 7) % 11) }
                        signal.withUnsafeBufferPointer { total += transform.transform($0, scales: 0..<4)[3] }
                    }
                    return total
                }
            }
            return await group.reduce(into: [Double]()) { $0.append($1) }
        }
        #expect(Set(sums).count == 1)
    }
}

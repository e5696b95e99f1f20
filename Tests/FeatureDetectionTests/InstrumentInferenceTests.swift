import FeatureDetection
import SpectrumModel
import Statistics
import Testing

@Suite struct InstrumentInferenceTests {
    private func infer(jitter: Double, grid: Double? = nil) -> InstrumentClass {
        var generator = SeededGenerator(seed: 9)
        let ions = (0..<40).map { _ in
            SyntheticRun.Ion(mz: 200 + 600 * generator.uniform(), apex: 30, sigma: 1000, height: 1e5)
        }
        let run = SyntheticRun(ions: ions, scanCount: 100, jitter: jitter, seed: 10)
        var inference = InstrumentInference()
        for scan in run.scans {
            let mz = scan.map { point in
                guard let grid else { return point.mz }
                return (point.mz / grid).rounded() * grid
            }
            let intensity = scan.map(\.intensity)
            mz.withUnsafeBufferPointer { m in
                intensity.withUnsafeBufferPointer { inference.add(mz: m, intensity: $0) }
            }
        }
        #expect(inference.isComplete)
        return inference.instrument
    }

    @Test func `scan-to-scan precision and the grid of m/z tell the class`() {
        #expect(infer(jitter: 0.8) == .orbitrap)
        #expect(infer(jitter: 12) == .timeOfFlight)
        #expect(infer(jitter: 400) == .unitResolution)
        #expect(infer(jitter: 0.8, grid: 0.1) == .unitResolution)
    }

    @Test func `without data the class is unknown`() {
        var inference = InstrumentInference()
        #expect(inference.instrument == .unknown)
        [Double.nan, 5].withUnsafeBufferPointer { mz in
            [Float(1), .nan].withUnsafeBufferPointer { inference.add(mz: mz, intensity: $0) }
        }
        #expect(inference.instrument == .unknown)
    }
}

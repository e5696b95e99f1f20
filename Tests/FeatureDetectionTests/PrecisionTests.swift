import FeatureDetection
import SpectrumModel
import Statistics
import Testing

@Suite struct PrecisionTests {
    private let parameters = openParameters()

    @Test(arguments: [Precision.float32, .mixed])
    func `reduced precision stays within the stated bounds`(precision: Precision) {
        let run = ChromatographicPeakDetectorTests.busyRun
        let expected = run.peaks(parameters, precision: .float64).peaks
        let found = run.peaks(parameters, precision: precision).peaks
        #expect(expected.count > 300)
        var same = 0
        for peak in expected {
            guard
                let match = found.first(where: {
                    abs($0.mz / peak.mz - 1) <= 1e-9 && abs($0.apexScan - peak.apexScan) <= 1
                        && abs($0.firstScan - peak.firstScan) <= 1 && abs($0.lastScan - peak.lastScan) <= 1
                })
            else { continue }
            same += 1
            if match.firstScan == peak.firstScan && match.lastScan == peak.lastScan {
                #expect(abs(match.area / peak.area - 1) <= 1e-5)
            }
        }
        #expect(Double(same) >= 0.999 * Double(expected.count))
        #expect(abs(found.count - expected.count) <= expected.count / 1000 + 1)
    }

    @Test func `the precision switches the kernels`() {
        let run = ChromatographicPeakDetectorTests.busyRun
        let wide = run.peaks(parameters, precision: .float64).peaks.map(\.area)
        let mixed = run.peaks(parameters, precision: .mixed).peaks.map(\.area)
        let narrow = run.peaks(parameters, precision: .float32).peaks.map(\.area)
        // Same edges almost everywhere, so mixed integrates to the same bits and single precision does not.
        let count = min(wide.count, mixed.count, narrow.count)
        #expect((0..<count).count(where: { wide[$0] == mixed[$0] }) > count / 2)
        #expect((0..<count).count(where: { wide[$0] == narrow[$0] }) < count / 2)
    }

    @Test func `float32 keeps its bound on a very long peak`() throws {
        let run = SyntheticRun(
            ions: [SyntheticRun.Ion(mz: 250, apex: 1010, sigma: 180, height: 1e8)], scanCount: 4000, floor: 1e3)
        var wide = parameters
        wide.peaks.maxWidthSeconds = 600
        wide.peaks.edgeFraction = 0.0001
        let expected = try #require(run.peaks(wide, precision: .float64).peaks.max { $0.area < $1.area })
        let found = try #require(run.peaks(wide, precision: .float32).peaks.max { $0.area < $1.area })
        #expect(expected.pointCount > 1500)
        #expect(abs(found.area / expected.area - 1) <= 1e-5)
    }
}

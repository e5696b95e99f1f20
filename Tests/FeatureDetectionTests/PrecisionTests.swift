import FeatureDetection
import OutOfCore
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

    @Test(arguments: [Precision.float32, .mixed])
    func `m/z and times of the same peak have the same bits in every precision`(precision: Precision) {
        let run = ChromatographicPeakDetectorTests.busyRun
        let expected = run.peaks(parameters, precision: .float64).peaks
        var found: [[Int32]: ChromatographicPeak] = [:]
        for peak in run.peaks(parameters, precision: precision).peaks {
            found[[peak.firstScan, peak.lastScan, peak.apexScan, peak.pointCount, Int32(peak.mz * 1e5)]] = peak
        }
        var same = 0
        for peak in expected {
            let key = [peak.firstScan, peak.lastScan, peak.apexScan, peak.pointCount, Int32(peak.mz * 1e5)]
            guard let match = found[key] else { continue }
            same += 1
            #expect(
                match.mz == peak.mz && match.startSeconds == peak.startSeconds && match.endSeconds == peak.endSeconds)
        }
        #expect(Double(same) >= 0.99 * Double(expected.count))
    }

    /// m/z that single precision cannot tell apart (its step at 1000 is 6e-5) come out as they went in.
    @Test(arguments: Precision.allCases)
    func `m/z keeps every digit that double precision has`(precision: Precision) throws {
        let mz = 1000.000_012_345_678
        let run = SyntheticRun(ions: [SyntheticRun.Ion(mz: mz, apex: 60, sigma: 3, height: 1e6)])
        let peak = try #require(run.peaks(parameters, precision: precision).peaks.max { $0.height < $1.height })
        #expect(peak.mz == mz)
        #expect(abs(Double(Float(mz)) / mz - 1) > 1e-9)
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

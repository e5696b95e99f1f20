import SignalKernels
import Statistics
import Testing

@testable import FeatureDetection

/// How coefficients are computed changes no peak.
@Suite struct KernelMannerTests {
    @Test(arguments: [Precision.float64, .float32, .mixed], TransformMethod.allCases)
    func everyMannerFindsTheSamePeaks(precision: Precision, method: TransformMethod) {
        var random = SeededGenerator(seed: 77)
        var ions: [SyntheticRun.Ion] = []
        for index in 0..<40 {
            let apex = 30 + 200 * random.uniform()
            let sigma = 1 + 5 * random.uniform()
            let height = 1e5 * (1 + random.uniform())
            ions.append(SyntheticRun.Ion(mz: 200 + Double(index) * 3.3, apex: apex, sigma: sigma, height: height))
        }
        let parameters = DetectionPreset.hplcOrbitrap.parameters
        let batch = SyntheticRun(ions: ions, scanCount: 500, spacing: 0.5).traces(parameters.traces)
        func peaks(_ settings: TransformSettings) -> (PeakTable, TransformCounts) {
            var detector = ChromatographicPeakDetector(
                parameters: parameters.peaks, precision: precision, transform: settings)
            return (detector.detect(batch, traces: 0..<batch.count), detector.transformCounts)
        }
        let (expected, counts) = peaks(TransformSettings(method: method))
        #expect(expected.count > 20)
        for manner in TransformSettings.Manner.allCases {
            for keepsOneRow in [false, true] {
                var settings = TransformSettings(method: method)
                settings.manner = manner
                settings.keepsOneRow = keepsOneRow
                let (found, other) = peaks(settings)
                #expect(
                    found.peaks == expected.peaks && found.profiles == expected.profiles, "\(manner), \(keepsOneRow)")
                #expect(other.direct == counts.direct && other.fourier == counts.fourier)
                #expect((other.passes > 0) == (other.direct > 0))
                #expect(other.single == (precision == .float64 ? 0 : other.direct + other.fourier))
                // One row at a time leaves nothing to pair.
                switch manner {
                case .wide: #expect(other.passes == counts.passes)
                case .narrow: #expect(other.passes >= counts.passes)
                case .paired: #expect(other.passes <= counts.passes && (!keepsOneRow || other.passes == counts.passes))
                }
                let bytes = (other.largestCoefficientBytes, counts.largestCoefficientBytes)
                #expect(keepsOneRow ? bytes.0 * 4 < bytes.1 : bytes.0 == bytes.1)
            }
        }
    }

    /// What `peak_detection.fft_backend` promises: Fourier transforms move no edge, and areas by less than 1e-6.
    @Test func areasAgreeBetweenMethods() {
        var random = SeededGenerator(seed: 78)
        let ions = (0..<60).map { index in
            SyntheticRun.Ion(
                mz: 200 + Double(index) * 3.3, apex: 40 + 400 * random.uniform(), sigma: 1 + 12 * random.uniform(),
                height: 1e5 * (1 + random.uniform()))
        }
        let parameters = DetectionPreset.hplcOrbitrap.parameters
        let batch = SyntheticRun(ions: ions, scanCount: 500, spacing: 0.5).traces(parameters.traces)
        func peaks(_ method: TransformMethod) -> [ChromatographicPeak] {
            var detector = ChromatographicPeakDetector(
                parameters: parameters.peaks, precision: .float64, transform: TransformSettings(method: method))
            return Array(detector.detect(batch, traces: 0..<batch.count).peaks)
        }
        let (direct, other) = (peaks(.direct), peaks(.fourier))
        #expect(direct.count > 30 && direct.count == other.count)
        for (a, b) in zip(direct, other) {
            #expect(a.firstScan == b.firstScan && a.lastScan == b.lastScan)
            #expect(abs(b.area / a.area - 1) < 1e-6)
        }
    }
}

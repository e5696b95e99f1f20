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
                let bytes = (other.largestCoefficientBytes, counts.largestCoefficientBytes)
                #expect(keepsOneRow ? bytes.0 * 4 < bytes.1 : bytes.0 == bytes.1)
            }
        }
    }
}

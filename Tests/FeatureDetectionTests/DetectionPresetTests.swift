import FeatureDetection
import SpectrumModel
import Testing

@Suite struct DetectionPresetTests {
    @Test func `every instrument class has a preset`() {
        #expect(DetectionPreset(instrument: .orbitrap) == .orbitrap)
        #expect(DetectionPreset(instrument: .fourierTransformICR) == .orbitrap)
        #expect(DetectionPreset(instrument: .timeOfFlight) == .timeOfFlight)
        #expect(DetectionPreset(instrument: .unitResolution) == .unitResolution)
        #expect(DetectionPreset(instrument: .unknown) == .orbitrap)
    }

    @Test(arguments: DetectionPreset.allCases)
    func `presets are distinct, consistent and free of absolute intensities`(preset: DetectionPreset) {
        let parameters = preset.parameters
        #expect(parameters.peaks.minWidthSeconds < parameters.peaks.maxWidthSeconds)
        #expect(parameters.peaks.isotopeSignalToNoise <= parameters.peaks.signalToNoise)
        #expect(parameters.traces.maxScans > 2 * parameters.traces.overlapScans)
        #expect(parameters.traces.noiseThreshold == 0)
        #expect(DetectionPreset(rawValue: preset.rawValue) == preset)
        for other in DetectionPreset.allCases where other != preset {
            #expect(other.parameters != parameters)
        }
    }

    @Test func `intensity scale does not change what is found`() {
        let run = ChromatographicPeakDetectorTests.busyRun
        var scaled = run
        for scan in scaled.scans.indices {
            for point in scaled.scans[scan].indices { scaled.scans[scan][point].intensity *= 1024 }
        }
        let parameters = DetectionPreset.orbitrap.parameters
        let a = run.features(parameters)
        let b = scaled.features(parameters)
        #expect(a.count > 50)
        #expect(a.map(\.retentionTimeSeconds) == b.map(\.retentionTimeSeconds))
    }
}

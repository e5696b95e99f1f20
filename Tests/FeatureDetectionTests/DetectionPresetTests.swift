import FeatureDetection
import OutOfCore
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

    @Test func `a preset that names the chromatography is that of the instrument with other widths`() {
        let expected: [(DetectionPreset, DetectionPreset, ClosedRange<Double>)] = [
            (.hplcOrbitrap, .orbitrap, 5...30), (.uhplcOrbitrap, .orbitrap, 2.5...10),
            (.hplcQTOF, .timeOfFlight, 5...30), (.uhplcQTOF, .timeOfFlight, 2.5...10),
        ]
        for (preset, instrument, widths) in expected {
            var parameters = instrument.parameters
            parameters.peaks.minWidthSeconds = widths.lowerBound
            parameters.peaks.maxWidthSeconds = widths.upperBound
            #expect(preset.parameters == parameters)
        }
        #expect(DetectionPreset.orbitrap.parameters.traces.tolerance == .ppm(15))
        #expect(DetectionPreset.timeOfFlight.parameters.traces.tolerance == .ppm(25))
        #expect(DetectionPreset.unitResolution.parameters.traces.tolerance == .dalton(0.15))
        #expect(DetectionPreset.unitResolution.parameters.peaks.maxWidthSeconds == 60)
    }

    @Test func `names and summaries are what a user reads`() {
        #expect(
            DetectionPreset.allCases.map(\.rawValue) == [
                "orbitrap", "tof", "unit-resolution", "hplc-orbitrap", "hplc-qtof", "uhplc-orbitrap", "uhplc-qtof",
            ])
        #expect(DetectionPreset.uhplcOrbitrap.summary == "uhplc-orbitrap: 15 ppm, 2.5 to 10 s")
        #expect(DetectionPreset.unitResolution.summary == "unit-resolution: 0.15 Da, 5 to 60 s")
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

import FeatureDetection
import OutOfCore
import SpectrumModel
import Statistics
import Testing

@Suite struct HostileInputTests {
    /// Scans that a broken or unusual file can hold: wild magnitudes, repeated times, sudden gaps, duplicate m/z.
    private func wildRun(_ seed: UInt64) -> SyntheticRun {
        var generator = SeededGenerator(seed: seed)
        var run = SyntheticRun(ions: [], scanCount: 0)
        var time = 0.0
        let magnitudes: [Float] = [1e-30, 1e-3, 1, 1e6, 1e18, 3e38]
        let masses = (0..<12).map { _ in 100 + 50 * generator.uniform() }
        for _ in 0..<(1 + generator.integer(below: 120)) {
            if generator.uniform() < 0.8 { time += generator.uniform() < 0.05 ? 1e5 : generator.uniform() }
            var scan: [(mz: Double, intensity: Float)] = []
            for _ in 0..<generator.integer(below: 15) {
                let mz = masses[generator.integer(below: 12)] * (1 + 1e-5 * (generator.uniform() - 0.5))
                scan.append((mz, magnitudes[generator.integer(below: 6)] * Float(0.5 + 0.5 * generator.uniform())))
            }
            if generator.uniform() < 0.9 { scan.sort { $0.mz < $1.mz } }
            run.times.append(time)
            run.scans.append(scan)
        }
        return run
    }

    @Test func `wild scans give finite peaks by centWave's rules, however near in time`() {
        var seen = 0
        for seed in UInt64(1)...300 {
            var run = wildRun(seed)
            let scale = [1, 1e-6, 1e-300, 1e3][Int(seed % 4)]
            run.times = run.times.map { $0 * scale }
            // One ion that elutes, so that there is something to find.
            for scan in run.scans.indices {
                let distance = (Double(scan) - Double(run.scans.count) / 2) / 10
                run.scans[scan].append((500, Float(1 + 1e6 / (1 + distance * distance * distance * distance))))
            }
            for integration in CentWaveParameters.Integration.allCases {
                var block = CentWaveParameters()
                block.snthresh = 0
                block.prefilter.points = 0
                block.integrate = integration
                block.fitgauss = true
                var parameters = DetectionPreset.orbitrap.parameters
                block.apply(to: &parameters)
                var table = run.peaks(parameters)
                for peak in table.peaks {
                    seen += 1
                    let values = [peak.mz, peak.retentionTimeSeconds, peak.widthSeconds, peak.height, peak.quality]
                    #expect(values.allSatisfy { $0.isFinite }, "seed \(seed)")
                    #expect(!peak.area.isNaN && !peak.signalToNoise.isNaN, "seed \(seed)")
                    #expect(peak.startSeconds <= peak.retentionTimeSeconds, "seed \(seed)")
                    #expect(peak.retentionTimeSeconds <= peak.endSeconds, "seed \(seed)")
                }
                table.removeOverlaps(closerThan: 0)
                #expect(table.mzRanges.count == table.count, "seed \(seed)")
            }
        }
        #expect(seen > 100)
    }

    @Test func `wild scans give finite peaks inside their edges in every precision and preset`() {
        var seen = 0
        for seed in UInt64(1)...300 {
            let run = wildRun(seed)
            for preset in DetectionPreset.allCases {
                var parameters = preset.parameters
                parameters.traces.minPoints = 1
                parameters.traces.apexFactor = 0
                parameters.peaks.minPoints = 1
                parameters.peaks.minQuality = 0
                for precision in Precision.allCases {
                    for peak in run.peaks(parameters, precision: precision).peaks {
                        seen += 1
                        let values = [
                            peak.mz, peak.retentionTimeSeconds, peak.startSeconds, peak.endSeconds, peak.widthSeconds,
                            peak.height, peak.quality,
                        ]
                        let isFinite = values.allSatisfy { $0.isFinite }
                        #expect(isFinite, "seed \(seed) \(preset) \(precision)")
                        #expect(!peak.area.isNaN && !peak.signalToNoise.isNaN, "seed \(seed)")
                        #expect(peak.startSeconds <= peak.retentionTimeSeconds, "seed \(seed)")
                        #expect(peak.retentionTimeSeconds <= peak.endSeconds, "seed \(seed)")
                        #expect((0...1).contains(peak.quality), "seed \(seed)")
                    }
                }
                let features = run.features(parameters, precision: .mixed)
                #expect(features.map(\.id) == Array(1..<(features.count + 1)), "seed \(seed)")
            }
        }
        #expect(seen > 1000)
    }
}

import FeatureDetection
import SpectrumModel
import TestSupport
import Testing

@testable import Pipeline

/// The times of the survey scans, by which curves are fitted to features, have the numbers that traces have.
@Suite struct ScanTimesTests {
    @Test(arguments: [MassTraceMethod.streaming, .seeded])
    func timesAndTracesAgreeOnTheScans(method: MassTraceMethod) throws {
        let folder = try TemporaryDirectory()
        let parameters = MassTraceParameters(
            method: method, tolerance: .ppm(10), noiseQuantile: 0, minPoints: 3, apexFactor: 0)
        let committer = ScanCommitter(fragments: FragmentStore(memory: try EngineRun.memory(folder: folder.path)))
        var block = SpectrumBlock()
        // Positive and negative scans in turn; one without a time, one that goes back, and fragments between.
        let times = [1.0, 1.5, 2.25, 3, .nan, 3.5, 1, 4, 5.75, 6, 7, 7.5]
        for (index, time) in times.enumerated() {
            for level in [1, 2] {
                let header = SpectrumHeader(
                    index: 2 * index + level - 1, scanNumber: 2 * index + level, msLevel: level,
                    polarity: index % 2 == 0 ? .positive : .negative, representation: .centroid,
                    retentionTimeSeconds: time)
                block.append(header, mz: [300 + Double(level)], intensity: [1000 + Float(100 * index)])
            }
        }
        let scans = try committer.commit(
            block, quantiles: Array(repeating: nil, count: block.count), fragments: FragmentBatch(of: block))
        // m/z 301 is in one band, so one lane has it all.
        let handovers = (0..<parameters.builderCount).flatMap { number -> [TraceLane.Handover] in
            let lane = TraceLane(number: number, parameters: parameters)
            return lane.take(scans, of: block, pointsPerHandover: .max) + lane.finish()
        }
        let known = committer.survey.retentionTimes
        #expect(known[Int(Polarity.positive.rawValue)] == [1, 2.25, 5.75, 7])
        #expect(known[Int(Polarity.negative.rawValue)] == [1.5, 3, 3.5, 4, 6, 7.5])
        #expect(known[Int(Polarity.unknown.rawValue)].isEmpty)
        #expect(handovers.map(\.polarity) == [.positive, .negative])
        for handover in handovers {
            let batch = handover.batch
            let expected = known[Int(handover.polarity.rawValue)]
            #expect(batch.pointCount == expected.count)
            for scan in batch.scans {
                #expect(batch.retentionTimes[Int(scan) - batch.firstScan] == expected[Int(scan)])
            }
        }
    }
}

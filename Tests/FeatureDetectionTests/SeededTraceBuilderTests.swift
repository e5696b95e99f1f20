import FeatureDetection
import SpectrumModel
import Statistics
import Testing

@Suite struct SeededTraceBuilderTests {
    private var parameters: MassTraceParameters {
        MassTraceParameters(
            method: .seeded, tolerance: .ppm(30), noiseQuantile: 0, maxMissedScans: 3, minPoints: 3, apexFactor: 0)
    }

    private func build(
        _ scans: [[(mz: Double, intensity: Float)]], times: [Double]? = nil, _ parameters: MassTraceParameters
    ) -> MassTraceBatch {
        var builder = SeededTraceBuilder(parameters: parameters)
        var timeline = SurveyTimeline()
        var quantile = IntensityQuantile(parameters.noiseQuantile)
        for (index, scan) in scans.enumerated() {
            let mz = scan.map(\.mz)
            let intensity = scan.map(\.intensity)
            mz.withUnsafeBufferPointer { mz in
                intensity.withUnsafeBufferPointer {
                    let level = quantile.measure($0)
                    let time = times?[index] ?? Double(index)
                    if let scan = timeline.next(retentionTimeSeconds: time, quantile: level) {
                        builder.add(scan, mz: mz, intensity: $0)
                    }
                }
            }
        }
        builder.finish()
        return builder.takeClosed()
    }

    @Test(arguments: [UInt64(1), 2, 3, 4]) func noPointIsUsedTwiceAndAllPassTheFilters(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let scans = (0..<80).map { _ in
            (0..<30).map { _ in
                (mz: 300 + 0.2 * random.uniform(), intensity: Float(1 + 1000 * random.uniform()))
            }.sorted { $0.mz < $1.mz }
        }
        var filters = parameters
        filters.minSampleRate = 0.6
        filters.minDurationSeconds = 4
        let batch = build(scans, filters)
        #expect(batch.count > 10, "seed \(seed)")
        var seen: Set<String> = []
        for trace in 0..<batch.count {
            let points = batch.offsets[trace]..<batch.offsets[trace + 1]
            let numbers = batch.scans[points]
            #expect(points.count >= 3 && zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
            guard let first = numbers.first, let last = numbers.last else { continue }
            #expect(Double(last - first) >= 4)
            #expect(Double(points.count) >= 0.6 * Double(last - first + 1))
            for point in points { #expect(seen.insert("\(batch.scans[point]) \(batch.mz[point])").inserted) }
        }
    }

    /// Two ions nearer than the scatter of the weak points: the intense points of each decide where it is.
    @Test func intensePointsDecideBetweenNeighbours() {
        // 100 ppm apart; weak points at the flanks lie up to 40 ppm from their ion, on the side of the other.
        let scans = (0..<21).map { scan -> [(mz: Double, intensity: Float)] in
            let distance = abs(scan - 10)
            let height = Float(100_000 >> distance)
            let shift = distance > 6 ? 0.012 : 0
            return [(300 + shift, height), (300.03 - shift, 0.9 * height)]
        }
        var wide = parameters
        wide.tolerance = .ppm(120)
        let batch = build(scans, wide)
        #expect(batch.count == 2)
        for trace in 0..<batch.count {
            let mz = batch.mz[batch.offsets[trace]..<batch.offsets[trace + 1]]
            #expect(mz.allSatisfy { $0 < 300.015 } || mz.allSatisfy { $0 > 300.015 })
        }
    }

    /// The tolerance follows what the points show: a trace that hardly scatters does not take a distant point any more.
    @Test func theToleranceAdapts() {
        var scans = Array(repeating: [(mz: 500.0, intensity: Float(1000))], count: 40)
        scans[39] = [(500.0 + 500 * 25e-6, 1000)]
        #expect(build(scans, parameters).pointCount == 39)
        scans[1] = scans[39]
        #expect(build([scans[0], scans[1], scans[2]], parameters).pointCount == 3, "within the tolerance at the start")
    }

    @Test func gapsEndATrace() {
        var scans: [[(mz: Double, intensity: Float)]] = Array(repeating: [(300, 100)], count: 10)
        scans += Array(repeating: [], count: 4) + Array(repeating: [(300, 90)], count: 10)
        #expect(build(scans, parameters).count == 2)
        var patient = parameters
        patient.maxMissedScans = 4
        #expect(build(scans, patient).count == 1)
    }

    @Test func seedsStandOutOfTheNoise() {
        let scans: [[(mz: Double, intensity: Float)]] = Array(repeating: [(300, 100), (400, 40)], count: 8)
        var limits = parameters
        limits.noiseThreshold = 20
        limits.apexFactor = 3
        let batch = build(scans, limits)
        #expect(batch.count == 1 && batch.mz[0] == 300)
    }

    @Test func oddScansAreSkippedAndUnsortedOnesSorted() {
        let scans: [[(mz: Double, intensity: Float)]] = Array(repeating: [(400, 50), (300, 100)], count: 6)
        let batch = build(scans, times: [0, 1, .nan, 2, 1.5, 3], parameters)
        #expect(batch.count == 2 && batch.pointCount == 8)
        let hostile: [[(mz: Double, intensity: Float)]] = Array(
            repeating: [(.nan, 1), (300, .infinity), (-5, 10), (300, -1), (.infinity, 10), (301, 0)], count: 5)
        #expect(build(hostile, parameters).isEmpty)
        #expect(build([], parameters).isEmpty)
    }
}

import FeatureDetection
import SpectrumModel
import Statistics
import Testing

/// The builder's rules, written out with a full search over all pairs.
private func referenceTraces(_ run: SyntheticRun, _ parameters: MassTraceParameters) -> Set<PlainTrace> {
    struct Open {
        var trace: PlainTrace
        var mz: Double
        var weight: Double
    }
    var open: [Open] = []
    var closed: [PlainTrace] = []
    for (index, scan) in run.scans.enumerated() {
        let current = Int32(index)
        var choice = [Int?](repeating: nil, count: scan.count)
        for (point, value) in scan.enumerated() {
            var nearest: Int?
            for trace in open.indices {
                if let known = nearest, abs(open[trace].mz - value.mz) > abs(open[known].mz - value.mz) { continue }
                nearest = trace
            }
            if let trace = nearest, parameters.tolerance.matches(value.mz, reference: open[trace].mz) {
                choice[point] = trace
            }
        }
        var fresh: [Open] = []
        var extended = Set<Int>()
        for trace in open.indices {
            let suitors = scan.indices.filter { choice[$0] == trace }
            let winner = suitors.min { abs(scan[$0].mz - open[trace].mz) < abs(scan[$1].mz - open[trace].mz) }
            for point in suitors where point != winner { choice[point] = nil }
            guard let winner else { continue }
            extended.insert(trace)
            let weight = Double(scan[winner].intensity)
            open[trace].weight += weight
            open[trace].mz += (scan[winner].mz - open[trace].mz) * (weight / open[trace].weight)
            open[trace].trace.scans.append(current)
            open[trace].trace.mz.append(scan[winner].mz)
            open[trace].trace.intensity.append(scan[winner].intensity)
        }
        for point in scan.indices where choice[point] == nil {
            let trace = PlainTrace(scans: [current], mz: [scan[point].mz], intensity: [scan[point].intensity])
            fresh.append(Open(trace: trace, mz: scan[point].mz, weight: Double(scan[point].intensity)))
        }
        for trace in open.indices.reversed() where !extended.contains(trace) {
            let missed = Int(current - (open[trace].trace.scans.last ?? 0))
            guard missed > parameters.maxMissedScans || missed > open[trace].trace.scans.count else { continue }
            closed.append(open.remove(at: trace).trace)
        }
        open += fresh
    }
    closed += open.map(\.trace)
    return Set(closed.filter { $0.scans.count >= parameters.minPoints })
}

@Suite struct MassTraceBuilderTests {
    private let parameters = openParameters().traces

    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func `traces equal those of a search over all pairs`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let ions = (0..<60).map { _ in
            SyntheticRun.Ion(
                mz: 200 + generator.uniform(), apex: 10 + 40 * generator.uniform(), sigma: 1 + 3 * generator.uniform(),
                height: 1e3 + 1e6 * generator.uniform())
        }
        let run = SyntheticRun(ions: ions, scanCount: 100, jitter: 12, noise: 0.5, background: 20, seed: seed)
        let built = run.traces(parameters).plain
        #expect(built.count == Set(built).count)
        #expect(Set(built) == referenceTraces(run, parameters), "seed \(seed)")
        #expect(built.count > 30)
    }

    @Test(arguments: [1, 7, 64])
    func `the traces do not depend on when they are taken`(takeEvery: Int) {
        let run = Self.busyRun
        let whole = run.traces(parameters)
        let pieces = run.build(parameters, takeEvery: takeEvery)
        #expect(pieces.flatMap(\.plain) == whole.plain)
        #expect(pieces.flatMap(\.ownedScans) == whole.ownedScans)
        #expect(pieces.flatMap(\.missedBefore) == whole.missedBefore)
        #expect(pieces.flatMap(\.missedAfter) == whole.missedAfter)
        for piece in pieces {
            for (position, scan) in piece.scans.enumerated() {
                let time = piece.retentionTimes[Int(scan) - piece.firstScan]
                #expect(time == run.times[Int(scan)], "point \(position)")
            }
        }
    }

    /// Every trace of the run comes from one band, with all its points, wherever the edges lie.
    @Test(arguments: [Tolerance.ppm(10), .dalton(0.05)])
    func `bands give the traces of one builder`(tolerance: Tolerance) {
        var generator = SeededGenerator(seed: 5)
        var ions = (0..<400).map { _ in
            SyntheticRun.Ion(
                mz: 60 + 900 * generator.uniform(), apex: 10 + 100 * generator.uniform(), sigma: 2, height: 1e5)
        }
        // Crowds at the edges of bands, so close that points compete.
        for edge in [100.0, 141, 200, 283, 400, 566, 800] {
            for step in -20...20 {
                ions.append(
                    SyntheticRun.Ion(
                        mz: edge * (1 + 6e-6 * Double(step)), apex: 10 + 100 * generator.uniform(), sigma: 3,
                        height: 1e4 + 1e5 * generator.uniform()))
            }
        }
        let run = SyntheticRun(ions: ions, jitter: 6, noise: 0.3, background: 60, seed: 6)
        var whole = parameters
        whole.tolerance = tolerance
        let expected = run.traces(whole).plain
        var found: [PlainTrace] = []
        let bands = (0..<MassBand.count).map { MassBand($0, parameters: whole) }
        #expect(bands.count > 1)
        for band in bands {
            var builder = TimedBuilder(whole, band: band)
            for (index, scan) in run.scans.enumerated() { builder.add(scan, at: run.times[index]) }
            builder.finish()
            found += builder.takeClosed().plain
        }
        #expect(expected.count > 400)
        #expect(found.count == Set(found).count)
        #expect(Set(found) == Set(expected))
    }

    @Test func `of two centroids in one scan the nearer one extends the trace`() {
        var run = SyntheticRun(ions: [], scanCount: 12)
        for index in run.scans.indices {
            run.scans[index] = [(300, 1000), (300.0012, 5000)]
        }
        let traces = run.traces(parameters)
        #expect(traces.count == 2)
        #expect(traces.plain.allSatisfy { Set($0.mz).count == 1 && $0.scans.count == 12 })
    }

    @Test func `a merge distance keeps the strongest of unresolved points`() {
        var run = SyntheticRun(ions: [], scanCount: 12)
        for index in run.scans.indices { run.scans[index] = [(300, 1000), (300.1, 5000), (300.2, 900), (301, 700)] }
        var merging = parameters
        merging.tolerance = .dalton(0.25)
        merging.mergeDistance = .dalton(0.3)
        let traces = run.traces(merging).plain.sorted { $0.mz[0] < $1.mz[0] }
        #expect(traces.map { $0.mz[0] } == [300.1, 301])
        #expect(traces.map { $0.intensity[0] } == [5000, 700])
    }

    @Test func `gaps up to the limit are bridged and longer ones end the trace`() {
        var run = SyntheticRun(ions: [], scanCount: 40)
        for index in run.scans.indices where !(10..<15).contains(index) && !(25..<31).contains(index) {
            run.scans[index] = [(400, 1000)]
        }
        #expect(run.traces(parameters).plain.map { $0.scans.count } == [20, 9])
        var strict = parameters
        strict.maxMissedScans = 4
        #expect(run.traces(strict).plain.map { $0.scans.count } == [10, 10, 9])
    }

    @Test func `every filter removes what it names`() {
        let run = SyntheticRun(
            ions: [
                SyntheticRun.Ion(mz: 200, apex: 30, sigma: 3, height: 1e5),
                SyntheticRun.Ion(mz: 300, apex: 50, sigma: 0.5, height: 1e3),
            ], background: 30)
        func kept(_ change: (inout MassTraceParameters) -> Void) -> [Double] {
            var changed = parameters
            change(&changed)
            return run.traces(changed).plain.map { $0.mz[0].rounded() }.filter { $0 == 200 || $0 == 300 }.sorted()
        }
        #expect(kept { _ in } == [200, 300])
        #expect(kept { $0.minPoints = 10 } == [200])
        #expect(kept { $0.minDurationSeconds = 6 } == [200])
        #expect(kept { $0.noiseThreshold = 2e3 } == [200])
        #expect(
            kept {
                $0.noiseQuantile = 0.5
                $0.apexFactor = 100
            } == [200])
        // The tails of both ions lie below a high quantile of the scan and are cut off.
        var quantile = parameters
        quantile.noiseQuantile = 0.9
        #expect(run.traces(quantile).pointCount < run.traces(parameters).pointCount)
    }

    @Test func `a trace without end is cut with overlap and held memory stays bounded`() {
        var cut = parameters
        cut.maxScans = 200
        cut.overlapScans = 40
        var builder = TimedBuilder(cut)
        var owned: [Range<Int32>] = []
        var longest = 0
        var held = 0
        for scan in 0..<1000 {
            builder.add([(500, 1000)], at: Double(scan))
            held = max(held, builder.builder.heldPoints)
            if scan % 50 == 0 {
                let batch = builder.takeClosed()
                owned += batch.ownedScans
                longest = max(longest, batch.plain.map(\.scans.count).max() ?? 0)
            }
        }
        builder.finish()
        owned += builder.takeClosed().ownedScans
        #expect(longest <= 240)
        #expect(held <= 400)
        #expect(owned.count == 5)
        #expect(owned.first?.lowerBound == 0)
        for (before, after) in zip(owned, owned.dropFirst()) { #expect(before.upperBound == after.lowerBound) }
    }

    @Test func `hostile scans do no harm`() {
        var builder = TimedBuilder(parameters)
        builder.finish()
        #expect(builder.takeClosed().isEmpty)
        builder.add([], at: 1)
        builder.add([(100, .nan), (.nan, 5), (200, -3), (300, 0), (.infinity, 4), (400, .infinity)], at: 2)
        builder.add([(100, 5)], at: .nan)
        builder.add([(100, 5)], at: 1)
        #expect(builder.skippedScans == 2)
        #expect(builder.builder.scanCount == 2)
        for scan in 0..<20 { builder.add([(300, 5000), (200, 1000), (100, 500)], at: 3 + Double(scan)) }
        builder.finish()
        let batch = builder.takeClosed()
        #expect(batch.plain.map { $0.mz[0] } == [100, 200, 300])
        #expect(batch.mz.allSatisfy(\.isFinite) && batch.intensity.allSatisfy(\.isFinite))
    }

    private static var busyRun: SyntheticRun {
        var generator = SeededGenerator(seed: 77)
        let ions = (0..<200).map { _ in
            SyntheticRun.Ion(
                mz: 100 + 500 * generator.uniform(), apex: 10 + 100 * generator.uniform(), sigma: 2, height: 1e5)
        }
        return SyntheticRun(ions: ions, jitter: 4, noise: 0.2, background: 30, seed: 78)
    }
}

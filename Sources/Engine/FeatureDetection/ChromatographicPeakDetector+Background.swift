import SignalKernels

/// Baseline and noise as centWave tells them: from the points outside a region, among which missing scans are zeros.
extension ChromatographicPeakDetector {
    /// What a peak stands on.
    struct Background {
        var baseline: Double
        /// Standard deviation of the noise.
        var deviation: Double
    }

    /// The background of a seed in a region of interest; `nil` where there is no such region.
    ///
    /// A region is a run of scans with a point each, at least `CentWaveParameters.minPoints` of them or two less than the
    /// narrowest wavelet is wide, that passes the prefilter and stays above the mean of its surroundings for as many scans.
    /// O(widest peak).
    func background(
        of seed: PeakSeed, by rules: CentWaveParameters, batch: MassTraceBatch, trace: Int
    ) -> Background? {
        guard let region = region(about: seed) else { return nil }
        let narrowest = scans(in: parameters.minWidthSeconds)
        let widest = scans(in: parameters.maxWidthSeconds)
        let fewest = max(CentWaveParameters.minPoints, narrowest - 2)
        let start = batch.offsets[trace]
        let points =
            (start + Int(workspace.points[region.lowerBound]))..<(start + Int(workspace.points[region.upperBound + 1]))
        guard points.count >= fewest, passes(rules.prefilter, batch, points) else { return nil }
        let surroundings = meanOfPoints(about: region, reach: 3 * widest, fewest: 3 * narrowest)
        let near = region.lowerBound - narrowest / 2...region.upperBound + narrowest / 2
        guard longestRun(in: near, above: surroundings) >= fewest else { return nil }
        let wide = moments(about: region, reach: 3 * widest, above: surroundings, run: fewest)
        let close = moments(about: region, reach: 3 * narrowest, above: surroundings, run: fewest)
        return Background(
            baseline: max(1, min(wide.baseline, close.baseline, surroundings)),
            deviation: max(1, min(wide.deviation, close.deviation)))
    }

    /// How many scans a time is at the trace's mean spacing: at least one, and no more than the widest wavelet.
    func scans(in seconds: Double) -> Int {
        let last = workspace.count - 1
        let spacing = (workspace.time[last] - workspace.time[0]) / Double(max(last, 1))
        let widest = Self.scales.values.last ?? 1
        guard spacing > 0 else { return Int(widest) }
        return Int(min(max(seconds / spacing, 1), widest).rounded())
    }

    /// The run of scans with a point that the apex lies in, or that is nearest to it within half a scale.
    private func region(about seed: PeakSeed) -> ClosedRange<Int>? {
        let reach = max(1, Int(seed.scale / 2))
        guard
            let inside = (0...reach).lazy.flatMap({ [seed.apex - $0, seed.apex + $0] })
                .first(where: { $0 >= 0 && $0 < workspace.count && hasPoint($0) })
        else { return nil }
        var (left, right) = (inside, inside)
        while left > 0, hasPoint(left - 1) { left -= 1 }
        while right + 1 < workspace.count, hasPoint(right + 1) { right += 1 }
        return left...right
    }

    /// Intensity of a scan; 0 where it has no point, also outside the trace.
    private func intensity(_ column: Int) -> Double {
        column >= 0 && column < workspace.count && hasPoint(column) ? workspace.signal[column] : 0
    }

    /// Columns up to `reach` beside a region that lie in the run, as far as its beginning is known.
    private func sides(of region: ClosedRange<Int>, reach: Int) -> [Range<Int>] {
        let before = max(region.lowerBound - reach, -Int(workspace.firstScan))
        return [before..<region.lowerBound, region.upperBound + 1..<region.upperBound + 1 + reach]
    }

    /// Mean of the points in a region and beside it, without the lowest and highest twentieth where there are many.
    private func meanOfPoints(about region: ClosedRange<Int>, reach: Int, fewest: Int) -> Double {
        var values = region.map(intensity)
        for side in sides(of: region, reach: reach) { values += side.lazy.map(intensity).filter { $0 > 0 } }
        if values.count >= fewest {
            values.sort()
            let cut = values.count / 20
            values = Array(values[cut..<(values.count - cut)])
        }
        return values.reduce(0, +) / Double(max(values.count, 1))
    }

    private func longestRun(in columns: ClosedRange<Int>, above level: Double) -> Int {
        var (longest, run) = (0, 0)
        for column in columns {
            run = intensity(column) > level ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }

    /// Mean and standard deviation beside a region, without runs of at least `run` scans above a level: those are peaks.
    private func moments(about region: ClosedRange<Int>, reach: Int, above level: Double, run: Int) -> Background {
        var values: [Double] = []
        for side in sides(of: region, reach: reach) {
            var high = 0
            for column in side {
                let value = intensity(column)
                if value > level {
                    high += 1
                } else {
                    if high >= run { values.removeLast(high) }
                    high = 0
                }
                values.append(value)
            }
            if high >= run { values.removeLast(high) }
        }
        guard values.count > 1 else { return Background(baseline: 1, deviation: 1) }
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return Background(baseline: mean, deviation: (squares / Double(values.count - 1)).squareRoot())
    }
}

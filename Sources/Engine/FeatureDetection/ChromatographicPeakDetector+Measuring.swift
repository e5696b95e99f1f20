import SignalKernels

extension ChromatographicPeakDetector {
    /// Finds the edges of a seed, measures the peak between them and keeps it when it passes the isotope limits.
    func measure(_ index: Int, batch: MassTraceBatch, trace: Int, into table: inout PeakTable) {
        let seed = seeds[index]
        let count = workspace.count
        let rightLimit = index + 1 < seeds.count ? seeds[index + 1].leftLimit : count - 1
        let owned = batch.ownedScans[trace]
        let apexScan = workspace.firstScan + Int32(truncatingIfNeeded: seed.apex)
        guard owned.contains(apexScan) else { return }
        let centWave = parameters.centWave
        let limits = centWave.map { self.limits(of: seed, $0.integrate) }
        let left = limits?.lowerBound ?? edge(from: seed, limit: seed.leftLimit, step: -1)
        let right = limits?.upperBound ?? edge(from: seed, limit: rightLimit, step: 1)
        let points = workspace.points[right + 1] - workspace.points[left]
        guard Int(points) >= parameters.minPoints, right > left else { return }

        // No baseline and no noise can make the peak better than this: most seeds end here, before any sorting.
        let level = Double(batch.noiseLevels[Int(apexScan) - batch.firstScan])
        guard seed.height >= parameters.isotopeSignalToNoise * level else { return }
        let sides = windows(left: left, right: right)
        let background = centWave.flatMap { self.background(of: seed, by: $0, batch: batch, trace: trace) }
        guard centWave == nil || background != nil else { return }
        let rise = seed.height - (background?.baseline ?? baseline(sides))
        guard rise > 0, rise >= parameters.isotopeSignalToNoise * level else { return }
        let noise = background?.deviation ?? max(self.noise(sides), level)
        let signalToNoise = noise > 0 ? rise / noise : .infinity
        guard signalToNoise >= parameters.isotopeSignalToNoise else { return }

        let time = workspace.time
        let signal = workspace.signal
        var height = 0.0
        for column in left...right { height = max(height, signal[column]) }
        let half = halfMaximum(seed, left: left, right: right, baseline: seed.height - rise)
        let apex =
            middleOfFlatTop(seed, left: left, right: right, width: half.end - half.start)
            ?? apexTime(seed, left: left, right: right)
        // What is too weak for a feature of its own needs no more than its place; a stated rate of false features also asks
        // what noise looks like.
        let isJudged = signalToNoise >= parameters.signalToNoise || parameters.maxFalseRate != nil
        var peak = ChromatographicPeak(
            mz: weightedMZ(batch, trace: trace, left: left, right: right),
            retentionTimeSeconds: apex, startSeconds: time[left], endSeconds: time[right],
            widthSeconds: half.end - half.start,
            area: area(left: left, right: right), height: height, signalToNoise: signalToNoise,
            quality: isJudged
                ? shapeQuality(
                    signal: signal, time: time, edges: left...right, apex: apex, leftHalf: max(apex - half.start, 0),
                    rightHalf: max(half.end - apex, 0)) : 0,
            autocorrelation: isJudged
                ? autocorrelation(
                    seed, apex: apex, width: half.end - half.start,
                    missed: (Int(batch.missedBefore[trace]), Int(batch.missedAfter[trace]))) : 0,
            pointCount: points,
            firstScan: workspace.firstScan + Int32(truncatingIfNeeded: left),
            lastScan: workspace.firstScan + Int32(truncatingIfNeeded: right), apexScan: apexScan,
            profileStart: table.profiles.count)
        if let centWave {
            apply(centWave, to: &peak, batch: batch, trace: trace, columns: left...right)
            table.mzRanges.append(rangeOfMZ(batch, trace: trace, left: left, right: right))
        }
        table.peaks.append(peak)
        for column in left...right { table.profiles.append(Float(signal[column])) }
    }

    /// Lag-1 autocorrelation of the intensities within 1.6 widths of the apex and a scan beyond; scans without a point count
    /// as 0, and so do up to `missed` of them in front of the trace and behind it.
    ///
    /// One minus half of von Neumann's ratio (von Neumann 1941, doi:10.1214/aoms/1177731677): the mean square of the
    /// differences of neighbours over the variance. It is near 1 for a peak of several scans and near 0 for scans in any
    /// order, whatever their intensities, so it tells elution from the accidents of a noisy trace.
    func autocorrelation(_ seed: PeakSeed, apex: Double, width: Double, missed: (before: Int, after: Int)) -> Double {
        let time = workspace.time
        let signal = workspace.signal
        let points = workspace.points
        let last = workspace.count - 1
        let reach = 1.6 * width
        var left = seed.apex
        while left > 0, time[left] >= apex - reach { left -= 1 }
        var right = seed.apex
        while right < last, time[right] <= apex + reach { right += 1 }
        let spacing = max((time[last] - time[0]) / Double(max(last, 1)), .leastNormalMagnitude)
        func empty(_ seconds: Double, atMost known: Int) -> Int {
            seconds >= 0 ? Int(min(seconds / spacing + 1, Double(known))) : 0
        }
        let before = empty(time[left] - (apex - reach), atMost: missed.before)
        let behind = empty(apex + reach - time[right], atMost: missed.after)
        var sum = 0.0
        var squares = 0.0
        var differences = 0.0
        var previous = 0.0
        for column in left...right {
            let value = points[column + 1] > points[column] ? signal[column] : 0
            sum += value
            squares += value * value
            if column > left || before > 0 { differences += (value - previous) * (value - previous) }
            previous = value
        }
        if behind > 0 { differences += previous * previous }
        let variance = squares - sum * sum / Double(right - left + 1 + before + behind)
        return variance > 0 ? 1 - differences / (2 * variance) : 0
    }

    /// Follows the smoothed signal down until it is low, rises for good or stops falling; where it has not fallen yet, at
    /// the flat top of a saturated peak, there is no end.
    func edge(from seed: PeakSeed, limit: Int, step: Int) -> Int {
        let end = parameters.edgeFraction * seed.height
        let progress = 0.01 * seed.height
        let patience = Int(seed.scale / 2) + 2
        let top = Self.topFraction * seed.height
        var lowest = seed.height
        var lowestAt = seed.apex
        var column = seed.apex
        while column != limit {
            column += step
            let value = workspace.smoothed(column, half: seed.half)
            if value < lowest - progress {
                lowest = value
                lowestAt = column
            } else if abs(column - lowestAt) > patience && lowest < top {
                return lowestAt
            }
            if value <= end { return column }
        }
        return value(at: limit, half: seed.half) <= lowest + progress ? limit : lowestAt
    }

    @inline(__always)
    func value(at column: Int, half: Int) -> Double { workspace.smoothed(column, half: half) }

    /// The scans on both sides of a peak that its baseline and noise come from; the trace may not fill them.
    struct Windows {
        let length: Int
        let before: Range<Int>
        let after: Range<Int>
    }

    func windows(left: Int, right: Int) -> Windows {
        let length = min(max(right - left + 1, 10), 64)
        return Windows(
            length: length, before: max(0, left - length)..<left,
            after: (right + 1)..<min(workspace.count, right + 1 + length))
    }

    /// The lower of the two medians beside the peak, where a scan outside the trace counts as 0.
    func baseline(_ sides: Windows) -> Double {
        let before = sideMedian(sides.before, window: sides.length)
        return before > 0 ? min(before, sideMedian(sides.after, window: sides.length)) : 0
    }

    /// Median residual beside the peak; 0 when the trace hardly reaches beyond it.
    func noise(_ sides: Windows) -> Double {
        let available = sides.before.count + sides.after.count
        guard available >= 8 else { return 0 }
        let selection = workspace.selection
        selection.update(from: workspace.residual + sides.before.lowerBound, count: sides.before.count)
        (selection + sides.before.count).update(
            from: workspace.residual + sides.after.lowerBound, count: sides.after.count)
        return orderStatistic(selection, count: available, rank: available / 2)
    }

    /// Median of `window` values of which those in `range` are known and the rest are 0.
    func sideMedian(_ range: Range<Int>, window: Int) -> Double {
        let missing = window - range.count
        guard 2 * missing < window else { return 0 }
        let selection = workspace.selection
        selection.update(from: workspace.signal + range.lowerBound, count: range.count)
        return orderStatistic(selection, count: range.count, rank: window / 2 - missing)
    }

    func area(left: Int, right: Int) -> Double {
        let time = workspace.time
        if precision == .float32 {
            let single = workspace.single
            var total: Float = 0
            var block: Float = 0
            // Blocks of 16 keep the rounding of long peaks well inside the stated bound.
            for column in left..<right {
                block += (0.5 * single[column] + 0.5 * single[column + 1]) * Float(time[column + 1] - time[column])
                if (column - left) & 15 == 15 {
                    total += block
                    block = 0
                }
            }
            return Double(total + block)
        }
        let signal = workspace.signal
        var total = 0.0
        for column in left..<right {
            total += (signal[column] + signal[column + 1]) * (time[column + 1] - time[column])
        }
        return 0.5 * total
    }

    func weightedMZ(_ batch: MassTraceBatch, trace: Int, left: Int, right: Int) -> Double {
        let start = batch.offsets[trace]
        let range = (start + Int(workspace.points[left]))..<(start + Int(workspace.points[right + 1]))
        var weight = 0.0
        var offset = 0.0
        let reference = batch.mz[range.lowerBound]
        for index in range {
            let intensity = Double(batch.intensity[index])
            weight += intensity
            offset += intensity * (batch.mz[index] - reference)
        }
        return weight > 0 ? reference + offset / weight : reference
    }

    /// Vertex of the parabola through the apex and its neighbours in true time; the apex itself at an edge.
    func apexTime(_ seed: PeakSeed, left: Int, right: Int) -> Double {
        let time = workspace.time
        let apex = seed.apex
        guard apex > left, apex < right else { return time[apex] }
        let toLeft = time[apex - 1] - time[apex]
        let toRight = time[apex + 1] - time[apex]
        guard toLeft < 0, toRight > 0 else { return time[apex] }
        let slopeLeft = (value(at: apex - 1, half: seed.half) - seed.height) / toLeft
        let slopeRight = (value(at: apex + 1, half: seed.half) - seed.height) / toRight
        let curvature = (slopeRight - slopeLeft) / (toRight - toLeft)
        guard curvature < 0 else { return time[apex] }
        let shift = -(slopeLeft - curvature * toLeft) / (2 * curvature)
        return time[apex] + min(max(shift, toLeft), toRight)
    }

    /// Level, relative to the height, above which a signal is still at the top of its peak.
    private static let topFraction = 0.98

    /// The middle of the top where that is as long as only a detector at its limit makes it, a third of the width at half
    /// maximum: of a Gaussian it is a sixth, of a triangle a 25th.
    func middleOfFlatTop(_ seed: PeakSeed, left: Int, right: Int, width: Double) -> Double? {
        let time = workspace.time
        let level = Self.topFraction * seed.height
        var first = seed.apex
        while first > left && value(at: first - 1, half: seed.half) >= level { first -= 1 }
        var last = seed.apex
        while last < right && value(at: last + 1, half: seed.half) >= level { last += 1 }
        let length = time[last] - time[first]
        return last - first >= 2 && 3 * length > width ? time[first] + 0.5 * length : nil
    }

    /// Times at which the smoothed signal falls through half of its rise over the baseline.
    func halfMaximum(
        _ seed: PeakSeed, left: Int, right: Int, baseline: Double
    ) -> (start: Double, end: Double) {
        let level = 0.5 * (seed.height + min(baseline, seed.height))
        let from = crossing(seed, level: level, limit: left, step: -1)
        let to = crossing(seed, level: level, limit: right, step: 1)
        return (from, to)
    }

    /// Time at which the smoothed signal falls through a level, or the edge when it does not.
    func crossing(_ seed: PeakSeed, level: Double, limit: Int, step: Int) -> Double {
        let time = workspace.time
        var column = seed.apex
        var previous = seed.height
        while column != limit {
            let next = column + step
            let current = value(at: next, half: seed.half)
            if current <= level {
                let fraction = previous > current ? (previous - level) / (previous - current) : 1
                return time[column] + fraction * (time[next] - time[column])
            }
            previous = current
            column = next
        }
        return time[limit]
    }
}

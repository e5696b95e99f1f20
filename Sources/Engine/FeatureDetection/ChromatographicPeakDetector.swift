import SignalKernels

/// Finds the chromatographic peaks of mass traces by continuous wavelet transform; one per worker, memory reused.
///
/// Per trace: grid of scans, Mexican-hat transform over the width range, ridge lines, seeds; seeds without a valley
/// between them are one peak; each peak is followed down both sides to its edges, set against the local baseline and
/// noise, and integrated. A peak is returned when it passes the isotope limits of `PeakParameters`; the feature limits
/// are applied after isotope grouping. The result of a trace depends on that trace alone, so any split of a batch into
/// ranges gives the same peaks. O(points log points) per trace.
public struct ChromatographicPeakDetector {
    public let parameters: PeakParameters
    public let precision: Precision
    /// All scales that any run can need, in scans; the width range chooses among them per trace.
    public static let scales = WaveletScales(first: 2.0.squareRoot(), last: 256, perOctave: 2)

    private let doubleTransform: DoubleWaveletTransform
    private let singleTransform: FloatWaveletTransform
    private var workspace = TraceWorkspace()
    private var linker = RidgeLinker()
    private var seeds: [PeakSeed] = []
    private let reaches: [Int32]

    public init(parameters: PeakParameters, precision: Precision) {
        self.parameters = parameters
        self.precision = precision
        doubleTransform = DoubleWaveletTransform(scales: Self.scales)
        singleTransform = FloatWaveletTransform(scales: Self.scales)
        reaches = Self.scales.values.map { Int32(max(1, ($0 / 2).rounded())) }
    }

    /// The peaks of some traces of a batch, in order of trace and then time.
    public mutating func detect(_ batch: MassTraceBatch, traces: Range<Int>) -> PeakTable {
        var table = PeakTable()
        for trace in traces where batch.offsets[trace + 1] > batch.offsets[trace] {
            workspace.load(batch, trace: trace, needsSingle: precision != .float64)
            findSeeds(batch, trace: trace)
            for index in seeds.indices { measure(index, batch: batch, trace: trace, into: &table) }
        }
        return table
    }
}

/// A place where a peak may be, on the way to becoming one.
struct PeakSeed {
    /// Column of the highest smoothed value.
    var apex: Int
    /// Half width of the smoothing that suits the peak's scale.
    var half: Int
    /// Scale at which the seed was found.
    var narrowScale: Double
    /// Scale of the peak, about its width at half maximum, in scans; larger than `narrowScale` after a merger.
    var scale: Double
    /// Smoothed height.
    var height: Double
    /// Column of the valley towards the seed on the left; 0 for the first.
    var leftLimit: Int = 0
}

// MARK: - Seeds

extension ChromatographicPeakDetector {
    private mutating func findSeeds(_ batch: MassTraceBatch, trace: Int) {
        seeds.removeAll(keepingCapacity: true)
        let count = workspace.count
        guard count >= 3, let rows = scaleRange() else { return }
        let firstLevel = batch.noiseLevels[Int(workspace.firstScan) - batch.firstScan]
        let threshold = max(Double(firstLevel) * parameters.isotopeSignalToNoise, .leastNormalMagnitude)
        let reach = Array(reaches[rows])
        switch precision {
        case .float64:
            let signal = UnsafeBufferPointer(start: workspace.signal, count: count)
            let coefficients = doubleTransform.transform(signal, scales: rows)
            linker.link(
                coefficients, rows: rows.count, stride: doubleTransform.rowStride, columns: count,
                threshold: threshold, reach: reach)
        case .float32, .mixed:
            let signal = UnsafeBufferPointer(start: workspace.single, count: count)
            let coefficients = singleTransform.transform(signal, scales: rows)
            linker.link(
                coefficients, rows: rows.count, stride: singleTransform.rowStride, columns: count,
                threshold: Float(threshold), reach: reach)
        }
        collectSeeds(rows: rows)
        mergeSeeds()
    }

    /// The scales whose width lies in the wanted range at this trace's mean scan spacing, at least two.
    private func scaleRange() -> Range<Int>? {
        let count = workspace.count
        let spacing = (workspace.time[count - 1] - workspace.time[0]) / Double(count - 1)
        guard spacing > 0 else { return nil }
        let values = Self.scales.values
        let narrowest = parameters.minWidthSeconds / spacing
        let widest = min(parameters.maxWidthSeconds / spacing, 0.5 * Double(count))
        var low = 0
        while low + 1 < values.count && values[low + 1] <= narrowest { low += 1 }
        var high = low
        while high + 1 < values.count && values[high + 1] <= widest { high += 1 }
        high = max(high, min(low + 1, values.count - 1))
        return min(low, high - 1)..<(high + 1)
    }

    private mutating func collectSeeds(rows: Range<Int>) {
        let minLength = 1
        let count = workspace.count
        for line in linker.finished where Int(line.length) >= minLength {
            let row = line.bestCoefficient >= 0.6 * line.largest ? Int(line.bestRow) : Int(line.row)
            let scale = Self.scales.values[rows.lowerBound + row]
            let half = Int(scale / 6)
            let window = max(1, Int(scale / 2))
            let center = Int(line.position)
            var apex = center
            var height = -Double.infinity
            for column in max(0, center - window)...min(count - 1, center + window) {
                let value = workspace.smoothed(column, half: half)
                if value > height {
                    height = value
                    apex = column
                }
            }
            let seed = PeakSeed(apex: apex, half: half, narrowScale: scale, scale: scale, height: height)
            if let last = seeds.last, last.apex == apex {
                if last.half < half { continue }
                seeds[seeds.count - 1] = seed
            } else {
                seeds.append(seed)
            }
        }
        seeds.sort { ($0.apex, $0.scale) < ($1.apex, $1.scale) }
    }

    /// Keeps of neighbouring seeds without a real valley between them the higher one.
    private mutating func mergeSeeds() {
        guard seeds.count > 1 else { return }
        let count = workspace.count
        let selection = workspace.selection
        selection.update(from: workspace.residual, count: count)
        // The lower quartile, scaled like the median: what the peaks themselves add to the residuals stays out.
        let noise = 2.117 * orderStatistic(selection, count: count, rank: count / 4)
        var kept = 0
        for index in seeds.indices {
            var seed = seeds[index]
            var isKept = true
            while kept > 0 {
                let last = seeds[kept - 1]
                let half = min(last.half, seed.half)
                var valley = last.apex
                var floor = Double.infinity
                if last.apex <= seed.apex {
                    for column in last.apex...seed.apex {
                        let value = workspace.smoothed(column, half: half)
                        if value < floor {
                            floor = value
                            valley = column
                        }
                    }
                }
                let lower = min(last.height, seed.height)
                let isValley =
                    floor < parameters.valleyRatio * lower && lower - floor > 2 * noise && valley > last.apex
                    && valley < seed.apex
                if isValley {
                    seed.leftLimit = valley
                    break
                }
                if seed.height > last.height {
                    widen(&seed, to: last.scale)
                    seed.leftLimit = last.leftLimit
                    kept -= 1
                } else {
                    widen(&seeds[kept - 1], to: seed.scale)
                    isKept = false
                    break
                }
            }
            if isKept {
                if kept == 0 { seed.leftLimit = 0 }
                seeds[kept] = seed
                kept += 1
            }
        }
        seeds.removeSubrange(kept...)
    }

    /// Two seeds turned out to be one peak: its edges are looked for as patiently as the wider one asks, within reason (a
    /// chain of narrow peaks also has a seed at the scale of the chain).
    private func widen(_ seed: inout PeakSeed, to scale: Double) {
        seed.scale = max(seed.scale, min(scale, 4 * seed.narrowScale))
    }
}

// MARK: - Measuring

extension ChromatographicPeakDetector {
    /// Finds the edges of a seed, measures the peak between them and keeps it when it passes the isotope limits.
    private func measure(_ index: Int, batch: MassTraceBatch, trace: Int, into table: inout PeakTable) {
        let seed = seeds[index]
        let count = workspace.count
        let rightLimit = index + 1 < seeds.count ? seeds[index + 1].leftLimit : count - 1
        let owned = batch.ownedScans[trace]
        let apexScan = workspace.firstScan + Int32(truncatingIfNeeded: seed.apex)
        guard owned.contains(apexScan) else { return }
        let left = edge(from: seed, limit: seed.leftLimit, step: -1)
        let right = edge(from: seed, limit: rightLimit, step: 1)
        let points = workspace.points[right + 1] - workspace.points[left]
        guard Int(points) >= parameters.minPoints, right > left else { return }

        let surroundings = baselineAndNoise(left: left, right: right)
        let level = Double(batch.noiseLevels[Int(apexScan) - batch.firstScan])
        let noise = max(surroundings.noise, level)
        let rise = seed.height - surroundings.baseline
        guard rise > 0 else { return }
        let signalToNoise = noise > 0 ? rise / noise : .infinity
        guard signalToNoise >= parameters.isotopeSignalToNoise else { return }

        let time = workspace.time
        let signal = workspace.signal
        var height = 0.0
        for column in left...right { height = max(height, signal[column]) }
        let apex = apexTime(seed, left: left, right: right)
        let half = halfMaximum(seed, left: left, right: right, baseline: surroundings.baseline)
        let peak = ChromatographicPeak(
            mz: weightedMZ(batch, trace: trace, left: left, right: right),
            retentionTimeSeconds: apex, startSeconds: time[left], endSeconds: time[right],
            widthSeconds: half.end - half.start,
            area: area(left: left, right: right), height: height, signalToNoise: signalToNoise,
            quality: shapeQuality(
                signal: signal, time: time, edges: left...right, apex: apex, leftHalf: max(apex - half.start, 0),
                rightHalf: max(half.end - apex, 0)),
            pointCount: points,
            firstScan: workspace.firstScan + Int32(truncatingIfNeeded: left),
            lastScan: workspace.firstScan + Int32(truncatingIfNeeded: right), apexScan: apexScan,
            profileStart: table.profiles.count)
        table.peaks.append(peak)
        for column in left...right { table.profiles.append(Float(signal[column])) }
    }

    /// Follows the smoothed signal down until it is low, rises for good or stops falling.
    private func edge(from seed: PeakSeed, limit: Int, step: Int) -> Int {
        let end = parameters.edgeFraction * seed.height
        let progress = 0.01 * seed.height
        let patience = Int(seed.scale / 2) + 2
        var lowest = seed.height
        var lowestAt = seed.apex
        var column = seed.apex
        while column != limit {
            column += step
            let value = workspace.smoothed(column, half: seed.half)
            if value < lowest - progress {
                lowest = value
                lowestAt = column
            } else if abs(column - lowestAt) > patience {
                return lowestAt
            }
            if value <= end { return column }
        }
        return value(at: limit, half: seed.half) <= lowest + progress ? limit : lowestAt
    }

    @inline(__always)
    private func value(at column: Int, half: Int) -> Double { workspace.smoothed(column, half: half) }

    /// Baseline: the lower of the two medians beside the peak, where a scan outside the trace counts as 0. Noise: from the
    /// residuals in the same windows, 0 when the trace hardly reaches beyond the peak.
    private func baselineAndNoise(left: Int, right: Int) -> (baseline: Double, noise: Double) {
        let window = min(max(right - left + 1, 10), 64)
        let count = workspace.count
        let before = max(0, left - window)..<left
        let after = (right + 1)..<min(count, right + 1 + window)
        let baseline = min(sideMedian(before, window: window), sideMedian(after, window: window))
        let available = before.count + max(0, after.count)
        guard available >= 8 else { return (baseline, 0) }
        let selection = workspace.selection
        selection.update(from: workspace.residual + before.lowerBound, count: before.count)
        (selection + before.count).update(from: workspace.residual + after.lowerBound, count: after.count)
        return (baseline, orderStatistic(selection, count: available, rank: available / 2))
    }

    /// Median of `window` values of which those in `range` are known and the rest are 0.
    private func sideMedian(_ range: Range<Int>, window: Int) -> Double {
        let missing = window - range.count
        guard 2 * missing < window else { return 0 }
        let selection = workspace.selection
        selection.update(from: workspace.signal + range.lowerBound, count: range.count)
        return orderStatistic(selection, count: range.count, rank: window / 2 - missing)
    }

    private func area(left: Int, right: Int) -> Double {
        let time = workspace.time
        if precision == .float32 {
            let single = workspace.single
            var total: Float = 0
            var block: Float = 0
            // Blocks of 16 keep the rounding of long peaks well inside the stated bound.
            for column in left..<right {
                block += (single[column] + single[column + 1]) * Float(time[column + 1] - time[column])
                if (column - left) & 15 == 15 {
                    total += block
                    block = 0
                }
            }
            return Double((total + block) * 0.5)
        }
        let signal = workspace.signal
        var total = 0.0
        for column in left..<right {
            total += (signal[column] + signal[column + 1]) * (time[column + 1] - time[column])
        }
        return 0.5 * total
    }

    private func weightedMZ(_ batch: MassTraceBatch, trace: Int, left: Int, right: Int) -> Double {
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
    private func apexTime(_ seed: PeakSeed, left: Int, right: Int) -> Double {
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

    /// Times at which the smoothed signal falls through half of its rise over the baseline.
    private func halfMaximum(
        _ seed: PeakSeed, left: Int, right: Int, baseline: Double
    ) -> (start: Double, end: Double) {
        let level = 0.5 * (seed.height + min(baseline, seed.height))
        let from = crossing(seed, level: level, limit: left, step: -1)
        let to = crossing(seed, level: level, limit: right, step: 1)
        return (from, to)
    }

    /// Time at which the smoothed signal falls through a level, or the edge when it does not.
    private func crossing(_ seed: PeakSeed, level: Double, limit: Int, step: Int) -> Double {
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

import SignalKernels

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
    /// Largest wavelet coefficient on its ridge.
    var coefficient: Double
    /// Column of the valley towards the seed on the left; 0 for the first.
    var leftLimit: Int = 0

    /// Whether another seed is so much weaker in scale space that it is a ripple on this one, however high it stands.
    func hasRipple(_ other: PeakSeed) -> Bool { 30 * other.coefficient < coefficient }
}

extension ChromatographicPeakDetector {
    mutating func findSeeds(_ batch: MassTraceBatch, trace: Int) {
        seeds.removeAll(keepingCapacity: true)
        let count = workspace.count
        guard count >= 3, let rows = scaleRange() else { return }
        let firstLevel = batch.noiseLevels[Int(workspace.firstScan) - batch.firstScan]
        let threshold = max(Double(firstLevel) * parameters.isotopeSignalToNoise, .leastNormalMagnitude)
        let reach = reaches[rows]
        switch precision {
        case .float64:
            let signal = UnsafeBufferPointer(start: workspace.signal, count: count)
            link(signal, doubleTransform, rows: rows, threshold: threshold, reach: reach)
        case .float32, .mixed:
            let signal = UnsafeBufferPointer(start: workspace.single, count: count)
            // What rounding leaves of the highest point must not become ridges.
            let rounding = 16 * Float.ulpOfOne * fixedLaneMaximum(signal)
            link(signal, singleTransform, rows: rows, threshold: max(Float(threshold), rounding), reach: reach)
        }
        collectSeeds(rows: rows)
        mergeSeeds()
    }

    /// Ridges through the scales of one trace: of the whole matrix of coefficients, or row after row.
    private mutating func link<Transform: SignalTransform>(
        _ signal: UnsafeBufferPointer<Transform.Scalar>, _ transform: Transform, rows: Range<Int>,
        threshold: Transform.Scalar, reach: ArraySlice<Int32>
    ) {
        let shifts = transform.columnShifts[rows]
        guard transform.settings.keepsOneRow else {
            let coefficients = transform.transform(signal, scales: rows)
            linker.link(
                coefficients, rows: rows.count, stride: transform.rowStride, columns: signal.count,
                threshold: threshold, reach: reach, shifts: shifts)
            return
        }
        transform.withRows(signal, scales: rows) { valuesOf in
            linker.link(
                rows: rows.count, columns: signal.count, threshold: threshold, reach: reach, shifts: shifts,
                valuesOf: valuesOf)
        }
    }

    /// The scales whose width lies in the wanted range at this trace's mean scan spacing, at least two.
    func scaleRange() -> Range<Int>? {
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

    mutating func collectSeeds(rows: Range<Int>) {
        let minLength = 1
        let count = workspace.count
        for line in linker.finished where Int(line.length) >= minLength {
            let row = line.bestCoefficient >= 0.6 * line.largest ? Int(line.bestRow) : Int(line.row)
            let scale = Self.scales.values[rows.lowerBound + row]
            let half = Self.smoothingHalf(scale)
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
            let seed = PeakSeed(
                apex: apex, half: half, narrowScale: scale, scale: scale, height: height,
                coefficient: line.largest)
            if let last = seeds.last, last.apex == apex {
                let isFiner = last.half < half && !seed.hasRipple(last)
                if isFiner || last.hasRipple(seed) { continue }
                seeds[seeds.count - 1] = seed
            } else {
                seeds.append(seed)
            }
        }
        seeds.sort { ($0.apex, $0.scale) < ($1.apex, $1.scale) }
    }

    /// Keeps of neighbouring seeds without a real valley between them the higher one.
    mutating func mergeSeeds() {
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
                if seed.hasRipple(last) || (seed.height > last.height && !last.hasRipple(seed)) {
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
    func widen(_ seed: inout PeakSeed, to scale: Double) {
        seed.scale = max(seed.scale, min(scale, 4 * seed.narrowScale))
    }
}

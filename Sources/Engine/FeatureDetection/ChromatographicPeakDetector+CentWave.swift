import SignalKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the `centwave` parameters ask of the detector beyond its own.
extension ChromatographicPeakDetector {
    /// Kernels of all scales, made when they are first needed.
    private static let kernels = scales.values.map(WaveletScales.kernel)

    /// Whether a trace has the points that the prefilter wants of each of its regions. O(points).
    func passesPrefilter(_ batch: MassTraceBatch, trace: Int) -> Bool {
        guard let wanted = parameters.centWave?.prefilter else { return true }
        return passes(wanted, batch, batch.offsets[trace]..<batch.offsets[trace + 1])
    }

    func passes(_ wanted: CentWaveParameters.Prefilter, _ batch: MassTraceBatch, _ points: Range<Int>) -> Bool {
        guard wanted.points > 0 else { return true }
        var found = 0
        for index in points where Double(batch.intensity[index]) >= wanted.intensity {
            found += 1
            if found == wanted.points { return true }
        }
        return false
    }

    /// The first and last scan with a point of a seed's peak. O(width * scale) by coefficients, else O(width).
    func limits(of seed: PeakSeed, _ rule: CentWaveParameters.Integration) -> ClosedRange<Int> {
        let range =
            switch rule {
            case .filteredData: coefficientMinima(about: seed)
            case .rawData: intensityMinima(about: seed)
            }
        var (left, right) = (range.lowerBound, range.upperBound)
        while left < right, !hasPoint(left) { left += 1 }
        while right > left, !hasPoint(right) { right -= 1 }
        return left...right
    }

    func hasPoint(_ column: Int) -> Bool { workspace.points[column + 1] > workspace.points[column] }

    /// From the highest coefficient at the apex down to the minimum on each side, at the scale of the peak.
    private func coefficientMinima(about seed: PeakSeed) -> ClosedRange<Int> {
        let kernel = Self.kernels[Self.row(of: seed.scale)]
        func walk(from start: Int, step: Int, while better: (Double, Double) -> Bool) -> Int {
            var column = start
            var value = coefficient(column, kernel)
            while column + step >= 0, column + step < workspace.count {
                let next = coefficient(column + step, kernel)
                guard better(next, value) else { break }
                column += step
                value = next
            }
            return column
        }
        let behind = walk(from: seed.apex, step: 1, while: >)
        let top = behind > seed.apex ? behind : walk(from: seed.apex, step: -1, while: >)
        return walk(from: top, step: -1, while: <)...walk(from: top, step: 1, while: <)
    }

    /// The row of the scale nearest to a value.
    private static func row(of scale: Double) -> Int {
        let values = scales.values
        let above = values.firstIndex { $0 >= scale } ?? values.count - 1
        return above > 0 && scale / values[above - 1] < values[above] / scale ? above - 1 : above
    }

    /// The coefficient of one scale at one scan, with zeros outside the trace. Always double precision.
    private func coefficient(_ column: Int, _ kernel: [Double]) -> Double {
        let half = kernel.count / 2
        let signal = workspace.signal
        var sum = 0.0
        for other in max(0, column - half)...min(workspace.count - 1, column + half) {
            sum += signal[other] * kernel[other - column + half]
        }
        return sum
    }

    /// From a scale beside the apex outwards as long as the intensities fall; up to half of the narrowest scale of scans in a
    /// row may lie higher. A scan without a point ends the peak.
    private func intensityMinima(about seed: PeakSeed) -> ClosedRange<Int> {
        let last = workspace.count - 1
        let tolerated = scans(in: parameters.minWidthSeconds) / 2
        let reach = max(1, Int(seed.scale))
        func descend(step: Int) -> Int {
            var lowest = seed.apex
            while abs(lowest - seed.apex) < reach, lowest + step >= 0, lowest + step <= last, hasPoint(lowest + step) {
                lowest += step
            }
            var column = lowest
            while column + step >= 0, column + step <= last, hasPoint(column + step) {
                column += step
                if workspace.signal[column] <= workspace.signal[lowest] {
                    lowest = column
                } else if abs(column - lowest) > tolerated {
                    break
                }
            }
            return lowest
        }
        return descend(step: -1)...descend(step: 1)
    }

    /// Replaces what centWave tells otherwise in a peak that was measured.
    func apply(
        _ rules: CentWaveParameters, to peak: inout ChromatographicPeak, batch: MassTraceBatch, trace: Int,
        columns: ClosedRange<Int>
    ) {
        peak.mz = centerMZ(
            batch, trace: trace, left: columns.lowerBound, right: columns.upperBound, rule: rules.mzCenter)
        guard rules.fitgauss else { return }
        let start = GaussianFit(
            height: peak.height, centre: peak.retentionTimeSeconds,
            deviation: max(peak.widthSeconds, 1e-3) / 2.354_820_045_030_949)
        let fit = GaussianFit.fit(workspace.signal, workspace.time, range: columns, start: start)
        if let fit { peak.retentionTimeSeconds = fit.centre }
    }

    /// The m/z of a peak by one of centWave's rules, relative to its first point so that nothing is lost.
    func centerMZ(
        _ batch: MassTraceBatch, trace: Int, left: Int, right: Int, rule: CentWaveParameters.MZCenter
    ) -> Double {
        let start = batch.offsets[trace]
        var points = (start + Int(workspace.points[left]))..<(start + Int(workspace.points[right + 1]))
        var apex = points.lowerBound
        for index in points where batch.intensity[index] > batch.intensity[apex] { apex = index }
        switch rule {
        case .apex: return batch.mz[apex]
        case .weightedMeanApex3, .meanApex3:
            points = max(points.lowerBound, apex - 1)..<min(points.upperBound, apex + 2)
        case .weightedMean, .mean: break
        }
        let isWeighted = rule == .weightedMean || rule == .weightedMeanApex3
        let reference = batch.mz[points.lowerBound]
        var weight = 0.0
        var offset = 0.0
        for index in points {
            let share = isWeighted ? Double(batch.intensity[index]) : 1
            weight += share
            offset += share * (batch.mz[index] - reference)
        }
        return weight > 0 ? reference + offset / weight : reference
    }

    /// Lowest and highest m/z of the points between two scans.
    func rangeOfMZ(_ batch: MassTraceBatch, trace: Int, left: Int, right: Int) -> ClosedRange<Double> {
        let start = batch.offsets[trace]
        let points = (start + Int(workspace.points[left]))..<(start + Int(workspace.points[right + 1]))
        var (low, high) = (batch.mz[points.lowerBound], batch.mz[points.lowerBound])
        for index in points {
            low = min(low, batch.mz[index])
            high = max(high, batch.mz[index])
        }
        return low...high
    }
}

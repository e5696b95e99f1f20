import SignalKernels

/// A ridge that stands out of the noise, on the way to becoming a centroid.
struct RidgeCandidate {
    /// Column (from the spectrum's first) at the finest scale that the ridge reaches, and that scale's row.
    var column: Int
    var row: Int
    /// Samples on both sides that may hold the apex: half the width of the peak.
    var radius: Int
    /// The sample nearest to the column.
    var sample: Int
    /// The local maximum of the samples that is the apex, as a plateau; empty for none.
    var apex: Range<Int>
    /// Position in columns, relative to `column`, and height of a shoulder.
    var shift = 0.0
    /// Whether it becomes a centroid.
    var isPeak = false
    /// Whether it is what two finer ridges have in common.
    var isMerger = false
}

extension WaveletCentroider {
    /// The ridges of the last linking that are long and strong enough, ascending in position, each with its apex.
    mutating func collectCandidates(
        _ samples: ProfileSamples, island: ClosedRange<Int>, window: IslandTransform.Window, noise: NoiseWindows
    ) {
        candidates.removeAll(keepingCapacity: true)
        let islandColumn = columns[island.lowerBound]
        for line in linker.finished where Int(line.length) >= parameters.minRidgeLength {
            let column = window.whole.lowerBound + Int(line.position)
            guard window.core.contains(column) else { continue }
            let sample = nearestSample(to: islandColumn + column, island: island)
            guard line.largest >= signalToNoise * noise.level(at: sample).noise else { continue }
            let radius = max(1, Int((scales.values[Int(line.bestRow)] / 2).rounded()))
            candidates.append(
                RidgeCandidate(
                    column: islandColumn + column, row: Int(line.row), radius: radius, sample: sample,
                    apex: highestMaximum(samples, island: island, around: islandColumn + column, radius: radius)))
        }
    }

    /// Drops ridges that are only the common slope of two: they end where finer scales show a ridge on either side.
    mutating func dropMergers() {
        for index in candidates.indices.dropFirst().dropLast() where candidates[index].row > 0 {
            let (left, middle, right) = (candidates[index - 1], candidates[index], candidates[index + 1])
            let near = Int(2 * scales.values[middle.row])
            if left.row < middle.row && right.row < middle.row && middle.column - left.column <= near
                && right.column - middle.column <= near
            {
                candidates[index].isMerger = true
            }
        }
        candidates.removeAll { $0.isMerger }
    }

    func nearestSample(to column: Int, island: ClosedRange<Int>) -> Int {
        var low = island.lowerBound
        var high = island.upperBound
        while low < high {
            let middle = (low + high) / 2
            if columns[middle] < column { low = middle + 1 } else { high = middle }
        }
        if low > island.lowerBound && columns[low] - column > column - columns[low - 1] { return low - 1 }
        return low
    }

    /// The highest local maximum that has a sample within `radius` columns of a position.
    private func highestMaximum(
        _ samples: ProfileSamples, island: ClosedRange<Int>, around column: Int, radius: Int
    ) -> Range<Int> {
        var index = nearestSample(to: column - radius, island: island)
        if columns[index] < column - radius && index < island.upperBound { index += 1 }
        // Into the middle of a plateau no search may start.
        while index > island.lowerBound && samples.intensity[index - 1] == samples.intensity[index] { index -= 1 }
        var best = 0..<0
        while let maximum = samples.nextMaximum(from: &index), columns[maximum.lowerBound] <= column + radius {
            guard maximum.upperBound <= island.upperBound, columns[maximum.upperBound] >= column - radius else { break }
            if best.isEmpty || samples.intensity[maximum.lowerBound] > samples.intensity[best.lowerBound] {
                best = maximum.lowerBound..<(maximum.upperBound + 1)
            }
        }
        return best
    }

    /// Gives every local maximum to the nearest of the ridges that want it.
    mutating func resolveApexes() {
        for index in candidates.indices where !candidates[index].apex.isEmpty {
            let candidate = candidates[index]
            var isNearest = true
            var rival = index - 1
            let firstColumn = columns[candidate.apex.lowerBound]
            // Ridges ascend in position, and no radius exceeds half of the widest scale.
            while rival >= 0, candidates[rival].column >= firstColumn - parameters.maxWidthSamples {
                if candidates[rival].isPeak && candidates[rival].apex == candidate.apex {
                    if distance(candidates[rival]) <= distance(candidate) {
                        isNearest = false
                    } else {
                        candidates[rival].isPeak = false
                    }
                    break
                }
                rival -= 1
            }
            candidates[index].isPeak = isNearest
        }
        for index in candidates.indices where !candidates[index].isPeak { candidates[index].apex = 0..<0 }
    }

    /// Columns from a ridge to the middle of its apex, doubled.
    private func distance(_ candidate: RidgeCandidate) -> Int {
        abs(2 * candidate.column - columns[candidate.apex.lowerBound] - columns[candidate.apex.upperBound - 1])
    }

    /// Keeps ridges without a local maximum of their own where they are the shoulder of a higher peak.
    ///
    /// - Parameters:
    ///   - coefficients: those that the ridges were found in, `width` columns from `firstColumn` on.
    mutating func resolveShoulders(
        _ samples: ProfileSamples, firstColumn: Int, coefficients: UnsafePointer<Double>, rowStride: Int, width: Int
    ) {
        for index in candidates.indices where candidates[index].apex.isEmpty {
            let candidate = candidates[index]
            let column = candidate.column - firstColumn
            let row = coefficients + candidate.row * rowStride
            guard column > 0, column + 1 < width, samples.isSignal(candidate.sample),
                columns[candidate.sample] == candidate.column,
                stands(index, beside: -1, row: row, firstColumn: firstColumn),
                stands(index, beside: 1, row: row, firstColumn: firstColumn)
            else { continue }
            let (left, middle, right) = (row[column - 1], row[column], row[column + 1])
            let curvature = left - 2 * middle + right
            candidates[index].shift = curvature < 0 ? min(max(0.5 * (left - right) / curvature, -0.5), 0.5) : 0
            candidates[index].isPeak = true
        }
    }

    /// Whether a shoulder is apart from the next peak in one direction, and no ripple on it.
    ///
    /// The ripple of noise on a peak grows with the peak, so near one a shoulder needs a twentieth of its coefficient.
    private func stands(
        _ index: Int, beside direction: Int, row: UnsafePointer<Double>, firstColumn: Int
    ) -> Bool {
        let candidate = candidates[index]
        var neighbour = index + direction
        while candidates.indices.contains(neighbour) && !candidates[neighbour].isPeak { neighbour += direction }
        guard candidates.indices.contains(neighbour) else { return true }
        let other = candidates[neighbour]
        let first = other.apex.isEmpty ? other.column : columns[other.apex.lowerBound]
        let last = other.apex.isEmpty ? other.column : columns[other.apex.upperBound - 1]
        guard candidate.column < first - 1 || candidate.column > last + 1 else { return false }
        let isNear = abs(other.column - candidate.column) <= 2 * max(candidate.radius, other.radius)
        return !isNear || row[candidate.column - firstColumn] >= 0.05 * row[other.column - firstColumn]
    }

    /// Appends the centroids of the candidates that are peaks, ascending in m/z.
    mutating func emit(_ samples: ProfileSamples, grid: SamplingGrid) {
        let curve = parameters.apex
        for candidate in candidates where candidate.isPeak {
            let apex =
                candidate.apex.isEmpty
                ? candidate.sample : (candidate.apex.lowerBound + candidate.apex.upperBound - 1) / 2
            let run = joinedSamples(samples, around: apex, grid: grid)
            guard run.count >= parameters.minSamples else { continue }
            let (mz, intensity) = (samples.mz, samples.intensity)
            var peak = Centroid(mz: mz[apex], height: intensity[apex])
            if run.lowerBound < apex && run.upperBound > apex {
                if candidate.apex.isEmpty {
                    let other = candidate.shift < 0 ? apex - 1 : apex + 1
                    let fraction = abs(candidate.shift)
                    peak.mz += fraction * (mz[other] - mz[apex])
                    peak.height += Float(fraction) * (intensity[other] - intensity[apex])
                } else {
                    peak = curve.maximum(samples, span: descent(samples, from: apex, within: run), apex: apex)
                }
            }
            found.append(peak)
            var place = found.count - 1
            while place > 0 && found[place - 1].mz > peak.mz {
                found[place] = found[place - 1]
                place -= 1
            }
            found[place] = peak
        }
    }

    /// Signal samples around `apex` without a gap, at most as many on each side as the widest peak is wide.
    private func joinedSamples(_ samples: ProfileSamples, around apex: Int, grid: SamplingGrid) -> ClosedRange<Int> {
        let farthest = max(parameters.maxWidthSamples, parameters.minSamples)
        var left = apex
        while left > 0, apex - left < farthest, grid.advances[left - 1] > 0, samples.isSignal(left - 1) { left -= 1 }
        var right = apex
        while right + 1 < samples.count, right - apex < farthest, grid.advances[right] > 0,
            samples.isSignal(right + 1)
        {
            right += 1
        }
        return left...right
    }

    /// The samples from valley to valley.
    private func descent(_ samples: ProfileSamples, from apex: Int, within run: ClosedRange<Int>) -> ClosedRange<Int> {
        let intensity = samples.intensity
        var left = apex - 1
        while left > run.lowerBound && intensity[left - 1] <= intensity[left] { left -= 1 }
        var right = apex + 1
        while right < run.upperBound && intensity[right + 1] <= intensity[right] { right += 1 }
        return left...right
    }
}

import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Preparation of intensities for the spectral entropy similarity.
enum EntropyWeights {
    /// Scales to sum 1 and, if `weighted`, raises spectra of low entropy to a power so that few strong peaks do not
    /// decide alone. Empty input stays empty.
    static func apply(_ intensity: inout [Double], weighted: Bool) {
        normalise(&intensity)
        guard weighted else { return }
        var entropy = 0.0
        for value in intensity where value > 0 { entropy -= value * log(value) }
        guard entropy < 3 else { return }
        let power = 0.25 + 0.25 * entropy
        for index in intensity.indices { intensity[index] = pow(intensity[index], power) }
        normalise(&intensity)
    }

    private static func normalise(_ intensity: inout [Double]) {
        var sum = 0.0
        for value in intensity { sum += value }
        guard sum > 0 else { return }
        for index in intensity.indices { intensity[index] /= sum }
    }

    /// Whether two neighbours lie within twice the tolerance of each other.
    static func needsMerging(_ mz: UnsafeBufferPointer<Double>, tolerance: Tolerance) -> Bool {
        for index in 1..<max(mz.count, 1) where mz[index] - mz[index - 1] <= 2 * tolerance.halfWidth(at: mz[index]) {
            return true
        }
        return false
    }

    /// Merges peaks within twice the tolerance, the strongest first, until no two are left: intensities add up, the m/z
    /// is the intensity-weighted mean. At equal intensity the lower m/z goes first.
    /// - Complexity: O(n) when nothing is to merge, otherwise O(n log n) per round, and each round removes a peak.
    static func merge(_ peaks: inout PeakList, tolerance: Tolerance) {
        while peaks.mz.withUnsafeBufferPointer({ needsMerging($0, tolerance: tolerance) }) {
            let source = peaks
            let order = source.mz.indices.sorted {
                source.intensity[$0] != source.intensity[$1] ? source.intensity[$0] > source.intensity[$1] : $0 < $1
            }
            var used = [Bool](repeating: false, count: source.count)
            peaks.removeAll()
            for seed in order where !used[seed] {
                let reach = 2 * tolerance.halfWidth(at: source.mz[seed])
                var first = seed
                while first > 0, !used[first - 1], source.mz[seed] - source.mz[first - 1] <= reach { first -= 1 }
                var last = seed
                // The neighbour above judges by its own, wider reach: as `needsMerging` does.
                while last + 1 < source.count, !used[last + 1],
                    source.mz[last + 1] - source.mz[seed] <= 2 * tolerance.halfWidth(at: source.mz[last + 1])
                { last += 1 }
                var sum = 0.0
                var moment = 0.0
                for index in first...last {
                    used[index] = true
                    sum += source.intensity[index]
                    moment += source.intensity[index] * source.mz[index]
                }
                peaks.append(mz: moment / sum, intensity: sum)
            }
            peaks.sortByMZ()
            // Peaks that are not ordinary numbers (a damaged file) cannot be merged any further.
            if peaks.count >= source.count { return }
        }
    }
}

/// Preparation of intensities for the cosine.
enum CosineWeights {
    /// Raises to `power` and scales to Euclidean length 1.
    static func apply(_ intensity: inout [Double], power: Double) {
        var squares = 0.0
        for index in intensity.indices {
            let value =
                power == 0.5
                ? intensity[index].squareRoot() : power == 1 ? intensity[index] : pow(intensity[index], power)
            intensity[index] = value
            squares += value * value
        }
        guard squares > 0 else { return }
        let scale = 1 / squares.squareRoot()
        for index in intensity.indices { intensity[index] *= scale }
    }

    /// Weights m/z^`mzPower` * I^`intensityPower`, scaled to Euclidean length 1.
    /// - Source: Stein and Scott 1994, doi:10.1016/1044-0305(94)87009-8.
    static func apply(_ peaks: inout PeakList, intensityPower: Double, mzPower: Double) {
        apply(&peaks.intensity, power: intensityPower)
        for index in peaks.mz.indices { peaks.intensity[index] *= pow(peaks.mz[index], mzPower) }
        apply(&peaks.intensity, power: 1)
    }

    /// Keeps the peaks that lost something: m/z below the precursor's by more than the tolerance at the precursor. What
    /// is left of the precursor says nothing about losses, and every spectrum has it.
    static func dropUnfragmented(_ peaks: inout PeakList, precursorMZ: Double, tolerance: Tolerance) {
        let half = tolerance.halfWidth(at: precursorMZ)
        var kept = peaks.count
        while kept > 0, !(precursorMZ - peaks.mz[kept - 1] > half) { kept -= 1 }
        peaks.mz.removeSubrange(kept...)
        peaks.intensity.removeSubrange(kept...)
    }
}

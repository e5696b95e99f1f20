import SpectrumModel

/// The value nearest to a target, the lower one of two; `nil` when it is further than `distance`.
func nearestPoint(to target: Double, within distance: Double, in values: [Double]) -> Int? {
    let above = values.firstIndex(notBelow: target)
    var best: Int?
    var bestDistance = distance
    for candidate in [above - 1, above] where values.indices.contains(candidate) {
        let away = abs(values[candidate] - target)
        if away < bestDistance {
            best = candidate
            bestDistance = away
        }
    }
    return best
}

/// Puts ascending points into ascending points, from the back, in place.
func interleave(
    _ newMZ: [Double], _ newIntensity: [Float], into mz: inout [Double], _ intensity: inout [Float]
) {
    var old = mz.count - 1
    var new = newMZ.count - 1
    mz.append(contentsOf: newMZ)
    intensity.append(contentsOf: newIntensity)
    var target = mz.count - 1
    while new >= 0 {
        if old >= 0, mz[old] > newMZ[new] {
            mz[target] = mz[old]
            intensity[target] = intensity[old]
            old -= 1
        } else {
            mz[target] = newMZ[new]
            intensity[target] = newIntensity[new]
            new -= 1
        }
        target -= 1
    }
}

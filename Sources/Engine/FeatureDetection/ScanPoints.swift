import SignalKernels
import SpectrumModel

/// The usable points of scans, one scan behind the other in flat arrays that only grow, so that loops run on plain memory.
struct ScanPoints: Sendable {
    private(set) var count = 0
    private(set) var mz: [Double] = []
    private(set) var intensity: [Float] = []

    /// Appends what is above the noise of the points of a scan; returns where they are, ascending in m/z. O(points).
    ///
    /// - Parameter mergeDistance: points nearer than this to a stronger one are dropped.
    mutating func append(
        mz newMZ: UnsafeBufferPointer<Double>, intensity newIntensity: UnsafeBufferPointer<Float>, floor: Float,
        mergeDistance: Tolerance
    ) -> Range<Int> {
        precondition(newMZ.count == newIntensity.count, "m/z and intensity differ in length")
        reserve(newMZ.count + keepPadding)
        let first = count
        if !select(newMZ, newIntensity, floor: max(floor, .leastNonzeroMagnitude)) { sort(from: first) }
        if mergeDistance.halfWidth(at: 1000) > 0 { mergeNeighbours(from: first, distance: mergeDistance.linear) }
        return first..<count
    }

    /// For loops over many points.
    mutating func withPoints<Result>(
        _ body: (_ mz: UnsafeMutableBufferPointer<Double>, _ intensity: UnsafeMutableBufferPointer<Float>) -> Result
    ) -> Result {
        mz.withUnsafeMutableBufferPointer { mz in intensity.withUnsafeMutableBufferPointer { body(mz, $0) } }
    }

    mutating func truncate(to count: Int) { self.count = count }

    /// Appends a copy of a point.
    mutating func duplicate(_ point: Int) {
        reserve(1)
        mz[count] = mz[point]
        intensity[count] = intensity[point]
        count += 1
    }

    private mutating func reserve(_ more: Int) {
        let missing = count + more - mz.count
        guard missing > 0 else { return }
        let growth = missing + mz.count
        mz.append(contentsOf: repeatElement(0, count: growth))
        intensity.append(contentsOf: repeatElement(0, count: growth))
    }

    /// Returns whether the points that were kept ascend.
    private mutating func select(
        _ newMZ: UnsafeBufferPointer<Double>, _ newIntensity: UnsafeBufferPointer<Float>, floor: Float
    ) -> Bool {
        let first = count
        return mz.withUnsafeMutableBufferPointer { outMZ in
            intensity.withUnsafeMutableBufferPointer { outIntensity in
                guard let newMZ = newMZ.baseAddress, let value = newIntensity.baseAddress,
                    let outMZ = outMZ.baseAddress, let outIntensity = outIntensity.baseAddress
                else { return true }
                let kept = keepAbove(
                    newMZ, value, count: newIntensity.count, floor: floor, into: outMZ + first, outIntensity + first)
                count = first + kept
                return isAscending(outMZ + first, count: kept)
            }
        }
    }

    private mutating func sort(from first: Int) {
        let order = (first..<count).sorted { (mz[$0], $0) < (mz[$1], $1) }
        let sortedMZ = order.map { mz[$0] }
        let sortedIntensity = order.map { intensity[$0] }
        mz.replaceSubrange(first..<count, with: sortedMZ)
        intensity.replaceSubrange(first..<count, with: sortedIntensity)
    }

    /// Keeps of points nearer than the merge distance the strongest; ties go to the lower m/z.
    private mutating func mergeNeighbours(from first: Int, distance: (relative: Double, absolute: Double)) {
        guard count > first else { return }
        var kept = first
        let end = count
        mz.withUnsafeMutableBufferPointer { mz in
            intensity.withUnsafeMutableBufferPointer { intensity in
                var lastMZ = mz[first]
                var lastIntensity = intensity[first]
                // Written always, over the last one or behind it: which of the two, no branch predictor can learn.
                for index in (first + 1)..<end {
                    let position = mz[index]
                    let value = intensity[index]
                    let isNear = position - lastMZ <= distance.relative * position + distance.absolute
                    let counts = !isNear || value > lastIntensity
                    lastMZ = counts ? position : lastMZ
                    lastIntensity = counts ? value : lastIntensity
                    kept += isNear ? 0 : 1
                    mz[kept] = lastMZ
                    intensity[kept] = lastIntensity
                }
                kept += 1
            }
        }
        count = kept
    }
}

extension Tolerance {
    /// The half width as `relative * mz + absolute`.
    var linear: (relative: Double, absolute: Double) {
        switch self {
        case .ppm(let value): (value * 1e-6, 0)
        case .dalton(let value): (0, value)
        }
    }
}

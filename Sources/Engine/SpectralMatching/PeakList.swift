/// Peaks of one fragment spectrum in double precision: the input of the similarity functions.
public struct PeakList: Sendable, Hashable {
    /// m/z, ascending.
    public var mz: [Double]
    /// Intensity in any unit, positive.
    public var intensity: [Double]

    public init(mz: [Double] = [], intensity: [Double] = []) {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        self.mz = mz
        self.intensity = intensity
    }

    public var count: Int { mz.count }

    /// Empties the list and keeps the memory.
    mutating func removeAll() {
        mz.removeAll(keepingCapacity: true)
        intensity.removeAll(keepingCapacity: true)
    }

    mutating func append(mz newMZ: Double, intensity newIntensity: Double) {
        mz.append(newMZ)
        intensity.append(newIntensity)
    }

    /// Sorts by m/z, then intensity: the order does not depend on how the peaks came.
    mutating func sortByMZ() {
        var sorted = true
        for index in mz.indices.dropFirst() where mz[index] < mz[index - 1] { sorted = false }
        if sorted { return }
        let order = mz.indices.sorted { (mz[$0], intensity[$0]) < (mz[$1], intensity[$1]) }
        mz = order.map { mz[$0] }
        intensity = order.map { intensity[$0] }
    }
}

/// How a fragment spectrum is prepared before it is stored or compared.
public struct PeakCleaning: Sendable, Hashable {
    /// Peaks below this fraction of the base peak are removed; a peak exactly at it stays. 0 keeps all.
    public var noiseFraction: Double
    /// At most this many peaks stay, the most intense ones (at equal intensity the lower m/z).
    public var maximumPeakCount: Int

    public init(noiseFraction: Double = 0.01, maximumPeakCount: Int = 512) {
        precondition(noiseFraction >= 0 && noiseFraction < 1, "the noise fraction lies in 0..<1")
        precondition(maximumPeakCount > 0, "at least one peak must be allowed")
        self.noiseFraction = noiseFraction
        self.maximumPeakCount = maximumPeakCount
    }

    /// No ion has a higher m/z. What is above it (a damaged file) would overflow in sums of m/z times intensity.
    static let highestMZ = 1e9

    /// Drops peaks that are not finite and positive or have an m/z that no ion has, sorts by m/z, removes noise, and scales the base peak to 1.
    ///
    /// Above `upperMZ` peaks are dropped first, so that the base peak is the one of what remains.
    /// - Complexity: O(n) for sorted peaks, O(n log n) otherwise.
    public func clean(_ peaks: PeakList, upperMZ: Double = .infinity) -> PeakList {
        clean(mz: peaks.mz, intensity: peaks.intensity, upperMZ: upperMZ)
    }

    /// The same for intensities in single or double precision.
    func clean<Intensity: BinaryFloatingPoint>(
        mz allMZ: [Double], intensity allIntensity: [Intensity], upperMZ: Double
    ) -> PeakList {
        precondition(allMZ.count == allIntensity.count, "m/z and intensity differ in length")
        var result = PeakList()
        var base = 0.0
        result.mz = Array(unsafeUninitializedCapacity: allMZ.count) { keptMZ, keptCount in
            result.intensity = Array(unsafeUninitializedCapacity: allMZ.count) { kept, count in
                for peak in allMZ.indices {
                    let mz = allMZ[peak]
                    let intensity = Double(allIntensity[peak])
                    guard mz > 0, mz < Self.highestMZ, intensity.isFinite, intensity > 0, mz <= upperMZ else {
                        continue
                    }
                    keptMZ[count] = mz
                    kept[count] = intensity
                    count += 1
                    base = max(base, intensity)
                }
                keptCount = count
            }
        }
        result.sortByMZ()
        let threshold = noiseFraction * base
        var kept = 0
        for index in 0..<result.count where result.intensity[index] >= threshold {
            result.mz[kept] = result.mz[index]
            result.intensity[kept] = result.intensity[index] / base
            kept += 1
        }
        result.mz.removeLast(result.mz.count - kept)
        result.intensity.removeLast(result.intensity.count - kept)
        if kept > maximumPeakCount { keepMostIntense(&result) }
        return result
    }

    private func keepMostIntense(_ peaks: inout PeakList) {
        let list = peaks
        let order = list.mz.indices.sorted {
            list.intensity[$0] != list.intensity[$1] ? list.intensity[$0] > list.intensity[$1] : $0 < $1
        }
        let kept = order.prefix(maximumPeakCount).sorted()
        peaks = PeakList(mz: kept.map { list.mz[$0] }, intensity: kept.map { list.intensity[$0] })
    }
}

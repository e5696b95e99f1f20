/// The samples of one spectrum, ascending in m/z, as the centroiders see them.
struct ProfileSamples {
    let mz: UnsafeBufferPointer<Double>
    let intensity: UnsafeBufferPointer<Float>

    var count: Int { mz.count }

    /// What is not positive and finite is no signal.
    @inline(__always)
    func isSignal(_ index: Int) -> Bool { intensity[index] > 0 && intensity[index] < .infinity }

    @inline(__always)
    func signal(_ index: Int) -> Double { isSignal(index) ? Double(intensity[index]) : 0 }

    /// The next local maximum that starts at or after `index`, which moves behind it. Equal neighbours are one maximum.
    @inline(__always)
    func nextMaximum(from index: inout Int) -> ClosedRange<Int>? {
        while index < count {
            let height = intensity[index]
            guard isSignal(index), index == 0 || !(isSignal(index - 1) && intensity[index - 1] >= height) else {
                index += 1
                continue
            }
            var last = index
            while last + 1 < count && intensity[last + 1] == height { last += 1 }
            let first = index
            index = last + 1
            if index < count && intensity[index] > height && intensity[index].isFinite { continue }
            return first...last
        }
        return nil
    }
}

/// A centroid: position and height.
struct Centroid {
    var mz: Double
    var height: Float
}

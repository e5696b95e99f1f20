/// Sum with eight running lanes, folded pairwise at the end; the remainder is added last, in order.
///
/// The lane order is fixed, so the result is the same on every machine and for every build. O(n), NaN propagates.
public func fixedLaneSum(_ values: UnsafeBufferPointer<Double>) -> Double {
    var lanes = SIMD8<Double>.zero
    guard let base = values.baseAddress else { return 0 }
    let blocks = values.count / 8
    let raw = UnsafeRawPointer(base)
    for block in 0..<blocks {
        lanes += raw.loadUnaligned(fromByteOffset: block * 64, as: SIMD8<Double>.self)
    }
    var total = fold(lanes)
    for index in (blocks * 8)..<values.count { total += base[index] }
    return total
}

/// Sum of single-precision values; same lane order as the double version.
public func fixedLaneSum(_ values: UnsafeBufferPointer<Float>) -> Float {
    var lanes = SIMD8<Float>.zero
    guard let base = values.baseAddress else { return 0 }
    let blocks = values.count / 8
    let raw = UnsafeRawPointer(base)
    for block in 0..<blocks {
        lanes += raw.loadUnaligned(fromByteOffset: block * 32, as: SIMD8<Float>.self)
    }
    var total = fold(lanes)
    for index in (blocks * 8)..<values.count { total += base[index] }
    return total
}

/// Inner product of two arrays of equal length, in the lane order of `fixedLaneSum`.
public func fixedLaneDot(_ a: UnsafeBufferPointer<Double>, _ b: UnsafeBufferPointer<Double>) -> Double {
    precondition(a.count == b.count, "arrays differ in length")
    guard let left = a.baseAddress, let right = b.baseAddress else { return 0 }
    var lanes = SIMD8<Double>.zero
    let blocks = a.count / 8
    let rawLeft = UnsafeRawPointer(left)
    let rawRight = UnsafeRawPointer(right)
    for block in 0..<blocks {
        let x = rawLeft.loadUnaligned(fromByteOffset: block * 64, as: SIMD8<Double>.self)
        let y = rawRight.loadUnaligned(fromByteOffset: block * 64, as: SIMD8<Double>.self)
        lanes += x * y
    }
    var total = fold(lanes)
    for index in (blocks * 8)..<a.count { total += left[index] * right[index] }
    return total
}

/// Inner product of single-precision arrays of equal length, in the lane order of `fixedLaneSum`.
public func fixedLaneDot(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Float {
    precondition(a.count == b.count, "arrays differ in length")
    guard let left = a.baseAddress, let right = b.baseAddress else { return 0 }
    var lanes = SIMD8<Float>.zero
    let blocks = a.count / 8
    let rawLeft = UnsafeRawPointer(left)
    let rawRight = UnsafeRawPointer(right)
    for block in 0..<blocks {
        let x = rawLeft.loadUnaligned(fromByteOffset: block * 32, as: SIMD8<Float>.self)
        let y = rawRight.loadUnaligned(fromByteOffset: block * 32, as: SIMD8<Float>.self)
        lanes += x * y
    }
    var total = fold(lanes)
    for index in (blocks * 8)..<a.count { total += left[index] * right[index] }
    return total
}

/// Largest value; `-infinity` for an empty array. NaN is never returned.
public func fixedLaneMaximum(_ values: UnsafeBufferPointer<Double>) -> Double {
    var lanes = SIMD8<Double>(repeating: -.infinity)
    guard let base = values.baseAddress else { return -.infinity }
    let blocks = values.count / 8
    let raw = UnsafeRawPointer(base)
    for block in 0..<blocks {
        let x = raw.loadUnaligned(fromByteOffset: block * 64, as: SIMD8<Double>.self)
        lanes.replace(with: x, where: x .> lanes)
    }
    var best = -Double.infinity
    for lane in 0..<8 where lanes[lane] > best { best = lanes[lane] }
    for index in (blocks * 8)..<values.count where base[index] > best { best = base[index] }
    return best
}

/// Largest single-precision value; `-infinity` for an empty array. NaN is never returned.
public func fixedLaneMaximum(_ values: UnsafeBufferPointer<Float>) -> Float {
    var lanes = SIMD8<Float>(repeating: -.infinity)
    guard let base = values.baseAddress else { return -.infinity }
    let blocks = values.count / 8
    let raw = UnsafeRawPointer(base)
    for block in 0..<blocks {
        let x = raw.loadUnaligned(fromByteOffset: block * 32, as: SIMD8<Float>.self)
        lanes.replace(with: x, where: x .> lanes)
    }
    var best = -Float.infinity
    for lane in 0..<8 where lanes[lane] > best { best = lanes[lane] }
    for index in (blocks * 8)..<values.count where base[index] > best { best = base[index] }
    return best
}

private func fold(_ lanes: SIMD8<Double>) -> Double {
    let four = lanes.lowHalf + lanes.highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
}

private func fold(_ lanes: SIMD8<Float>) -> Float {
    let four = lanes.lowHalf + lanes.highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
}

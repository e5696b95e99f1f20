#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Peak-shape quality: Pearson correlation of the profile with a Gaussian whose two halves have the peak's own widths.
///
/// Looks at up to two widths at half maximum on each side of the apex, so that the choice of the edges hardly matters.
/// Clamped to 0...1; 0 for fewer than 4 scans. In the spirit of `beta_cor` of Kumler, Hazelton and Ingalls 2023,
/// doi:10.1186/s12859-023-05533-4, with a shape that is fitted instead of chosen from a list.
///
/// - Parameter leftHalf: seconds from the apex to half maximum on the left; `rightHalf` likewise. Not negative.
func shapeQuality(
    signal: UnsafePointer<Double>, time: UnsafePointer<Double>, edges: ClosedRange<Int>, apex: Double,
    leftHalf: Double, rightHalf: Double
) -> Double {
    let width = leftHalf + rightHalf
    guard width > 0 else { return 0 }
    var left = edges.lowerBound
    while time[left] < apex - 2 * width { left += 1 }
    var right = edges.upperBound
    while right > left && time[right] > apex + 2 * width { right -= 1 }
    let count = right - left + 1
    guard count >= 4 else { return 0 }
    // A side that falls within a fraction of the whole width is a measurement of the sampling, not of the shape.
    let scaleLeft = -0.693_147_180_559_945 / (max(leftHalf, 0.2 * width) * max(leftHalf, 0.2 * width))
    let scaleRight = -0.693_147_180_559_945 / (max(rightHalf, 0.2 * width) * max(rightHalf, 0.2 * width))
    var sumX = 0.0
    var sumY = 0.0
    var sumXX = 0.0
    var sumYY = 0.0
    var sumXY = 0.0
    var highest = 0.0
    for column in left...right { highest = max(highest, signal[column]) }
    guard highest > 0 else { return 0 }
    let unit = 1 / highest
    for column in left...right {
        let offset = time[column] - apex
        let x = exp(offset * offset * (offset < 0 ? scaleLeft : scaleRight))
        let y = signal[column] * unit
        sumX += x
        sumY += y
        sumXX += x * x
        sumYY += y * y
        sumXY += x * y
    }
    let n = Double(count)
    let variance = (sumXX - sumX * sumX / n) * (sumYY - sumY * sumY / n)
    guard variance > 0 else { return 0 }
    return min(max((sumXY - sumX * sumY / n) / variance.squareRoot(), 0), 1)
}

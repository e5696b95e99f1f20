/// Linear-interpolated quantile (type 7 of Hyndman and Fan 1996, the default of R and numpy).
///
/// - Parameter values: any order, finite, not empty. - Parameter probability: in 0...1.
/// - Complexity: O(n log n), allocates a sorted copy.
public func quantile(_ values: some Sequence<Double>, _ probability: Double) -> Double {
    quantile(sorted: values.sorted(), probability)
}

/// `quantile` for values that are already ascending; allocates nothing.
public func quantile(sorted values: [Double], _ probability: Double) -> Double {
    precondition(!values.isEmpty, "quantile of no values")
    precondition((0...1).contains(probability), "probability outside 0...1")
    let position = probability * Double(values.count - 1)
    let lower = Int(position)
    let upper = min(lower + 1, values.count - 1)
    return values[lower] + (position - Double(lower)) * (values[upper] - values[lower])
}

/// Median of a non-empty sequence.
public func median(_ values: some Sequence<Double>) -> Double { quantile(values, 0.5) }

/// Arithmetic mean of a non-empty collection.
public func mean(_ values: some Collection<Double>) -> Double {
    precondition(!values.isEmpty, "mean of no values")
    return values.reduce(0, +) / Double(values.count)
}

/// Sample standard deviation (n - 1); 0 for fewer than two values.
public func standardDeviation(_ values: some Collection<Double>) -> Double {
    guard values.count > 1 else { return 0 }
    let center = mean(values)
    let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    return (squares / Double(values.count - 1)).squareRoot()
}

/// Median absolute deviation times 1.4826: a robust estimate of the standard deviation of normal data.
public func medianAbsoluteDeviation(_ values: some Collection<Double>) -> Double {
    let center = median(values)
    return 1.482_602_218_505_602 * median(values.map { abs($0 - center) })
}

/// Pearson correlation of two series of equal length; NaN when either does not vary.
public func pearsonCorrelation(_ x: [Double], _ y: [Double]) -> Double {
    precondition(x.count == y.count, "series differ in length")
    guard x.count > 1 else { return .nan }
    let meanX = mean(x)
    let meanY = mean(y)
    var xy = 0.0
    var xx = 0.0
    var yy = 0.0
    for (a, b) in zip(x, y) {
        xy += (a - meanX) * (b - meanY)
        xx += (a - meanX) * (a - meanX)
        yy += (b - meanY) * (b - meanY)
    }
    return xy / (xx * yy).squareRoot()
}

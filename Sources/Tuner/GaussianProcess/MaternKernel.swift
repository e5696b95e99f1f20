#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Matern-5/2 between a fixed set of rows and many points; also the weight of neighbours in feasibility models.
public struct MaternKernel: Sendable {
    public let kinds: [InputKind]
    /// exp(-2 t_j) for length scale exp(t_j).
    public let inverseSquareScales: [Double]

    public init(kinds: [InputKind], inverseSquareScales: [Double]) {
        precondition(kinds.count == inverseSquareScales.count, "one scale per input")
        self.kinds = kinds
        self.inverseSquareScales = inverseSquareScales
    }

    /// Kernel between rows (one contiguous column per dimension, `count` each) and points (row-major).
    /// - Returns: the values of each point after the other, `count` each. - Complexity: O(count * pointCount * d),
    /// allocation of the result only.
    public func cross(columns: [Double], count: Int, points: [Double], pointCount: Int) -> [Double] {
        let d = kinds.count
        precondition(columns.count == d * count && points.count == d * pointCount, "sizes do not match the dimensions")
        var values = [Double](repeating: 0, count: count * pointCount)
        values.withUnsafeMutableBufferPointer { values in
            columns.withUnsafeBufferPointer { columns in
                for c in 0..<pointCount {
                    let base = c * count
                    for j in 0..<d {
                        let x = points[c * d + j]
                        let weight = 5 * inverseSquareScales[j]
                        let column = j * count
                        if kinds[j] == .ordered {
                            for i in 0..<count {
                                let difference = columns[column + i] - x
                                values[base + i] += weight * (difference * difference)
                            }
                        } else {
                            for i in 0..<count { values[base + i] += columns[column + i] == x ? 0 : weight }
                        }
                    }
                    for i in 0..<count {
                        let r = values[base + i].squareRoot()
                        values[base + i] = (1 + r + r * r / 3) * exp(-r)
                    }
                }
            }
        }
        return values
    }
}

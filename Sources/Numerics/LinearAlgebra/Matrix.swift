/// A dense matrix of doubles in column-major order, as LAPACK reads it without copying.
public struct Matrix: Sendable, Hashable {
    public let rows: Int
    public let columns: Int
    /// Element (i, j) is at `i + j * rows`.
    public var elements: [Double]

    /// A matrix filled with one value.
    public init(rows: Int, columns: Int, filledWith value: Double = 0) {
        precondition(rows >= 0 && columns >= 0, "negative dimension")
        self.rows = rows
        self.columns = columns
        elements = [Double](repeating: value, count: rows * columns)
    }

    /// Takes elements that are already in column-major order; their count is `rows * columns`.
    public init(rows: Int, columns: Int, columnMajor elements: [Double]) {
        precondition(rows >= 0 && columns >= 0 && elements.count == rows * columns, "elements do not fill the matrix")
        self.rows = rows
        self.columns = columns
        self.elements = elements
    }

    @inlinable
    public subscript(row: Int, column: Int) -> Double {
        get { elements[row + column * rows] }
        set { elements[row + column * rows] = newValue }
    }

    /// Matrix product by the definition. - Complexity: O(rows * columns * other.columns).
    public func multiplied(by other: Matrix) -> Matrix {
        precondition(columns == other.rows, "inner dimensions differ")
        var product = Matrix(rows: rows, columns: other.columns)
        for j in 0..<other.columns {
            for k in 0..<columns {
                let factor = other[k, j]
                for i in 0..<rows { product.elements[i + j * rows] += self[i, k] * factor }
            }
        }
        return product
    }

    public var transposed: Matrix {
        var result = Matrix(rows: columns, columns: rows)
        for j in 0..<columns {
            for i in 0..<rows { result[j, i] = self[i, j] }
        }
        return result
    }
}

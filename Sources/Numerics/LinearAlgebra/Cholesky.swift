import CLAPACKE
import COpenBLAS

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The lower Cholesky factor of a symmetric positive definite matrix: A + jitter I = L L'.
///
/// LAPACKE `dpotrf` in column-major order. Only the lower triangle of A is read.
public struct Cholesky: Sendable {
    /// L, with zeros above the diagonal.
    public let factor: Matrix
    /// What had to be added to the diagonal; 0 when A was positive definite as it came.
    public let jitter: Double

    public var order: Int { factor.rows }

    /// Factorises A; when that fails, again with 1e-10 times the mean diagonal, then ten times as much, up to
    /// `maximumJitter` times the mean diagonal.
    ///
    /// - Throws: `FactorizationError` for a matrix that is not square, not finite, or indefinite beyond the jitter.
    /// - Complexity: O(n^3 / 3) per attempt.
    public init(_ matrix: Matrix, maximumJitter: Double = 1e-4) throws(FactorizationError) {
        let n = matrix.rows
        guard n == matrix.columns else {
            throw FactorizationError(.notSquare, rows: n, columns: matrix.columns)
        }
        var diagonal = 0.0
        for j in 0..<n {
            for i in j..<n where !matrix[i, j].isFinite { throw FactorizationError(.notFinite, rows: n, columns: n) }
            diagonal += abs(matrix[j, j])
        }
        let scale = n == 0 || diagonal == 0 ? 1 : diagonal / Double(n)
        _ = BLASLibrary.isPinned
        var relative = 0.0
        while true {
            var attempt = matrix
            if relative > 0 {
                for i in 0..<n { attempt.elements[i + i * n] += relative * scale }
            }
            let minor = Self.factorise(&attempt)
            if minor == 0 {
                factor = attempt
                jitter = relative * scale
                return
            }
            let next = relative == 0 ? 1e-10 : relative * 10
            // The tolerance keeps the last decade from being lost to rounding.
            guard next <= maximumJitter * (1 + 1e-9) else {
                throw FactorizationError(
                    .notPositiveDefinite, rows: n, columns: n, minor: minor, jitter: relative * scale)
            }
            relative = next
        }
    }

    /// Overwrites the matrix with its factor; returns 0, or the order of the minor that failed.
    private static func factorise(_ matrix: inout Matrix) -> Int {
        let n = matrix.rows
        guard n > 0 else { return 0 }
        let status = matrix.elements.withUnsafeMutableBufferPointer { buffer in
            LAPACKE_dpotrf_work(
                LAPACK_COL_MAJOR, CChar(bitPattern: UInt8(ascii: "L")), Int32(n), buffer.baseAddress,
                Int32(n))
        }
        guard status == 0 else { return max(1, Int(status)) }
        for j in 1..<max(1, n) {
            for i in 0..<j { matrix.elements[i + j * n] = 0 }
        }
        return 0
    }

    /// ln det(A + jitter I).
    public var logDeterminant: Double {
        var sum = 0.0
        for i in 0..<order { sum += log(factor[i, i]) }
        return 2 * sum
    }

    /// Solves (A + jitter I) x = b. - Complexity: O(n^2).
    public func solve(_ b: [Double]) -> [Double] {
        precondition(b.count == order, "right-hand side has the wrong length")
        return solve(Matrix(rows: b.count, columns: 1, columnMajor: b)).elements
    }

    /// Solves (A + jitter I) X = B for all columns (`dpotrs`). - Complexity: O(n^2) per column.
    public func solve(_ b: Matrix) -> Matrix {
        precondition(b.rows == order, "right-hand side has the wrong number of rows")
        guard order > 0, b.columns > 0 else { return b }
        var solution = b
        let n = Int32(order)
        let status = factor.elements.withUnsafeBufferPointer { lower in
            solution.elements.withUnsafeMutableBufferPointer { right in
                LAPACKE_dpotrs_work(
                    LAPACK_COL_MAJOR, CChar(bitPattern: UInt8(ascii: "L")), n, Int32(b.columns),
                    lower.baseAddress, n, right.baseAddress, n)
            }
        }
        assert(status == 0, "dpotrs rejects argument \(-status)")
        return solution
    }

    /// Replaces B by the solution of L X = B (`dtrsm`). - Complexity: O(n^2 / 2) per column.
    public func solveLower(_ b: inout Matrix) {
        precondition(b.rows == order, "right-hand side has the wrong number of rows")
        guard order > 0, b.columns > 0 else { return }
        let rows = Int32(order)
        let columns = Int32(b.columns)
        factor.elements.withUnsafeBufferPointer { lower in
            b.elements.withUnsafeMutableBufferPointer { right in
                cblas_dtrsm(
                    CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, rows, columns, 1,
                    lower.baseAddress, rows, right.baseAddress, rows)
            }
        }
    }

    /// The inverse of A + jitter I, both triangles (`dpotri`). - Complexity: O(n^3).
    public func inverse() -> Matrix {
        guard order > 0 else { return factor }
        var result = factor
        let n = order
        let status = result.elements.withUnsafeMutableBufferPointer { buffer in
            LAPACKE_dpotri_work(
                LAPACK_COL_MAJOR, CChar(bitPattern: UInt8(ascii: "L")), Int32(n), buffer.baseAddress,
                Int32(n))
        }
        assert(status == 0, "dpotri rejects a factor with a zero at \(status)")
        for j in 0..<n {
            for i in (j + 1)..<max(j + 1, n) { result.elements[j + i * n] = result.elements[i + j * n] }
        }
        return result
    }
}

/// A matrix that has no Cholesky factor, even with the largest jitter.
public struct FactorizationError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        case notSquare
        case notFinite
        case notPositiveDefinite
    }

    public let code: Code
    public let rows: Int
    public let columns: Int
    /// Order of the first leading minor that is not positive, counted from 1; 0 when it does not apply.
    public let minor: Int
    /// The largest value that was added to the diagonal.
    public let jitter: Double

    init(_ code: Code, rows: Int, columns: Int, minor: Int = 0, jitter: Double = 0) {
        self.code = code
        self.rows = rows
        self.columns = columns
        self.minor = minor
        self.jitter = jitter
    }

    public var description: String {
        let shape = "\(rows) x \(columns) matrix"
        return switch code {
        case .notSquare: "\(shape) is not square, so it has no Cholesky factor"
        case .notFinite: "\(shape) holds NaN or infinity; check its inputs"
        case .notPositiveDefinite:
            "\(shape) is not positive definite: leading minor \(minor) fails with \(jitter) added to the diagonal"
        }
    }
}

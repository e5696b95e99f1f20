/// A table that cannot be used for an evaluation: which file, which line and why.
public struct EvaluationError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        case unreadableFile
        case missingColumn
        case duplicateColumn
        case malformedRow
        case malformedValue
    }

    public let code: Code
    public let file: String
    /// Line number from 1; `nil` when the fault is not in one line.
    public let line: Int?
    public let reason: String

    public init(_ code: Code, file: String, line: Int? = nil, reason: String) {
        self.code = code
        self.file = file
        self.line = line
        self.reason = reason
    }

    public var description: String {
        guard let line else { return "\(file): \(reason)" }
        return "\(file):\(line): \(reason)"
    }
}

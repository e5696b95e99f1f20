/// The harness itself could not do its work; what happens to a child is a `Termination`, not an error.
public struct BenchmarkingError: Error, CustomStringConvertible, Sendable, Hashable {
    public enum Code: String, Sendable, Hashable, Codable {
        case signalHandlers
        case lockHeld
        case lockFile
        case workFile
    }

    public let code: Code
    public let context: String
    public let errorNumber: Int32?

    init(code: Code, context: String, _ errorNumber: Int32? = nil) {
        self.code = code
        self.context = context
        self.errorNumber = errorNumber
    }

    public var description: String {
        errorNumber.map { "\(context): \(systemMessage($0))" } ?? context
    }
}

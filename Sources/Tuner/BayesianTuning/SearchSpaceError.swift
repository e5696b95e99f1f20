/// A search space or a configuration in it that makes no sense, and what to change.
public struct SearchSpaceError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        case noParameters
        case duplicateParameter
        case unknownParameter
        case invalidValue
        case conditionCycle
        case noLegalConfiguration
    }

    public let code: Code
    public let parameter: String
    public let reason: String

    init(_ code: Code, parameter: String = "", reason: String) {
        self.code = code
        self.parameter = parameter
        self.reason = reason
    }

    public var description: String {
        parameter.isEmpty ? "search space: \(reason)" : "search space: parameter '\(parameter)' \(reason)"
    }
}

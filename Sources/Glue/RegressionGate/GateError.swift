/// Why a gate, a baseline or a measurement of noise came to no result, and what to do.
public struct GateError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// Options that make no sense.
        case usage
        /// A file that is missing or cannot be read.
        case badInput
        /// A file cannot be written.
        case outputFailed
        /// Another machine, workload, schema, or a reference that cannot be had.
        case notComparable
        /// No run, or runs over nothing.
        case nothingMeasured
        /// A program or the harness failed.
        case failed
        case interrupted(signal: Int32)
    }

    public let code: Code
    public let reason: String

    public init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    public var description: String { reason }

    /// As in the design: 1, 6, 7, 64, 65, 73, 130 or 143.
    public var exitStatus: Int32 {
        switch code {
        case .usage: 64
        case .badInput: 65
        case .outputFailed: 73
        case .notComparable: 6
        case .nothingMeasured: 7
        case .failed: 1
        case .interrupted(let signal): signal == 2 ? 130 : 143
        }
    }
}

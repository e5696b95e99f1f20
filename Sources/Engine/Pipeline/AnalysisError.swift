import OutOfCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why an analysis could not start, go on or be written; its code decides the exit status.
public struct AnalysisError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// No such file, an empty folder, nothing that is mzML.
        case badInput
        /// Settings that contradict each other.
        case badConfiguration
        /// A result could not be written; nothing half-written stays behind.
        case outputFailed
        /// The memory limit is below what this configuration needs.
        case memoryLimit
        /// The spectral library or a compound table cannot be used.
        case referenceData
        /// The caller asked to stop.
        case interrupted
    }

    public let code: Code
    public let reason: String

    public init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    public var description: String { reason }

    /// The design's exit status for this failure.
    public var exitStatus: Int32 {
        switch code {
        case .badInput, .referenceData: 65
        case .outputFailed: 73
        case .memoryLimit, .badConfiguration: 64
        case .interrupted: 130
        }
    }

    init(_ error: ScratchError) {
        self =
            error.errorNumber == 0
            ? AnalysisError(.outputFailed, "\(error)")
            : .output(error.action, error.folder, errorNumber: error.errorNumber)
    }

    static func output(_ action: String, _ path: String, errorNumber: Int32 = errno) -> AnalysisError {
        let hint = errorNumber == ENOSPC ? "; free space there or choose another --output" : ""
        return AnalysisError(
            .outputFailed, "cannot \(action) \(path): \(String(cString: strerror(errorNumber)))\(hint)")
    }
}

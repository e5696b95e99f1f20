/// A study cannot be started or resumed, and what to do.
public struct StudyError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// Options that make no sense.
        case invalidOptions
        /// The study belongs to another machine, engine, workload or search space.
        case notTheSame
        /// It is finished.
        case nothingToResume
        /// What the store holds does not fit together.
        case corruptStudy
        /// A file of the study cannot be written.
        case outputFailed
        /// The engine or a workload is missing or unusable.
        case badInput
    }

    public let code: Code
    public let reason: String

    public init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    public var description: String { reason }
}

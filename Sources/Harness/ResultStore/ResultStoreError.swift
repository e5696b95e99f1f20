/// The store could not do what it was asked to.
public struct ResultStoreError: Error, CustomStringConvertible, Sendable, Hashable {
    public enum Code: String, Sendable, Hashable, Codable {
        case cannotOpen
        case notADatabase
        /// A SQLite file of another program.
        case foreignDatabase
        /// Written by a newer version of this program.
        case newerSchema
        case readOnly
        case diskFull
        case busy
        case corrupt
        case inputOutput
        case unknownStudy
        case ambiguousStudy
        case unknownTrial
        case trialNotRunning
        case invalidValue
    }

    public let code: Code
    /// The database file.
    public let path: String
    public let reason: String

    public var description: String { "\(path): \(reason)" }
}

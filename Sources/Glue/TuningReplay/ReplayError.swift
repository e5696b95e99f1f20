/// A table that cannot be replayed or a result that cannot be written.
public struct ReplayError: Error, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// The file cannot be read.
        case cannotRead
        /// The file is not a table of this format.
        case badTable
        /// The options do not make sense.
        case invalidOptions
        case cannotWrite
    }

    public let code: Code
    public let file: String?
    /// Line of the file, from 1.
    public let line: Int?
    public let reason: String

    public init(_ code: Code, file: String? = nil, line: Int? = nil, _ reason: String) {
        self.code = code
        self.file = file
        self.line = line
        self.reason = reason
    }

    public var description: String {
        let place = [file, line.map { "line \($0)" }].compactMap { $0 }.joined(separator: ", ")
        return place.isEmpty ? reason : "\(place): \(reason)"
    }
}

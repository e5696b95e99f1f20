/// A library, a compound table or one of their sources could not be read or written.
public struct LibraryFileError: Error, CustomStringConvertible, Sendable {
    /// What kind of failure it is; `context` says the rest.
    public enum Code: String, Sendable {
        /// The operating system refused to open, read or map the file.
        case unreadable
        /// The file is not of the expected kind.
        case foreign
        /// The file was written by another version of the format or on a machine of other byte order.
        case incompatible
        /// The file is shorter than its header or its compressed stream says.
        case truncated
        /// A checksum, an offset or a compressed block is wrong.
        case corrupt
        /// The source holds nothing that can be used.
        case empty
        /// The file cannot be written.
        case unwritable
        /// The content exceeds what the format can address.
        case tooLarge
        /// Preparing the file would take more memory than allowed.
        case memoryLimit
    }

    public let code: Code
    public let path: String
    /// Where in the file, in bytes from its start, when known.
    public let byteOffset: Int?
    /// With `.memoryLimit`: the smallest limit that will do, in bytes; exact when the whole source had been read.
    public let smallestLimit: Int?
    public let reason: String

    public init(
        _ code: Code, path: String, byteOffset: Int? = nil, smallestLimit: Int? = nil, reason: String
    ) {
        self.code = code
        self.smallestLimit = smallestLimit
        self.path = path
        self.byteOffset = byteOffset
        self.reason = reason
    }

    public var description: String {
        let place = byteOffset.map { " at byte \($0)" } ?? ""
        return "\(path)\(place): \(reason) [\(code.rawValue)]"
    }
}

/// What went wrong with temporary data on disk.
public struct ScratchError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was tried: `write temporary data to`.
    public let action: String
    /// The folder that holds the data.
    public let folder: String
    /// `errno`, or 0 where the data themselves are wrong.
    public let errorNumber: Int32

    public init(_ action: String, folder: String, errorNumber: Int32) {
        self.action = action
        self.folder = folder
        self.errorNumber = errorNumber
    }

    public var description: String { "cannot \(action) \(folder): \(reason)" }

    /// The operating system's reason.
    public var reason: String {
        errorNumber == 0 ? "the data are damaged" : String(cString: strerror(errorNumber))
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

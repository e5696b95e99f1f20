/// How binary arrays are written.
public enum ArrayCompression: String, Sendable, Hashable, Codable, CaseIterable {
    case none
    case zlib
}

import CDeflate

/// The library that inflates binary arrays.
public enum CompressionLibrary {
    /// Name and version that this program was compiled with.
    public static var version: String { "libdeflate-\(LIBDEFLATE_VERSION_STRING)" }
}

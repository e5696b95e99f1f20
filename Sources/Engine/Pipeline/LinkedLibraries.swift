import ContentHash
import MzML
import Parameters
import SignalKernels

/// Versions of the libraries that results may depend on.
enum LinkedLibraries {
    static let versions: [String] = [FourierLibrary.version, CompressionLibrary.version]
}

extension ResolvedConfiguration {
    /// SHA-256 of the canonical text: the same settings have the same hash, wherever they came from.
    public var hash: String { sha256(canonicalText) }
}

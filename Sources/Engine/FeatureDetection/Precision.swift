/// Arithmetic of the detection kernels. m/z, retention times and peak edges are double precision in all three.
///
/// Against `float64`, on the same input: m/z within 1e-9 relative, area within 1e-5 relative, apex and edges within one
/// scan for at least 99.9 % of the peaks (the rest are ties between wavelet coefficients that rounding decides).
public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
    /// Wavelet transform and integration in double precision.
    case float64
    /// Wavelet transform and integration in single precision.
    case float32
    /// Wavelet transform in single, integration in double precision.
    case mixed
}

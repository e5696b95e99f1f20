import CFFTW

/// The Fourier transform library behind this module.
public enum FourierLibrary {
    /// Name and version as the library states them, for instance `fftw-3.3.10-sse2-avx`.
    public static var version: String { String(cString: lavoisier_fftw_version()) }
}

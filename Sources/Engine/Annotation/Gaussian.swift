#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// exp(-z^2 / 2): 1 at the expected value, 0.61 one standard deviation away.
func gaussian(_ z: Double) -> Double { exp(-0.5 * z * z) }

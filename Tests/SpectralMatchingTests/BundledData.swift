import TestSupport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The bundled MassBank subset.
let bundledLibrary: String? = {
    let path = TestData.repository + "/workloads/libraries/massbank-2025.05.1-open.msp.gz"
    return access(path, R_OK) == 0 ? path : nil
}()

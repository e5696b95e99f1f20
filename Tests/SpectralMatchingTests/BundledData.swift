#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The bundled MassBank subset, found from this file's place in the repository.
let bundledLibrary: String? = {
    let parts = #filePath.split(separator: "/").dropLast(3)
    let path = "/" + parts.joined(separator: "/") + "/workloads/libraries/massbank-2025.05.1-open.msp.gz"
    return access(path, R_OK) == 0 ? path : nil
}()

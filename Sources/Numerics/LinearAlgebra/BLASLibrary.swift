import COpenBLAS

/// The BLAS behind this target, pinned to one thread.
public enum BLASLibrary {
    /// Pins the thread count once per process; every routine of this target reads it before its first BLAS call.
    static let isPinned: Bool = {
        openblas_set_num_threads(1)
        return true
    }()

    /// OpenBLAS's own words on version, build and kernel, for reports.
    public static var configuration: String {
        guard let text = openblas_get_config() else { return "unavailable: OpenBLAS returned no configuration" }
        return String(cString: text)
    }

    /// How many threads BLAS calls use: 1.
    public static var threadCount: Int {
        _ = isPinned
        return Int(openblas_get_num_threads())
    }
}

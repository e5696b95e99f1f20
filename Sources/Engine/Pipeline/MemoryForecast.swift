import FeatureDetection
import MzML
import Parameters

/// How much memory a run is going to take, told before it begins from stretches of its largest files.
///
/// A run needs the program with what is mapped, something for each worker, and memory for every chromatographic peak: the
/// peak itself, and what is made of it until the rows are written. The figures are those of 23 files of 1 MB to 1 GB from five
/// kinds of instruments; docs/decisions, page 19, has them and how far the forecast was off.
struct MemoryForecast: Sendable, Hashable {
    /// Bytes at the highest point, with everything in memory.
    let unboundedBytes: Int
    /// The smallest limit that the run is expected to keep.
    let leastBytes: Int
    let limitBytes: Int
    /// The file that needs the most.
    let file: String

    /// Program and runtime libraries; pages of the compound table, and of a library that fragment spectra are compared with:
    /// a hundred touch nearly all of those that any number does.
    private static let programBytes = 46e6
    private static let compoundBytes = 4e6
    private static let libraryBytes = 17e6
    private static let spectraThatTouchTheLibrary = 100.0
    /// Program and libraries when everything was given back that can be, and what is touched between two looks.
    private static let leastProgramBytes = 88e6
    private static let bytesPerWorker = 2e6
    private static let bytesPerFile = 4e6
    /// Of a peak with everything that comes of it, in memory, and of what stays there when the peaks lie in files.
    private static let bytesPerPeak = 390.0
    private static let leastBytesPerPeak = 190.0
    /// Chromatographic peaks per point of the survey scans.
    private static let peaksPerPoint = (sharp: 0.022, blunt: 0.004_5)
    /// Bytes of a file per point where nobody can look into it: compressed arrays, in a compressed file twice as dense.
    private static let bytesPerPoint = (plain: 20.0, gzip: 8.0)
    /// - Parameters:
    ///   - files: with their sizes in bytes.
    ///   - atOnce: files that are analysed at the same time.
    ///   - threads: of the workers of these files together.
    init(
        files: [(path: String, bytes: Int)], atOnce: Int, threads: Int, configuration: AnalysisConfiguration
    ) {
        // The largest ones at the same time is the worst that can happen.
        let largest = files.sorted { $0.bytes > $1.bytes }.prefix(max(atOnce, 1))
        let looks = largest.map { (file: $0, density: PointDensity.estimate(path: $0.path)) }
        let peaks = looks.reduce(0.0) { $0 + Self.peaks(of: $1.file, $1.density, preset: configuration.preset) }
        let fragments = looks.reduce(0.0) {
            $0 + ($1.density?.fragmentSpectra ?? Self.spectraThatTouchTheLibrary)
        }
        let threads = Double(max(threads, atOnce)) * Self.bytesPerWorker
        let library = Self.libraryBytes * min(fragments / Self.spectraThatTouchTheLibrary, 1)
        let references =
            (configuration.search == nil ? 0 : library) + (configuration.annotation == nil ? 0 : Self.compoundBytes)
        let others = threads + Double(largest.count) * Self.bytesPerFile
        unboundedBytes = Int(Self.programBytes + references + others + peaks * Self.bytesPerPeak)
        leastBytes = min(
            Int(Self.leastProgramBytes + others + peaks * Self.leastBytesPerPeak), unboundedBytes)
        limitBytes = configuration.memoryLimit
        file = largest.first?.path ?? ""
    }

    /// Above this, data go to temporary files and the limit is the peak.
    var isBounded: Bool { unboundedBytes > limitBytes }
    var peakBytes: Int { min(unboundedBytes, limitBytes) }

    /// - Throws: `AnalysisError(.memoryLimit)` naming the smallest limit that will do.
    func check() throws(AnalysisError) {
        guard limitBytes < leastBytes else { return }
        let megabytes = (leastBytes + 999_999) / 1_000_000
        throw AnalysisError(
            .memoryLimit,
            "the memory limit of \(limitBytes / 1_000_000)MB is too small: \(file) is expected to need \(megabytes)MB with all "
                + "that can be kept in temporary files there. Set execution.memory_limit to at least \(megabytes)MB")
    }

    func note(folder: String) -> String {
        let expected = "expected peak memory: \(peakBytes / 1_000_000) MB of a limit of \(limitBytes / 1_000_000) MB"
        guard isBounded else { return expected }
        return expected
            + "; all of it in memory would be \(unboundedBytes / 1_000_000) MB, so a part goes to temporary files in \(folder)"
    }

    private static func peaks(
        of file: (path: String, bytes: Int), _ sampled: PointDensity?, preset: DetectionPreset?
    ) -> Double {
        let isGzip = file.path.lowercased().hasSuffix(".gz")
        let points =
            sampled?.surveyPoints ?? Double(file.bytes) / (isGzip ? bytesPerPoint.gzip : bytesPerPoint.plain)
        let isBlunt =
            switch preset {
            case .timeOfFlight, .unitResolution, .hplcQTOF, .uhplcQTOF: true
            case .orbitrap, .hplcOrbitrap, .uhplcOrbitrap: false
            case nil: sampled?.isBlunt ?? false
            }
        return points * (isBlunt ? peaksPerPoint.blunt : peaksPerPoint.sharp)
    }
}

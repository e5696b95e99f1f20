import FeatureDetection
import MzML
import Parameters
import SpectralMatching
import SpectrumModel

/// How much memory a run is going to take, told before it begins from stretches of its largest files.
///
/// A run needs the program with what is mapped, something for each worker, and memory for every chromatographic peak. It needs
/// the most when a file has been read (its window, the scratch of the detection and all peaks), or, where there are few peaks,
/// later (the reference data, and what is made of the peaks until the rows are written). The figures are those of 24 files of 1 MB
/// to 1 GB from five kinds of instruments; docs/decisions, page 19, has them and how far the forecast was off.
struct MemoryForecast: Sendable, Hashable {
    /// Bytes at the highest point, with everything in memory.
    let unboundedBytes: Int
    /// What can neither go to a temporary file nor be given back, beside the peaks, or is touched at once: not for the pools.
    let outsideBytes: Int
    /// What a piece of the work may add between two looks at the memory, where all of a library is searched.
    let touchedBytes: Int
    /// The smallest limit that the run is expected to keep.
    let leastBytes: Int
    let limitBytes: Int
    /// Of a pipe nothing is known beforehand.
    let hasUnknownSize: Bool
    /// `leastBytes` of a run without any peaks.
    private let leastBeforePeaks: Double
    /// The file that needs the most.
    let file: String

    /// The program with its runtime and the libraries beside it.
    private static let programBytes = 36.5e6
    /// Pages of the compound table, and of a library that fragment spectra are compared with: a hundred touch nearly all of those
    /// that any number does.
    private static let compoundBytes = 8e6
    private static let peaksThatTouchTheCompounds = 130.0
    private static let libraryBytes = 15e6
    private static let spectraThatTouchTheLibrary = 100.0
    /// Of these pages, what is there at a time when they are given back after every job.
    private static let shareOfReleasedPages = 0.1
    /// The program when everything was given back that can be, and what is touched between two looks.
    private static let leastProgramBytes = 79e6
    private static let bytesPerWorker = 1e6
    private static let leastBytesPerWorker = 2e6
    private static let bytesPerFile = 4e6
    /// What a worker detects with: open traces, signals, wavelet rows. Less where there are few points.
    private static let detectionBytes = (perWorker: 5.5e6, perPoint: 190.0)
    /// Of the points of spectra in flight.
    private static let bytesPerPointInFlight = 6.0
    /// Of a peak when all are known, with what is made of it later, and of what stays in memory when the peaks lie in files.
    private static let bytesPerPeak = (detected: 335.0, grouped: 310.0, least: 190.0)
    /// Of a point that waits until all are known (`traces.method: seeded`), and of the remembered matches of a fragment spectrum.
    private static let bytesPerSeededPoint = 27.0
    private static let bytesPerRememberedSpectrum = 600.0
    /// Of the traces that are kept for their table, for each peak: there is about one to each.
    private static let bytesOfTracesPerPeak = 130.0
    /// Of the rows of an mzTab-M file that wait to be written, beyond those of the other tables.
    private static let exchangeBytes = (perPeak: 160.0, most: 40e6)
    /// Chromatographic peaks per point of the survey scans.
    private static let peaksPerPoint = (sharp: 0.022, blunt: 0.004_5)
    /// Bytes of a file per point where nobody can look into it: compressed arrays, in a compressed file twice as dense.
    private static let bytesPerPoint = (plain: 20.0, gzip: 8.0)

    /// - Parameters:
    ///   - files: with their sizes in bytes.
    ///   - atOnce: files that are analysed at the same time.
    ///   - threads: of the workers of these files together.
    ///   - search: what searches of all spectra take in each of the libraries, the decoys among them; empty for identity searches.
    init(
        files: [(path: String, bytes: Int)], atOnce: Int, threads: Int, configuration: AnalysisConfiguration,
        search: [SearchMemory] = []
    ) {
        // The largest ones at the same time is the worst that can happen.
        let bySize = files.sorted { $0.bytes > $1.bytes }
        let largest = bySize.prefix(max(atOnce, 1))
        let contents = largest.map { Content(of: $0, preset: configuration.preset) }
        func sum(_ value: (Content) -> Double) -> Double { contents.reduce(0) { $0 + value($1) } }
        let (peaks, points) = (sum(\.peaks), sum(\.surveyPoints))
        // The largest files may be the ones without fragment spectra, where samples are measured without and pools with them.
        let smallest = bySize.last.flatMap { files.count > largest.count ? Content(of: $0, preset: nil) : nil }
        let fragments = sum(\.fragmentSpectra) + (smallest?.fragmentSpectra ?? 0)
        let threads = Double(max(threads, atOnce))
        let fileBytes = Double(largest.count) * Self.bytesPerFile

        let windows = Double(
            largest.reduce(0) { $0 + configuration.reading.residentBytes(ofFile: $1.bytes) }
                + min(configuration.storage.prefetchBytes, largest.reduce(0) { $0 + $1.bytes }))
        let detection = min(threads * Self.detectionBytes.perWorker, points * Self.detectionBytes.perPoint)
        let pointsPerScan = contents.map(\.pointsPerScan).max() ?? 0
        let spectraInFlight = (2 * threads + Double(largest.count)) * Double(configuration.chunkSize)
        let inFlight = min(
            min(spectraInFlight * pointsPerScan, points) * Self.bytesPerPointInFlight,
            Double(configuration.memoryLimit / 4))
        let settings = configuration.memory
        // Made and touched at the start.
        let buffers =
            settings.usesPools && settings.allocation == .aggressive
            ? min(
                Double(settings.initialPoolSize ?? (2 * Int(threads) + largest.count) << 20),
                Double(configuration.memoryLimit / 4)) : 0
        let isSeeded = configuration.resolved.choice("traces.method") == MassTraceMethod.seeded.rawValue
        // One library after the other: what a piece of the work touches of it lies between two looks at the memory.
        let touched = Double(fragments > 0 ? search.map(\.atOnce).max() ?? 0 : 0)
        let indices = Double(search.reduce(0) { $0 + $1.kept })
        let kept =
            indices + (isSeeded ? points * Self.bytesPerSeededPoint : 0)
            + (configuration.furtherTables.contains(.traces) ? peaks * Self.bytesOfTracesPerPeak : 0)
        let remembered = min(
            Double(configuration.matchCacheBytes), fragments * Self.bytesPerRememberedSpectrum * Double(files.count))

        let library = configuration.search == nil ? 0 : Self.libraryBytes
        let compounds = configuration.annotation == nil ? 0 : Self.compoundBytes
        let wholeLibraries = Double(search.reduce(0) { $0 + $1.pages })
        let references =
            (max(library * min(fragments / Self.spectraThatTouchTheLibrary, 1), fragments > 0 ? wholeLibraries : 0)
                + compounds * min(peaks / Self.peaksThatTouchTheCompounds, 1))
            * (configuration.releasesReferencePages ? Self.shareOfReleasedPages : 1)
        // Of several files the later ones are read while the pages that the first one touched are still there.
        let whenRead =
            windows + detection + max(inFlight, buffers) + kept + peaks * Self.bytesPerPeak.detected
            + (files.count > 1 ? references : 0)
        let scratch = Double(search.map(\.indexScratch).max() ?? 0)
        let exchange =
            configuration.furtherTables.contains(.mztab)
            ? min(peaks * Self.exchangeBytes.perPeak, Self.exchangeBytes.most) : 0
        let afterwards =
            max(references, touched) + indices + scratch + remembered + exchange + peaks * Self.bytesPerPeak.grouped
        // Before anything is read. Nothing is looked at then, and nothing given back.
        let planned = Self.programBytes + Double(search.map(\.whilePlanned).max() ?? 0)

        unboundedBytes = Int(
            max(Self.programBytes + fileBytes + threads * Self.bytesPerWorker + max(whenRead, afterwards), planned))
        touchedBytes = fragments > 0 ? search.map { $0.atOnce + $0.index }.max() ?? 0 : 0
        outsideBytes = Int(kept + touched)
        leastBeforePeaks =
            Self.leastProgramBytes + fileBytes + threads * Self.leastBytesPerWorker + kept + max(touched - library, 0)
        leastBytes = min(
            Int(max(leastBeforePeaks + peaks * Self.bytesPerPeak.least, planned)), unboundedBytes)
        hasUnknownSize = files.contains { !InputFiles.hasSize($0.path) }
        limitBytes = configuration.memoryLimit
        file = largest.first?.path ?? ""
    }

    /// Above this, data go to temporary files and the limit is the peak.
    var isBounded: Bool { unboundedBytes > limitBytes }
    var peakBytes: Int { min(unboundedBytes, limitBytes) }

    /// - Throws: `AnalysisError(.memoryLimit)` naming the smallest limit that will do.
    func check() throws(AnalysisError) { try check(leastBytes, file) }

    /// For a file of unknown size, once it has been read and its peaks are known.
    /// - Throws: as above.
    func check(peaks: Int, of path: String) throws(AnalysisError) {
        guard !InputFiles.hasSize(path) else { return }
        try check(Int(leastBeforePeaks + Double(peaks) * Self.bytesPerPeak.least), path)
    }

    private func check(_ needed: Int, _ file: String) throws(AnalysisError) {
        guard limitBytes < needed else { return }
        let megabytes = (needed + 999_999) / 1_000_000
        throw AnalysisError(
            .memoryLimit,
            "the memory limit of \(limitBytes / 1_000_000)MB is too small: \(file) is expected to need \(megabytes)MB with all "
                + "that can be kept in temporary files there. Set execution.memory_limit to at least \(megabytes)MB")
    }

    func note(folder: String) -> String {
        if hasUnknownSize {
            return
                "expected peak memory: not known, since a pipe does not tell its size; the limit is \(limitBytes / 1_000_000) MB, and "
                + "more than that is refused when all is read"
        }
        let expected = "expected peak memory: \(peakBytes / 1_000_000) MB of a limit of \(limitBytes / 1_000_000) MB"
        guard isBounded else { return expected }
        return expected
            + "; all of it in memory would be \(unboundedBytes / 1_000_000) MB, so a part goes to temporary files in \(folder)"
    }

    /// What a file is expected to hold.
    private struct Content {
        var surveyPoints: Double
        var pointsPerScan: Double
        var fragmentSpectra: Double
        var peaks: Double

        init(of file: (path: String, bytes: Int), preset: DetectionPreset?) {
            let sampled = PointDensity.estimate(path: file.path)
            let density = file.path.lowercased().hasSuffix(".gz") ? bytesPerPoint.gzip : bytesPerPoint.plain
            surveyPoints = sampled?.surveyPoints ?? Double(file.bytes) / density
            fragmentSpectra = sampled?.fragmentSpectra ?? spectraThatTouchTheLibrary
            pointsPerScan = sampled.map { $0.surveyPoints / max($0.spectra - $0.fragmentSpectra, 1) } ?? 0
            let isBlunt =
                switch preset ?? DetectionPreset(instrument: sampled?.instrument ?? .unknown) {
                case .timeOfFlight, .unitResolution, .hplcQTOF, .uhplcQTOF: true
                case .orbitrap, .hplcOrbitrap, .uhplcOrbitrap: false
                }
            peaks = surveyPoints * (isBlunt ? peaksPerPoint.blunt : peaksPerPoint.sharp)
        }
    }
}

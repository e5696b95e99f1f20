import SpectrumModel

/// What `tile` wrote.
public struct TileSummary: Sendable, Hashable {
    /// How often the sources were repeated.
    public let repetitions: Int
    public let spectra: Int
    public let points: Int
    /// Size of the file.
    public let byteCount: Int
    /// Seconds from the first to the last scan of the file.
    public let durationSeconds: Double
}

/// Writes one large run by repeating the scans of real ones.
///
/// The sources follow each other, again and again, each shifted so that it starts a second after the one before it has
/// ended (its duration rounded up to whole seconds, plus 1 s). Values are those of the sources; retention times and scan
/// numbers (1, 2, 3 ...) are new; spectra that are not mass spectra are left out. Streams: memory is one chunk and the
/// index, about 30 bytes per spectrum. The same sources and arguments write the same bytes.
///
/// - Parameters:
///   - paths: mzML files; the first one's header is used. Not empty.
///   - targetBytes: the number of repetitions is the one that comes closest to this size, 1 at least.
///   - progress: called with the bytes written so far and the expected size.
/// - Throws: what reading and writing throw.
public func tile(
    source paths: [String], to path: String, targetBytes: Int, compression: ArrayCompression = .none,
    progress: (_ written: Int, _ expected: Int) -> Void = { _, _ in }
) throws(MzMLError) -> TileSummary {
    precondition(!paths.isEmpty && targetBytes > 0, "a tiling needs sources and a size")
    var runs: [RunExtent] = []
    for source in paths { runs.append(try RunExtent(measuring: source)) }
    let spectra = runs.reduce(0) { $0 + $1.spectra }
    guard spectra > 0 else {
        throw MzMLError(.malformedSpectrum, path: paths[0], reason: "the sources hold no mass spectra to repeat")
    }
    let options = WritingOptions(compression: compression)
    // One repetition into nowhere tells its size.
    let trial = try IndexedMzMLWriter(
        output: .counting(), header: runs[0].header, spectrumCount: spectra, options: options)
    try append(runs, repetitions: 1, to: trial) { _ in }
    let size = trial.byteCount
    let repetitions = max(1, Int((Double(targetBytes) / Double(size)).rounded()))

    let writer = try IndexedMzMLWriter(
        path: path, header: runs[0].header, spectrumCount: spectra * repetitions, options: options)
    let expected = size * repetitions
    let end = try append(runs, repetitions: repetitions, to: writer) { progress($0, expected) }
    try writer.finish()
    return TileSummary(
        repetitions: repetitions, spectra: spectra * repetitions,
        points: repetitions * runs.reduce(0) { $0 + $1.points }, byteCount: writer.byteCount,
        durationSeconds: end - runs[0].firstSeconds)
}

/// When a source starts and ends, and how much it holds.
private struct RunExtent {
    let header: RunHeader
    private(set) var spectra = 0
    private(set) var points = 0
    private(set) var firstSeconds = Double.infinity
    private(set) var lastSeconds = -Double.infinity

    init(measuring path: String) throws(MzMLError) {
        var reader = try openForTiling(path)
        header = reader.header
        var block = SpectrumBlock()
        while try reader.next(into: &block) {
            defer { block.removeAll() }
            for (i, header) in block.headers.enumerated() where header.msLevel > 0 {
                spectra += 1
                points += block.points(of: i).count
                guard header.retentionTimeSeconds.isFinite else { continue }
                firstSeconds = min(firstSeconds, header.retentionTimeSeconds)
                lastSeconds = max(lastSeconds, header.retentionTimeSeconds)
            }
        }
        if firstSeconds > lastSeconds { (firstSeconds, lastSeconds) = (0, 0) }
    }

    /// Seconds until the next run starts.
    var step: Double { (lastSeconds - firstSeconds).rounded(.up) + 1 }
}

private func openForTiling(_ path: String) throws(MzMLError) -> SpectrumReader {
    try SpectrumReader(path: path, options: ReadingOptions())
}

/// Writes the runs one after the other, `repetitions` times; returns the time of the last scan.
@discardableResult
private func append(
    _ runs: [RunExtent], repetitions: Int, to writer: IndexedMzMLWriter, progress: (Int) -> Void
) throws(MzMLError) -> Double {
    var scan = 0
    var elapsed = 0.0
    var end = runs[0].firstSeconds
    var block = SpectrumBlock()
    var kept = SpectrumBlock()
    for _ in 0..<repetitions {
        for run in runs {
            var reader = try openForTiling(run.header.path)
            let shift = elapsed + (runs[0].firstSeconds - run.firstSeconds)
            block.removeAll()
            while try reader.next(into: &block) {
                defer { block.removeAll() }
                kept.removeAll()
                for (i, original) in block.headers.enumerated() where original.msLevel > 0 {
                    scan += 1
                    var header = original
                    header.scanNumber = scan
                    header.retentionTimeSeconds += shift
                    if header.retentionTimeSeconds > end { end = header.retentionTimeSeconds }
                    let points = block.points(of: i)
                    kept.append(header, mz: block.mz[points], intensity: block.intensity[points])
                }
                try writer.write(kept)
                progress(writer.byteCount)
            }
            elapsed += run.step
        }
    }
    return end
}

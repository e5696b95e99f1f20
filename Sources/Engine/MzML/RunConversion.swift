import SpectrumModel

/// What `convert` wrote, and what it did not carry over.
public struct ConversionSummary: Sendable {
    public internal(set) var spectra = 0
    public internal(set) var points = 0
    public internal(set) var chromatograms = 0
    /// Before gzip.
    public internal(set) var byteCount = 0
    /// Spectra that are not mass spectra.
    public internal(set) var nonMassSpectra = 0
    /// Spectra outside the selection.
    public internal(set) var deselectedSpectra = 0
    /// Arrays that were written without the Numpress coding that was asked for.
    public internal(set) var arraysBeyondNumpress = 0
    /// What the reader met and repaired.
    public internal(set) var counts = DecodeCounts()
    /// What was odd but did not stop the reading.
    public internal(set) var warnings: [String] = []
}

/// Writes a run again, with other arrays or fewer spectra.
///
/// Native ids, precursors, chromatograms and the header are carried over; arrays other than m/z and intensity, parameters
/// that the reader does not read, and spectra that are not mass spectra are not. Points are as the reader repairs them.
/// Streams: memory is that of reading and writing. The file appears when it is complete.
///
/// - Parameters:
///   - progress: called with the fraction read, 0...1; false stops, and leaves nothing behind.
/// - Returns: `nil` when it was stopped.
/// - Throws: what reading and writing throw.
public func convert(
    source: String, to path: String, reading: ReadingOptions, writing: WritingOptions,
    progress: (Double) -> Bool = { _ in true }
) throws(MzMLError) -> ConversionSummary? {
    var run = try SpectrumReader(path: source, options: reading, keepsNativeIDs: true)
    let writer = try IndexedMzMLWriter(
        path: path, header: writtenHeader(run.header, source: source, selection: reading.selection), spectrumCount: nil,
        options: writing)
    var summary = ConversionSummary()
    var block = SpectrumBlock()
    while try run.next(into: &block) {
        try block.mz.withUnsafeBufferPointer { mz throws(MzMLError) in
            try block.intensity.withUnsafeBufferPointer { intensity throws(MzMLError) in
                for i in 0..<block.count where block.headers[i].msLevel > 0 {
                    let points = block.points(of: i)
                    try writer.write(
                        block.headers[i], id: run.nativeIDs[i], mz: UnsafeBufferPointer(rebasing: mz[points]),
                        intensity: UnsafeBufferPointer(rebasing: intensity[points]))
                    summary.points += points.count
                }
            }
        }
        block.removeAll()
        guard progress(run.fraction) else { return nil }
    }
    let chromatograms = try run.chromatograms()
    try writer.write(chromatograms)
    try writer.finish()
    summary.spectra = writer.spectrumCount
    summary.chromatograms = chromatograms.count
    summary.byteCount = writer.byteCount
    summary.arraysBeyondNumpress = writer.arraysBeyondNumpress
    summary.counts = run.counts
    summary.nonMassSpectra = run.counts.nonMassSpectra
    summary.deselectedSpectra = run.counts.deselectedSpectra
    summary.warnings = run.warnings
    return summary
}

/// The header of the new file: the old one, with the old file among its sources.
private func writtenHeader(_ header: RunHeader, source: String, selection: SpectrumSelection) -> RunHeader {
    var header = header
    // What the file no longer holds is no content.
    header.contentTerms.removeAll { term in
        switch term.accession {
        case 1_000_579: selection.msLevels.map { !$0.contains(1) } ?? false
        case 1_000_580: selection.msLevels.map { !$0.contains { $0 > 1 } } ?? false
        case 1_000_620, 1_000_804...1_000_806: true
        default: false
        }
    }
    let format = header.sourceFileList.lazy.compactMap(\.nativeIDFormat).first
    let name = source.split(separator: "/").last.map(String.init) ?? source
    header.sourceFileList.append(
        RunHeader.SourceFile(
            name: name,
            terms: [
                CVTerm(accession: 1_000_584, name: "mzML format"),
                format ?? CVTerm(accession: 1_000_824, name: "no nativeID format"),
            ]))
    return header
}

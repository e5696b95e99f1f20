import SpectrumModel

/// Reads the chromatograms from the bytes behind a spectrum list: what the fast path hands over once it has cut the
/// spectra.
///
/// The bytes may start anywhere between `</spectrumList>` and `<chromatogramList>`, and may go on to the end of the
/// file: what follows the list or the run is not looked at. Pieces may be cut anywhere.
final class ChromatogramStream {
    private let reader: ChromatogramReader
    private let parser: XMLPushParser

    /// - Parameters:
    ///   - header: its parameter groups, encoding and path are used.
    ///   - baseOffset: where in the file the first byte lies: for errors.
    ///   - maximumBytes: a larger `<chromatogram>` element is an error.
    ///   - maximumPoints: more points in all chromatograms together are an error.
    /// - Throws: `malformedXML` when there is no memory, `unsupportedEncoding`.
    init(
        header: RunHeader, baseOffset: Int, maximumBytes: Int = 1 << 30,
        maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum
    ) throws(MzMLError) {
        reader = ChromatogramReader(
            path: header.path, maximumBytes: maximumBytes, maximumPoints: maximumPoints, leavesOutDamaged: false)
        reader.groups = header.parameterGroups
        // The end tag of the run, which follows the list, needs a start tag.
        let encoding = header.encoding.map { " encoding=\"\($0)\"" } ?? ""
        let start = Array("<?xml version=\"1.0\"\(encoding)?><run>".utf8)
        parser = try XMLPushParser(path: header.path, baseOffset: baseOffset - start.count, handler: reader)
        try start.withUnsafeBufferPointer { bytes throws(MzMLError) in try parser.feed(bytes) }
    }

    /// Takes the next bytes; false when no more are needed.
    /// - Throws: `malformedXML`, `documentType`, and with the chromatogram `malformedSpectrum`, `invalidBase64`,
    ///   `invalidCompression`, `wrongLength`, `unsupportedArray`, `spectrumTooLarge`.
    func feed(_ bytes: ByteRun) throws(MzMLError) -> Bool {
        guard !reader.isFinished else { return false }
        do throws(MzMLError) {
            try parser.feed(bytes)
        } catch {
            // A piece may go on behind the list into what has no start tag here.
            guard reader.isFinished else { throw error }
        }
        return !reader.isFinished
    }

    /// The chromatograms of the list, in file order; none when there was no list.
    /// - Throws: `truncated` when the bytes ended before the list or the run did.
    func finish() throws(MzMLError) -> [Chromatogram] {
        if !reader.isFinished { try parser.finish() }
        return reader.chromatograms
    }

    /// The chromatograms in a stretch of a file.
    /// - Throws: as `feed` and `finish`.
    static func chromatograms(
        in bytes: ByteRun, header: RunHeader, baseOffset: Int, maximumBytes: Int = 1 << 30,
        maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum
    ) throws(MzMLError) -> [Chromatogram] {
        let stream = try ChromatogramStream(
            header: header, baseOffset: baseOffset, maximumBytes: maximumBytes, maximumPoints: maximumPoints)
        _ = try stream.feed(bytes)
        return try stream.finish()
    }
}

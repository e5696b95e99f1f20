import SpectrumModel

/// Reads the chromatograms from what follows the last spectrum: the end of the spectrum list, and the rest of the run.
struct ChromatogramTail {
    /// Enough for the end tag of the list to come with the first piece.
    static let pieceBytes = 1 << 18

    private let header: RunHeader
    private let offset: Int
    private var stream: ChromatogramStream?

    /// - Parameter offset: where in the file the first piece begins.
    init(header: RunHeader, offset: Int) {
        self.header = header
        self.offset = offset
    }

    /// Takes the next bytes; false when no more are needed.
    /// - Throws: as `ChromatogramStream`.
    mutating func feed(_ piece: ByteRun) throws(MzMLError) -> Bool {
        guard let base = piece.baseAddress, !piece.isEmpty else { return true }
        if let stream { return try stream.feed(piece) }
        // The end tag of the list has no start tag here.
        var start = base
        if matches("</spectrumList", base, base + piece.count) {
            guard let close = find(UInt8(ascii: ">"), base, base + piece.count) else { return false }
            start = close + 1
        }
        let started = try ChromatogramStream(header: header, baseOffset: offset + (start - base))
        stream = started
        return try started.feed(ByteRun(start: start, count: piece.count - (start - base)))
    }

    /// - Throws: as `ChromatogramStream.finish`.
    func finish() throws(MzMLError) -> [Chromatogram] { try stream?.finish() ?? [] }
}

/// Feeds a file to the XML parser piece by piece.
///
/// All pieces but the last have the same size, however the bytes come: where the text is not UTF-8 the parser tells places
/// from the start of a piece, and an error must not lie elsewhere for a buffer of another size.
final class ReferenceInput {
    private var stream: ByteStream
    private let parser: XMLPushParser
    private let document: ReferenceDocument
    private let buffer: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    /// Read and not yet fed.
    private var available = 0..<0
    private var isRead = false
    private var failure: MzMLError?
    /// The XML behind the spectra is damaged: the rest is only read for its checksum.
    private var ignoresRest = false
    private(set) var isEnded = false
    private(set) var warnings: [String] = []

    /// Opens the file and looks at its first bytes.
    /// - Throws: `cannotRead`, `corruptGzip`, `emptyFile`, `notMzML`.
    init(path: String, bufferSize: Int, document: ReferenceDocument) throws(MzMLError) {
        stream = try ByteStream(path: path)
        parser = try XMLPushParser(path: path, handler: document)
        self.document = document
        let pieces = min(max(bufferSize, 1), 1 << 20) / XMLPushParser.pieceSize
        capacity = max(pieces, 1) * XMLPushParser.pieceSize
        buffer = .allocate(capacity: capacity)
        try readStart()
    }

    deinit { buffer.deallocate() }

    var fileSize: Int { stream.fileSize }
    var bytesConsumed: Int { stream.bytesConsumed }
    /// Bytes of XML so far.
    var byteCount: Int { parser.bytesFed }
    /// The XML ended with elements open.
    var isCutOff: Bool { !ignoresRest && !parser.isComplete }

    /// Feeds one piece; false at the end of the file.
    /// - Throws: what the parser throws before the end of the spectra; `cannotRead`, `corruptGzip`.
    func feed() throws(MzMLError) -> Bool {
        if available.count < XMLPushParser.pieceSize { fill() }
        if available.isEmpty, let failure { throw failure }
        guard !available.isEmpty else {
            isEnded = true
            if parser.isComplete, !ignoresRest {
                try toleratingRest { parser throws(MzMLError) in try parser.finish() }
            }
            if stream.isIncomplete, !isCutOff { warnings.append("the gzip stream ends before its checksum") }
            return false
        }
        let count = min(available.count, XMLPushParser.pieceSize)
        let piece = ByteRun(start: buffer + available.lowerBound, count: count)
        available = (available.lowerBound + count)..<available.upperBound
        if !ignoresRest { try toleratingRest { parser throws(MzMLError) in try parser.feed(piece) } }
        if document.header == nil, parser.bytesFed > ReferenceSpectrumReader.maximumHeaderBytes {
            throw MzMLError(
                .headerTooLarge, path: stream.path, byteOffset: 0,
                reason: "more than \(ReferenceSpectrumReader.maximumHeaderBytes) bytes precede the first spectrum",
                hint: "the file is damaged, or no LC-MS run")
        }
        return true
    }

    /// What comes before a defect of the stream is parsed first.
    private func fill() {
        buffer.update(from: buffer + available.lowerBound, count: available.count)
        available = 0..<available.count
        while available.count < capacity, !isRead {
            do throws(MzMLError) {
                let count = try stream.read(into: buffer + available.count, capacity: capacity - available.count)
                available = 0..<(available.count + count)
                isRead = count == 0
            } catch {
                failure = error
                isRead = true
            }
        }
    }

    func truncated(_ place: String) -> MzMLError {
        MzMLError(
            .truncated, path: stream.path, byteOffset: parser.bytesFed,
            reason: "the file ends \(place)" + (stream.isIncomplete ? " (its gzip stream is cut off)" : ""),
            hint: "the file was cut off while it was written or copied: copy or convert it again")
    }

    /// Behind the spectra a defect of the XML is a warning.
    private func toleratingRest(
        _ parse: (XMLPushParser) throws(MzMLError) -> Void
    ) throws(MzMLError) {
        do throws(MzMLError) {
            try parse(parser)
        } catch {
            guard document.phase == .behindSpectra else { throw error }
            ignoresRest = true
            warnings.append(
                "the XML behind the spectrum list is damaged near byte \(error.byteOffset ?? 0): \(error.reason)")
        }
    }

    /// Fills the buffer as far as the encoding is known, and refuses at once what is no XML.
    private func readStart() throws(MzMLError) {
        while available.count < capacity, !isRead {
            let count = try stream.read(into: buffer + available.count, capacity: capacity - available.count)
            available = 0..<(available.count + count)
            isRead = count == 0
            let start = ByteRun(start: buffer, count: available.count)
            guard start.count >= 4 || isRead else { continue }
            if start.count >= 2, [0xFEFF, 0xFFFE, 0x3C00, 0x003C].contains(Int(start[0]) << 8 | Int(start[1])) {
                return
            }
            let text = start.starts(with: "\u{FEFF}".utf8) ? ByteRun(rebasing: start[3...]) : start
            guard let first = text.first(where: { !isXMLSpace($0) }) else { continue }
            if first != UInt8(ascii: "<") { throw notMzML("it does not start with XML") }
            return
        }
        guard !available.isEmpty else {
            throw MzMLError(
                .emptyFile, path: stream.path, reason: "the file is empty", hint: "copy or convert it again")
        }
        throw notMzML("it holds nothing but blanks")
    }

    private func notMzML(_ reason: String) -> MzMLError {
        MzMLError(
            .notMzML, path: stream.path, reason: "not an mzML file: \(reason)",
            hint: "convert vendor data to mzML with msconvert")
    }
}

import SpectrumModel

/// Reads a whole mzML file through libxml2, in order and on one thread: the slow reader that understands all legal XML.
///
/// Any encoding that libxml2 knows (UTF-16 among them), namespace prefixes, comments, CDATA and processing instructions
/// anywhere, references in values; plain or gzip. It shares neither scanner nor codec with the fast path, and gives the
/// same spectra and the same counts. Memory: `options.bufferSize`, the largest spectrum as text, and what one piece of
/// 32 KiB may hold beside it; chromatograms are kept whole. Of the options, `selection`, `bufferSize`,
/// `maximumChunkBytes`, `maximumSpectrumBytes` and `recoversTruncation` count. Not safe to use from two threads at once.
///
/// Defects behind the spectrum list (a file cut off in its index, a damaged chromatogram) are warnings, because no
/// spectrum is lost by them.
public final class ReferenceSpectrumReader {
    /// Most bytes before the first spectrum.
    static let maximumHeaderBytes = 64 << 20
    /// A double and a float.
    private static let bytesPerPoint = 12

    public let header: RunHeader
    /// What was met so far.
    public private(set) var counts = DecodeCounts()
    /// Whether `nativeIDs` are wanted.
    public var keepsNativeIDs = false
    /// The ids of the spectra that the last call of `next` appended.
    public private(set) var nativeIDs: [String] = []
    /// Called for every spectrum that is delivered.
    var observe: ((ReferenceSpectrum) -> Void)?
    /// Whether values are decoded; without, spectra come without points.
    var readsValues = true
    private let options: ReadingOptions
    private let maximumPoints: Int
    private let input: ReferenceInput
    private let document: ReferenceDocument
    /// Spectra to deliver, last first.
    private var queue: [ReferenceSpectrum] = []
    /// Thrown once what precedes it has been delivered; it stays.
    private var failure: MzMLError?
    private var ownWarnings: [String] = []

    /// Opens the file and reads up to its first spectrum.
    ///
    /// - Parameter maximumPoints: a spectrum that declares more is an error, before any memory is taken for it.
    /// - Throws: `cannotRead`, `emptyFile`, `notMzML`, `unsupportedVersion`, `unsupportedEncoding`, `documentType`,
    ///   `headerTooLarge` (64 MiB), `malformedXML`, `truncated`, `corruptGzip`.
    public init(
        path: String, options: ReadingOptions = ReadingOptions(),
        maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum
    ) throws(MzMLError) {
        self.options = options
        self.maximumPoints = maximumPoints
        let document = ReferenceDocument(
            path: path, maximumSpectrumBytes: options.maximumSpectrumBytes, maximumPoints: maximumPoints)
        let input = try ReferenceInput(path: path, bufferSize: options.bufferSize, document: document)
        while document.header == nil {
            do throws(MzMLError) {
                guard try input.feed() else { break }
            } catch {
                // Spectra that precede the defect are still to be had.
                guard document.header != nil else { throw error }
                failure = error
            }
        }
        guard let header = document.header else { throw input.truncated("before its first spectrum") }
        self.header = header
        self.document = document
        self.input = input
    }

    /// Size of the file as stored, in bytes; 0 for a pipe.
    public var fileSize: Int { input.fileSize }

    /// Bytes of the file read so far (compressed bytes of a gzip file): for progress.
    public var bytesConsumed: Int { input.bytesConsumed }

    /// What was odd but did not stop the reading. Complete once `next` has returned false.
    public var warnings: [String] { document.warnings + ownWarnings }

    /// The chromatograms, in file order. Complete once `next` has returned false.
    public var chromatograms: [Chromatogram] { document.chromatograms }

    /// Appends the next spectra that the selection wants, at most `limit`, and no more once they hold
    /// `options.maximumChunkBytes`; false behind the last one, with nothing appended.
    ///
    /// Points are repaired as `SpectrumDecoder` says, then those outside the selected m/z are left out. Whole spectra
    /// that precede a defect are delivered first; the call after that throws, and so does every later one.
    /// - Throws: `truncated` (unless `recoversTruncation`), `malformedXML`, `documentType`, `malformedSpectrum`,
    ///   `invalidBase64`, `invalidCompression`, `wrongLength`, `unsupportedArray`, `spectrumTooLarge`, `corruptGzip`,
    ///   `cannotRead`.
    public func next(into block: inout SpectrumBlock, limit: Int) throws(MzMLError) -> Bool {
        precondition(limit > 0, "at least one spectrum must be wanted")
        nativeIDs.removeAll(keepingCapacity: true)
        var delivered = 0
        let pointsBefore = block.mz.count
        func hasRoom() -> Bool { (block.mz.count - pointsBefore) * Self.bytesPerPoint < options.maximumChunkBytes }
        while delivered < limit, hasRoom(), advance(), let spectrum = queue.popLast() {
            do throws(MzMLError) {
                if try append(spectrum, to: &block) { delivered += 1 }
            } catch {
                failure = spectrum.located(error, path: header.path)
                queue = []
            }
        }
        if delivered == 0, let failure { throw failure }
        return delivered > 0
    }

    /// The counts since the last call.
    func takeCounts() -> DecodeCounts {
        defer { counts = DecodeCounts() }
        return counts
    }

    /// Reads on until a spectrum waits; false when none will.
    private func advance() -> Bool {
        while queue.isEmpty {
            queue = document.takeWaiting().reversed()
            guard queue.isEmpty else { break }
            guard failure == nil, !input.isEnded else { return false }
            do throws(MzMLError) {
                if try !input.feed() { try end() }
            } catch {
                failure = error
            }
        }
        return true
    }

    /// Judges how the file ended.
    private func end() throws(MzMLError) {
        if input.isCutOff {
            let declared = header.declaredSpectrumCount.map { " of \($0) declared" } ?? ""
            let read = "\(document.spectraRead) complete spectra\(declared)"
            let place =
                document.isInsideSpectrum ? "inside spectrum \(document.spectraRead)" : "inside the spectrum list"
            if document.phase == .behindSpectra {
                ownWarnings.append("the file ends behind its spectrum list, at byte \(input.byteCount)")
            } else if options.recoversTruncation {
                ownWarnings.append(
                    "the file ends \(place): \(read) were kept, and all from byte \(input.byteCount) on is missing")
            } else {
                var error = input.truncated(place)
                error.reason += "; \(read) were read"
                throw error
            }
        }
        ownWarnings += input.warnings
    }

    // MARK: Points

    /// Returns false for a spectrum that is not selected.
    private func append(_ spectrum: ReferenceSpectrum, to block: inout SpectrumBlock) throws(MzMLError) -> Bool {
        let header = spectrum.header
        var found = DecodeCounts()
        guard isSelected(spectrum, header) else {
            counts.deselectedSpectra += 1
            return false
        }
        found += spectrum.counts
        found.spectra = 1
        found.extraPrecursors = header.furtherPrecursors.count
        found.assumedLevels = spectrum.isLevelAssumed ? 1 : 0
        for content in spectrum.skippedContents {
            found.skippedArrays += 1
            found.skippedArrayKinds[content, default: 0] += 1
        }
        var points = readsValues ? try spectrum.points(maximumPoints: maximumPoints, counting: &found) : []
        observe?(spectrum)
        if spectrum.isMassSpectrum {
            if points.isEmpty { found.emptySpectra = 1 }
            if let window = options.selection.mz { points.removeAll { !window.contains($0.mz) } }
        } else {
            found.nonMassSpectra = 1
        }
        found.points = points.count
        block.append(header, mz: points.map(\.mz), intensity: points.map(\.intensity))
        if keepsNativeIDs { nativeIDs.append(spectrum.id ?? "index=\(header.index)") }
        counts += found
        return true
    }

    private func isSelected(_ spectrum: ReferenceSpectrum, _ header: SpectrumHeader) -> Bool {
        let selection = options.selection
        if let levels = selection.msLevels, !levels.contains(header.msLevel) { return false }
        if let times = selection.retentionTimeSeconds, !times.contains(header.retentionTimeSeconds) { return false }
        if let window = selection.mz, spectrum.isMassSpectrum {
            if let lowest = spectrum.lowestMZ, lowest > window.upperBound { return false }
            if let highest = spectrum.highestMZ, highest < window.lowerBound { return false }
        }
        return true
    }
}

import SpectrumModel

/// Reads the spectra of a file in order, on the caller's thread, whatever has to be done to get at them.
///
/// Pieces that turn out not to be what a quick cut took them for are read again with care, and what the scanner does not
/// follow goes to the reference reader. The result is that of reading the file carefully from its start.
/// Memory: as `MzMLChunkSource` with one chunk in use.
public struct SpectrumReader: ~Copyable {
    private let path: String
    private let options: ReadingOptions
    private let maximumPoints: Int
    private var fast: MzMLChunkSource?
    private var reference: ReferenceSpectrumReader?
    private var decoder: SpectrumDecoder
    /// Spectra with a lower index have been delivered or left out.
    private var nextIndex = 0
    private var ownWarnings: [String] = []

    public let header: RunHeader
    /// The ids of the spectra that the last call of `next` appended, where they are wanted.
    public private(set) var nativeIDs: [String] = []

    /// - Parameters:
    ///   - maximumPoints: as for `SpectrumDecoder`.
    ///   - keepsNativeIDs: whether `nativeIDs` are wanted.
    /// - Throws: as `MzMLChunkSource`.
    public init(
        path: String, options: ReadingOptions, maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum,
        keepsNativeIDs: Bool = false
    ) throws(MzMLError) {
        self.path = path
        self.options = options
        self.maximumPoints = maximumPoints
        let source = try Self.openQuickly(path, options)
        var slow: ReferenceSpectrumReader?
        if source == nil {
            slow = try ReferenceSpectrumReader(path: path, options: options, maximumPoints: maximumPoints)
            slow?.keepsNativeIDs = keepsNativeIDs
        }
        header = source?.header ?? slow?.header ?? RunHeader(path: path)
        fast = source
        reference = slow
        decoder = SpectrumDecoder(header: header, maximumPoints: maximumPoints, selection: options.selection)
        decoder.keepsNativeIDs = keepsNativeIDs
    }

    /// `nil` for what only the reference reader reads.
    private static func openQuickly(_ path: String, _ options: ReadingOptions) throws(MzMLError) -> MzMLChunkSource? {
        guard options.reader == .fast else { return nil }
        do throws(MzMLError) {
            return try MzMLChunkSource(path: path, options: options)
        } catch {
            guard error.code == .beyondScanner else { throw error }
            try requireRereadable(path, error.reason + ": the reference reader")
            return nil
        }
    }

    public var counts: DecodeCounts { reference?.counts ?? decoder.counts }
    /// Complete once `next` has returned false.
    public var warnings: [String] { (reference?.warnings ?? fast?.warnings ?? []) + ownWarnings }
    public var indexState: IndexState { fast?.indexState ?? .unread }
    /// The reader that the spectra come from, in the end.
    public var reader: ReadingOptions.Reader { reference == nil ? .fast : .reference }
    public var fileSize: Int { reference?.fileSize ?? fast?.fileSize ?? 0 }
    public var bytesConsumed: Int { reference?.bytesConsumed ?? fast?.bytesConsumed ?? 0 }
    /// Part of the file that was read, 0...1.
    public var fraction: Double { fileSize > 0 ? min(1, Double(bytesConsumed) / Double(fileSize)) : 0 }

    /// Appends the next spectra, at most `spectraPerChunk`; false behind the last one.
    ///
    /// Whole spectra that precede a defect are appended before the error is thrown.
    /// - Throws: as `MzMLChunkSource.next` and `SpectrumDecoder.decode`.
    public mutating func next(into block: inout SpectrumBlock) throws(MzMLError) -> Bool {
        nativeIDs.removeAll(keepingCapacity: true)
        while let fast, reference == nil {
            guard let chunk = try fast.next() else { return false }
            let first = block.count
            do throws(MzMLError) {
                try decoder.decode(chunk, into: &block)
                nextIndex = chunk.firstIndex + chunk.count
                nativeIDs = decoder.nativeIDs
                fast.recycle(chunk)
                return true
            } catch {
                switch error.code {
                case .cutMismatch:
                    try fast.readCarefully(from: chunk)
                case .beyondScanner:
                    // What the careful scan had already appended of this chunk comes again.
                    block.truncate(spectra: first, points: block.offsets[first])
                    try readByReference()
                default:
                    nativeIDs = decoder.nativeIDs
                    throw error
                }
            }
        }
        return try nextByReference(into: &block)
    }

    private mutating func readByReference() throws(MzMLError) {
        try requireRereadable(path, "what libxml2 alone can read")
        let slow = try ReferenceSpectrumReader(path: path, options: options, maximumPoints: maximumPoints)
        slow.keepsNativeIDs = decoder.keepsNativeIDs
        reference = slow
    }

    private mutating func nextByReference(into block: inout SpectrumBlock) throws(MzMLError) -> Bool {
        guard let reference else { return false }
        while true {
            let first = block.count
            guard try reference.next(into: &block, limit: options.spectraPerChunk) else {
                // Where the XML is not well formed the two may not agree on where the list ends.
                let found = reference.counts.spectra + reference.counts.deselectedSpectra
                guard found >= nextIndex else {
                    throw MzMLError(
                        .malformedXML, path: path,
                        reason: "libxml2 ends after \(found) spectra, and \(nextIndex) were read before: the XML is "
                            + "not well formed",
                        hint: "the file was damaged or not written by an XML writer; convert it again")
                }
                return false
            }
            nativeIDs = reference.nativeIDs
            let known = block.headers[first...].prefix { $0.index < nextIndex }.count
            if known == 0 { return true }
            // Delivered before the reference reader took over.
            var rest = SpectrumBlock()
            for i in (first + known)..<block.count {
                let points = block.points(of: i)
                rest.append(block.headers[i], mz: block.mz[points], intensity: block.intensity[points])
            }
            block.truncate(spectra: first, points: block.offsets[first])
            nativeIDs.removeFirst(min(known, nativeIDs.count))
            guard rest.count > 0 else { continue }
            block.append(contentsOf: rest)
            return true
        }
    }

    /// The chromatograms of the file; call behind the last spectrum. Those of a damaged list are left out, with a warning.
    public mutating func chromatograms() throws(MzMLError) -> [Chromatogram] {
        if let reference { return reference.chromatograms }
        guard let fast, !fast.isCutOff else { return [] }
        do throws(MzMLError) {
            return try fast.chromatograms()
        } catch {
            ownWarnings.append("its chromatograms could not be read: \(error)")
            return []
        }
    }
}

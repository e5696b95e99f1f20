import CBase64
import SpectrumModel

/// The run that is converted, read quickly where that is possible and by the reference reader where it is not.
struct ConversionSource: ~Copyable {
    private let path: String
    private let options: ReadingOptions
    private let fast: MzMLChunkSource?
    private var decoder: SpectrumDecoder
    private let reference: ReferenceSpectrumReader?
    private var ended = false
    /// Where the last spectrum that was read ends in the (decompressed) file.
    private var listEnd: Int?
    private var ownWarnings: [String] = []
    private var deselected = 0

    let header: RunHeader
    /// Of the spectra of the last `next`.
    private(set) var nativeIDs: [String] = []

    init(path: String, options: ReadingOptions) throws(MzMLError) {
        let fast = try Self.openQuickly(path, options)
        var reference: ReferenceSpectrumReader?
        if fast == nil {
            reference = try ReferenceSpectrumReader(path: path, options: options)
            reference?.keepsNativeIDs = true
        }
        let header = fast?.header ?? reference?.header ?? RunHeader(path: path)
        self.path = path
        self.options = options
        self.fast = fast
        self.reference = reference
        self.header = header
        decoder = SpectrumDecoder(header: header)
        decoder.keepsNativeIDs = true
    }

    /// `nil` for what only the reference reader reads.
    private static func openQuickly(_ path: String, _ options: ReadingOptions) throws(MzMLError) -> MzMLChunkSource? {
        guard options.reader == .fast else { return nil }
        do throws(MzMLError) {
            return try MzMLChunkSource(
                path: path, bufferSize: options.bufferSize, spectraPerChunk: options.spectraPerChunk,
                maximumSpectrumBytes: options.maximumSpectrumBytes, maximumChunkBytes: options.maximumChunkBytes)
        } catch {
            guard error.code == .unsupportedEncoding else { throw error }
            return nil
        }
    }

    /// Part of the file that was read, 0...1.
    var fraction: Double {
        let size = fast?.fileSize ?? reference?.fileSize ?? 0
        guard size > 0 else { return 0 }
        return min(1, Double(fast?.bytesConsumed ?? reference?.bytesConsumed ?? 0) / Double(size))
    }

    var counts: DecodeCounts {
        if let reference { return reference.counts }
        var counts = decoder.counts
        counts.deselectedSpectra = deselected
        return counts
    }

    var warnings: [String] { (fast?.warnings ?? reference?.warnings ?? []) + ownWarnings }

    /// Fills an empty block with the next spectra; false behind the last one.
    mutating func next(into block: inout SpectrumBlock) throws(MzMLError) -> Bool {
        if let reference {
            let found = try reference.next(into: &block, limit: options.spectraPerChunk)
            nativeIDs = reference.nativeIDs
            return found
        }
        guard let fast, !ended else { return false }
        do throws(MzMLError) {
            guard let chunk = try fast.next() else {
                ended = true
                return false
            }
            listEnd = chunk.endOffset
            try decoder.decode(chunk, into: &block)
            nativeIDs = decoder.nativeIDs
            fast.recycle(chunk)
        } catch {
            guard error.code == .truncated, options.recoversTruncation else { throw error }
            ownWarnings.append(error.reason)
            ended = true
            listEnd = nil
            return false
        }
        applySelection(to: &block)
        return true
    }

    /// Leaves out what is not wanted.
    private mutating func applySelection(to block: inout SpectrumBlock) {
        let selection = options.selection
        guard selection != .everything else { return }
        var kept = SpectrumBlock()
        var ids: [String] = []
        for (i, header) in block.headers.enumerated() {
            let levels = selection.msLevels.map { $0.contains(header.msLevel) } ?? true
            let times = selection.retentionTimeSeconds.map { $0.contains(header.retentionTimeSeconds) } ?? true
            guard levels, times else {
                deselected += 1
                continue
            }
            let points = block.points(of: i).filter { selection.mz?.contains(block.mz[$0]) ?? true }
            kept.append(header, mz: points.map { block.mz[$0] }, intensity: points.map { block.intensity[$0] })
            ids.append(nativeIDs[i])
        }
        block = kept
        nativeIDs = ids
    }

    /// The chromatograms of the file; call behind the last spectrum.
    mutating func chromatograms() throws(MzMLError) -> [Chromatogram] {
        if let reference { return reference.chromatograms }
        // Where there were no spectra the reader has not looked at what follows; where a part is missing, nothing does.
        guard let listEnd else {
            guard ownWarnings.isEmpty else { return [] }
            let reader = try ReferenceSpectrumReader(path: path, options: options)
            var block = SpectrumBlock()
            while try reader.next(into: &block, limit: options.spectraPerChunk) { block.removeAll() }
            return reader.chromatograms
        }
        do throws(MzMLError) {
            return try chromatograms(from: listEnd)
        } catch {
            ownWarnings.append("its chromatograms were not carried over: \(error)")
            return []
        }
    }

    /// What follows the end of the spectrum list, which stands behind `offset`.
    private func chromatograms(from offset: Int) throws(MzMLError) -> [Chromatogram] {
        var stream = try ByteStream(path: path)
        let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 18)
        defer { piece.deallocate() }
        guard let memory = piece.baseAddress else { return [] }
        var parser: ChromatogramStream?
        // Bytes in which the list has not ended yet.
        var before: [UInt8] = []
        var position = 0
        while true {
            let count = try stream.read(into: memory, capacity: piece.count)
            if count == 0 { break }
            let skipped = min(count, max(0, offset - position))
            position += count
            let bytes = ByteRun(rebasing: ByteRun(piece)[skipped..<count])
            if let parser {
                if try !parser.feed(bytes) { break }
                continue
            }
            before += bytes
            guard before.count < Self.maximumTail, let end = Self.listEnd(in: before) else {
                if before.count < Self.maximumTail { continue }
                return []
            }
            let started = try ChromatogramStream(header: header, baseOffset: position - before.count + end)
            parser = started
            let goesOn = try before.withUnsafeBufferPointer { bytes throws(MzMLError) in
                try started.feed(ByteRun(rebasing: bytes[end...]))
            }
            if !goesOn { break }
        }
        return try parser?.finish() ?? []
    }

    /// Most bytes between the last spectrum and the end of the list.
    private static let maximumTail = 1 << 24

    /// Behind `</spectrumList>`.
    private static func listEnd(in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return nil }
            let tag: StaticString = "</spectrumList"
            guard let found = bytes_find(start, bytes.count, tag.utf8Start, tag.utf8CodeUnitCount) else { return nil }
            let name = UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
            return find(UInt8(ascii: ">"), name, start + bytes.count).map { $0 - start + 1 }
        }
    }
}

extension RawChunk {
    /// Where the last element ends in the (decompressed) file.
    fileprivate var endOffset: Int? { streamOffsets.last.map { $0 + range(of: count - 1).count } }
}

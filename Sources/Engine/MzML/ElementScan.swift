import SpectrumModel

/// Reads what the spectra of a chunk say of themselves, and passes over their arrays.
struct ElementScan: ~Copyable {
    private let header: RunHeader
    private let groups: [ParameterGroup]
    private var tags = TagCursor()

    init(header: RunHeader) {
        self.header = header
        groups = header.parameterGroups.sorted { $0.key < $1.key }.map { ParameterGroup(id: $0.key, terms: $0.value) }
    }

    /// Appends the facts of the first `count` spectra.
    ///
    /// - Parameter isDecoded: their arrays have been decoded, so that their lengths are known to be right.
    /// - Throws: `malformedSpectrum` with its place; what precedes it has been appended. `cutMismatch` and
    ///   `beyondScanner` as `SpectrumDecoder.decode`.
    mutating func read(
        _ chunk: RawChunk, count: Int, isDecoded: Bool, into facts: inout [SpectrumFacts]
    ) throws(MzMLError) {
        if let mapped = chunk.mapped {
            let bytes = ByteRun(rebasing: mapped.bytes[chunk.mappedRange])
            try readQuick(chunk, bytes, count: count, isDecoded: isDecoded, into: &facts)
            return
        }
        try chunk.bytes.withUnsafeBufferPointer { bytes throws(MzMLError) in
            switch chunk.cut {
            case .quick: try readQuick(chunk, bytes, count: count, isDecoded: isDecoded, into: &facts)
            case .careful: try readCareful(chunk, bytes, count: count, into: &facts)
            case .decoded: break
            }
        }
    }

    private func newElement(trustsLengths: Bool) -> SpectrumElement {
        SpectrumElement(defaultPolarity: header.defaultPolarity, trustsLengths: trustsLengths, readsMZRange: true)
    }

    private mutating func readCareful(
        _ chunk: RawChunk, _ bytes: ByteRun, count: Int, into facts: inout [SpectrumFacts]
    ) throws(MzMLError) {
        guard let base = bytes.baseAddress else { return }
        for i in 0..<count {
            let range = chunk.range(of: i)
            let start = base + range.lowerBound
            let end = base + range.upperBound
            var element = newElement(trustsLengths: false)
            tags.reset(to: start)
            do throws(MzMLError) {
                _ = try element.read(start, end, groups: groups, selection: .everything, tags: &tags)
            } catch {
                throw chunk.located(error, spectrum: i, id: element.id, path: header.path)
            }
            var found = SpectrumFacts(element, start, end)
            found.offset = chunk.streamOffsets[i]
            facts.append(found)
        }
    }

    private mutating func readQuick(
        _ chunk: RawChunk, _ bytes: ByteRun, count: Int, isDecoded: Bool, into facts: inout [SpectrumFacts]
    ) throws(MzMLError) {
        guard let base = bytes.baseAddress else { return }
        let end = base + bytes.count
        var p = base
        tags.reset(to: base)
        for _ in 0..<count {
            while p < end, isXMLSpace(p.pointee) { p += 1 }
            guard matches("<spectrum", p, end), end - p > 9, isXMLSpace(p[9]) else {
                throw MzMLError(.cutMismatch, path: "", reason: "a spectrum is not where it should be")
            }
            var element = newElement(trustsLengths: true)
            let next = try element.read(p, end, groups: groups, selection: .everything, tags: &tags)
            guard !element.isSuspicious, isDecoded || isSound(element) else {
                throw MzMLError(.cutMismatch, path: "", reason: "the length of an array is not what is stated")
            }
            var found = SpectrumFacts(element, p, next)
            found.offset = chunk.mappedRange.lowerBound + (p - base)
            facts.append(found)
            p = next
        }
        guard count == chunk.count else { return }
        while p < end, isXMLSpace(p.pointee) { p += 1 }
        guard p == end else {
            throw MzMLError(.cutMismatch, path: "", reason: "there is more than there should be")
        }
    }

    /// Whether stated lengths led to the ends of the texts themselves. Nobody decodes the texts here, which would show it;
    /// an uncompressed one of the right length needs no look at its bytes.
    private func isSound(_ element: SpectrumElement) -> Bool {
        for array in [element.mz, element.intensity] {
            guard let array, let text = array.payload, let start = text.baseAddress else { continue }
            let values = array.length >= 0 ? array.length : element.defaultLength
            if array.compression == .none, array.numpress == nil, array.width > 0, values >= 0,
                values < 1 << 40, text.count == (values * array.width + 2) / 3 * 4
            {
                continue
            }
            if find(UInt8(ascii: "<"), start, start + text.count) != nil { return false }
        }
        return true
    }
}

import CDeflate
import CReadingKernels
import SpectrumModel
import TextNumbers

/// Turns chunks of XML into spectra: one per worker, because it owns scratch memory and a decompressor.
///
/// The result depends on the chunk and the header alone. Memory: the block, and scratch as large as the largest array.
public struct SpectrumDecoder: ~Copyable {
    /// Most points that one spectrum may have unless a decoder is told otherwise.
    public static let maximumPointsPerSpectrum = 1 << 26

    /// What was met since the decoder was made.
    public private(set) var counts = DecodeCounts()
    /// Whether `nativeIDs` are wanted: they cost a string per spectrum.
    public var keepsNativeIDs = false
    /// The ids of the spectra that the last call of `decode` appended.
    public private(set) var nativeIDs: [String] = []
    private let header: RunHeader
    private let groups: [ParameterGroup]
    private let selection: SpectrumSelection
    private var codec: ArrayCodec
    /// How blocks grow that have no room for another spectrum.
    public var growth: BlockGrowth {
        get { codec.growth }
        set { codec.growth = newValue }
    }
    /// Times that a block had no room and was made larger.
    public var growths: Int { codec.growths }
    private var tags = TagCursor()
    private(set) var forms = SpectrumForms()
    /// What is left out, and ids, are for the parser.
    private var usesForms: Bool { isUnselective && !keepsNativeIDs }
    private let isUnselective: Bool

    /// - Parameters:
    ///   - maximumPoints: a spectrum that declares more is an error, before any memory is taken for it: a few compressed
    ///     bytes can hold very many.
    ///   - selection: spectra and points outside are left out.
    public init(
        header: RunHeader, maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum,
        selection: SpectrumSelection = .everything
    ) {
        self.header = header
        self.selection = selection
        isUnselective = selection == .everything
        // Sorted: with equal ids (which the schema forbids) the choice must not depend on hashing.
        groups = header.parameterGroups.sorted { $0.key < $1.key }.map { ParameterGroup(id: $0.key, terms: $0.value) }
        codec = ArrayCodec(maximumPoints: maximumPoints)
    }

    /// Appends every wanted spectrum of the chunk to the block, headers and points.
    ///
    /// Points with a non-finite or negative m/z or a non-finite intensity are dropped, negative intensities become 0, and
    /// m/z that does not ascend is sorted (stable); each is counted.
    /// - Throws: `malformedSpectrum`, `invalidBase64`, `invalidCompression`, `wrongLength`, `unsupportedArray`, with the
    ///   byte offset and the spectrum; the block then holds the spectra that precede the bad one. `cutMismatch` for any
    ///   defect in a chunk that was cut quickly, and `beyondScanner`; the block is then as it was.
    public mutating func decode(_ chunk: RawChunk, into block: inout SpectrumBlock) throws(MzMLError) {
        nativeIDs.removeAll(keepingCapacity: true)
        switch chunk.cut {
        case .careful:
            try chunk.bytes.withUnsafeBufferPointer { bytes throws(MzMLError) in
                try decodeCareful(chunk, bytes, into: &block)
            }
        case .decoded:
            block.append(contentsOf: chunk.decoded)
            if keepsNativeIDs { nativeIDs = chunk.nativeIDs }
            counts += chunk.decodedCounts
        case .quick:
            if let mapped = chunk.mapped {
                let before = (counts: counts, spectra: block.count, points: block.mz.count)
                try decodeQuick(chunk, ByteRun(rebasing: mapped.bytes[chunk.mappedRange]), into: &block)
                if mapped.isBroken {
                    counts = before.counts
                    block.truncate(spectra: before.spectra, points: before.points)
                    try mapped.checkIsWhole(path: header.path)
                }
            } else {
                try chunk.bytes.withUnsafeBufferPointer { bytes throws(MzMLError) in
                    try decodeQuick(chunk, bytes, into: &block)
                }
            }
        }
    }

    private mutating func decodeCareful(
        _ chunk: RawChunk, _ bytes: ByteRun, into block: inout SpectrumBlock
    ) throws(MzMLError) {
        guard let base = bytes.baseAddress else { return }
        for i in 0..<chunk.count {
            let range = chunk.range(of: i)
            var element = newElement(trustsLengths: false)
            let start = base + range.lowerBound
            tags.reset(to: start)
            do throws(MzMLError) {
                _ = try element.read(start, base + range.upperBound, groups: groups, selection: selection, tags: &tags)
                try append(
                    element, index: chunk.firstIndex + i, start: start, first: block.mz.count, decoded: nil, to: &block)
            } catch {
                throw chunk.located(error, spectrum: i, id: element.id, path: header.path)
            }
        }
    }

    /// Decodes what should be `chunk.count` spectra with blanks between them, in one pass over the bytes.
    private mutating func decodeQuick(
        _ chunk: RawChunk, _ bytes: ByteRun, into block: inout SpectrumBlock
    ) throws(MzMLError) {
        guard let base = bytes.baseAddress else { return }
        let end = base + bytes.count
        let before = (counts: counts, spectra: block.count, points: block.mz.count)
        var p = base
        tags.reset(to: base)
        do throws(MzMLError) {
            for i in 0..<chunk.count {
                while p < end, isXMLSpace(p.pointee) { p += 1 }
                guard matches("<spectrum", p, end), end - p > 9, isXMLSpace(p[9]) else {
                    throw MzMLError(.cutMismatch, path: "", reason: "a spectrum is not where it should be")
                }
                p = try decodeNext(p, end, index: chunk.firstIndex + i, into: &block)
            }
            while p < end, isXMLSpace(p.pointee) { p += 1 }
            guard p == end else {
                throw MzMLError(.cutMismatch, path: "", reason: "there is more than there should be")
            }
        } catch {
            counts = before.counts
            block.truncate(spectra: before.spectra, points: before.points)
            // Whether it is the file or the cut that is wrong tells the careful reading, which also finds the place.
            throw MzMLError(
                error.code == .beyondScanner ? .beyondScanner : .cutMismatch, path: header.path,
                byteOffset: chunk.mappedRange.lowerBound + (p - base), reason: error.reason)
        }
    }

    /// Decodes the element at `start` and returns where it ends. Arrays are decoded as the scan comes to them, so that
    /// the bytes of the file are touched once and in order.
    private mutating func decodeNext(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, index: Int, into block: inout SpectrumBlock
    ) throws(MzMLError) -> UnsafePointer<UInt8> {
        let first = block.mz.count
        if usesForms {
            if let behind = try decodeByForm(start, end, index: index, into: &block) { return behind }
            block.dropPoints(from: first)
        }
        var element = newElement(trustsLengths: true)
        element.keepsTakenValues = usesForms && forms.wantsAnother
        var p = try element.readStart(start, end)
        var decoded = (mz: -1, intensity: -1)
        while true {
            let pause = try element.step(&p, start, end, groups: groups, selection: selection, tags: &tags)
            guard case .payload = pause else {
                guard case .end(let behind) = pause else { return p }
                try append(element, index: index, start: start, first: first, decoded: decoded, to: &block)
                if element.keepsTakenValues, let header = block.headers.last {
                    forms.learn(element, header: header, from: ByteRun(start: start, count: behind - start))
                }
                return behind
            }
            if element.isDeselected || element.isLight { continue }
            let array = element.array
            let count = array.length >= 0 ? array.length : element.defaultLength
            guard count >= 0 else { continue }
            switch array.content {
            case .mz where element.mz == nil:
                try codec.appendMZ(array, count: count, start: start, to: &block.mz)
                decoded.mz = count
            case .intensity where element.intensity == nil:
                try codec.appendIntensity(array, count: count, start: start, to: &block.intensity)
                decoded.intensity = count
            default:
                break
            }
        }
    }

    /// Decodes the element at `start` if it reads like one before it, and returns where it ends.
    ///
    /// Otherwise `nil`, and points behind the last spectrum may be left in the block.
    private mutating func decodeByForm(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, index: Int, into block: inout SpectrumBlock
    ) throws(MzMLError) -> UnsafePointer<UInt8>? {
        guard var p = forms.begin(start, end, index: index) else { return nil }
        let first = block.mz.count
        for _ in 0..<2 {
            guard let array = forms.nextArray(&p, end) else { return nil }
            if array.content == .mz {
                try codec.appendMZ(array, count: array.length, start: start, to: &block.mz)
            } else {
                try codec.appendIntensity(array, count: array.length, start: start, to: &block.intensity)
            }
            guard let behind = forms.goOn(p, end) else { return nil }
            p = behind
        }
        guard block.mz.count == block.intensity.count else { return nil }
        block.repairPoints(from: first, counting: &counts)
        counts.spectra += 1
        counts.points += block.mz.count - first
        if block.mz.count == first { counts.emptySpectra += 1 }
        block.headers.append(forms.header)
        block.offsets.append(block.mz.count)
        return p
    }

    private func newElement(trustsLengths: Bool) -> SpectrumElement {
        SpectrumElement(
            defaultPolarity: header.defaultPolarity, trustsLengths: trustsLengths,
            readsMZRange: selection.mz != nil)
    }

    private mutating func append(
        _ element: SpectrumElement, index: Int, start: UnsafePointer<UInt8>, first: Int,
        decoded: (mz: Int, intensity: Int)?, to block: inout SpectrumBlock
    ) throws(MzMLError) {
        guard !element.isSuspicious else {
            throw MzMLError(.cutMismatch, path: "", reason: "the length of an array is not what is stated")
        }
        let isMass = !element.isLight && (element.mz != nil || (element.arrayCount == 0 && element.msLevel > 0))
        let isLeftOut = element.isDeselected || (element.arrayCount == 0 && !selection.takes(element))
        if isLeftOut || (!isMass && selection.msLevels?.contains(0) == false) {
            counts.deselectedSpectra += 1
            block.dropPoints(from: first)
            return
        }
        if isMass, let mz = element.mz {
            if let decoded {
                // There is no text to stop at in an empty array. Else what was not decoded on the way is odd, and for the
                // careful scan.
                var decoded = decoded
                if decoded.mz < 0, mz.isEmpty(defaultLength: element.defaultLength) {
                    try codec.appendMZ(mz, count: 0, start: start, to: &block.mz)
                    decoded.mz = 0
                }
                if decoded.intensity < 0, let array = element.intensity,
                    array.isEmpty(defaultLength: element.defaultLength)
                {
                    try codec.appendIntensity(array, count: 0, start: start, to: &block.intensity)
                    decoded.intensity = 0
                }
                guard element.intensity != nil, decoded.mz >= 0, decoded.mz == decoded.intensity,
                    block.intensity.count == block.mz.count
                else {
                    throw MzMLError(.cutMismatch, path: "", reason: "an array was not decoded where it stands")
                }
                block.repairPoints(from: first, counting: &counts)
            } else {
                try appendPoints(element, mz: mz, start: start, to: &block)
            }
        } else {
            block.dropPoints(from: first)
        }
        let isEmpty = block.mz.count == first
        if let window = selection.mz { block.keepPoints(from: first, within: window) }
        count(element, isMass: isMass, isEmpty: isEmpty, points: block.mz.count - first)
        block.headers.append(
            SpectrumHeader(
                index: index, scanNumber: element.id.flatMap { nativeScanNumber($0) } ?? index + 1,
                msLevel: isMass ? element.assumedLevel : 0,
                polarity: element.polarity, representation: element.representation,
                retentionTimeSeconds: element.retentionTimeSeconds,
                precursor: element.precursorCount > 0 ? element.precursor : nil,
                furtherPrecursors: element.furtherPrecursors))
        block.offsets.append(block.mz.count)
        if keepsNativeIDs { nativeIDs.append(element.id.map { nativeID($0) } ?? "index=\(index)") }
    }

    private mutating func count(_ element: SpectrumElement, isMass: Bool, isEmpty: Bool, points: Int) {
        counts.spectra += 1
        counts.points += points
        counts.extraPrecursors += element.furtherPrecursors.count
        counts.unreadableValues += element.unreadableValues
        counts.timesWithoutUnit += element.timesWithoutUnit
        for kind in element.skippedArrays { counts.skip(array: kind) }
        if !isMass {
            counts.nonMassSpectra += 1
            for array in [element.mz, element.intensity] {
                if let array { counts.skip(array: array.contentAccession) }
            }
            return
        }
        if isEmpty { counts.emptySpectra += 1 }
        if element.msLevel < 1 { counts.assumedLevels += 1 }
        for array in [element.mz, element.intensity] {
            guard let array, array.encodedLength >= 0 else { continue }
            if array.encodedLength != array.payload?.count ?? 0 { counts.encodedLengthMismatches += 1 }
        }
    }

    private mutating func appendPoints(
        _ element: SpectrumElement, mz: EncodedArray, start: UnsafePointer<UInt8>, to block: inout SpectrumBlock
    ) throws(MzMLError) {
        guard let intensity = element.intensity else {
            throw MzMLError(.malformedSpectrum, path: "", reason: "it has an m/z array and no intensity array")
        }
        let count = mz.length >= 0 ? mz.length : element.defaultLength
        let other = intensity.length >= 0 ? intensity.length : element.defaultLength
        guard count >= 0, other >= 0 else {
            throw MzMLError(.malformedSpectrum, path: "", reason: "it does not state the length of its arrays")
        }
        guard count == other else {
            throw MzMLError(
                .wrongLength, path: "", reason: "it declares \(count) m/z values and \(other) intensities")
        }
        let first = block.mz.count
        try codec.appendMZ(mz, count: count, start: start, to: &block.mz)
        do throws(MzMLError) {
            try codec.appendIntensity(intensity, count: count, start: start, to: &block.intensity)
        } catch {
            block.mz.removeLast(block.mz.count - first)
            throw error
        }
        block.repairPoints(from: first, counting: &counts)
    }
}

/// The number behind `scan=` in a native id such as `controllerType=0 controllerNumber=1 scan=19`.
func nativeScanNumber(_ id: ByteRun) -> Int? { scanNumberDigits(id).flatMap { wholeNumber($0) } }

/// The digits of that number.
func scanNumberDigits(_ id: ByteRun) -> ByteRun? {
    var i = 0
    while i + 5 < id.count {
        let here = ByteRun(rebasing: id[i...])
        if i == 0 || isXMLSpace(id[i - 1]), equals(ByteRun(rebasing: here[..<5]), "scan=") {
            return ByteRun(rebasing: here[5...].prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
        }
        i += 1
    }
    return nil
}

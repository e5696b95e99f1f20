import CReadingKernels
import SpectrumModel
import TextNumbers

/// What an inspection counts of one spectrum, whichever reader read it.
struct SpectrumFacts {
    var id = ""
    /// Offset in the XML; `nil` where it is not known to the byte.
    var offset: Int?
    /// 0 for what is no mass spectrum.
    var level: Int
    var polarity: Polarity
    var representation: SpectrumRepresentation
    var retentionTimeSeconds: Double
    var declaredPoints = 0
    var precursor: Precursor?
    /// Lowest and highest m/z as stated; NaN where nothing is.
    var statedMZ = (lowest: Double.nan, highest: Double.nan)
    /// Arrays of m/z and intensity.
    var encodings: [RunInspection.Encoding] = []
    /// Accessions of the others.
    var extraArrays: [Int] = []
    /// What of the spectrum was odd, without what only its values tell.
    var counts = DecodeCounts()
}

extension SpectrumFacts {
    /// Of an element whose arrays were passed over, between `start` and `end`.
    init(_ element: SpectrumElement, _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
        let isMass = !element.isLight && (element.mz != nil || (element.arrayCount == 0 && element.msLevel > 0))
        level = isMass ? element.assumedLevel : 0
        polarity = element.polarity
        representation = element.representation
        retentionTimeSeconds = element.retentionTimeSeconds
        precursor = element.precursorCount > 0 ? element.precursor : nil
        id = element.id.map { nativeID($0) } ?? ""
        let arrays = [element.mz, element.intensity].compactMap { $0 }
        if let first = arrays.first {
            declaredPoints = max(0, first.length >= 0 ? first.length : element.defaultLength)
        }
        encodings = arrays.map(\.encoding)
        extraArrays = element.skippedArrays
        statedMZ = (element.lowestMZ, element.highestMZ)
        if isMass, statedMZ.lowest.isNaN, statedMZ.highest.isNaN {
            let texts = arrays.compactMap { $0.payload?.baseAddress }
            statedMZ = Self.scanWindows(start, texts.min() ?? end)
        }
        counts.spectra = 1
        counts.extraPrecursors = element.furtherPrecursors.count
        counts.unreadableValues = element.unreadableValues
        counts.timesWithoutUnit = element.timesWithoutUnit
        for kind in extraArrays { counts.skip(array: kind) }
        guard isMass else {
            counts.nonMassSpectra = 1
            return
        }
        if declaredPoints == 0 { counts.emptySpectra = 1 }
        if element.msLevel < 1 { counts.assumedLevels = 1 }
        counts.encodedLengthMismatches = arrays.count {
            $0.encodedLength >= 0 && $0.encodedLength != $0.payload?.count ?? 0
        }
    }

    init(_ spectrum: ReferenceSpectrum) {
        let header = spectrum.header
        level = header.msLevel
        polarity = header.polarity
        representation = header.representation
        retentionTimeSeconds = header.retentionTimeSeconds
        precursor = header.precursor
        id = spectrum.id ?? ""
        let arrays = [spectrum.mz, spectrum.intensity].compactMap { $0 }
        if let first = arrays.first { declaredPoints = first.length ?? spectrum.defaultLength ?? 0 }
        encodings = arrays.map(\.encoding)
        extraArrays = spectrum.extraContents
        statedMZ = (spectrum.lowestMZ ?? .nan, spectrum.highestMZ ?? .nan)
        if level > 0, statedMZ.lowest.isNaN, statedMZ.highest.isNaN { statedMZ = spectrum.scanWindows }
        counts = spectrum.counts
        counts.spectra = 1
        counts.extraPrecursors = header.furtherPrecursors.count
        for kind in extraArrays { counts.skip(array: kind) }
        guard level > 0 else {
            counts.nonMassSpectra = 1
            return
        }
        if declaredPoints == 0 { counts.emptySpectra = 1 }
        if spectrum.isLevelAssumed { counts.assumedLevels = 1 }
        counts.encodedLengthMismatches = arrays.count { array in
            array.encodedLength.map { $0 != array.text?.count ?? 0 } ?? false
        }
    }

    /// The lowest and the highest limit among the `<scanWindow>`s before the arrays.
    private static func scanWindows(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> (lowest: Double, highest: Double) {
        let accession: StaticString = "MS:100050"
        let length = accession.utf8CodeUnitCount
        var limits = (lowest: Double.nan, highest: Double.nan)
        var p = start
        while let raw = bytes_find(p, end - p, accession.utf8Start, length) {
            let found = UnsafePointer(raw.assumingMemoryBound(to: UInt8.self))
            p = found + length
            guard p + 1 < end, p[1] == UInt8(ascii: "\"") || p[1] == UInt8(ascii: "'") else { continue }
            let isLower = p[0] == UInt8(ascii: "1")
            guard isLower || p[0] == UInt8(ascii: "0") else { continue }
            var tag = found
            while tag > start, tag.pointee != UInt8(ascii: "<") { tag -= 1 }
            guard matches("<cvParam", tag, end) else { continue }
            var attributes = AttributeCursor(tag + 8, end)
            while let (name, value) = attributes.next() {
                guard equals(name, "value"), let limit = decimalNumber(trimmed(value)) else { continue }
                if isLower { limits.lowest = min(limits.lowest.isNaN ? limit : limits.lowest, limit) }
                if !isLower { limits.highest = max(limits.highest.isNaN ? limit : limits.highest, limit) }
            }
        }
        return limits
    }
}

extension EncodedArray {
    var encoding: RunInspection.Encoding {
        let type =
            switch elementType {
            case .unstated: "unstated"
            case .float16: "float16"
            case .float32: "float32"
            case .float64: "float64"
            case .int32: "int32"
            case .int64: "int64"
            case .unsupported: unsupportedName
            }
        let outer =
            switch compression {
            case .unstated: "unstated"
            case .none: "none"
            case .zlib: "zlib"
            case .unsupported: unsupportedName
            }
        return RunInspection.Encoding(
            content: content == .mz ? "m/z" : "intensity", type: type, numpress: numpress, packedIn: outer)
    }
}

extension ReferenceArray {
    var encoding: RunInspection.Encoding {
        let types = [
            0: "unstated", 1_000_519: "int32", 1_000_520: "float16", 1_000_521: "float32", 1_000_522: "int64",
            1_000_523: "float64", 1_001_479: "text",
        ]
        let compressions = [0: "unstated", Self.uncompressed: "none", Self.zlib: "zlib"]
        var unsupported = EncodedArray()
        unsupported.unsupportedAccession = compressionTerm
        return RunInspection.Encoding(
            content: content == Self.mz ? "m/z" : "intensity", type: types[numberTerm] ?? "unstated",
            numpress: numpress, packedIn: compressions[compressionTerm] ?? unsupported.unsupportedName)
    }
}

extension RunInspection.Encoding {
    fileprivate init(content: String, type: String, numpress: Numpress.Kind?, packedIn outer: String) {
        var compression = outer
        if let numpress { compression = "numpress \(numpress.rawValue)" + (outer == "none" ? "" : " + \(outer)") }
        self.init(content: content, type: type, compression: compression)
    }
}

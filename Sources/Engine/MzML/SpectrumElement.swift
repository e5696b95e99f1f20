import SpectrumModel
import TextNumbers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the XML of one `<spectrum>` says, its binary arrays still encoded.
struct SpectrumElement {
    /// Which part of the spectrum the scan is in: it decides what a term is about.
    private enum Place { case spectrum, precursor, selectedIon, ignored, array }

    var id: ByteRun?
    /// `defaultArrayLength`; -1 when absent.
    var defaultLength = -1
    /// 0 when not stated.
    var msLevel = 0
    var polarity: Polarity
    var representation = SpectrumRepresentation.unknown
    var retentionTimeSeconds = Double.nan
    var precursor = Precursor()
    var precursorCount = 0
    /// Says of itself that it is a spectrum of light.
    var isLight = false
    var mz: EncodedArray?
    var intensity: EncodedArray?
    var arrayCount = 0
    var counts = DecodeCounts()

    private var place = Place.spectrum
    private var selectedIonCount = 0
    private var array = EncodedArray()

    init(defaultPolarity: Polarity) { polarity = defaultPolarity }

    /// Reads the element in `start ..< end`.
    /// - Throws: `malformedSpectrum`; its byte offset counts from `start`.
    mutating func read(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, groups: [ParameterGroup]
    ) throws(MzMLError) {
        var p = readAttributes(start + 9, end)
        while let tag = find(UInt8(ascii: "<"), p, end), end - tag > 2 {
            p = tag + 1
            switch tag[1] {
            case UInt8(ascii: "c"):
                p = readParameter(tag, end)
            case UInt8(ascii: "/"):
                if matches("</binaryDataArray", tag, end), end - tag > 17, endsName(tag[17]) { finishArray() }
            case UInt8(ascii: "!"), UInt8(ascii: "?"):
                guard case .skipped(let behind) = skipMarkup(tag, end) else {
                    throw MzMLError(
                        .malformedSpectrum, path: "", byteOffset: tag - start, reason: "a comment never ends")
                }
                p = behind
            default:
                var nameEnd = tag + 1
                while nameEnd < end, !endsName(nameEnd.pointee) { nameEnd += 1 }
                let name = ByteRun(start: tag + 1, count: nameEnd - tag - 1)
                if equals(name, "binary") {
                    p = try readPayload(from: tag, nameEnd: nameEnd, end, elementStart: start)
                } else {
                    enter(name, nameEnd, end, groups: groups)
                    p = nameEnd
                }
            }
        }
    }

    /// Reads the attributes of `<spectrum>` itself; returns where they end.
    private mutating func readAttributes(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        var attributes = AttributeCursor(start, end)
        while let (name, value) = attributes.next() {
            if equals(name, "id") {
                id = value
            } else if equals(name, "defaultArrayLength") {
                defaultLength = wholeNumber(trimmed(value)) ?? -1
            }
        }
        return attributes.position
    }

    /// Follows the scan into a child element.
    private mutating func enter(
        _ name: ByteRun, _ nameEnd: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, groups: [ParameterGroup]
    ) {
        if equals(name, "scan") || equals(name, "scanList") {
            place = .spectrum
        } else if equals(name, "precursor") {
            precursorCount += 1
            if precursorCount > 1 { counts.extraPrecursors += 1 }
            place = precursorCount == 1 ? .precursor : .ignored
        } else if equals(name, "selectedIon") {
            guard precursorCount == 1 else { return }
            selectedIonCount += 1
            if selectedIonCount > 1 { counts.extraPrecursors += 1 }
            place = selectedIonCount == 1 ? .selectedIon : .ignored
        } else if equals(name, "activation") {
            // Behind its selected ions the first precursor goes on.
            if precursorCount == 1 { place = .precursor }
        } else if equals(name, "product") {
            place = .ignored
        } else if equals(name, "binaryDataArray") {
            beginArray(nameEnd, end)
        } else if equals(name, "referenceableParamGroupRef") {
            var attributes = AttributeCursor(nameEnd, end)
            while let (key, value) = attributes.next() {
                guard equals(key, "ref"), let group = groups.first(where: { $0.hasID(value) }) else { continue }
                for term in group.terms {
                    term.attributes.withUnsafeBufferPointer { text in
                        guard let base = text.baseAddress else { return }
                        apply(term.accession, base, base + text.count)
                    }
                }
            }
        }
    }

    // MARK: Terms

    /// Reads a `<cvParam>`; `tag` is at its `<`. Returns where the search for the next tag may start.
    @inline(__always)
    private mutating func readParameter(
        _ tag: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        // The usual order of the attributes needs one comparison and one load.
        if end - tag >= 44, matches("<cvParam cvRef=\"MS\" accession=\"MS:", tag, end), tag[41] == UInt8(ascii: "\"") {
            if let accession = Accession.sevenDigits(at: tag + 34, readable: 8) { apply(accession, tag + 42, end) }
            return tag + 42
        }
        guard matches("<cvParam", tag, end), end - tag > 8, isXMLSpace(tag[8]) else { return tag + 1 }
        var attributes = AttributeCursor(tag + 8, end)
        while let (name, value) = attributes.next() {
            guard equals(name, "accession") else { continue }
            if let accession = Accession.parse(value) { apply(accession, tag + 8, end) }
            break
        }
        return tag + 8
    }

    /// Takes one term; its value and unit are among the attributes that start at `text`.
    @inline(__always)
    private mutating func apply(_ accession: Int, _ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
        if place == .array {
            array.apply(accession)
            return
        }
        switch accession {
        case 1_000_511 where place == .spectrum:
            msLevel = whole(text, end) ?? msLevel
        case 1_000_129: polarity = .negative
        case 1_000_130: polarity = .positive
        case 1_000_127: representation = .centroid
        case 1_000_128: representation = .profile
        case 1_000_804...1_000_806, 1_000_620: isLight = true
        case 1_000_016 where place == .spectrum && retentionTimeSeconds.isNaN:
            readScanStart(text, end)
        case 1_000_827 where place == .precursor: precursor.isolationTargetMZ = decimal(text, end)
        case 1_000_828 where place == .precursor: precursor.isolationLowerOffset = decimal(text, end)
        case 1_000_829 where place == .precursor: precursor.isolationUpperOffset = decimal(text, end)
        case 1_000_045 where place == .precursor: precursor.collisionEnergy = decimal(text, end)
        case 1_000_744 where place == .selectedIon, 1_000_040 where place == .selectedIon:
            precursor.selectedIonMZ = decimal(text, end)
        case 1_000_041 where place == .selectedIon: precursor.charge = whole(text, end).map { abs($0) }
        case 1_000_042 where place == .selectedIon: precursor.intensity = decimal(text, end)
        default: break
        }
    }

    private func attribute(_ key: StaticString, _ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> ByteRun? {
        var attributes = AttributeCursor(text, end)
        while let (name, value) = attributes.next() {
            if equals(name, key) { return trimmed(value) }
        }
        return nil
    }

    private mutating func decimal(_ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Double? {
        let value = attribute("value", text, end).flatMap { decimalNumber($0) }
        if value == nil { counts.unreadableValues += 1 }
        return value
    }

    private mutating func whole(_ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Int? {
        let value = attribute("value", text, end).flatMap { wholeNumber($0) }
        if value == nil { counts.unreadableValues += 1 }
        return value
    }

    private mutating func readScanStart(_ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
        guard let value = decimal(text, end) else { return }
        switch attribute("unitAccession", text, end).flatMap({ Accession.parse($0) }) {
        case 31, 1_000_038: retentionTimeSeconds = value * 60
        case 10, 1_000_039: retentionTimeSeconds = value
        case 28: retentionTimeSeconds = value / 1000
        case 32: retentionTimeSeconds = value * 3600
        default:
            counts.timesWithoutUnit += 1
            retentionTimeSeconds = value
        }
    }

    // MARK: Arrays

    private mutating func beginArray(_ nameEnd: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
        place = .array
        array = EncodedArray()
        var attributes = AttributeCursor(nameEnd, end)
        while let (name, value) = attributes.next() {
            if equals(name, "arrayLength") {
                array.length = wholeNumber(trimmed(value)) ?? -1
            } else if equals(name, "encodedLength") {
                array.encodedLength = wholeNumber(trimmed(value)) ?? -1
            }
        }
    }

    /// Notes where the base64 text lies. The search for its end also brings it into the cache for the decoder.
    private mutating func readPayload(
        from tag: UnsafePointer<UInt8>, nameEnd: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>,
        elementStart: UnsafePointer<UInt8>
    ) throws(MzMLError) -> UnsafePointer<UInt8> {
        guard let open = tagEnd(nameEnd, end) else { return end }
        if open[-1] == UInt8(ascii: "/") {
            array.payload = ByteRun(start: open, count: 0)
            return open + 1
        }
        guard let close = find(UInt8(ascii: "<"), open + 1, end), matches("</binary", close, end) else {
            throw MzMLError(
                .malformedSpectrum, path: "", byteOffset: tag - elementStart,
                reason: "a <binary> element holds something other than text")
        }
        array.payload = ByteRun(start: open + 1, count: close - open - 1)
        return close
    }

    private mutating func finishArray() {
        guard place == .array else { return }
        place = .ignored
        arrayCount += 1
        switch array.content {
        case .mz where mz == nil: mz = array
        case .intensity where intensity == nil: intensity = array
        default: counts.skippedArrays += 1
        }
    }
}

/// A referenceable parameter group in the form that the element scan reads.
struct ParameterGroup: Sendable {
    struct Term: Sendable {
        let accession: Int
        /// `value` and `unitAccession` as attribute text.
        let attributes: [UInt8]
    }

    let id: [UInt8]
    let terms: [Term]

    init(id: String, terms: [CVTerm]) {
        self.id = Array(id.utf8)
        self.terms = terms.map { term in
            // A value that holds a quote is no number, and no term that is read here has text for a value.
            let value = term.value.contains("\"") ? "" : term.value
            let unit = term.unit == 0 ? "" : " unitAccession=\"\(Accession.text(term.unit))\""
            return Term(accession: term.accession, attributes: Array(" value=\"\(value)\"\(unit)>".utf8))
        }
    }

    func hasID(_ text: ByteRun) -> Bool {
        text.count == id.count && zip(text, id).allSatisfy { $0 == $1 }
    }
}

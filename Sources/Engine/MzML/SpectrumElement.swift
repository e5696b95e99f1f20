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
    /// The unit that the start of the scan is stated in.
    private(set) var scanStartUnit: TimeUnit?
    var precursor = Precursor()
    var furtherPrecursors: [Precursor] = []
    var precursorCount = 0
    /// Lowest and highest observed m/z as stated; NaN when absent.
    var lowestMZ = Double.nan
    var highestMZ = Double.nan
    /// Says of itself that it is a spectrum of light.
    var isLight = false
    var mz: EncodedArray?
    var intensity: EncodedArray?
    var arrayCount = 0
    /// Not wanted: its arrays were passed over.
    private(set) var isDeselected = false
    /// A stated length led to the end of some other array.
    private(set) var isSuspicious = false
    /// Values that are not numbers, times without a unit.
    var unreadableValues = 0
    var timesWithoutUnit = 0
    /// Accessions of the arrays that are neither m/z nor intensity.
    var skippedArrays: [Int] = []

    private var place = Place.spectrum
    private var selectedIonCount = 0
    /// Where the ions of the precursor in work begin: -1 is `precursor`, then `furtherPrecursors`.
    private var firstIon = -1
    /// The array in work.
    private(set) var array = EncodedArray()
    /// A value that is read here refers to entities, or an element stands inside an array that does not belong there.
    private var needsReference = false
    /// The values that were looked at, where they are wanted.
    private(set) var takenValues: [TakenValue] = []
    var keepsTakenValues = false

    /// A start tag that is its own end.
    private var isClosed = false
    /// The reading paused at a text whose end was not looked at.
    private var awaitsPayloadEnd = false
    private let trustsLengths: Bool
    private let readsMZRange: Bool

    /// - Parameters:
    ///   - trustsLengths: a text ends where its stated length leads to an end tag. Otherwise the next `<` ends it.
    ///   - readsMZRange: the observed range of m/z is wanted.
    init(defaultPolarity: Polarity, trustsLengths: Bool, readsMZRange: Bool) {
        polarity = defaultPolarity
        self.trustsLengths = trustsLengths
        self.readsMZRange = readsMZRange
    }

    /// Reads the element that starts at `start`, its `<`, and returns where it ends.
    ///
    /// - Parameter selection: arrays of spectra outside are passed over without a look at their text.
    /// - Throws: `malformedSpectrum`, with a byte offset that counts from `start`; `beyondScanner`; `cutMismatch` when
    ///   the element does not end before `end`.
    mutating func read(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, groups: [ParameterGroup],
        selection: SpectrumSelection, tags: inout TagCursor
    ) throws(MzMLError) -> UnsafePointer<UInt8> {
        var p = try readStart(start, end)
        while true {
            switch try step(&p, start, end, groups: groups, selection: selection, tags: &tags) {
            case .payload: continue
            case .end(let behind): return behind
            }
        }
    }

    /// Where the reading of an element pauses.
    enum Pause {
        /// At the text of `array`, whose terms have been read.
        case payload
        /// Behind the element.
        case end(UnsafePointer<UInt8>)
    }

    /// Reads the start tag at `start`; returns where the rest is to be read from.
    mutating func readStart(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) throws(MzMLError) -> UnsafePointer<UInt8> {
        guard end - start >= 11 else { throw MzMLError(.cutMismatch, path: "", reason: "a spectrum is cut off") }
        let p = readAttributes(start + 9, end)
        guard let open = tagEnd(p, end) else {
            throw MzMLError(.cutMismatch, path: "", reason: "the tag of a spectrum does not end")
        }
        isClosed = open[-1] == UInt8(ascii: "/")
        return isClosed ? open + 1 : open
    }

    /// Reads on from `p` to the next pause. At the text of an array whose stated length is trusted, `p` is where it should
    /// end; whether it does is looked at when reading goes on, so that the text may be decoded before.
    /// - Throws: as `read`.
    mutating func step(
        _ position: inout UnsafePointer<UInt8>, _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>,
        groups: [ParameterGroup], selection: SpectrumSelection, tags: inout TagCursor
    ) throws(MzMLError) -> Pause {
        if isClosed { return .end(try finished(at: position)) }
        var p = position
        if awaitsPayloadEnd { try checkPayloadEnd(&p, end) }
        while let tag = tags.next(from: p, end), end - tag > 2 {
            p = tag + 1
            switch tag[1] {
            case UInt8(ascii: "c"):
                p = readParameter(tag, end)
            case UInt8(ascii: "/"):
                if tag[2] == UInt8(ascii: "b") {
                    if matches("</binaryDataArray", tag, end), end - tag > 17, endsName(tag[17]) { finishArray() }
                } else if matches("</spectrum", tag, end), end - tag > 10, endsName(tag[10]) {
                    guard let close = tagEnd(tag + 10, end) else { break }
                    return .end(try finished(at: close + 1))
                }
            case UInt8(ascii: "!"), UInt8(ascii: "?"):
                guard case .skipped(let behind) = skipMarkup(tag, end) else {
                    throw MzMLError(
                        .malformedSpectrum, path: "", byteOffset: tag - start, reason: "a comment never ends")
                }
                p = behind
            default:
                p = try readChild(tag, end, elementStart: start, groups: groups, selection: selection)
                if awaitsPayloadEnd {
                    position = p
                    return .payload
                }
            }
        }
        throw MzMLError(.cutMismatch, path: "", reason: "a spectrum does not end where it should")
    }

    /// A trusted length has to lead to the end tag, with nothing but blanks before it.
    private mutating func checkPayloadEnd(
        _ p: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) throws(MzMLError) {
        awaitsPayloadEnd = false
        let stated = p
        while p < end, isXMLSpace(p.pointee) { p += 1 }
        if p > stated, let text = array.payload?.baseAddress {
            // The text is longer than stated, by blanks.
            array.payload = ByteRun(start: text, count: p - text)
        }
        guard matches("</binary", p, end), end - p > 8, endsName(p[8]) else {
            throw MzMLError(.cutMismatch, path: "", reason: "the length of an array is not what is stated")
        }
    }

    /// Takes the start tag of a child element other than a term; returns where the search for the next tag may start.
    private mutating func readChild(
        _ tag: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, elementStart: UnsafePointer<UInt8>,
        groups: [ParameterGroup], selection: SpectrumSelection
    ) throws(MzMLError) -> UnsafePointer<UInt8> {
        var nameEnd = tag + 1
        // A name that another tag breaks off is none: a comment may begin there.
        while nameEnd < end, !endsName(nameEnd.pointee), nameEnd.pointee != UInt8(ascii: "<") { nameEnd += 1 }
        let name = ByteRun(start: tag + 1, count: nameEnd - tag - 1)
        if equals(name, "binary") {
            return try readPayload(from: tag, nameEnd: nameEnd, end, elementStart: elementStart)
        }
        if equals(name, "spectrum") {
            throw MzMLError(
                .malformedSpectrum, path: "", byteOffset: tag - elementStart,
                reason: "a spectrum starts inside a spectrum")
        }
        enter(name, nameEnd, end, groups: groups, selection: selection)
        return nameEnd
    }

    private func finished(at end: UnsafePointer<UInt8>) throws(MzMLError) -> UnsafePointer<UInt8> {
        guard !needsReference else {
            throw MzMLError(
                .beyondScanner, path: "", reason: "a value with references, or other elements inside an array")
        }
        return end
    }

    /// Reads the attributes of `<spectrum>` itself; returns where they end.
    private mutating func readAttributes(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        var attributes = AttributeCursor(start, end)
        while let (name, value) = attributes.next() {
            if equals(name, "id") {
                id = value
                took(.id, value)
                if value.contains(UInt8(ascii: "&")) { needsReference = true }
            } else if equals(name, "defaultArrayLength") {
                defaultLength = wholeNumber(trimmed(value)) ?? -1
                took(.defaultLength, value)
                if value.contains(UInt8(ascii: "&")) { needsReference = true }
            }
        }
        return attributes.position
    }

    /// Follows the scan into a child element.
    private mutating func enter(
        _ name: ByteRun, _ nameEnd: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, groups: [ParameterGroup],
        selection: SpectrumSelection
    ) {
        // What has no business in an array ends it here, and does not for libxml2.
        let wasArray = place == .array
        defer { if wasArray, place != .array { needsReference = true } }
        if equals(name, "scan") || equals(name, "scanList") {
            place = .spectrum
        } else if equals(name, "binaryDataArray") {
            beginArray(nameEnd, end, selection: selection)
        } else if equals(name, "precursor") {
            precursorCount += 1
            selectedIonCount = 0
            if precursorCount > 1 {
                firstIon = furtherPrecursors.count
                furtherPrecursors.append(Precursor())
            }
            place = .precursor
        } else if equals(name, "selectedIon") {
            guard precursorCount > 0 else { return }
            selectedIonCount += 1
            if selectedIonCount > 1 {
                var ion = firstIon < 0 ? precursor : furtherPrecursors[firstIon]
                ion.selectedIonMZ = nil
                ion.charge = nil
                ion.intensity = nil
                furtherPrecursors.append(ion)
            }
            place = .selectedIon
        } else if equals(name, "activation") {
            // Behind its selected ions the precursor goes on.
            if precursorCount > 0 { place = .precursor }
        } else if equals(name, "product") {
            place = .ignored
        } else if equals(name, "referenceableParamGroupRef") {
            var attributes = AttributeCursor(nameEnd, end)
            while let (key, value) = attributes.next() {
                guard equals(key, "ref") else { continue }
                if value.contains(UInt8(ascii: "&")) { needsReference = true }
                guard let group = groups.first(where: { $0.hasID(value) }) else { continue }
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
        // The usual order of the attributes needs five comparisons of words and one load.
        if end - tag >= 46 {
            let raw = UnsafeRawPointer(tag)
            // "<cvParam"
            guard raw.loadUnaligned(as: UInt64.self).littleEndian == 0x6D61_7261_5076_633C else { return tag + 1 }
            var digits = raw + 34
            // ` cvRef="MS" accession="MS:`
            var isUsual =
                raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian == 0x223D_6665_5276_6320
                && raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self).littleEndian == 0x6563_6361_2022_534D
                && raw.loadUnaligned(fromByteOffset: 24, as: UInt64.self).littleEndian == 0x4D22_3D6E_6F69_7373
                && tag[32] == UInt8(ascii: "S") && tag[33] == UInt8(ascii: ":")
            if !isUsual, matches(" cvRef=\"PSI-MS\" accession=\"MS:", tag + 8, end) {
                digits = raw + 38
                isUsual = true
            }
            if isUsual, digits.load(fromByteOffset: 7, as: UInt8.self) == UInt8(ascii: "\"") {
                let rest = digits.assumingMemoryBound(to: UInt8.self) + 8
                if let accession = Accession.sevenDigits(at: digits, readable: 8) { apply(accession, rest, end) }
                return rest
            }
        }
        guard matches("<cvParam", tag, end), end - tag > 8, isXMLSpace(tag[8]) else { return tag + 1 }
        var attributes = AttributeCursor(tag + 8, end)
        while let (name, value) = attributes.next() {
            guard equals(name, "accession") else { continue }
            if let accession = Accession.parse(value) {
                apply(accession, tag + 8, end)
            } else if value.contains(UInt8(ascii: "&")) {
                needsReference = true
            }
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
        case 1_000_528 where place == .spectrum && readsMZRange: lowestMZ = optionalDecimal(text, end)
        case 1_000_527 where place == .spectrum && readsMZRange: highestMZ = optionalDecimal(text, end)
        default:
            if place == .precursor || place == .selectedIon { applyToPrecursor(accession, text, end) }
        }
    }

    private mutating func applyToPrecursor(
        _ accession: Int, _ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) {
        if place == .precursor {
            switch accession {
            case 1_000_827: changePrecursor(.isolationTargetMZ, text, end)
            case 1_000_828: changePrecursor(.isolationLowerOffset, text, end)
            case 1_000_829: changePrecursor(.isolationUpperOffset, text, end)
            case 1_000_045: changePrecursor(.collisionEnergy, text, end)
            default: break
            }
        } else {
            switch accession {
            case 1_000_744, 1_000_040: changeIon(.selectedIonMZ, text, end)
            case 1_000_041: changeIon(.charge, text, end)
            case 1_000_042: changeIon(.ionIntensity, text, end)
            default: break
            }
        }
    }

    /// Changes all ions of the precursor in work.
    private mutating func changePrecursor(
        _ field: SpectrumField, _ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) {
        let value = attribute("value", as: field, text, end)
        var isRead = firstIon < 0 ? precursor.set(field, from: value) : true
        for i in max(firstIon, 0)..<furtherPrecursors.count { isRead = furtherPrecursors[i].set(field, from: value) }
        if !isRead { unreadableValues += 1 }
    }

    /// Changes the ion in work.
    private mutating func changeIon(
        _ field: SpectrumField, _ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) {
        let value = attribute("value", as: field, text, end)
        let isRead =
            furtherPrecursors.isEmpty
            ? precursor.set(field, from: value) : furtherPrecursors[furtherPrecursors.count - 1].set(field, from: value)
        if !isRead { unreadableValues += 1 }
    }

    /// The value of the first attribute of that name, without blanks around it.
    private mutating func attribute(
        _ key: StaticString, as field: SpectrumField, _ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> ByteRun? {
        var attributes = AttributeCursor(text, end)
        while let (name, value) = attributes.next() {
            guard equals(name, key) else { continue }
            if value.contains(UInt8(ascii: "&")) { needsReference = true }
            took(field, value)
            return trimmed(value)
        }
        return nil
    }

    @inline(__always)
    private mutating func took(_ field: SpectrumField, _ value: ByteRun) {
        if keepsTakenValues { takenValues.append(TakenValue(field: field, text: value)) }
    }

    private mutating func optionalDecimal(_ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Double {
        attribute("value", as: .fixed, text, end).flatMap { decimalNumber($0) } ?? .nan
    }

    private mutating func whole(_ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Int? {
        let value = attribute("value", as: .fixed, text, end).flatMap { wholeNumber($0) }
        if value == nil { unreadableValues += 1 }
        return value
    }

    private mutating func readScanStart(_ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
        var number: Double?
        var unit: Int?
        var attributes = AttributeCursor(text, end)
        while let (name, value) = attributes.next() {
            if equals(name, "value") {
                if value.contains(UInt8(ascii: "&")) { needsReference = true }
                number = decimalNumber(trimmed(value))
                took(.scanStart, value)
            } else if equals(name, "unitAccession") {
                if value.contains(UInt8(ascii: "&")) { needsReference = true }
                unit = Accession.parse(trimmed(value))
            }
        }
        guard let number else {
            unreadableValues += 1
            return
        }
        scanStartUnit = unit.flatMap { TimeUnit(accession: $0) }
        if scanStartUnit == nil { timesWithoutUnit += 1 }
        retentionTimeSeconds = scanStartUnit?.seconds(number) ?? number
    }

    // MARK: Arrays

    private mutating func beginArray(
        _ nameEnd: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, selection: SpectrumSelection
    ) {
        // All that decides about the selection stands before the arrays (the schema's order).
        if arrayCount == 0 { isDeselected = !selection.takes(self) }
        if place == .array { needsReference = true }
        place = .array
        array = EncodedArray()
        var attributes = AttributeCursor(nameEnd, end)
        while let (name, value) = attributes.next() {
            if equals(name, "arrayLength") {
                array.length = wholeNumber(trimmed(value)) ?? -1
                took(.arrayLength, value)
            } else if equals(name, "encodedLength") {
                array.encodedLength = wholeNumber(trimmed(value)) ?? -1
                took(.encodedLength, value)
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
        if trustsLengths || isDeselected, array.encodedLength > 0, array.encodedLength < end - open - 1 {
            // Not one look at every byte: the decoder refuses what is no base64.
            let close = open + 1 + array.encodedLength
            if trustsLengths || matches("</binary>", close, end) {
                array.payload = ByteRun(start: open + 1, count: array.encodedLength)
                awaitsPayloadEnd = trustsLengths
                return close
            }
        }
        guard let close = find(UInt8(ascii: "<"), open + 1, end) else { return end }
        guard matches("</binary", close, end) else {
            // A comment, a CDATA section, or an element that has no business here: well formed or not, libxml2 tells.
            throw MzMLError(
                .beyondScanner, path: "", byteOffset: close - elementStart,
                reason: "a <binary> element holds something other than text")
        }
        array.payload = ByteRun(start: open + 1, count: close - open - 1)
        return close
    }

    private mutating func finishArray() {
        guard place == .array else { return }
        place = .ignored
        arrayCount += 1
        if isLight { findWrongLength() }
        switch array.content {
        case .mz where mz == nil: mz = array
        case .intensity where intensity == nil: intensity = array
        default:
            skippedArrays.append(array.contentAccession)
            findWrongLength()
        }
    }

    /// Where nobody decodes a text, a length that leads too far has to be found out by looking at it.
    private mutating func findWrongLength() {
        if trustsLengths, let text = array.payload, text.contains(UInt8(ascii: "<")) { isSuspicious = true }
    }
}

extension SpectrumSelection {
    /// Whether a spectrum's terms let it in. A level that is not stated is judged as the decoder assumes it.
    func takes(_ element: SpectrumElement) -> Bool {
        if let msLevels, !msLevels.contains(element.assumedLevel) { return false }
        if let retentionTimeSeconds, !retentionTimeSeconds.contains(element.retentionTimeSeconds) { return false }
        if let mz, element.lowestMZ > mz.upperBound || element.highestMZ < mz.lowerBound { return false }
        return true
    }
}

extension SpectrumElement {
    /// The stated level; without one, 1 without a precursor and 2 with one. 0 for a spectrum of light.
    var assumedLevel: Int { isLight ? 0 : msLevel > 0 ? msLevel : precursorCount > 0 ? 2 : 1 }
}

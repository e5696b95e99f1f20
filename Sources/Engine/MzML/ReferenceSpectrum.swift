import SpectrumModel
import TextNumbers

/// What the elements of one `<spectrum>` say, its arrays still encoded.
///
/// **Where a term counts.** A term is about the part that was opened last: scan, precursor, selected ion, product or
/// array. Polarity, representation and kind of spectrum count wherever they stand outside arrays; MS level, scan start
/// and observed range only in the spectrum and its scans; the first readable scan start counts, else the last value
/// does.
///
/// **Several precursors.** In file order. A `<precursor>` gives one `Precursor` per `<selectedIon>`, in file order, and
/// one without an ion when it has none. Every one of them has the isolation window and the collision energy of its
/// `<precursor>`, wherever in it they stand; m/z, charge and intensity are those of its ion. The first is the header's
/// `precursor`, the others are its `furtherPrecursors`, each counted in `DecodeCounts.extraPrecursors`.
struct ReferenceSpectrum {
    private enum Place { case spectrum, precursor, selectedIon, product, array, behindArray }

    /// One `<precursor>`: what its ions share, and the ions.
    private struct Selection {
        var shared = Precursor()
        var ions: [Precursor] = []

        /// One entry per ion, or the window alone.
        var precursors: [Precursor] {
            guard !ions.isEmpty else { return [shared] }
            return ions.map { ion in
                var precursor = shared
                precursor.selectedIonMZ = ion.selectedIonMZ
                precursor.charge = ion.charge
                precursor.intensity = ion.intensity
                return precursor
            }
        }
    }

    /// Position in the spectrum list.
    let index: Int
    let id: String?
    /// Where in the file its start tag lies, nearly.
    let byteOffset: Int
    let defaultLength: Int?
    private(set) var polarity: Polarity
    private(set) var representation = SpectrumRepresentation.unknown
    private(set) var retentionTimeSeconds = Double.nan
    /// Lowest and highest observed m/z as stated.
    private(set) var lowestMZ: Double?
    private(set) var highestMZ: Double?
    /// The lowest and the highest limit of its scan windows; NaN without one.
    private(set) var scanWindows = (lowest: Double.nan, highest: Double.nan)
    private(set) var arrays: [ReferenceArray] = []
    private(set) var counts = DecodeCounts()
    private var statedLevel = 0
    private var isLight = false
    private var selections: [Selection] = []
    private var place = Place.spectrum
    private var isInsideBinary = false
    /// Arrays, precursors, ions and terms from groups so far.
    private var parts = 0

    /// A spectrum of more parts is none: its parts would take far more memory, or time, than its text.
    private static let maximumParts = 1 << 16

    init(index: Int, byteOffset: Int, attributes: XMLAttributes, defaultPolarity: Polarity) {
        self.index = index
        self.byteOffset = byteOffset
        id = attributes["id"]
        defaultLength = attributes.trimmedValue("defaultArrayLength").flatMap { wholeNumber($0) }
            .flatMap { $0 < 0 ? nil : $0 }
        polarity = defaultPolarity
    }

    // MARK: Elements

    mutating func start(
        _ name: String, _ attributes: XMLAttributes, groups: [String: [CVTerm]]
    ) throws(MzMLError) {
        if isInsideBinary {
            throw MzMLError(
                .malformedSpectrum, path: "", reason: "a <binary> element holds something other than text")
        }
        switch name {
        case "cvParam":
            guard let accession = attributes.trimmedValue("accession").flatMap({ Accession.parse($0) }) else { return }
            apply(
                accession, attributes.trimmedValue("value") ?? ByteRun(start: nil, count: 0),
                unit: attributes.trimmedValue("unitAccession").flatMap { Accession.parse($0) } ?? 0)
        case "referenceableParamGroupRef":
            let terms = groups[attributes["ref"] ?? ""] ?? []
            try count(parts: terms.count)
            for term in terms {
                var value = term.value
                value.withUTF8 { apply(term.accession, trimmed($0), unit: term.unit) }
            }
        case "scan", "scanList":
            place = .spectrum
        case "precursor":
            try count(parts: 1)
            selections.append(Selection())
            place = .precursor
        case "selectedIon" where !selections.isEmpty:
            try count(parts: 1)
            selections[selections.count - 1].ions.append(Precursor())
            place = .selectedIon
        case "activation" where !selections.isEmpty:
            place = .precursor
        case "product":
            place = .product
        case "binaryDataArray":
            try count(parts: 1)
            arrays.append(ReferenceArray(attributes))
            place = .array
        case "binary" where place == .array:
            arrays[arrays.count - 1].beginText()
            isInsideBinary = true
        default:
            break
        }
    }

    private mutating func count(parts more: Int) throws(MzMLError) {
        parts += more
        guard parts > Self.maximumParts else { return }
        throw MzMLError(
            .malformedSpectrum, path: "",
            reason: "it has more than \(Self.maximumParts) arrays, precursors, ions and terms from parameter groups")
    }

    mutating func text(_ piece: ByteRun) {
        if isInsideBinary { arrays[arrays.count - 1].text?.append(contentsOf: piece) }
    }

    mutating func end(_ name: String) {
        if name == "binary" { isInsideBinary = false }
        if name == "binaryDataArray" { place = .behindArray }
    }

    // MARK: Terms

    private mutating func apply(_ accession: Int, _ value: ByteRun, unit: Int) {
        if place == .array {
            arrays[arrays.count - 1].apply(accession, unit: unit)
            return
        }
        switch accession {
        case 1_000_129: polarity = .negative
        case 1_000_130: polarity = .positive
        case 1_000_127: representation = .centroid
        case 1_000_128: representation = .profile
        case 1_000_804...1_000_806, 1_000_620: isLight = true
        default:
            switch place {
            case .spectrum: applyToSpectrum(accession, value, unit: unit)
            case .precursor: applyToWindow(accession, value)
            case .selectedIon: applyToIon(accession, value)
            case .product, .array, .behindArray: break
            }
        }
    }

    private mutating func applyToSpectrum(_ accession: Int, _ value: ByteRun, unit: Int) {
        switch accession {
        case 1_000_511: statedLevel = whole(value) ?? statedLevel
        case 1_000_528: lowestMZ = Self.decimal(value)
        case 1_000_527: highestMZ = Self.decimal(value)
        case 1_000_501:
            guard let limit = Self.decimal(value) else { return }
            scanWindows.lowest = min(scanWindows.lowest.isNaN ? limit : scanWindows.lowest, limit)
        case 1_000_500:
            guard let limit = Self.decimal(value) else { return }
            scanWindows.highest = max(scanWindows.highest.isNaN ? limit : scanWindows.highest, limit)
        case 1_000_016 where retentionTimeSeconds.isNaN:
            guard let time = decimal(value) else { return }
            let scale = TimeUnit(accession: unit)
            if scale == nil { counts.timesWithoutUnit += 1 }
            retentionTimeSeconds = scale.map { $0.seconds(time) } ?? time
        default: break
        }
    }

    private mutating func applyToWindow(_ accession: Int, _ value: ByteRun) {
        let last = selections.count - 1
        switch accession {
        case 1_000_827: selections[last].shared.isolationTargetMZ = decimal(value)
        case 1_000_828: selections[last].shared.isolationLowerOffset = decimal(value)
        case 1_000_829: selections[last].shared.isolationUpperOffset = decimal(value)
        case 1_000_045: selections[last].shared.collisionEnergy = decimal(value)
        default: break
        }
    }

    private mutating func applyToIon(_ accession: Int, _ value: ByteRun) {
        let last = selections.count - 1
        let ion = selections[last].ions.count - 1
        switch accession {
        // MS:1000040 is what files from before 1.1 call it.
        case 1_000_744, 1_000_040: selections[last].ions[ion].selectedIonMZ = decimal(value)
        case 1_000_041: selections[last].ions[ion].charge = whole(value).map { abs($0) }
        case 1_000_042: selections[last].ions[ion].intensity = decimal(value)
        default: break
        }
    }

    private mutating func decimal(_ text: ByteRun) -> Double? {
        let value = Self.decimal(text)
        if value == nil { counts.unreadableValues += 1 }
        return value
    }

    private mutating func whole(_ text: ByteRun) -> Int? {
        let value = wholeNumber(text)
        if value == nil { counts.unreadableValues += 1 }
        return value
    }

    /// The standard library's parser, which also knows words and hexadecimal numbers, behind a check of the characters.
    static func decimal(_ text: ByteRun) -> Double? {
        let allowed = text.allSatisfy { byte in
            (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")) || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte | 0x20 == UInt8(ascii: "e")
        }
        guard allowed, text.count <= 400, let value = Double(String(decoding: text, as: UTF8.self)) else { return nil }
        return value.isFinite ? value : nil
    }
}

// MARK: - What follows from all of it

extension ReferenceSpectrum {
    var mz: ReferenceArray? { arrays.first { $0.content == ReferenceArray.mz } }
    var intensity: ReferenceArray? { arrays.first { $0.content == ReferenceArray.intensity } }

    /// Whether it is a mass spectrum: it has m/z, or a level and no arrays at all, and does not say that it is of
    /// light.
    var isMassSpectrum: Bool { !isLight && (mz != nil || (arrays.isEmpty && statedLevel > 0)) }

    /// 0 for what is no mass spectrum; where none is stated, 2 with a precursor and 1 without.
    var msLevel: Int {
        guard isMassSpectrum else { return 0 }
        return statedLevel >= 1 ? statedLevel : selections.isEmpty ? 1 : 2
    }

    var isLevelAssumed: Bool { isMassSpectrum && statedLevel < 1 }

    /// Everything about it but its points.
    var header: SpectrumHeader {
        let precursors = selections.flatMap(\.precursors)
        return SpectrumHeader(
            index: index, scanNumber: scanNumber ?? index + 1, msLevel: msLevel, polarity: polarity,
            representation: representation, retentionTimeSeconds: retentionTimeSeconds, precursor: precursors.first,
            furtherPrecursors: Array(precursors.dropFirst()))
    }

    /// The number behind `scan=` in the native id.
    private var scanNumber: Int? {
        guard let id else { return nil }
        let words = id.utf8.split { isXMLSpace($0) }
        guard let word = words.first(where: { $0.starts(with: "scan=".utf8) }) else { return nil }
        let digits = word.dropFirst(5).prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        return Array(digits).withUnsafeBufferPointer { wholeNumber($0) }
    }

    /// Arrays that are skipped, by what they hold: all but the first m/z and the first intensity of a mass spectrum.
    var skippedContents: [Int] {
        contents(besides: isMassSpectrum ? [ReferenceArray.mz, ReferenceArray.intensity] : [])
    }

    /// The same for any spectrum, of light too.
    var extraContents: [Int] { contents(besides: [ReferenceArray.mz, ReferenceArray.intensity]) }

    private func contents(besides taken: Set<Int>) -> [Int] {
        var skipped: [Int] = []
        var expected = taken
        for array in arrays where expected.remove(array.content) == nil { skipped.append(array.content) }
        return skipped
    }
}

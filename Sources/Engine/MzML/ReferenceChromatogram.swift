import SpectrumModel
import TextNumbers

/// What the elements of one `<chromatogram>` say, its arrays still encoded.
struct ReferenceChromatogram {
    private enum Place { case chromatogram, precursor, product, array, behindArray }

    let index: Int
    let id: String
    let byteOffset: Int
    private let defaultLength: Int?
    private var kind = Chromatogram.Kind.other
    private var polarity = Polarity.unknown
    private var precursorTarget: Double?
    private var selectedIon: Double?
    private var productTarget: Double?
    private var arrays: [ReferenceArray] = []
    private var place = Place.chromatogram
    private var isInsideBinary = false
    /// Arrays and terms from groups so far.
    private var parts = 0

    /// A chromatogram of more parts is none.
    private static let maximumParts = 1 << 16

    init(index: Int, byteOffset: Int, attributes: XMLAttributes) {
        self.index = index
        self.byteOffset = byteOffset
        id = attributes["id"] ?? ""
        defaultLength = attributes.trimmedValue("defaultArrayLength").flatMap { wholeNumber($0) }
            .flatMap { $0 < 0 ? nil : $0 }
    }

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
        case "precursor":
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
            reason: "it has more than \(Self.maximumParts) arrays and terms from parameter groups")
    }

    mutating func text(_ piece: ByteRun) {
        if isInsideBinary { arrays[arrays.count - 1].text?.append(contentsOf: piece) }
    }

    mutating func end(_ name: String) {
        if name == "binary" { isInsideBinary = false }
        if name == "binaryDataArray" { place = .behindArray }
    }

    private mutating func apply(_ accession: Int, _ value: ByteRun, unit: Int) {
        switch place {
        case .array:
            arrays[arrays.count - 1].apply(accession, unit: unit)
        case .precursor:
            if accession == 1_000_827 { precursorTarget = ReferenceSpectrum.decimal(value) ?? precursorTarget }
            if accession == 1_000_744, selectedIon == nil { selectedIon = ReferenceSpectrum.decimal(value) }
        case .product:
            if accession == 1_000_827 { productTarget = ReferenceSpectrum.decimal(value) ?? productTarget }
        case .chromatogram, .behindArray:
            break
        }
        guard place != .array else { return }
        switch accession {
        case 1_000_129: polarity = .negative
        case 1_000_130: polarity = .positive
        case 1_000_235: kind = .totalIonCurrent
        case 1_000_628: kind = .basePeak
        case 1_000_627: kind = .selectedIonCurrent
        case 1_001_472: kind = .selectedIonMonitoring
        case 1_001_473: kind = .selectedReactionMonitoring
        default: break
        }
    }

    /// Whether its times state no unit of time; seconds are assumed then.
    var isWithoutTimeUnit: Bool { array(ReferenceArray.time).map { TimeUnit(accession: $0.unit) == nil } ?? false }

    private func array(_ content: Int) -> ReferenceArray? { arrays.first { $0.content == content } }

    /// Decodes time and intensity; other arrays are skipped. Without one of the two it has no points (a pressure
    /// trace).
    /// - Throws: `malformedSpectrum`, `wrongLength`, and what decoding throws, without a place.
    func decoded(maximumPoints: Int) throws(MzMLError) -> Chromatogram {
        var result = Chromatogram(
            index: index, id: id, kind: kind, polarity: polarity, precursorMZ: precursorTarget ?? selectedIon,
            productMZ: productTarget)
        guard let time = array(ReferenceArray.time), let intensity = array(ReferenceArray.intensity) else {
            return result
        }
        guard let count = time.length ?? defaultLength, let other = intensity.length ?? defaultLength else {
            throw MzMLError(.malformedSpectrum, path: "", reason: "it does not state the length of its arrays")
        }
        guard count == other else {
            throw MzMLError(.wrongLength, path: "", reason: "it declares \(count) times and \(other) intensities")
        }
        let unit = TimeUnit(accession: time.unit) ?? .second
        result.timesSeconds = try time.doubles(count: count, maximumPoints: maximumPoints).map { unit.seconds($0) }
        result.intensities = try intensity.floats(count: count, maximumPoints: maximumPoints)
        return result
    }
}

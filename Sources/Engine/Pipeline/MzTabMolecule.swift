import Annotation
import SpectralMatching
import SpectrumModel

/// What the summary table of an mzTab-M file says about one molecule: a feature, or the features of one ion group.
struct MzTabMolecule: Sendable {
    /// Features in the order of their numbers.
    private(set) var features: [Int]
    private var adducts: [String]
    private var area: Double
    /// Of the feature that is named best: surest level, then highest confidence, then first.
    private var grade: (level: ConfidenceLevel, confidence: Double)
    private var identifiers: [String] = []
    private var formulas: [String] = []
    private var smiles: [String] = []
    private var names: [String] = []
    private var masses: [String] = []
    private var inchiKeys: [String] = []
    private var measure: String?
    private var score: Double?
    private var evidence: String

    static let columns = [
        "SMH", "SML_ID", "SMF_ID_REFS", "database_identifier", "chemical_formula", "smiles", "inchi", "chemical_name",
        "uri", "theoretical_neutral_mass", "adduct_ions", "reliability", "best_id_confidence_measure",
        "best_id_confidence_value", "abundance_assay[1]", "abundance_study_variable[1]",
        "abundance_variation_study_variable[1]", "opt_global_msi_level", "opt_global_confidence",
        "opt_global_inchikeys",
        "opt_global_evidence",
    ]

    init(_ named: NamedFeature, database: String?) {
        features = [named.feature.id]
        adducts = [named.assumedAdduct].compactMap { $0 }
        area = named.feature.area
        grade = (
            named.annotation?.level ?? (named.matches.isEmpty ? .level5 : .level3), named.annotation?.confidence ?? 0
        )
        evidence = named.annotation?.evidence ?? ""
        if let match = named.matches.first?.match {
            name(by: match, database: database)
        } else {
            for candidate in named.annotation?.candidates ?? [] { name(by: candidate) }
        }
    }

    private mutating func name(by match: LibraryMatch, database: String?) {
        let entry = match.entry
        identifiers = [ReferenceDatabase.identifier(entry.accession, database: database ?? "") ?? ""]
        formulas = [(try? MolecularFormula(entry.formula)).flatMap { $0.charge == 0 ? $0.description : nil } ?? ""]
        smiles = [entry.smiles]
        names = [entry.name]
        masses = [Self.text(entry.exactMass)]
        inchiKeys = [entry.inchiKey]
        measure = MzTabMetadata.confidenceMeasures[0]
        score = match.score
    }

    /// Candidates by mass are alternatives, so all that are listed stand in the lists.
    private mutating func name(by candidate: AnnotationCandidate) {
        let compound = candidate.compound
        let source = compound.source.split(separator: ";").first.map(String.init) ?? ""
        let identifier = compound.identifiers.split(separator: ";").first.map(String.init) ?? ""
        identifiers.append(ReferenceDatabase.identifier(identifier, database: source) ?? "")
        formulas.append(compound.formula)
        smiles.append("")
        names.append(compound.name)
        masses.append(Self.text(compound.mass))
        inchiKeys.append(compound.inchiKey)
        if score == nil {
            measure = MzTabMetadata.confidenceMeasures[1]
            score = candidate.score
        }
    }

    private static func text(_ mass: Double) -> String {
        guard mass.isFinite else { return "" }
        var buffer = TextBuffer()
        buffer.append(mass, decimals: 6)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    /// Takes in another feature of the same molecule, with a higher number.
    mutating func merge(_ other: MzTabMolecule) {
        let isBetter =
            other.score != nil
            && (score == nil || other.grade.level < grade.level
                || (other.grade.level == grade.level && other.grade.confidence > grade.confidence))
        var merged = isBetter ? other : self
        merged.features = features + other.features
        merged.adducts = adducts + other.adducts.filter { !adducts.contains($0) }
        merged.area = area + other.area
        self = merged
    }

    /// The row; its number is that of the first feature.
    func append(to buffer: inout TextBuffer) {
        buffer.append("SML")
        buffer.appendMzTab(features[0])
        buffer.appendMzTab(features.map(String.init).joined(separator: "|"))
        for list in [identifiers, formulas, smiles] { buffer.appendMzTab(Self.list(list)) }
        buffer.appendMzTab(nil as String?)
        buffer.appendMzTab(Self.list(names))
        buffer.appendMzTab(nil as String?)
        buffer.appendMzTab(Self.list(masses))
        buffer.appendMzTab(adducts.joined(separator: "|"))
        buffer.appendMzTab(grade.level.rawValue)
        buffer.appendMzTab(measure)
        buffer.appendMzTab(score, decimals: 4)
        buffer.appendMzTab(area, decimals: 1)
        buffer.appendMzTab(area, decimals: 1)
        buffer.appendMzTab(nil as String?)
        buffer.appendMzTab(grade.level.msiLevel)
        buffer.appendMzTab(grade.confidence, decimals: 4)
        buffer.appendMzTab(Self.list(inchiKeys))
        buffer.appendMzTab(evidence)
        buffer.newline()
    }

    /// `null` when nothing is known of any element.
    private static func list(_ elements: [String]) -> String {
        elements.allSatisfy(\.isEmpty) ? "null" : elements.map { MzTabText.element($0) }.joined(separator: "|")
    }
}

import Annotation
import SpectralMatching
import SpectrumModel

/// The rows of one file's features in an mzTab-M file, for any range of them on any worker.
///
/// Numbers need no counting across workers: a feature row has the feature's number, an evidence row the feature's number times
/// `evidenceStride` and its place behind it.
struct MzTabRows: Sendable {
    let result: FileResult

    /// More than one feature can have: settings end at 100 library matches and 100 candidates.
    static let evidenceStride = 1_000

    static let featureColumns = [
        "SFH", "SMF_ID", "SME_ID_REFS", "SME_ID_REF_ambiguity_code", "adduct_ion", "isotopomer", "exp_mass_to_charge",
        "charge", "retention_time_in_seconds", "retention_time_in_seconds_start", "retention_time_in_seconds_end",
        "abundance_assay[1]", "opt_global_charge_origin", "opt_global_height", "opt_global_signal_to_noise",
        "opt_global_quality", "opt_global_neutral_mass", "opt_global_ion_group",
    ]

    static let evidenceColumns = [
        "SEH", "SME_ID", "evidence_input_id", "database_identifier", "chemical_formula", "smiles", "inchi",
        "chemical_name", "uri", "derivatized_form", "adduct_ion", "exp_mass_to_charge", "charge",
        "theoretical_mass_to_charge", "spectra_ref", "identification_method", "ms_level", "id_confidence_measure[1]",
        "id_confidence_measure[2]", "id_confidence_measure[3]", "rank", "opt_global_inchikey", "opt_global_mass_error",
        "opt_global_matched_peaks", "opt_global_similarity", "opt_global_precursor_relation", "opt_global_q_value",
        "opt_global_further_identifiers",
    ]

    private static let librarySearch = MzTabText.parameter("spectral library search", accession: 1_001_031)
    private static let massSearch = MzTabText.parameter("accurate mass search")
    private static func level(_ level: Int) -> String {
        MzTabText.parameter("ms level", accession: 1_000_511, value: String(level))
    }

    /// Feature and evidence rows of some features.
    struct Piece: Sendable {
        var features = TextBuffer()
        var evidence = TextBuffer()
        /// One per feature, in order.
        var molecules: [MzTabMolecule] = []
    }

    func append(_ named: NamedFeature, database: String?, to piece: inout Piece) {
        let count = named.matches.count + (named.annotation?.candidates.count ?? 0)
        let first = named.feature.id * Self.evidenceStride
        appendFeature(named, evidence: first..<(first + count), to: &piece.features)
        appendMatches(named, first: first, database: database, to: &piece.evidence)
        appendCandidates(named, first: first + named.matches.count, to: &piece.evidence)
        piece.molecules.append(MzTabMolecule(named, database: database))
    }

    private func appendFeature(_ named: NamedFeature, evidence: Range<Int>, to buffer: inout TextBuffer) {
        let feature = named.feature
        buffer.append("SMF")
        buffer.appendMzTab(feature.id)
        buffer.appendMzTab(evidence.map(String.init).joined(separator: "|"))
        buffer.appendMzTab(ambiguityCode(named))
        buffer.appendMzTab(named.assumedAdduct)
        buffer.appendMzTab(nil as String?)
        buffer.appendMzTab(feature.mz, decimals: 6)
        let (charge, origin) = named.assumedCharge
        buffer.appendMzTab(charge)
        buffer.appendMzTab(feature.retentionTimeSeconds, decimals: 3)
        buffer.appendMzTab(feature.startSeconds, decimals: 3)
        buffer.appendMzTab(feature.endSeconds, decimals: 3)
        buffer.appendMzTab(feature.area, decimals: 1)
        buffer.appendMzTab(origin)
        buffer.appendMzTab(feature.height, decimals: 1)
        buffer.appendMzTab(feature.signalToNoise, decimals: 2)
        buffer.appendMzTab(feature.quality, decimals: 4)
        buffer.appendMzTab(feature.neutralMass, decimals: 6)
        buffer.appendMzTab(feature.group)
        buffer.newline()
    }

    /// 1: one input, several molecules; 2: one molecule; 3: several inputs, several molecules; `nil` for at most one row.
    private func ambiguityCode(_ named: NamedFeature) -> Int? {
        let candidates = named.annotation?.candidates ?? []
        guard named.matches.count + candidates.count > 1 else { return nil }
        var molecules: Set<String> = []
        for found in named.matches { molecules.insert(found.match.molecule) }
        for (number, candidate) in candidates.enumerated() {
            let block = candidate.compound.inchiKeyBlock
            molecules.insert(block.isEmpty ? "candidate \(number)" : String(block))
        }
        if molecules.count == 1 { return 2 }
        let inputs = Set(named.matches.map(\.fragment)).count + (candidates.isEmpty ? 0 : 1)
        return inputs == 1 ? 1 : 3
    }

    private func appendMatches(_ named: NamedFeature, first: Int, database: String?, to buffer: inout TextBuffer) {
        var rank = 0
        for (position, found) in named.matches.enumerated() {
            let match = found.match
            let entry = match.entry
            if position == 0 || named.matches[position - 1].match.score != match.score { rank = position + 1 }
            let native = result.fragments.nativeIDs
            let spectrum =
                native.isEmpty ? "index=\(result.fragments.headers[found.fragment].index)" : native[found.fragment]
            let reference = "ms_run[1]:\(MzTabText.element(spectrum))"
            let adduct = IonNotation.canonical(entry.adduct)
            let charge = adduct.flatMap { try? AdductNotation($0) }.map { abs($0.charge) }
            buffer.append("SME")
            buffer.appendMzTab(first + position)
            buffer.appendMzTab(reference)
            buffer.appendMzTab(ReferenceDatabase.identifier(entry.accession, database: database ?? ""))
            buffer.appendMzTab(neutralFormula(entry.formula))
            buffer.appendMzTab(entry.smiles)
            buffer.appendMzTab(nil as String?)
            buffer.appendMzTab(entry.name)
            buffer.appendMzTab(nil as String?)
            buffer.appendMzTab(nil as String?)
            buffer.appendMzTab(adduct)
            buffer.appendMzTab(named.feature.mz, decimals: 6)
            buffer.appendMzTab(charge ?? named.assumedCharge.value)
            buffer.appendMzTab(entry.precursorMZ, decimals: 6)
            buffer.appendMzTab(reference)
            buffer.appendMzTab(Self.librarySearch)
            buffer.appendMzTab(Self.level(2))
            buffer.appendMzTab(match.score, decimals: 4)
            buffer.appendMzTab(nil, decimals: 4)
            buffer.appendMzTab(nil, decimals: 4)
            buffer.appendMzTab(rank)
            buffer.appendMzTab(entry.inchiKey)
            buffer.appendMzTab(match.precursorErrorPPM, decimals: 3)
            buffer.appendMzTab(match.matchedPeaks)
            buffer.appendMzTab(match.measure.rawValue)
            buffer.appendMzTab(match.kind.rawValue)
            buffer.appendMzTab(found.qValue, decimals: 6)
            buffer.appendMzTab(nil as String?)
            buffer.newline()
        }
    }

    private func appendCandidates(_ named: NamedFeature, first: Int, to buffer: inout TextBuffer) {
        let feature = named.feature
        var input = TextBuffer()
        input.append("ms_run[1]:mass=")
        input.append(feature.mz, decimals: 6)
        input.append(";rt=")
        input.append(feature.retentionTimeSeconds, decimals: 3)
        let inputID = String(decoding: input.bytes, as: UTF8.self)
        let candidates = named.annotation?.candidates ?? []
        var rank = 0
        for (position, candidate) in candidates.enumerated() {
            let compound = candidate.compound
            let ids = compound.identifiers.split(separator: ";").map(String.init)
            let source = compound.source.split(separator: ";").first.map(String.init) ?? ""
            if position == 0 || candidates[position - 1].score != candidate.score
                || candidates[position - 1].supportedByLibrary != candidate.supportedByLibrary
            {
                rank = position + 1
            }
            buffer.append("SME")
            buffer.appendMzTab(first + position)
            buffer.appendMzTab(inputID)
            buffer.appendMzTab(ReferenceDatabase.identifier(ids.first ?? "", database: source))
            buffer.appendMzTab(compound.formula)
            buffer.appendMzTab(nil as String?)
            buffer.appendMzTab(nil as String?)
            buffer.appendMzTab(compound.name)
            buffer.appendMzTab(nil as String?)
            buffer.appendMzTab(nil as String?)
            buffer.appendMzTab(IonNotation.canonical(candidate.adduct))
            buffer.appendMzTab(feature.mz, decimals: 6)
            buffer.appendMzTab(candidate.charge)
            buffer.appendMzTab(candidate.theoreticalMZ, decimals: 6)
            buffer.appendMzTab("ms_run[1]")
            buffer.appendMzTab(Self.massSearch)
            buffer.appendMzTab(Self.level(1))
            buffer.appendMzTab(nil, decimals: 4)
            buffer.appendMzTab(candidate.score, decimals: 4)
            buffer.appendMzTab(candidate.isotopeScore, decimals: 4)
            buffer.appendMzTab(rank)
            buffer.appendMzTab(compound.inchiKey)
            buffer.appendMzTab(candidate.errorPPM, decimals: 3)
            for _ in 0..<4 { buffer.appendMzTab(nil as String?) }
            buffer.appendMzTab(ids.dropFirst().joined(separator: ";"))
            buffer.newline()
        }
    }

    /// A library's formula without its charge, in Hill order; `nil` where it does not read.
    private func neutralFormula(_ text: String) -> String? {
        guard let formula = try? MolecularFormula(text), formula.charge == 0 else { return nil }
        return formula.description
    }
}

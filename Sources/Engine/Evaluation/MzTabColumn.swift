/// The tables of an mzTab-M file, by the prefix of their rows.
enum MzTabSection: String, CaseIterable, Sendable {
    case molecule = "SML"
    case feature = "SMF"
    case evidence = "SME"

    var header: String {
        switch self {
        case .molecule: "SMH"
        case .feature: "SFH"
        case .evidence: "SEH"
        }
    }

    var order: Int {
        switch self {
        case .molecule: 0
        case .feature: 1
        case .evidence: 2
        }
    }

    /// The mandatory columns after the prefix, in order; some depend on the metadata.
    func columns(_ metadata: MzTabMetadataCheck) -> [MzTabColumn] {
        func column(_ name: String, _ kind: MzTabColumn.Kind, null: Bool = true, target: MzTabSection? = nil)
            -> MzTabColumn
        { MzTabColumn(name: name, kind: kind, isNullable: null, target: target) }
        func numbered(_ name: String, _ key: String) -> [MzTabColumn] {
            metadata.numbers(of: key).map { column("\(name)[\($0)]", .number) }
        }
        switch self {
        case .molecule:
            return [
                column("SML_ID", .integer, null: false), column("SMF_ID_REFS", .references, target: .feature),
                column("database_identifier", .identifiers), column("chemical_formula", .formulas),
                column("smiles", .texts), column("inchi", .texts), column("chemical_name", .texts),
                column("uri", .texts),
                column("theoretical_neutral_mass", .numbers), column("adduct_ions", .adducts),
                column("reliability", .reliability), column("best_id_confidence_measure", .parameter),
                column("best_id_confidence_value", .number),
            ] + numbered("abundance_assay", "assay") + numbered("abundance_study_variable", "study_variable")
                + numbered("abundance_variation_study_variable", "study_variable")
        case .feature:
            return [
                column("SMF_ID", .integer, null: false), column("SME_ID_REFS", .references, target: .evidence),
                column("SME_ID_REF_ambiguity_code", .ambiguity), column("adduct_ion", .adduct),
                column("isotopomer", .parameter), column("exp_mass_to_charge", .number, null: false),
                column("charge", .positive, null: false), column("retention_time_in_seconds", .number),
                column("retention_time_in_seconds_start", .number), column("retention_time_in_seconds_end", .number),
            ] + numbered("abundance_assay", "assay")
        case .evidence:
            return [
                column("SME_ID", .integer, null: false), column("evidence_input_id", .text, null: false),
                column("database_identifier", .identifier), column("chemical_formula", .formula),
                column("smiles", .text), column("inchi", .text), column("chemical_name", .text), column("uri", .text),
                column("derivatized_form", .parameter), column("adduct_ion", .adduct),
                column("exp_mass_to_charge", .number, null: false), column("charge", .positive, null: false),
                column("theoretical_mass_to_charge", .number, null: false),
                column("spectra_ref", .spectra, null: false),
                column("identification_method", .parameter, null: false), column("ms_level", .msLevel, null: false),
            ] + numbered("id_confidence_measure", "id_confidence_measure") + [column("rank", .positive, null: false)]
        }
    }

    /// What cells of one row say against each other.
    func contradictions(_ cells: [String: String]) -> [String] {
        func list(_ name: String) -> [Substring]? {
            cells[name].flatMap { $0 == "null" ? nil : $0.split(separator: "|", omittingEmptySubsequences: false) }
        }
        var found: [String] = []
        switch self {
        case .molecule:
            let columns =
                ["database_identifier", "chemical_formula", "smiles", "inchi", "chemical_name", "uri"]
                + ["theoretical_neutral_mass"]
            let lengths = columns.compactMap { list($0)?.count }
            if Set(lengths).count > 1 { found.append("lists of different lengths: \(lengths)") }
            if cells["best_id_confidence_measure"] == "null", cells["best_id_confidence_value"] != "null" {
                found.append("best_id_confidence_value without a measure")
            }
        case .feature:
            let count = list("SME_ID_REFS")?.count ?? 0
            let code = cells["SME_ID_REF_ambiguity_code"]
            if (count > 1) != (code != "null") {
                found.append("SME_ID_REF_ambiguity_code is needed for several SME_ID_REFS and null otherwise")
            }
            let times = [
                "retention_time_in_seconds_start", "retention_time_in_seconds", "retention_time_in_seconds_end",
            ]
            .compactMap { cells[$0].flatMap(Double.init) }
            if times != times.sorted() { found.append("the retention time is not between its start and its end") }
        case .evidence:
            if cells["ms_level"]?.contains(", 2]") == true, cells["spectra_ref"]?.contains(":") == false {
                found.append("spectra_ref names no spectrum, but ms_level is 2")
            }
        }
        return found
    }
}

/// One column: its name, what a cell may hold, where it refers to.
struct MzTabColumn: Sendable {
    enum Kind: Sendable {
        case integer, positive, number, numbers, text, texts, parameter, references, identifier, identifiers
        case formula, formulas, adduct, adducts, reliability, ambiguity, spectra, msLevel
    }

    let name: String
    let kind: Kind
    let isNullable: Bool
    let target: MzTabSection?

    /// Whether a name is that of an optional column.
    static func isOptionalName(_ name: String, _ metadata: MzTabMetadataCheck) -> Bool {
        guard name.hasPrefix("opt_"), name.utf8.allSatisfy({ MzTabSyntax.isNameByte($0) }) else { return false }
        let rest = name.dropFirst(4)
        for object in ["global"] + metadata.elements where rest.hasPrefix("\(object)_") {
            return rest.utf8.count > object.utf8.count + 1
        }
        return false
    }

    /// What is wrong with a cell, `nil` when nothing is.
    func problem(with cell: String, _ metadata: MzTabMetadataCheck) -> String? {
        if cell == "null" { return isNullable ? nil : "null is not allowed" }
        func all(_ isGood: (Substring) -> Bool) -> Bool {
            cell.split(separator: "|", omittingEmptySubsequences: false).allSatisfy(isGood)
        }
        func orNull(_ isGood: @escaping (Substring) -> Bool) -> (Substring) -> Bool { { $0 == "null" || isGood($0) } }
        let isGood =
            switch kind {
            case .integer: Int(cell).map { $0 > 0 } ?? false
            case .positive: Int(cell).map { $0 > 0 } ?? false
            case .number: MzTabSyntax.isDecimal(cell[...])
            case .numbers: all(orNull(MzTabSyntax.isDecimal))
            case .text: true
            case .texts: all { !$0.isEmpty }
            case .parameter: MzTabSyntax.parameter(cell) != nil
            case .references: all { Int($0).map { $0 > 0 } ?? false }
            case .identifier: metadata.hasPrefix(of: cell[...])
            case .identifiers: all(metadata.hasPrefix)
            case .formula: MzTabSyntax.isHill(cell[...])
            case .formulas: all(orNull(MzTabSyntax.isHill))
            case .adduct: MzTabSyntax.isAdduct(cell[...])
            case .adducts: all(MzTabSyntax.isAdduct)
            case .reliability: metadata.reliabilityCodes.contains(cell)
            case .ambiguity: ["1", "2", "3"].contains(cell)
            case .spectra: all(metadata.isSpectrumReference)
            case .msLevel: MzTabSyntax.parameter(cell).map { $0.accession == "MS:1000511" } ?? false
            }
        return isGood ? nil : "\"\(cell.prefix(80))\" is not \(kind.words)"
    }
}

extension MzTabColumn.Kind {
    var words: String {
        switch self {
        case .integer, .positive: "a positive whole number"
        case .number, .numbers: "a decimal number without exponent, or a list of them"
        case .text, .texts: "a text, or a list of them"
        case .parameter: "a parameter like [MS, MS:1001477, SpectraST, ]"
        case .references: "a list of numbers with bars between them"
        case .identifier, .identifiers: "an identifier with the prefix of a database in the metadata"
        case .formula, .formulas: "a formula in Hill order without charge"
        case .adduct, .adducts: "an adduct like [M+H]1+"
        case .reliability: "a code of the stated reliability system"
        case .ambiguity: "1, 2 or 3"
        case .spectra: "ms_run[1-n] of the metadata, with a spectrum after a colon"
        case .msLevel: "a parameter of the term MS:1000511"
        }
    }
}

import SpectralMatching

/// Where the columns of a compound table are, by the names in its header line.
///
/// Names count without regard to case, blanks and underscores. Needed: a formula, and a name or an id. The exact mass follows
/// from the formula where the table has no column for it.
///
/// | column | names |
/// |---|---|
/// | formula | `molecular_formula`, `formula`, `chemical_formula` |
/// | name | `name`, `compound_name`, `compound`, `chemical_name`; else the id |
/// | id | `id`, `identifier`, `compound_id`, `accession`, `database_id`; else the name |
/// | InChIKey | `inchi_key`, `inchikey` |
/// | exact mass (Da) | `exact_mass`, `monoisotopic_mass`, `mono_mass`, `neutral_mass` |
/// | charge | `charge` |
struct CompoundColumns {
    let identifier: Int
    let formula: Int
    let name: Int
    let inchiKey: Int?
    let mass: Int?
    let charge: Int?
    /// Cells that a row needs.
    let needed: Int

    init(header: [String], path: String) throws(LibraryFileError) {
        let words = header.map { $0.lowercased().filter { $0 != " " && $0 != "_" && $0 != "\u{FEFF}" } }
        func column(_ names: String...) -> Int? {
            for name in names {
                if let index = words.firstIndex(of: name) { return index }
            }
            return nil
        }
        let listed = header.prefix(12).map { "\"\($0.prefix(40))\"" }.joined(separator: ", ")
        guard let formula = column("molecularformula", "formula", "chemicalformula") else {
            throw LibraryFileError(
                .foreign, path: path,
                reason: "line 1: the table has no column \"molecular_formula\" or \"formula\"; it has \(listed)")
        }
        let nameColumn = column("name", "compoundname", "compound", "chemicalname")
        let identifierColumn = column("id", "identifier", "compoundid", "accession", "databaseid")
        guard let name = nameColumn ?? identifierColumn, let identifier = identifierColumn ?? nameColumn else {
            throw LibraryFileError(
                .foreign, path: path, reason: "line 1: the table has no column \"name\" or \"id\"; it has \(listed)")
        }
        self.formula = formula
        self.name = name
        self.identifier = identifier
        inchiKey = column("inchikey")
        mass = column("exactmass", "monoisotopicmass", "monomass", "neutralmass")
        charge = column("charge")
        needed = ([identifier, formula, name] + [inchiKey, mass].compactMap { $0 }).reduce(0, max) + 1
    }
}

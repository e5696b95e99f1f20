import Annotation
import SpectralMatching

/// A library or compound table as result tables name it.
struct ReferenceDatabase: Sendable, Hashable {
    let name: String
    /// What stands before the colon of an identifier.
    let prefix: String
    /// File name and SHA-256 of the source: no release of these databases states a version in the data.
    let version: String
    let uri: String

    /// - Parameter source: SHA-256 and file name, as prepared reference data keep them.
    init(hash: String, fileName: String) {
        name = ReferenceData.databaseName(fileName)
        prefix = Self.prefix(of: name)
        version = "\(fileName) SHA-256 \(hash)"
        uri =
            switch name {
            case "MassBank": "https://massbank.eu/"
            case "ChEBI": "https://www.ebi.ac.uk/chebi/"
            case "LIPID MAPS": "https://www.lipidmaps.org/"
            default: "urn:sha256:\(hash)"
            }
    }

    /// Letters and digits of a name, upper case: `LIPID MAPS` is `LIPIDMAPS`.
    static func prefix(of name: String) -> String {
        let letters = name.uppercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
        return letters.isEmpty ? "LOCAL" : letters
    }

    /// An identifier with its prefix, which some databases' own ids begin with already; `nil` for an entry without one.
    static func identifier(_ id: String, database: String) -> String? {
        if id.isEmpty { return nil }
        let prefix = prefix(of: database)
        return id.hasPrefix("\(prefix):") ? id : "\(prefix):\(id)"
    }
}

extension ReferenceData {
    /// How results name the spectral library; `nil` without one.
    var libraryName: String? { library.map { Self.databaseName($0.sourceName) } }

    /// The library first, then the compound tables in their order.
    var databases: [ReferenceDatabase] {
        var databases: [ReferenceDatabase] = []
        if let library { databases.append(ReferenceDatabase(hash: library.sourceHash, fileName: library.sourceName)) }
        for source in compounds?.sources ?? [] {
            let parts = source.split(separator: " ", maxSplits: 1)
            databases.append(
                ReferenceDatabase(hash: String(parts[0]), fileName: parts.count > 1 ? String(parts[1]) : ""))
        }
        return databases
    }
}

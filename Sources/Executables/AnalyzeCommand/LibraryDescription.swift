import Console
import SpectralMatching
import SpectrumModel

/// What `library info` says about a library.
struct LibraryDescription: Encodable {
    struct Cleaning: Encodable {
        let noiseFraction: Double
        let maximumPeakCount: Int
    }

    let path: String
    let bytes: Int
    let formatVersion: Int
    let sources: [LibraryProvenance]
    let cleaning: Cleaning
    let checksums: String
    let contents: LibraryContents

    init(_ library: SpectralLibrary, isVerified: Bool) {
        path = library.path
        bytes = library.byteCount
        formatVersion = SpectralLibrary.formatVersion
        sources = library.sources
        cleaning = Cleaning(
            noiseFraction: library.cleaning.noiseFraction, maximumPeakCount: library.cleaning.maximumPeakCount)
        checksums = isVerified ? "ok" : "unchecked"
        contents = library.contents()
    }

    func json() throws -> String { try encoded(self) }

    var text: String {
        var lines = ["library    \(path)"]
        for source in sources { lines.append("  source   \(source.name), SHA-256 \(source.hash)") }
        lines.append("  holds    \(contents.spectra) spectra of \(contents.compounds) compounds, \(bytes) bytes")
        lines.append(
            "  peaks    \(contents.peaks), noise below \(cleaning.noiseFraction) of the base peak removed, "
                + "\(cleaning.maximumPeakCount) per spectrum at most")
        if contents.precursorMZ.count == 2 {
            lines.append("  m/z      \(contents.precursorMZ[0]) to \(contents.precursorMZ[1])")
        }
        lines.append("  InChIKey \(contents.withInChIKey) spectra")
        lines.append("  polarity " + list(contents.polarities.filter { $0.spectra > 0 }))
        for (label, counts) in [
            ("adducts ", contents.adducts), ("type    ", contents.instrumentTypes),
            ("machine ", contents.instruments), ("licence ", contents.licences),
        ] where !counts.isEmpty {
            lines.append("  \(label) " + list(counts))
        }
        lines.append(
            "  format   version \(formatVersion), checksums "
                + (checksums == "ok" ? "ok" : "not checked (--verify checks them)"))
        return lines.joined(separator: "\n") + "\n"
    }

    /// The six most frequent values, and how many there are beyond them; JSON has them all.
    private func list(_ counts: [LibraryContents.Count]) -> String {
        let first = counts.prefix(6).map { "\($0.value) \($0.spectra)" }.joined(separator: ", ")
        return counts.count > 6 ? "\(first), and \(counts.count - 6) more" : first
    }
}

/// A spectrum that `library search` found.
struct FoundSpectrum: Encodable {
    let accession: String
    let name: String
    let formula: String
    let adduct: String
    let polarity: String
    let precursorMZ: Double
    /// Absent where the library states none.
    let exactMass: Double?
    let retentionTimeSeconds: Double?
    let inchiKey: String
    let smiles: String
    let instrument: String
    let instrumentType: String
    let collisionEnergy: String
    let licence: String
    /// m/z and intensity, base peak 1.
    let peaks: [[Double]]

    init(_ library: SpectralLibrary, at index: Int) {
        let entry = library.entry(at: index)
        let list = library.peaks(at: index)
        accession = entry.accession
        name = entry.name
        formula = entry.formula
        adduct = entry.adduct
        polarity = entry.polarity == .positive ? "positive" : entry.polarity == .negative ? "negative" : "unknown"
        precursorMZ = entry.precursorMZ
        exactMass = entry.exactMass.isFinite ? entry.exactMass : nil
        retentionTimeSeconds = entry.retentionTimeSeconds.flatMap { $0.isFinite ? $0 : nil }
        inchiKey = entry.inchiKey
        smiles = entry.smiles
        instrument = entry.instrument
        instrumentType = entry.instrumentType
        collisionEnergy = entry.collisionEnergy
        licence = entry.license
        peaks = zip(list.mz, list.intensity).map { [$0, $1] }
    }
}

struct FoundSpectra: Encodable {
    /// All spectra that were found, printed or not.
    let found: Int
    let spectra: [FoundSpectrum]

    var text: String {
        var table = ConsoleTable(
            header: [
                "precursor m/z", "adduct", "name", "formula", "InChIKey", "energy", "peaks", "accession", "licence",
            ],
            alignments: [.right, .left, .left, .left, .left, .left, .right, .left, .left])
        for spectrum in spectra {
            table.append([
                "\(spectrum.precursorMZ)", spectrum.adduct, spectrum.name, spectrum.formula, spectrum.inchiKey,
                spectrum.collisionEnergy, "\(spectrum.peaks.count)", spectrum.accession, spectrum.licence,
            ])
        }
        let rest = found > spectra.count ? ", the first \(spectra.count) are shown (--limit)" : ""
        return (spectra.isEmpty ? "" : table.text) + "\(found) spectra found\(rest)\n"
    }
}

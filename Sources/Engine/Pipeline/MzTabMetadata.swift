import Foundation
import SpectrumModel

/// The metadata section of an mzTab-M file: every mandatory key, and what is known beyond them, in the order of the
/// specification (HUPO-PSI mzTab-M 2.0.0).
struct MzTabMetadata {
    let result: FileResult
    let databases: [ReferenceDatabase]

    /// Spectral similarity, score by exact mass, isotope pattern: the columns `id_confidence_measure[1-3]`.
    static let confidenceMeasures = [
        MzTabText.parameter("library spectrum similarity"), MzTabText.parameter("accurate mass score"),
        MzTabText.parameter("isotope pattern score"),
    ]

    func text() -> TextBuffer {
        var buffer = TextBuffer()
        func line(_ key: String, _ value: String) {
            buffer.append("MTD\t\(key)\t")
            buffer.append(MzTabText.cell(value))
            buffer.newline()
        }
        line("mzTab-version", "2.0.0-M")
        line("mzTab-ID", result.input.name)
        line("description", "Features of one LC-MS run with the names and the evidence that were found for them")
        if let instrument = result.origin.instrument { line("instrument[1]-name", MzTabText.parameter(instrument)) }
        line("software[1]", MzTabText.parameter("Lavoisier", value: LavoisierVersion.current))
        line(
            "quantification_method", MzTabText.parameter("LC-MS label-free quantitation analysis", accession: 1_001_834)
        )
        line("ms_run[1]-location", MzTabText.fileURI(absolute(result.input.path)))
        if result.origin.instrument != nil { line("ms_run[1]-instrument_ref", "instrument[1]") }
        line("ms_run[1]-format", MzTabText.parameter("mzML format", accession: 1_000_584))
        line(
            "ms_run[1]-id_format",
            result.origin.nativeIDFormat.map { MzTabText.parameter($0) }
                ?? MzTabText.parameter("mzML unique identifier", accession: 1_001_530))
        for (number, polarity) in polarities.enumerated() {
            line("ms_run[1]-scan_polarity[\(number + 1)]", polarity)
        }
        line("assay[1]", result.input.name)
        line("assay[1]-ms_run_ref", "ms_run[1]")
        line("study_variable[1]", "undefined")
        line("study_variable[1]-assay_refs", "assay[1]")
        line("study_variable[1]-description", "one run; no experimental design is known to the program")
        line("cv[1]-label", "MS")
        line("cv[1]-full_name", "PSI-MS controlled vocabulary")
        // The release that the terms of this file were looked up in.
        line("cv[1]-version", "4.1.79")
        line("cv[1]-uri", "https://raw.githubusercontent.com/HUPO-PSI/psi-ms-CV/master/psi-ms.obo")
        line("cv[2]-label", "UO")
        line("cv[2]-full_name", "Units of Measurement Ontology")
        line("cv[2]-version", "Unknown")
        line("cv[2]-uri", "https://raw.githubusercontent.com/bio-ontology-research-group/unit-ontology/master/unit.obo")
        for (number, database) in databases.enumerated() {
            line("database[\(number + 1)]", MzTabText.parameter(database.name))
            line("database[\(number + 1)]-prefix", database.prefix)
            line("database[\(number + 1)]-version", database.version)
            line("database[\(number + 1)]-uri", database.uri)
        }
        if databases.isEmpty {
            line("database[1]", MzTabText.parameter("no database", value: "null"))
            line("database[1]-prefix", "null")
            line("database[1]-version", "Unknown")
            line("database[1]-uri", "null")
        }
        let area = MzTabText.parameter("MS1 feature area", accession: 1_001_844)
        line("small_molecule-quantification_unit", area)
        line("small_molecule_feature-quantification_unit", area)
        line(
            "small_molecule-identification_reliability",
            MzTabText.parameter("hr-ms compound identification confidence level", accession: 1_002_955))
        for (number, measure) in Self.confidenceMeasures.enumerated() {
            line("id_confidence_measure[\(number + 1)]", measure)
        }
        line(
            "colunit-small_molecule_evidence",
            "opt_global_mass_error=[UO, UO:0000169, parts per million, ]")
        buffer.newline()
        return buffer
    }

    private func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }

    private var polarities: [String] {
        let known = result.origin.polarities.compactMap { polarity in
            switch polarity {
            case .positive: MzTabText.parameter("positive scan", accession: 1_000_130)
            case .negative: MzTabText.parameter("negative scan", accession: 1_000_129)
            case .unknown: nil
            }
        }
        return known.isEmpty ? [MzTabText.parameter("scan polarity not stated")] : known
    }
}

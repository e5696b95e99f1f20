import Annotation
import ContentHash
import SpectralMatching
import SpectrumModel

/// The three result tables of a run, written file by file and named when all are complete.
///
/// Times, paths, versions and settings are not in them, so that their digest is that of the results alone.
final class ResultTables {
    private let features: OutputFile
    private let identifications: OutputFile
    private let spectra: OutputFile
    private let hashes: [SHA256Hash]
    private var spectrumNumber = 0

    init(directory: OutputDirectory) throws(AnalysisError) {
        hashes = [SHA256Hash(), SHA256Hash(), SHA256Hash()]
        features = try OutputFile(path: directory.file("features.tsv"), hash: hashes[0])
        identifications = try OutputFile(path: directory.file("identifications.tsv"), hash: hashes[1])
        spectra = try OutputFile(path: directory.file("spectra.mgf"), hash: hashes[2])
        var header = TextBuffer()
        header.append(Self.featureColumns.joined(separator: "\t") + "\n")
        try features.write(header)
        header.removeAll()
        header.append(Self.identificationColumns.joined(separator: "\t") + "\n")
        try identifications.write(header)
    }

    static let featureColumns = [
        "feature_id", "file", "mz", "rt_seconds", "rt_start_seconds", "rt_end_seconds", "width_seconds", "charge",
        "area",
        "height", "signal_to_noise", "quality", "points", "isotope_count", "isotope_areas", "polarity", "ms2_count",
        "name",
        "formula", "adduct", "inchikey", "level", "confidence", "library_score",
    ]

    static let identificationColumns = [
        "file", "feature_id", "scan", "mz", "rt_seconds", "source", "rank", "name", "formula", "adduct", "inchikey",
        "identifier", "score", "similarity", "matched_peaks", "mz_error_ppm", "isotope_score", "level", "confidence",
        "evidence", "licence",
    ]

    /// Adds the rows of one file.
    func append(_ result: FileResult) throws(AnalysisError) {
        try appendFeatures(result)
        try appendIdentifications(result)
        try appendSpectra(result)
    }

    /// Names the files. - Returns: the digest over the three tables, and what was written.
    func commit() throws(AnalysisError) -> (digest: String, outputs: [RunRecord.Output]) {
        for file in [features, identifications, spectra] { try file.commit() }
        let digest = sha256(
            zip(["features", "identifications", "spectra"], hashes).map { "\($0) \($1.finish())\n" }.joined())
        let outputs = [features, identifications, spectra].map {
            RunRecord.Output(path: $0.path, bytes: $0.byteCount)
        }
        return (digest, outputs)
    }

    /// Removes what was written so far.
    func discard() { for file in [features, identifications, spectra] { file.discard() } }

    // MARK: - Features

    private func appendFeatures(_ result: FileResult) throws(AnalysisError) {
        var buffer = TextBuffer()
        for (index, feature) in result.features.enumerated() {
            appendMeasurements(feature, file: result.input.name, to: &buffer)
            buffer.append(result.assignment.fragmentsOfFeature[index].count)
            appendName(result.annotations[index], to: &buffer)
            buffer.newline()
            try features.drain(&buffer)
        }
        try features.write(buffer)
    }

    private func appendMeasurements(_ feature: Feature, file: String, to buffer: inout TextBuffer) {
        buffer.append(feature.id)
        buffer.tab()
        buffer.appendCell(file)
        buffer.tab()
        buffer.append(feature.mz, decimals: 6)
        for seconds in [
            feature.retentionTimeSeconds, feature.startSeconds, feature.endSeconds, feature.widthSeconds,
        ] {
            buffer.tab()
            buffer.append(seconds, decimals: 3)
        }
        buffer.tab()
        buffer.append(feature.charge)
        for (value, decimals) in [
            (feature.area, 1), (feature.height, 1), (feature.signalToNoise, 2), (feature.quality, 4),
        ] {
            buffer.tab()
            buffer.append(value, decimals: decimals)
        }
        buffer.tab()
        buffer.append(feature.pointCount)
        buffer.tab()
        buffer.append(feature.isotopeAreas.count)
        buffer.tab()
        for (position, area) in feature.isotopeAreas.enumerated() {
            if position > 0 { buffer.append(";") }
            buffer.append(area, decimals: 1)
        }
        buffer.tab()
        buffer.append(feature.polarity.symbol)
        buffer.tab()
    }

    /// The best name there is: a library compound, else the best candidate by mass.
    private func appendName(_ annotation: FeatureAnnotation?, to buffer: inout TextBuffer) {
        var cells = ["", "", "", ""]
        if let match = annotation?.bestMatch {
            cells = [match.entry.name, match.entry.formula, match.entry.adduct, match.entry.inchiKey]
        } else if let best = annotation?.candidates.first {
            cells = [best.compound.name, best.compound.formula, best.adduct, best.compound.inchiKey]
        }
        for cell in cells {
            buffer.tab()
            buffer.appendCell(cell)
        }
        buffer.tab()
        if let annotation, annotation.bestMatch != nil || !annotation.candidates.isEmpty {
            buffer.append(annotation.level.rawValue)
            buffer.tab()
            buffer.append(annotation.confidence, decimals: 4)
        } else {
            buffer.tab()
        }
        buffer.tab()
        if let score = annotation?.bestMatch?.score { buffer.append(score, decimals: 4) }
    }

    // MARK: - Identifications

    private func appendIdentifications(_ result: FileResult) throws(AnalysisError) {
        var buffer = TextBuffer()
        for (index, feature) in result.features.enumerated() {
            let annotation = result.annotations[index]
            for (rank, found) in result.featureMatches[index].enumerated() {
                appendMatch(
                    found.match, rank: rank + 1, header: result.fragments.headers[found.fragment], feature: feature,
                    annotation: rank == 0 ? annotation : nil, file: result.input.name, to: &buffer)
            }
            for (rank, candidate) in (annotation?.candidates ?? []).enumerated() {
                appendCandidate(
                    candidate, rank: rank + 1, feature: feature,
                    annotation: annotation?.bestMatch == nil && rank == 0 ? annotation : nil, file: result.input.name,
                    to: &buffer)
            }
            try identifications.drain(&buffer)
        }
        // Fragment spectra that belong to no feature are searched too: their precursor may be too weak to be a feature.
        for (fragment, header) in result.fragments.headers.enumerated()
        where result.assignment.featureOfFragment[fragment] < 0 {
            for (rank, match) in result.matches[fragment].enumerated() {
                appendMatch(
                    match, rank: rank + 1, header: header, feature: nil, annotation: nil, file: result.input.name,
                    to: &buffer)
            }
            try identifications.drain(&buffer)
        }
        try identifications.write(buffer)
    }

    private func appendMatch(
        _ match: LibraryMatch, rank: Int, header: SpectrumHeader, feature: Feature?, annotation: FeatureAnnotation?,
        file: String, to buffer: inout TextBuffer
    ) {
        appendPlace(file: file, feature: feature, scan: header.scanNumber, to: &buffer)
        buffer.append(feature?.mz ?? header.precursor?.mz ?? .nan, decimals: 6)
        buffer.tab()
        buffer.append(header.retentionTimeSeconds, decimals: 3)
        buffer.append(match.kind == .identity ? "\tlibrary\t" : "\tlibrary-analog\t")
        buffer.append(rank)
        let entry = match.entry
        for cell in [entry.name, entry.formula, entry.adduct, entry.inchiKey, entry.accession] {
            buffer.tab()
            buffer.appendCell(cell)
        }
        buffer.tab()
        buffer.append(match.score, decimals: 4)
        buffer.append("\t\(match.measure.rawValue)\t\(match.matchedPeaks)\t")
        buffer.append(match.precursorErrorPPM, decimals: 3)
        buffer.append("\t")
        appendGrade(annotation, to: &buffer)
        buffer.appendCell(entry.license)
        buffer.newline()
    }

    private func appendCandidate(
        _ candidate: AnnotationCandidate, rank: Int, feature: Feature, annotation: FeatureAnnotation?, file: String,
        to buffer: inout TextBuffer
    ) {
        appendPlace(file: file, feature: feature, scan: nil, to: &buffer)
        buffer.append(feature.mz, decimals: 6)
        buffer.tab()
        buffer.append(feature.retentionTimeSeconds, decimals: 3)
        buffer.append("\tmass\t")
        buffer.append(rank)
        let compound = candidate.compound
        for cell in [compound.name, compound.formula, candidate.adduct, compound.inchiKey, compound.identifiers] {
            buffer.tab()
            buffer.appendCell(cell)
        }
        buffer.tab()
        buffer.append(candidate.score, decimals: 4)
        buffer.append("\t\t\t")
        buffer.append(candidate.errorPPM, decimals: 3)
        buffer.tab()
        if let score = candidate.isotopeScore { buffer.append(score, decimals: 4) }
        appendGrade(annotation, to: &buffer)
        buffer.appendCell(compound.source)
        buffer.newline()
    }

    private func appendPlace(file: String, feature: Feature?, scan: Int?, to buffer: inout TextBuffer) {
        buffer.appendCell(file)
        buffer.tab()
        if let feature { buffer.append(feature.id) }
        buffer.tab()
        if let scan { buffer.append(scan) }
        buffer.tab()
    }

    private func appendGrade(_ annotation: FeatureAnnotation?, to buffer: inout TextBuffer) {
        buffer.tab()
        buffer.append(annotation?.level.rawValue ?? "")
        buffer.tab()
        if let annotation { buffer.append(annotation.confidence, decimals: 4) }
        buffer.tab()
        buffer.appendCell(annotation?.evidence ?? "")
        buffer.tab()
    }

    // MARK: - Spectra

    /// One block per feature with fragments: its most intense spectrum, as GNPS's feature-based workflows expect it.
    private func appendSpectra(_ result: FileResult) throws(AnalysisError) {
        var buffer = TextBuffer()
        for (index, feature) in result.features.enumerated() {
            let fragments = result.assignment.fragmentsOfFeature[index]
            let totals = result.fragments.totalIntensities
            guard let best = fragments.max(by: { (totals[$0], $1) < (totals[$1], $0) }) else { continue }
            spectrumNumber += 1
            let spectrum = try result.fragments.spectrum(best)
            buffer.append("BEGIN IONS\nOUTPUT=most_intense\nSCANS=\(spectrumNumber)\nFEATURE_ID=\(feature.id)\n")
            buffer.append("FILE=")
            buffer.appendCell(result.input.name)
            buffer.append("\nMSLEVEL=2\n")
            if feature.charge > 0 {
                buffer.append("CHARGE=\(feature.charge)\(feature.polarity == .negative ? "-" : "+")\n")
            }
            buffer.append("PEPMASS=")
            buffer.append(feature.mz, decimals: 6)
            buffer.append("\nFILE_INDEX=\(spectrum.header.index)\nRTINSECONDS=")
            buffer.append(spectrum.header.retentionTimeSeconds, decimals: 3)
            buffer.newline()
            for (mz, intensity) in zip(spectrum.mz, spectrum.intensity) {
                buffer.append(mz, decimals: 4)
                buffer.append(" ")
                buffer.append(Double(intensity), decimals: 4)
                buffer.newline()
            }
            buffer.append("END IONS\n\n")
            try spectra.drain(&buffer)
        }
        try spectra.write(buffer)
    }
}

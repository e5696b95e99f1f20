import Annotation
import SpectralMatching
import SpectrumModel

/// The text of one file's rows, for any range of them on any worker.
struct ResultFormatter: Sendable {
    let result: FileResult
    /// Fragment spectra that belong to no feature, in scan order.
    let unassigned: [Int]
    /// Feature and its most intense fragment spectrum, in order of the features.
    let spectra: [(feature: Int, fragment: Int)]
    /// Number of the first spectrum in the MGF.
    let firstSpectrumNumber: Int
    /// What is written beside the tables that there always are.
    private let mztab: MzTabRows?
    private let json: ResultJSON?
    /// Name of the spectral library, where there is one.
    private let libraryName: String?

    init(
        result: FileResult, firstSpectrumNumber: Int, further: Set<FurtherTable> = [], libraryName: String? = nil
    ) {
        self.result = result
        self.libraryName = libraryName
        mztab = further.contains(.mztab) ? MzTabRows(result: result) : nil
        json = further.contains(.json) ? ResultJSON(result: result) : nil
        self.firstSpectrumNumber = firstSpectrumNumber
        let assignment = result.assignment
        unassigned = result.fragments.headers.indices.filter {
            assignment.featureOfFragment[$0] < 0 && !result.matches.hasNone($0)
        }
        let totals = result.fragments.totalIntensities
        spectra = result.features.indices.compactMap { feature in
            assignment.fragments(of: feature)
                .max { (totals[Int($0)], $1) < (totals[Int($1)], $0) }
                .map { (feature, Int($0)) }
        }
    }

    static let featureColumns = [
        "feature_id", "file", "mz", "rt_seconds", "rt_start_seconds", "rt_end_seconds", "width_seconds", "charge",
        "area",
        "height", "signal_to_noise", "quality", "autocorrelation", "beta_cor", "beta_snr",
        "gaussian_center_seconds", "gaussian_sigma_seconds", "gaussian_height", "gaussian_r2", "false_probability",
        "points", "isotope_count", "isotope_areas",
        "polarity",
        "ion_species", "neutral_mass", "ion_group", "ms2_count",
        "name",
        "formula", "adduct", "inchikey", "level", "confidence", "library_score",
        "matched_peaks", "q_value", "compound_id", "msi_level", "evidence",
    ]

    static let identificationColumns = [
        "file", "feature_id", "scan", "mz", "rt_seconds", "source", "rank", "name", "formula", "adduct", "inchikey",
        "identifier", "score", "similarity", "spectral_entropy", "modified_cosine", "matched_peaks", "mz_error_ppm",
        "isotope_score", "level", "confidence",
        "evidence", "licence", "q_value", "msi_level",
    ]

    // MARK: - Features

    /// The rows of some features in both tables.
    struct Piece: Sendable {
        var features = TextBuffer()
        var identifications = TextBuffer()
        var mztab = MzTabRows.Piece()
        /// Objects, each with a comma and a line break before it.
        var json = TextBuffer()
        /// Features with a library match, and features with a candidate by mass only.
        var identified = 0
        var named = 0

        var byteCount: Int {
            features.count + identifications.count + json.count + mztab.features.count + mztab.evidence.count
        }
    }

    /// Annotates features and formats their rows. Annotations live no longer than their rows take to write: kept for all
    /// features they would be most of the memory of a large run.
    func piece(_ range: Range<Int>, annotator: inout MassAnnotator?) -> Piece {
        var piece = Piece()
        for index in range {
            let feature = result.features[index]
            let matches = result.matches(ofFeature: index)
            let named = NamedFeature(
                feature: feature, matches: matches,
                annotation: annotator?.annotate(feature, libraryMatches: matches.map(\.match)),
                fragmentCount: result.assignment.fragments(of: index).count)
            if !matches.isEmpty {
                piece.identified += 1
            } else if named.isNamed {
                piece.named += 1
            }
            appendMeasurements(feature, to: &piece.features)
            piece.features.append(named.fragmentCount)
            appendName(named, to: &piece.features)
            piece.features.newline()
            appendIdentifications(
                of: feature, matches: matches, annotation: named.annotation, to: &piece.identifications)
            mztab?.append(named, database: libraryName, to: &piece.mztab)
            if let json {
                piece.json.append(index == 0 ? "\n" : ",\n")
                json.append(named, to: &piece.json)
            }
        }
        return piece
    }

    private func appendMeasurements(_ feature: Feature, to buffer: inout TextBuffer) {
        buffer.append(feature.id)
        buffer.tab()
        buffer.appendCell(result.input.name)
        buffer.tab()
        buffer.append(feature.mz, decimals: 6)
        buffer.appendCells([
            (feature.retentionTimeSeconds, 3), (feature.startSeconds, 3), (feature.endSeconds, 3),
            (feature.widthSeconds, 3),
        ])
        buffer.tab()
        buffer.append(feature.charge)
        buffer.appendCells([
            (feature.area, 1), (feature.height, 1), (feature.signalToNoise, 2), (feature.quality, 4),
            (feature.autocorrelation, 4),
            (Double(feature.shape.betaCorrelation), 4), (Double(feature.shape.betaSignalToNoise), 2),
            (feature.shape.gaussianCenterSeconds, 3), (Double(feature.shape.gaussianSigmaSeconds), 3),
            (Double(feature.shape.gaussianHeight), 1), (Double(feature.shape.gaussianR2), 4),
        ])
        buffer.tab()
        if let probability = feature.falseProbability { buffer.append(probability, decimals: 4) }
        buffer.tab()
        buffer.append(feature.pointCount)
        buffer.tab()
        let areas = feature.isotopeAreas
        buffer.append(areas.count { $0 > 0 })
        buffer.tab()
        for (position, area) in areas.enumerated() {
            if position > 0 { buffer.append(";") }
            buffer.append(area, decimals: 1)
        }
        buffer.tab()
        buffer.append(feature.polarity.symbol)
        buffer.tab()
        buffer.append(feature.adduct ?? "")
        buffer.tab()
        if let mass = feature.neutralMass { buffer.append(mass, decimals: 6) }
        buffer.tab()
        if let group = feature.group { buffer.append(group) }
        buffer.tab()
    }

    /// The best name there is: a library compound, else the best candidate by mass.
    private func appendName(_ named: NamedFeature, to buffer: inout TextBuffer) {
        var cells = ["", "", "", ""]
        var identifier = ""
        let best = named.matches.first
        if let entry = best?.match.entry {
            cells = [entry.name, entry.formula, entry.adduct, entry.inchiKey]
            identifier = entry.accession
        } else if let candidate = named.annotation?.candidates.first {
            let compound = candidate.compound
            cells = [compound.name, compound.formula, candidate.adduct, compound.inchiKey]
            identifier = compound.identifiers
        }
        for cell in cells {
            buffer.tab()
            buffer.appendCell(cell)
        }
        let grade = named.isNamed ? named.annotation : nil
        buffer.tab()
        buffer.append(grade?.level.rawValue ?? "")
        buffer.tab()
        if let grade { buffer.append(grade.confidence, decimals: 4) }
        buffer.tab()
        if let best { buffer.append(best.match.score, decimals: 4) }
        buffer.tab()
        if let best { buffer.append(best.match.matchedPeaks) }
        buffer.tab()
        if let value = best?.qValue { buffer.append(value, decimals: 6) }
        buffer.tab()
        buffer.appendCell(identifier)
        buffer.tab()
        if let grade { buffer.append(grade.level.msiLevel) }
        buffer.tab()
        buffer.appendCell(grade?.evidence ?? "")
    }

    // MARK: - Identifications

    private func appendIdentifications(
        of feature: Feature, matches: [FeatureMatch], annotation: FeatureAnnotation?, to buffer: inout TextBuffer
    ) {
        for (rank, found) in matches.enumerated() {
            appendMatch(
                found.match, qValue: found.qValue, rank: rank + 1, header: result.fragments.headers[found.fragment],
                feature: feature,
                annotation: rank == 0 ? annotation : nil, to: &buffer)
        }
        for (rank, candidate) in (annotation?.candidates ?? []).enumerated() {
            appendCandidate(
                candidate, rank: rank + 1, feature: feature,
                annotation: matches.isEmpty && rank == 0 ? annotation : nil, to: &buffer)
        }
    }

    /// Fragment spectra that belong to no feature are searched too: their precursor may be too weak to be a feature.
    func unassignedIdentifications(_ range: Range<Int>) -> TextBuffer {
        var buffer = TextBuffer()
        guard let library = result.library else { return buffer }
        for fragment in unassigned[range] {
            for (rank, match) in result.matches[fragment].enumerated() {
                appendMatch(
                    match.whole(library), qValue: rank == 0 ? result.qValues[fragment] : nil, rank: rank + 1,
                    header: result.fragments.headers[fragment], feature: nil, annotation: nil, to: &buffer)
            }
        }
        return buffer
    }

    private func appendMatch(
        _ match: LibraryMatch, qValue: Double?, rank: Int, header: SpectrumHeader, feature: Feature?,
        annotation: FeatureAnnotation?,
        to buffer: inout TextBuffer
    ) {
        appendPlace(feature: feature, scan: header.scanNumber, to: &buffer)
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
        buffer.append("\t\(match.measure.rawValue)\t")
        buffer.append(match.spectralEntropy, decimals: 4)
        buffer.tab()
        buffer.append(match.modifiedCosine, decimals: 4)
        buffer.tab()
        buffer.append(match.matchedPeaks)
        buffer.tab()
        buffer.append(match.precursorErrorPPM, decimals: 3)
        buffer.append("\t")
        appendGrade(annotation, to: &buffer)
        buffer.appendCell(entry.license)
        appendEnd(qValue: qValue, annotation, to: &buffer)
    }

    private func appendCandidate(
        _ candidate: AnnotationCandidate, rank: Int, feature: Feature, annotation: FeatureAnnotation?,
        to buffer: inout TextBuffer
    ) {
        appendPlace(feature: feature, scan: nil, to: &buffer)
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
        buffer.append("\t\t\t\t\t")
        buffer.append(candidate.errorPPM, decimals: 3)
        buffer.tab()
        if let score = candidate.isotopeScore { buffer.append(score, decimals: 4) }
        appendGrade(annotation, to: &buffer)
        buffer.appendCell(compound.source)
        appendEnd(qValue: nil, annotation, to: &buffer)
    }

    private func appendPlace(feature: Feature?, scan: Int?, to buffer: inout TextBuffer) {
        buffer.appendCell(result.input.name)
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

    private func appendEnd(qValue: Double?, _ annotation: FeatureAnnotation?, to buffer: inout TextBuffer) {
        buffer.tab()
        if let qValue { buffer.append(qValue, decimals: 6) }
        buffer.tab()
        if let annotation { buffer.append(annotation.level.msiLevel) }
        buffer.newline()
    }

    // MARK: - Spectra

    /// One block per feature with fragments: its most intense spectrum, as GNPS's feature-based workflows expect it.
    func spectra(_ range: Range<Int>) throws(AnalysisError) -> TextBuffer {
        var buffer = TextBuffer()
        var fragments = result.fragments.reader
        for position in range {
            let feature = result.features[spectra[position].feature]
            let spectrum = try fragments.spectrum(spectra[position].fragment)
            buffer.append("BEGIN IONS\nOUTPUT=most_intense\nSCANS=")
            buffer.append(firstSpectrumNumber + position)
            buffer.append("\nFEATURE_ID=")
            buffer.append(feature.id)
            buffer.append("\nFILE=")
            buffer.appendCell(result.input.name)
            buffer.append("\nMSLEVEL=2\n")
            if feature.charge > 0 {
                buffer.append("CHARGE=\(feature.charge)\(feature.polarity == .negative ? "-" : "+")\n")
            }
            buffer.append("PEPMASS=")
            buffer.append(feature.mz, decimals: 6)
            buffer.append("\nFILE_INDEX=")
            buffer.append(spectrum.header.index)
            buffer.append("\nRTINSECONDS=")
            buffer.append(spectrum.header.retentionTimeSeconds, decimals: 3)
            buffer.newline()
            for (mz, intensity) in zip(spectrum.mz, spectrum.intensity) {
                buffer.append(mz, decimals: 4)
                buffer.append(" ")
                buffer.append(Double(intensity), decimals: 4)
                buffer.newline()
            }
            buffer.append("END IONS\n\n")
        }
        return buffer
    }
}

import SpectralMatching
import SpectrumModel
import TextNumbers

/// From evidence to level, confidence and text. Each rule is applied in order; the first that holds decides.
///
/// 1. Level 2a: the best library match has the feature's precursor (`identity`, and the feature lies within the library mass
///    tolerance of the library compound's ion) and a score of at least the threshold. Strength: the score's way from the
///    threshold to 1, halved when another compound scores within 0.05, because isomers share spectra.
/// 2. Level 3: any other library match. Strength: its score.
/// 3. Level 4: isotopologues were measured and exactly one formula of the table fits mass and pattern, that of the best
///    candidate. Strength: the candidate's score.
/// 4. Level 5: everything else. Strength: the best candidate's score times its share among the competing formulas; 0 without
///    a candidate.
struct EvidenceRules {
    let parameters: AnnotationParameters

    func grade(
        _ annotation: inout FeatureAnnotation, feature: Feature, matches: [LibraryMatch], formulas: FormulaSummary
    ) {
        var clauses: [String] = []
        let strength: Double
        let reason: String
        if let best = matches.first {
            let error = libraryError(best, feature: feature)
            let hasPrecursor = best.kind == .identity && error.isWithin
            let rival = matches.dropFirst().first
            clauses.append(
                "library \(best.entry.accession) \(best.measure.rawValue) \(fixedPoint(best.score, decimals: 3)) with "
                    + "\(best.matchedPeaks) peaks, \(best.kind.rawValue), \(fixedPoint(error.ppm, decimals: 2)) ppm")
            if let rival { clauses.append("next compound \(fixedPoint(rival.score, decimals: 3))") }
            let threshold = fixedPoint(parameters.libraryScoreThreshold, decimals: 2)
            if hasPrecursor, best.score >= parameters.libraryScoreThreshold {
                annotation.level = .level2a
                reason = "same precursor within \(parameters.libraryMassTolerance) and score of at least \(threshold)"
                let span = 1 - parameters.libraryScoreThreshold
                let way = span > 0 ? (best.score - parameters.libraryScoreThreshold) / span : 1
                let isContested = rival.map { best.score - $0.score < 0.05 } ?? false
                strength = isContested ? way / 2 : way
            } else {
                annotation.level = .level3
                reason =
                    hasPrecursor
                    ? "same precursor, but score below \(threshold)" : "the library compound has another precursor mass"
                strength = best.score
            }
        } else if let top = annotation.candidates.first {
            if formulas.supportedByIsotopes == 1, formulas.bestIsSupported {
                annotation.level = .level4
                reason = "its formula alone fits mass and isotope pattern"
                strength = top.score
            } else {
                annotation.level = .level5
                reason =
                    top.isotopeScore == nil
                    ? "mass alone"
                    : formulas.supportedByIsotopes == 0
                        ? "no formula fits the isotope pattern"
                        : formulas.supportedByIsotopes > 1
                            ? "several formulas fit mass and isotope pattern"
                            : "another formula fits the isotope pattern"
                strength = top.score * formulas.share
            }
        } else {
            annotation.level = .level5
            reason = "mass alone"
            strength = 0
        }
        clauses.append(massClause(annotation, formulas))
        annotation.confidence = annotation.level.confidence(strength: strength)
        clauses.append("level \(annotation.level.rawValue): \(reason)")
        annotation.evidence = clauses.joined(separator: "; ")
    }

    private func massClause(_ annotation: FeatureAnnotation, _ formulas: FormulaSummary) -> String {
        guard let top = annotation.candidates.first else { return "no compound within \(parameters.massTolerance)" }
        let isotopes = top.isotopeScore.map { "isotope score \(fixedPoint($0, decimals: 2))" } ?? "no isotope pattern"
        return "mass \(top.compound.formula) \(top.adduct) \(fixedPoint(top.errorPPM, decimals: 2)) ppm, \(isotopes), "
            + "\(annotation.candidateCount) candidates of \(formulas.count) formulas"
    }

    /// Distance of the feature from the ion that the library compound forms: by its exact mass and adduct where both are
    /// known, or by the precursor m/z as the library states it, whichever is nearer (stated values are often rounded).
    private func libraryError(_ match: LibraryMatch, feature: Feature) -> (ppm: Double, isWithin: Bool) {
        var reference = match.entry.precursorMZ
        if let species = AdductTable.species(named: match.entry.adduct), match.entry.exactMass.isFinite {
            let computed = species.adduct.mz(neutralMass: match.entry.exactMass)
            if abs(feature.mz - computed) < abs(feature.mz - reference) { reference = computed }
        }
        return (
            (feature.mz - reference) / reference * 1e6,
            parameters.libraryMassTolerance.matches(feature.mz, reference: reference)
        )
    }
}

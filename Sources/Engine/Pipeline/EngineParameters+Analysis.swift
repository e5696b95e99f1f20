import Annotation
import FeatureDetection
import Parameters
import SpectralMatching
import SpectrumModel

/// The settings that change results. Where the default is `auto`, the instrument's preset decides.
extension EngineParameters {
    /// A parameter whose default the preset decides.
    private static func analysis(
        _ name: String, _ domain: ParameterDomain, unit: String = "", _ text: String
    ) -> ParameterDescription {
        analysis(name, domain, .automatic, unit: unit, text)
    }

    private static func analysis(
        _ name: String, _ domain: ParameterDomain, _ defaultValue: ParameterValue, unit: String = "",
        _ text: String, condition: ParameterCondition? = nil
    ) -> ParameterDescription {
        ParameterDescription(
            name: name, group: .analysis, domain: domain, defaultValue: defaultValue, unit: unit, text: text,
            condition: condition)
    }

    private static let massUnits = ParameterDomain.choice(["ppm", "Da"])
    private static let massTolerance = ParameterDomain.number(1e-4...1e4, .logarithmic)
    private static let fraction = ParameterDomain.number(0...1, .linear)

    private static let whenWavelet = ParameterCondition(
        parameter: "centroiding.method", values: [.choice(Centroider.Method.wavelet.rawValue)])
    private static let adducts = AdductParameters(tolerance: .ppm(5))
    private static let whenGrouping = ParameterCondition(parameter: "adducts.enabled", values: [.boolean(true)])

    static let detection: [ParameterDescription] = [
        analysis(
            "analysis.preset", .choice(DetectionPreset.allCases.map(\.rawValue)),
            "Parameter set, each with the tolerance of its traces and the widths at half maximum of its peaks: "
                + DetectionPreset.allCases.map(\.summary).joined(separator: "; ")
                + ". auto takes orbitrap, tof or unit-resolution, whichever the file names, else what its data show."),
        analysis(
            "centroiding.method", .choice(Centroider.Method.allCases.map(\.rawValue)),
            "How profile spectra become centroids; auto is local-maximum, none leaves them as they are."),
        analysis(
            "centroiding.apex", .choice(ApexCurve.allCases.map(\.rawValue)),
            "Curve through the samples of a peak whose maximum is the centroid; auto is gaussian."),
        analysis(
            "centroiding.signal_to_noise", .number(0...1e6, .linear),
            "Least strength of a peak of a profile spectrum in units of the local noise; auto is 0, and 3 for wavelet."),
        analysis(
            "centroiding.max_width", .integer(2...256, .logarithmic), .automatic, unit: "samples",
            "Widest full width at half maximum of a peak that the wavelets look for.", condition: whenWavelet),
        analysis(
            "centroiding.min_ridge_length", .integer(1...100, .linear), .automatic, unit: "scales",
            "Neighbouring wavelet scales, four per octave, that a peak must show at.", condition: whenWavelet),
        analysis(
            "centroiding.min_samples", .integer(1...100, .linear), unit: "samples",
            "Samples above zero that a peak of a profile spectrum needs."),
        analysis(
            "centroiding.max_spacing_ratio", .number(1...100, .logarithmic),
            "Step between two samples, relative to the step at the apex, from which they belong to different peaks."),
        analysis(
            "traces.method", .choice(MassTraceMethod.allCases.map(\.rawValue)), .choice("streaming"),
            "streaming joins points scan by scan, with no more memory than the open traces. seeded begins with the most "
                + "intense points and goes outwards, as OpenMS does, with all points above the noise in memory: better "
                + "where m/z scatters by more than traces lie apart. Its tolerance adapts to each trace."),
        analysis(
            "traces.tolerance", massTolerance,
            "Distance from the running m/z of a trace up to which a point extends it, in traces.tolerance_unit."),
        analysis("traces.tolerance_unit", massUnits, "Unit of traces.tolerance."),
        analysis(
            "traces.merge_distance", .number(0...1, .linear), unit: "Da",
            "Points of one scan nearer than this to a stronger one are the same ion; 0 keeps all."),
        analysis(
            "traces.noise_threshold", .number(0...1e15, .linear), unit: "counts", "Points below it are ignored."),
        analysis(
            "traces.noise_quantile", fraction,
            "Quantile of a scan's intensities that counts as its noise level; points below it are ignored."),
        analysis(
            "traces.max_missed_scans", .integer(0...1_000, .linear), unit: "scans",
            "A trace ends after more missing scans in a row than this."),
        analysis("traces.min_points", .integer(1...1_000, .linear), unit: "points", "Fewest points of a trace."),
        analysis(
            "traces.min_duration", .number(0...1e5, .linear), unit: "s", "Shortest trace from first to last point."),
        analysis(
            "traces.apex_factor", .number(0...1e6, .linear),
            "Highest point of a trace over the noise level of its scan and over traces.noise_threshold, at least."),
        analysis(
            "traces.min_sample_rate", fraction,
            "Share of the scans from its first to its last that a trace must have a point in."),
        analysis(
            "peaks.min_width", .number(0.01...1e4, .logarithmic), unit: "s",
            "Narrowest full width at half maximum that the wavelets look for."),
        analysis(
            "peaks.max_width", .number(0.01...1e4, .logarithmic), unit: "s",
            "Widest full width at half maximum that the wavelets look for."),
        analysis(
            "peaks.signal_to_noise", .number(0...1e6, .linear),
            "Height over the local baseline, in units of the local noise, that a feature needs."),
        analysis(
            "peaks.isotope_signal_to_noise", .number(0...1e6, .linear),
            "The same for a peak that is only kept as an isotope of another."),
        analysis("peaks.min_quality", fraction, "Peak-shape quality that a feature needs."),
        analysis(
            "peaks.min_autocorrelation", .number(-1...1, .linear),
            "Autocorrelation of neighbouring scans about the peak that a feature needs: near 1 for elution, near 0 for "
                + "noise. With the default, of a run whose scans are shuffled at most 5 % of the features are left."),
        analysis(
            "peaks.max_false_rate", fraction,
            "Share of the features that may be expected to be noise: the most doubtful are left out until it holds. 1 only "
                + "fills the column false_probability; by default it is not estimated."),
        analysis("peaks.min_points", .integer(1...1_000, .linear), unit: "points", "Fewest measured points of a peak."),
        analysis(
            "peaks.valley_ratio", fraction,
            "Valley between two peaks, relative to the lower one, above which they are one peak."),
        analysis(
            "peaks.edge_fraction", fraction,
            "Level relative to the height at which a peak ends when no valley ends it before."),
        analysis("isotopes.max_charge", .integer(1...20, .linear), "Highest charge that is tried."),
        analysis(
            "isotopes.tolerance", massTolerance,
            "Distance from the expected m/z of an isotope, or of another ion of the same molecule, in isotopes.tolerance_unit."
        ),
        analysis("isotopes.tolerance_unit", massUnits, "Unit of isotopes.tolerance."),
        analysis("isotopes.min_cosine", fraction, "Cosine of the elution profiles of two isotopes, at least."),
        analysis(
            "isotopes.max_apex_shift", .number(0...10, .linear),
            "Distance of two isotopes' apexes, relative to the width of the stronger one, at most."),
        analysis(
            "isotopes.max_isotopes", .integer(1...50, .linear),
            "Isotopologues per feature, the monoisotopic one included."
        ),
        analysis(
            "adducts.enabled", .boolean, .boolean(true),
            "Find the features that are ions of one molecule, and tell their adducts and its mass."),
        analysis(
            "adducts.min_correlation", fraction, .number(adducts.minCorrelation),
            "Correlation of the elution profiles of two ions of one molecule, at least.", condition: whenGrouping),
        analysis(
            "adducts.max_apex_shift", .number(0...10, .linear), .number(adducts.maxApexShift),
            "Distance of the apexes of two ions of one molecule, relative to the width of the narrower one, at most.",
            condition: whenGrouping),
        analysis(
            "adducts.min_evidence", .number(0...100, .linear), .number(adducts.minEvidence),
            "Natural logarithm of the odds, against chance, that the ions of a molecule need together.",
            condition: whenGrouping),
        analysis(
            "fragments.precursor_tolerance", .number(1e-4...10, .logarithmic), .number(0.01), unit: "Da",
            "Distance of a fragment spectrum's precursor from a feature's m/z up to which it can belong to the feature."
        ),
    ]

    private static let search = SearchParameters()
    private static let whenMatching = ParameterCondition(parameter: "matching.enabled", values: [.boolean(true)])
    private static let whenAnalog = ParameterCondition(parameter: "matching.analog", values: [.boolean(true)])
    private static let whenDecoys = ParameterCondition(
        parameter: "matching.decoys", values: [.choice(DecoyMethod.spectrum.rawValue)])
    private static let whenEnhanced = ParameterCondition(
        parameter: "matching.similarity", values: [.choice(SimilarityMeasure.enhancedDotProduct.rawValue)])
    private static let whenAnnotating = ParameterCondition(parameter: "annotation.enabled", values: [.boolean(true)])

    static let identification: [ParameterDescription] = [
        analysis(
            "matching.enabled", .boolean, .boolean(true), "Compare fragment spectra with the spectral library."),
        analysis(
            "matching.search", .choice(SearchType.allCases.map(\.rawValue)), .choice(search.search.rawValue),
            "Library spectra that are compared: identity (precursors within matching.precursor_tolerance_ppm), open (all "
                + "precursors), neutral-loss (all, by precursor minus fragment) or hybrid (all, by fragment or neutral loss).",
            condition: whenMatching),
        analysis(
            "matching.similarity", .choice(SimilarityMeasure.allCases.map(\.rawValue)),
            .choice(search.similarity.rawValue),
            "Score of a search; formulas and sources in docs/similarities.md.", condition: whenMatching),
        analysis(
            "matching.assignment", .choice(PeakAssignment.allCases.map(\.rawValue)),
            .choice(search.assignment.rawValue),
            "How the cosine scores pair peaks that compete: the best pairing, or by falling product as matchms does.",
            condition: whenMatching),
        analysis(
            "matching.precursor_tolerance_ppm", .number(0.01...1_000, .logarithmic), .number(10), unit: "ppm",
            "Largest distance of the precursors in an identity search.", condition: whenMatching),
        analysis(
            "matching.fragment_tolerance", massTolerance, .number(0.02),
            "Largest distance of two peaks that count as the same fragment, in matching.fragment_tolerance_unit.",
            condition: whenMatching),
        analysis(
            "matching.fragment_tolerance_unit", massUnits, .choice("Da"), "Unit of matching.fragment_tolerance.",
            condition: whenMatching),
        analysis(
            "matching.min_matched_peaks", .integer(1...100, .linear), .integer(search.minimumMatchedPeaks),
            "Matches with fewer common peaks are dropped.", condition: whenMatching),
        analysis(
            "matching.min_score", fraction, .number(search.minimumScore), "Matches with a lower score are dropped.",
            condition: whenMatching),
        analysis(
            "matching.top", .integer(1...100, .linear), .integer(search.top),
            "Compounds reported per spectrum, at most.",
            condition: whenMatching),
        analysis(
            "matching.intensity_power", .number(0.1...3, .linear), .number(search.intensityPower),
            "Exponent of the intensities in the cosine scores and enhanced_dot_product.", condition: whenMatching),
        analysis(
            "matching.mz_power", .number(0...3, .linear), .number(search.mzPower),
            "Exponent of the m/z in enhanced_dot_product.", condition: whenEnhanced),
        analysis(
            "matching.analog", .boolean, .boolean(search.analog),
            "Look for related compounds too: every library spectrum within matching.analog_max_shift, by modified cosine.",
            condition: whenMatching),
        analysis(
            "matching.analog_max_shift", .number(0.1...2_000, .logarithmic), .number(search.analogMaximumShift),
            unit: "Da", "Largest difference of the precursors in an analog search.", condition: whenAnalog),
        analysis(
            "matching.noise_fraction", fraction, .number(search.noiseFraction),
            "Peaks below this fraction of the base peak are removed before matching.", condition: whenMatching),
        analysis(
            "matching.remove_precursor", .boolean, .boolean(search.removePrecursor),
            "Leave out the precursor and everything above it when matching.", condition: whenMatching),
        analysis(
            "matching.decoys", .choice(DecoyMethod.allCases.map(\.rawValue)), .choice(DecoyMethod.spectrum.rawValue),
            "Decoys of the library that q-values of matches are estimated with, for each run (docs/confidence.md): made by "
                + "spectrum (Scheubert et al. 2017), or none.",
            condition: whenMatching),
        analysis(
            "matching.max_q_value", fraction, .number(1),
            "Matches of a spectrum are dropped when the q-value of its best match is higher.", condition: whenDecoys),
        analysis(
            "annotation.enabled", .boolean, .boolean(true), "Name features by exact mass from the compound table."),
        analysis(
            "annotation.tolerance_ppm", .number(0.01...1_000, .logarithmic), .number(5), unit: "ppm",
            "Largest mass error of a candidate.", condition: whenAnnotating),
        analysis(
            "annotation.adducts",
            .text(form: "common, all, or adducts separated by commas, like \"[M+H]+, [M+Li]+:0.3, [2M-2H+Na]-\""),
            .choice("common"),
            "Ions that a compound may form. common: \(AdductTable.common(.unknown).species.count) species that are believed "
                + "without being asked for; all: \(AdductTable.names.count); or a list of notations, each with its prior "
                + "(0 to 1) after a colon where the table's (\(AdductSpecies.priorOfOwn) for others) is not wanted.",
            condition: whenAnnotating),
        analysis(
            "annotation.top", .integer(1...100, .linear), .integer(3), "Candidates reported per feature, at most.",
            condition: whenAnnotating),
        analysis(
            "annotation.library_score_threshold", fraction, .number(AnnotationParameters().libraryScoreThreshold),
            "Library score from which a match of the same precursor is a probable structure (level 2a).",
            condition: whenAnnotating),
        analysis(
            "annotation.isotope_score_threshold", fraction, .number(AnnotationParameters().isotopeScoreThreshold),
            "Isotope score from which a formula counts as supported (level 4).", condition: whenAnnotating),
    ]
}

import FeatureDetection
import Parameters

/// xcms's names for the settings of its centWave, with its defaults.
extension EngineParameters {
    private static let xcms = CentWaveParameters()

    private static func centWave(
        _ name: String, _ domain: ParameterDomain, unit: String = "", _ standard: ParameterValue, _ text: String
    ) -> ParameterDescription {
        func description(_ text: String) -> ParameterDescription {
            ParameterDescription(
                name: "centwave.\(name)", group: .analysis, domain: domain, defaultValue: .automatic, unit: unit,
                text: text)
        }
        let value = description(text).text(of: standard)
        return description("\(text) xcms's default, used when another centwave setting is given: \(value).")
    }

    /// Setting any of them switches all on. Their order is that of xcms's help page.
    static let centWave: [ParameterDescription] = [
        ParameterDescription(
            name: "centwave.enabled", group: .analysis, domain: .boolean, defaultValue: .automatic,
            text:
                "Detect by xcms's centWave settings: true uses its defaults where nothing is set, false ignores the other "
                + "centwave settings, auto is true when any of them is set. What centWave has no setting for comes from "
                + "analysis.preset."),
        centWave(
            "ppm", .number(0.01...1e4, .logarithmic), unit: "ppm", .number(xcms.ppm),
            "Distance from the running m/z of a region up to which a point extends it."),
        centWave(
            "peakwidth", .numbers(0.01...1e4, count: 2), unit: "s",
            .numbers([xcms.peakWidthSeconds.lowerBound, xcms.peakWidthSeconds.upperBound]),
            "Narrowest and widest peak from base to base: twice the scales of the wavelets."),
        centWave(
            "snthresh", .number(0...1e6, .linear), .number(xcms.snthresh),
            "Height over the local baseline in units of the local noise, which counts as 1 at least."),
        centWave(
            "prefilter", .numbers(0...1e15, count: 2),
            .numbers([Double(xcms.prefilter.points), xcms.prefilter.intensity]),
            "[k, I]: a region needs k points of at least I counts."),
        centWave(
            "mzCenterFun", .choice(CentWaveParameters.MZCenter.allCases.map(\.rawValue)),
            .choice(xcms.mzCenter.rawValue),
            "m/z of a peak: mean of its points, weighted (w) or not, m/z of its highest point (apex), or mean of that "
                + "and its neighbours (Apex3)."),
        centWave(
            "integrate", .integer(1...2, .linear), .integer(xcms.integrate.rawValue),
            "Where a peak ends: 1 at the minima of the wavelet coefficients, 2 where the intensities stop falling."),
        centWave(
            "mzdiff", .number(-1e3...1e3, .linear), unit: "Da", .number(xcms.mzdiff),
            "Least gap in m/z between two peaks that overlap in time, else the smaller is dropped; negative lets them "
                + "overlap by as much."),
        centWave(
            "fitgauss", .boolean, .boolean(xcms.fitgauss),
            "Take the centre of a Gaussian fitted to the peak as its retention time."),
        centWave(
            "noise", .number(0...1e15, .linear), unit: "counts", .number(xcms.noise), "Points below it are left out."),
    ]

    /// Settings of xcms's centWave that there are none of here, and why.
    static let refused: [String: String] = [
        "centwave.roiList": "regions of interest are always looked for in the data",
        "centwave.roiScales": "it goes with roiList, and regions of interest are always looked for in the data",
        "centwave.firstBaselineCheck": "there is no first check: every peak is held against its local baseline",
        "centwave.extendLengthMSW": "wavelets see zeros outside a region, never a copy of its end",
        "centwave.verboseColumns": "features.tsv always has the same columns",
        "centwave.verboseBetaColumns": "features.tsv always has the same columns",
    ]
}

extension AnalysisConfiguration {
    /// What `centwave.*` says; `nil` when that is off.
    var centWave: CentWaveParameters? {
        let isOn =
            switch resolved["centwave.enabled"].value {
            case .boolean(let flag): flag
            default: resolved.settings.contains { $0.description.name.hasPrefix("centwave.") && $0.value != .automatic }
            }
        guard isOn else { return nil }
        var parameters = CentWaveParameters()
        if let ppm = resolved.optionalNumber("centwave.ppm") { parameters.ppm = ppm }
        if let widths = resolved.optionalNumbers("centwave.peakwidth"), widths[0] <= widths[1] {
            parameters.peakWidthSeconds = widths[0]...widths[1]
        }
        if let threshold = resolved.optionalNumber("centwave.snthresh") { parameters.snthresh = threshold }
        if let prefilter = resolved.optionalNumbers("centwave.prefilter") {
            parameters.prefilter = .init(points: Int(min(prefilter[0], 1e9)), intensity: prefilter[1])
        }
        if let rule = CentWaveParameters.MZCenter(rawValue: optionalText("centwave.mzCenterFun")) {
            parameters.mzCenter = rule
        }
        if let rule = resolved.optionalInteger("centwave.integrate").flatMap(CentWaveParameters.Integration.init) {
            parameters.integrate = rule
        }
        if let distance = resolved.optionalNumber("centwave.mzdiff") { parameters.mzdiff = distance }
        if resolved["centwave.fitgauss"].value == .boolean(true) { parameters.fitgauss = true }
        if let noise = resolved.optionalNumber("centwave.noise") { parameters.noise = noise }
        return parameters
    }

    private func optionalText(_ name: String) -> String {
        if case .choice(let text) = resolved[name].value { text } else { "" }
    }

    /// Settings of our own that say the same as one of xcms's, or that its rules leave without effect.
    private static let rivals: [(centWave: String, own: [String])] = [
        ("centwave.ppm", ["traces.tolerance", "traces.tolerance_unit"]),
        ("centwave.peakwidth", ["peaks.min_width", "peaks.max_width"]),
        ("centwave.snthresh", ["peaks.signal_to_noise", "peaks.isotope_signal_to_noise"]),
        ("centwave.integrate", ["peaks.edge_fraction"]),
        ("centwave.noise", ["traces.noise_threshold"]),
    ]

    /// - Throws: `AnalysisError(.badConfiguration)` naming two settings that contradict each other, or a pair that is none.
    func validateCentWave() throws(AnalysisError) {
        guard centWave != nil else { return }
        for (name, own) in Self.rivals {
            for other in own where resolved[other].value != .automatic {
                throw AnalysisError(
                    .badConfiguration,
                    "\(other) and \(name) cannot both count: with the centwave settings on, leave out \(other)")
            }
        }
        if let widths = resolved.optionalNumbers("centwave.peakwidth"), widths[0] >= widths[1] {
            throw AnalysisError(
                .badConfiguration, "centwave.peakwidth \(widths): the narrowest must be below the widest")
        }
        if let points = resolved.optionalNumbers("centwave.prefilter")?[0], points != points.rounded() {
            throw AnalysisError(.badConfiguration, "centwave.prefilter asks for \(points) points, not a whole number")
        }
    }
}

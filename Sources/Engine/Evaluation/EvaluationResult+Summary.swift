import TextNumbers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension EvaluationResult: CustomStringConvertible {
    /// The evaluation in a few lines of plain text, without the rows that were missed.
    public var description: String {
        var lines = ["found \(found)/\(expected) (recall \(fixedPoint(recall, decimals: 3)))"]
        if files.count > 1 {
            lines += files.map { "  \($0.file): \($0.found)/\($0.expected) of \($0.features) features" }
        }
        lines.append(
            "covered \(shared.covered)/\(shared.expected) (\(fixedPoint(shared.recall, decimals: 3))) when features and their "
                + "isotopologues may stand for several rows")
        lines.append("features \(resultFeatures), of which \(extraFeatures) match no row")
        lines.append(
            "m/z error " + pair(medianAbsoluteMZErrorPPM, percentile95AbsoluteMZErrorPPM, unit: "ppm", digits: 2))
        lines.append(
            "RT error "
                + pair(
                    medianAbsoluteRetentionTimeErrorSeconds, percentile95AbsoluteRetentionTimeErrorSeconds, unit: "s",
                    digits: 2))
        lines.append("log-area correlation \(correlation(logAreaCorrelation, areaPairs))")
        lines.append("  with isotopologues \(correlation(shared.logAreaCorrelation, shared.areaPairs))")
        lines.append("charge agrees in \(chargesAgreed)/\(chargesCompared) where both state one")
        return lines.joined(separator: "\n")
    }

    private func correlation(_ value: Double?, _ pairs: Int) -> String {
        value.map { "\(fixedPoint($0, decimals: 3)) over \(pairs) pairs" }
            ?? "unavailable: fewer than three pairs, or no variation"
    }

    private func pair(_ median: Double?, _ percentile95: Double?, unit: String, digits: Int) -> String {
        guard let median, let percentile95 else { return "unavailable: no pairs" }
        return "median \(fixedPoint(median, decimals: digits)) \(unit), 95th percentile "
            + "\(fixedPoint(percentile95, decimals: digits)) \(unit)"
    }
}

extension EvaluationResult.Miss: CustomStringConvertible {
    /// One line: what was expected, and why it was not found.
    public var description: String {
        var text = "\(name): m/z \(fixedPoint(mz, decimals: 5))"
        if let retentionTimeSeconds { text += ", \(fixedPoint(retentionTimeSeconds, decimals: 1)) s" }
        if let file { text += " (\(file))" }
        switch reason {
        case .noFeatureAtMZ: return text + ": no feature at this m/z"
        case .outsideWindow(let seconds):
            return text + ": nearest feature at this m/z is \(fixedPoint(seconds, decimals: 1)) s outside the window"
        case .featureTakenByAnotherRow: return text + ": its features stand for other rows"
        }
    }
}

/// Natural logarithm of a positive number.
func logarithm(_ value: Double) -> Double { log(value) }

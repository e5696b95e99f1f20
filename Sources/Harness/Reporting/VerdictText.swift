import Statistics

extension StudyReport {
    /// The study's result in one plain sentence.
    public var sentence: String {
        if case .failed(let reason) = verdict {
            return "The study failed and nothing was replaced: \(Self.withoutFullStop(reason))."
        }
        if case .onlyFeasible(let reason) = verdict {
            return "\(Self.withoutFullStop(reason))."
        }
        guard let confirmation = confirmation.value else {
            let reason = Self.withoutFullStop(self.confirmation.reason ?? "no reason was recorded")
            return verdict == .improved
                ? "A better setting was found, but it was not confirmed in interleaved runs: \(reason)."
                : "Not better beyond noise: nothing was replaced; there was no confirmation (\(reason))."
        }
        let metric = confirmation.headlineMetric
        guard let ratio = confirmation.headline,
            let factor = ImprovementFactor(ratio, higherIsBetter: metric.higherIsBetter)
        else {
            return "\(leadWithoutRatio) (\(metric.phrase) of the best setting found could not be "
                + "compared with that of \(confirmation.headlineReference.phrase))."
        }
        let interval =
            "95\u{202F}% CI \(NumberText.factor(factor.lower))\u{2013}\(NumberText.factor(factor.upper)), "
            + "\(ratio.pairs) \(ratio.pairs == 1 ? "pair" : "pairs")"
        let measured = "\(NumberText.factor(factor.estimate))\u{00D7}"
        switch verdict {
        case .improved, .onlyFeasible:
            return "\(measured) \(metric.gain) than \(confirmation.headlineReference.phrase), the best known setting "
                + "(\(interval)), \(accuracySentence)."
        case .noImprovement:
            return "Not better beyond noise: nothing was replaced; the best setting found measured \(measured) "
                + "\(confirmation.headlineReference.phrase) in \(metric.phrase) (\(interval))"
                + "\(detectable(ratio))."
        case .inconclusive, .failed:
            return "Inconclusive, so nothing was replaced: the best setting found measured \(measured) "
                + "\(confirmation.headlineReference.phrase) in \(metric.phrase) (\(interval)), and this "
                + "machine was too noisy to tell\(detectable(ratio))."
        }
    }

    private var leadWithoutRatio: String {
        switch verdict {
        case .improved, .onlyFeasible: "A better setting was found, but how much better is not known"
        case .noImprovement: "Not better beyond noise: nothing was replaced"
        case .inconclusive, .failed: "Inconclusive, so nothing was replaced"
        }
    }

    private func detectable(_ ratio: PairedRatio) -> String {
        guard ratio.minimumDetectableEffect.isFinite, ratio.minimumDetectableEffect > 0 else { return "" }
        let effect = NumberText.percent(ratio.minimumDetectableEffect, ratio.minimumDetectableEffect < 0.1 ? 1 : 0)
        return "; a change of \(effect) or more would have shown"
    }

    /// Accuracy of the best found, as the end of a sentence.
    var accuracySentence: String {
        guard let accuracy = confirmation.value?.arm(.best)?.accuracy.value else {
            return "accuracy not measured"
        }
        if accuracy.digestEqual.value == true { return "results identical to the default's" }
        guard let f1 = accuracy.f1.finite else { return "accuracy not measured" }
        let recall = accuracy.truthRecall.finite.map { ", truth recall \(NumberText.fixed($0, 3))" } ?? ""
        return f1 >= 1 ? "accuracy unchanged (F1 1.000\(recall))" : "accuracy F1 \(NumberText.fixed(f1, 4))\(recall)"
    }

    private static func withoutFullStop(_ text: String) -> String {
        text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}

extension StudyReport.Verdict {
    var word: String {
        switch self {
        case .improved: "Improved"
        case .onlyFeasible: "Meets the constraints"
        case .noImprovement: "No improvement"
        case .inconclusive: "Inconclusive"
        case .failed: "Failed"
        }
    }

    var className: String {
        switch self {
        case .improved, .onlyFeasible: "verdict-improved"
        case .noImprovement: "verdict-none"
        case .inconclusive: "verdict-inconclusive"
        case .failed: "verdict-failed"
        }
    }

    /// Strokes of the icon in a box of 24: arrow up, equals, question mark, cross.
    var iconPath: String {
        switch self {
        case .improved, .onlyFeasible: VerdictIcon.arrowUp
        case .noImprovement: VerdictIcon.equals
        case .inconclusive: VerdictIcon.questionMark
        case .failed: VerdictIcon.cross
        }
    }
}

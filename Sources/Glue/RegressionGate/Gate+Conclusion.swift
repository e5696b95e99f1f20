import Benchmarking
import EngineRuns
import HostEnvironment
import Reporting

extension Gate {
    /// Puts a decision into the report.
    mutating func conclude(_ decision: GateDecision, rule: GateRule, label: String, arms: GateArms) {
        conclude(decision)
        report.pairs = decision.pairs
        let shown = decision.metrics.filter {
            $0.role == .informational && $0.ratio.value != nil && GateRule.primaries.contains($0.metric)
        }
        if !shown.isEmpty {
            report.notes.append(
                "Only shown, because \(GateRule.maximumPrimaries) metrics decide at most or the tolerance is off: "
                    + shown.map(\.title).joined(separator: ", ") + ".")
        }
        report.checks = Self.digestChecks(arms, decides: rule.accuracyDrop == 0)
        report.checks += decision.accuracy.filter { !$0.name.hasPrefix("digest") }.map(Self.check)
        report.checks += decision.metrics.map { Self.check($0, label: label) }
        if decision.outcome == .accuracyLost,
            let lost = report.checks.first(where: { $0.metric == "digest" && $0.state == .failed && $0.decides })
        {
            report.sentence =
                "The results of \(lost.workload) are not the reference's: digest \(lost.candidate.value ?? "none") instead of "
                + "\(lost.reference.value ?? "none")."
        }
    }

    /// Outcome, exit status and sentence.
    mutating func conclude(_ decision: GateDecision) {
        report.outcome =
            switch decision.outcome {
            case .passed: .passed
            case .improvement: .improved
            case .regression: .regression
            case .inconclusive: .inconclusive
            case .accuracyLost: .accuracyLost
            case .notComparable: .notComparable
            case .nothingMeasured: .nothingMeasured
            case .failed: .failed
            }
        let status = decision.exitStatus(reportsImprovement: request.reportsImprovement)
        report.exitStatus = decision.outcome == .inconclusive && request.passesWhenInconclusive ? 0 : Int(status)
        let reason = decision.reason
        report.sentence = reason.prefix(1).uppercased() + reason.dropFirst() + (reason.hasSuffix(".") ? "" : ".")
        if decision.outcome == .inconclusive { noteThatNothingCanBeTold() }
    }

    mutating func noteThatNothingCanBeTold() {
        report.notes.append(
            "THE GATE CANNOT TELL"
                + (request.passesWhenInconclusive ? "; it is let through because --inconclusive is 'pass'." : "."))
    }

    /// Digest by workload as text, which a share of 0 or 1 would hide.
    private static func digestChecks(_ arms: GateArms, decides: Bool) -> [GateReport.Check] {
        guard let reference = arms.firstReference, let candidate = arms.firstCandidate else { return [] }
        return zip(reference.parts, candidate.parts).map { old, new in
            let isSame = old.digest == new.digest && old.digest != nil
            return GateReport.Check(
                workload: old.workload, metric: "digest", title: "result digest",
                state: isSame ? .passed : .failed, decides: decides, higherIsBetter: true,
                reference: text(old.digest), candidate: text(new.digest),
                ratio: .unavailable(reason: "not a number"),
                detail: isSame
                    ? "the result tables are identical"
                    : "the result tables differ"
                        + (new.agreement.map { ": F1 \(GateText.digits($0)) of the features against the reference's" }
                            ?? ""))
        }
    }

    static func text(_ digest: String?) -> Reported<String> {
        digest.map { .value(String($0.prefix(12))) } ?? .unavailable(reason: "no digest")
    }

    private static func check(_ accuracy: GateAccuracyDecision) -> GateReport.Check {
        let parts = accuracy.name.split(separator: " ", maxSplits: 2).map(String.init)
        let title =
            switch parts.first {
            case "truth": "share of the truth found"
            case "identifications": "share of known identifications"
            case "agreement": "agreement with the reference (F1)"
            case "repeatability": "same results in every run"
            default: accuracy.name
            }
        return GateReport.Check(
            workload: parts.count > 2 ? parts[2] : "all",
            metric: parts.first.flatMap { ["truth", "identifications"].contains($0) ? $0 : nil } ?? "accuracy",
            title: title, state: accuracy.isLost ? .failed : .passed, decides: true, higherIsBetter: true,
            reference: Reported(accuracy.before.map(GateText.digits)),
            candidate: Reported(accuracy.after.map(GateText.digits)), ratio: .unavailable(reason: "not a ratio"),
            tolerance: accuracy.tolerance,
            detail: accuracy.isLost ? "dropped by more than is tolerated" : "as good as the reference")
    }

    static func check(_ decision: GateMetricDecision, label: String) -> GateReport.Check {
        let metric = decision.metric
        let ratio = decision.ratio.map { ratio in
            decision.role == .deterministic
                ? ChangeRatio(exact: ratio.estimate, count: "a count each") : ChangeRatio(ratio)
        }
        let reason = decision.ratio.reason
        let isIncomparable = reason?.hasPrefix("not comparable") == true
        return GateReport.Check(
            workload: decision.workload ?? label, metric: metric.name, title: metric.title,
            state: isIncomparable ? .notComparable : state(decision.verdict),
            decides: decision.role != .informational, higherIsBetter: metric.direction == .higherIsBetter,
            reference: Reported(decision.beforeMedian.map { GateText.value($0, of: metric) }),
            candidate: Reported(decision.afterMedian.map { GateText.value($0, of: metric) }), ratio: Reported(ratio),
            tolerance: decision.tolerance.relative, detail: detail(decision))
    }

    static func state(_ verdict: GateMetricDecision.Verdict) -> GateReport.Check.State {
        switch verdict {
        case .worse: .failed
        case .better: .improved
        case .noDifference, .unconfirmed: .passed
        case .inconclusive: .inconclusive
        case .notMeasured: .notMeasured
        }
    }

    private static func detail(_ decision: GateMetricDecision) -> String {
        if let reason = decision.ratio.reason { return reason }
        guard let ratio = decision.ratio.value else { return "not measured" }
        let raised = decision.toleranceReason.map { "; the tolerance is \($0)" } ?? ""
        let absolute = decision.tolerance.absolute.map {
            "; less than \(GateText.value($0, of: decision.metric)) never counts"
        }
        let seen = GateText.percent(ratio.smallestDetectable)
        let text: String
        switch decision.verdict {
        case .worse:
            let again = decision.confirmation.value.map {
                ", and again on \($0.pairs) fresh pairs (\(GateText.digits($0.estimate)))"
            }
            let cutOff =
                decision.role == .primary
                ? ", by its whole interval; the time was up before fresh pairs could show it again" : ""
            text = "worse beyond noise and tolerance\(again ?? cutOff)"
        case .unconfirmed: text = "looked worse at first and did not on fresh pairs"
        case .better: text = "better beyond noise and tolerance"
        case .noDifference:
            text = decision.role == .deterministic ? "within the tolerance" : "no loss; \(seen) would have been seen"
        case .inconclusive where ratio.smallestDetectable <= 2 * decision.tolerance.relative:
            text = "beyond the tolerance, and not shown to be more than chance"
        case .inconclusive:
            text =
                (ratio.smallestDetectable.isFinite
                    ? "only \(seen) and more would have been seen" : "no change can be seen")
                + ", and twice the tolerance is " + GateText.percent(2 * decision.tolerance.relative)
        case .notMeasured: text = "not measured"
        }
        return text + raised + (absolute ?? "")
    }
}

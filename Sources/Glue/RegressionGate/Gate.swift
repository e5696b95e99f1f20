import Benchmarking
import EngineRuns
import Foundation
import HostEnvironment
import Instrumentation
import Parameters
import Reporting

/// Holds a candidate against a baseline and says whether it may pass.
///
/// Accuracy is looked at first: a faster wrong answer is never ranked. Whatever happens becomes part of the report, so that a
/// CI system has one even where the gate came to no verdict.
public struct Gate {
    let request: GateRequest
    var report: GateReport
    /// Told what runs now.
    let progress: (String) -> Void
    let note: (String) -> Void

    /// Runs the gate. Blocks; takes minutes.
    /// - Parameters:
    ///   - progress: a line that renews itself. - note: what stays.
    public static func run(
        _ request: GateRequest, progress: @escaping (String) -> Void = { _ in },
        note: @escaping (String) -> Void = { _ in }
    ) -> GateReport {
        let start = Date()
        var gate = Gate(request, progress: progress, note: note)
        do throws(GateError) {
            try gate.decide()
        } catch {
            gate.fail(error)
        }
        gate.report.seconds = Date().timeIntervalSince(start)
        return gate.report
    }

    private init(
        _ request: GateRequest, progress: @escaping (String) -> Void, note: @escaping (String) -> Void
    ) {
        self.request = request
        self.progress = progress
        self.note = note
        let name = request.baseline.split(separator: "/").last.map(String.init) ?? request.baseline
        report = GateReport(
            baseline: name.hasSuffix(".json") ? String(name.dropLast(5)) : name, entry: request.role.rawValue,
            created: timestamp(secondsSince1970: Date().timeIntervalSince1970, .plain), outcome: .failed, exitStatus: 1,
            sentence: "The gate did not run.",
            method: Self.phrase(request.method))
    }

    private static func phrase(_ method: GateRequest.Method) -> String {
        switch method {
        case .interleaved: "interleaved pairs on this machine"
        case .deterministic: "stored numbers that depend on no clock"
        case .stored: "stored numbers of this machine"
        }
    }

    private mutating func fail(_ error: GateError) {
        report.outcome =
            switch error.code {
            case .notComparable: .notComparable
            case .nothingMeasured: .nothingMeasured
            case .interrupted: .interrupted
            case .usage, .badInput, .outputFailed, .failed: .failed
            }
        report.exitStatus = Int(error.exitStatus)
        report.sentence = error.reason.prefix(1).uppercased() + error.reason.dropFirst()
    }

    private mutating func decide() throws(GateError) {
        _ = try request.rule(workloads: nil)
        let baseline = try request.files.read(request.baseline)
        report.baseline = baseline.name
        guard let entry = baseline[request.role] else {
            throw GateError(
                .notComparable,
                "the baseline \(baseline.name) has no pinned entry; 'lavoisier-tune baseline update \(baseline.name) --pin "
                    + "--reason ...' makes one")
        }
        let rule = try request.rule(workloads: entry.workloads.map(\.name))
        let candidate = try GateSetup.engine(request.candidate, option: "--candidate")
        let setup = try GateSetup(
            workloads: entry.workloads.map(\.name), environment: request.environment, interrupt: request.interrupt,
            note: note)
        try compare(entry, setup)
        report.reproduce = [
            .init(purpose: "Run the gate again", command: command(baseline: baseline)),
            .init(
                purpose: "Accept the new behaviour",
                command: "lavoisier-tune baseline update \(baseline.name) --reason \"why\""),
        ]
        describeDrift(baseline)
        switch request.method {
        case .interleaved: try interleaved(entry, candidate, rule, setup)
        case .deterministic, .stored: try stored(entry, candidate, rule, setup)
        }
    }

    /// Whether the baseline is about what lies here.
    private mutating func compare(_ entry: BaselineEntry, _ setup: GateSetup) throws(GateError) {
        report.differences = entry.machine.differences(here: setup.machine).map {
            .init(name: $0.name, baseline: $0.baseline, here: $0.here, isStable: $0.isStable)
        }
        for (known, here) in zip(entry.workloads, setup.workloads) where known.sha256 != here.sha256 {
            throw GateError(
                .notComparable,
                "the workload \(known.name) is not the one of the baseline: SHA-256 \(here.sha256.prefix(12)) instead of "
                    + "\(known.sha256.prefix(12)). Restore it, or update the baseline")
        }
        if request.method == .stored, !entry.machine.isSame(as: setup.machine) {
            let fields = report.differences.filter(\.isStable).map { "\($0.name) \($0.here) instead of \($0.baseline)" }
            throw GateError(
                .notComparable,
                "stored times of another machine say nothing about this one (\(fields.joined(separator: ", "))). Compare with "
                    + "the reference's program (without --stored), or what does not depend on time (--deterministic)")
        }
    }

    /// What the stored numbers say of the pinned entry and the latest: slow drift, one small loss at a time.
    private mutating func describeDrift(_ baseline: Baseline) {
        guard let pinned = baseline.pinned, pinned != baseline.latest else { return }
        let drift = BaselineDrift(from: pinned, to: baseline.latest)
        report.facts += drift.lines.map { .init(name: "Since the pinned entry: \($0.name)", value: .value($0.text)) }
    }

    private func command(baseline: Baseline) -> String {
        var words = ["lavoisier-tune", "gate", "--baseline", request.baseline]
        if request.role != .latest { words += ["--entry", request.role.rawValue] }
        if request.method != .interleaved { words.append("--\(request.method.rawValue)") }
        if let path = request.referenceBinary { words += ["--reference-binary", path] }
        if let path = request.candidate { words += ["--candidate", path] }
        if let pairs = request.pairs { words += ["--pairs", "\(pairs)"] }
        if let runs = request.runsPerPair { words += ["--runs-per-pair", "\(runs)"] }
        if let budget = request.timeBudgetSeconds, request.timeBudgetSeconds != GateRequest.standardTimeBudget {
            words += ["--time-budget", TimeSpan(seconds: budget).description]
        }
        if request.reportsImprovement { words.append("--exit-on-improvement") }
        for tolerance in request.tolerances { words += ["--tolerance", tolerance.text] }
        if request.use != .shared { words += ["--machine", request.use.rawValue] }
        if !request.countsInstructions { words.append("--no-instructions") }
        if !request.passesWhenInconclusive { words += ["--inconclusive", "fail"] }
        return OutputText.commandLine(words)
    }
}
